// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/adminconnection.h"
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QSignalSpy>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

ConnectionOptions quickOptions()
{
    ConnectionOptions options;
    options.firstRetry = Millis{20};
    options.longestRetry = Millis{40};
    options.staleAfter = Millis{200};
    options.resubscribeDelay = Millis{5};
    return options;
}

/// A connection with its fake server.
struct Bench
{
    explicit Bench(const ConnectionOptions& options = quickOptions())
    {
        auto link = std::make_unique<FakeAdminServer>();
        auto source = std::make_unique<FakeTokenSource>();
        server = link.get();
        tokens = source.get();
        fillWithFederation(*server);
        connection
            = std::make_unique<AdminConnection>(std::move(link), std::move(source), clock, options);
    }

    void open(const QByteArray& token = "good")
    {
        connection->open(QUrl(u"http://127.0.0.1:1"_s), {token, {}, {}});
    }
    bool isLive() const { return connection->state() == LinkState::Live; }

    SystemClock clock;
    FakeAdminServer* server;
    FakeTokenSource* tokens;
    std::unique_ptr<AdminConnection> connection;
};

} // namespace

class TestAdminConnection : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void becomesLiveWhenEverySnapshotIsIn()
    {
        Bench bench;
        QSignalSpy nodes(&bench.connection->feed(), &AdminFeed::nodesReset);
        std::vector<model::NodeInfo> seen;
        connect(&bench.connection->feed(), &AdminFeed::nodesReset, this,
            [&seen](const auto& list) { seen = list; });
        bench.open();
        QCOMPARE(bench.connection->state(), LinkState::Connecting);
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(nodes.count(), 1);
        QCOMPARE(seen.size(), size_t(2));
        QCOMPARE(bench.connection->hello().adminName, u"demo"_s);
        for (const Topic topic : allTopics)
            QCOMPARE(bench.server->subscriptionCount(topic), 1);
    }

    void staysConnectingWhileAPageIsMissing()
    {
        Bench bench;
        bench.server->pageSize = 1;
        bench.server->answersPages = false;
        bench.open();
        QTRY_VERIFY(bench.server->subscriptionCount(Topic::Log) == 1);
        QTRY_VERIFY(
            !bench.server->requests.empty() && bench.server->requests.back().event == u"page"_s);
        QVERIFY(!bench.isLive());
    }

    void pagesArriveWholeAndInOrder()
    {
        Bench bench;
        bench.server->pageSize = 3;
        for (int i = 3; i <= 20; ++i)
            bench.server->put(Topic::Nodes, sampleNode(i, true).toJson());
        std::vector<model::NodeInfo> seen;
        connect(&bench.connection->feed(), &AdminFeed::nodesReset, this,
            [&seen](const auto& list) { seen = list; });
        bench.open();
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(seen.size(), size_t(20));
        QCOMPARE(seen.back().id, 20);
    }

    void changesAreDelivered()
    {
        Bench bench;
        bench.open();
        QTRY_VERIFY(bench.isLive());
        Changes<model::NodeInfo> seen;
        connect(&bench.connection->feed(), &AdminFeed::nodesChanged, this,
            [&seen](const auto& changes) { seen = changes; });
        bench.server->announce(Topic::Nodes, sampleNode(2, true).toJson());
        QCOMPARE(seen.size(), size_t(1));
        QVERIFY(seen[0].item && seen[0].item->online);
        bench.server->announceRemoval(Topic::Nodes, u"1"_s);
        QVERIFY(!seen[0].item);
        QCOMPARE(seen[0].key, u"1"_s);
        QVERIFY(bench.isLive());
    }

    void aGapSubscribesAgainAndIsNotShownAsLive()
    {
        Bench bench;
        bench.open();
        QTRY_VERIFY(bench.isLive());
        QSignalSpy resets(&bench.connection->feed(), &AdminFeed::roomsReset);
        QSignalSpy changes(&bench.connection->feed(), &AdminFeed::roomsChanged);
        bench.server->skipVersions(Topic::Rooms, 2);
        bench.server->announce(Topic::Rooms, sampleRoom(u"late"_s, 1).toJson());
        QCOMPARE(bench.connection->state(), LinkState::Stale);
        QCOMPARE(changes.count(), 0);
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(resets.count(), 1);
        QCOMPARE(bench.server->subscriptionCount(Topic::Rooms), 2);
        QCOMPARE(bench.server->subscriptionCount(Topic::Nodes), 1);
        QCOMPARE(bench.connection->gapCount(), 1);
    }

    void silenceIsStale()
    {
        Bench bench;
        bench.open();
        QTRY_VERIFY(bench.isLive());
        QTRY_COMPARE(bench.connection->state(), LinkState::Stale);
        bench.server->announce(Topic::Overview, model::OverviewInfo().toJson());
        QCOMPARE(bench.connection->state(), LinkState::Live);
    }

    void aLostConnectionComesBackWithANewSnapshot()
    {
        Bench bench;
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.server->reachable = false;
        bench.server->breakConnection(u"reset by peer"_s);
        QCOMPARE(bench.connection->state(), LinkState::Lost);
        QCOMPARE(bench.connection->reason().detail, u"reset by peer"_s);
        QVERIFY(bench.connection->untilRetry() > Millis{0});
        QTRY_VERIFY(bench.server->opens >= 3); // it does not give up
        bench.server->reachable = true;
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(bench.server->subscriptionCount(Topic::Nodes), 2);
    }

    void retryNowDoesNotWait()
    {
        ConnectionOptions options = quickOptions();
        options.firstRetry = options.longestRetry = Millis{60'000};
        Bench bench(options);
        bench.server->reachable = false;
        bench.open();
        QTRY_COMPARE(bench.connection->state(), LinkState::Lost);
        bench.server->reachable = true;
        bench.connection->retryNow();
        QTRY_VERIFY(bench.isLive());
    }

    void aRefusalIsFinal()
    {
        Bench bench;
        bench.open("bad");
        QTRY_COMPARE(bench.connection->state(), LinkState::Refused);
        QCOMPARE(bench.connection->reason().code, ErrorCode::Forbidden);
        QCOMPARE(bench.server->opens, 1);
        QCOMPARE(bench.connection->untilRetry(), Millis{0});
    }

    void anEndedTokenIsRefusedButAPasswordSignsInAgain()
    {
        Bench withToken;
        withToken.open();
        QTRY_VERIFY(withToken.isLive());
        withToken.server->send(u"session_expired"_s, {});
        withToken.server->breakConnection(u"io server disconnect"_s);
        QCOMPARE(withToken.connection->state(), LinkState::Refused);
        QCOMPARE(withToken.connection->reason().code, ErrorCode::TokenExpired);

        Bench withPassword;
        withPassword.connection->open(QUrl(u"http://127.0.0.1:1"_s), {{}, u"demo"_s, u"pw"_s});
        QTRY_VERIFY(withPassword.isLive());
        withPassword.server->send(u"session_expired"_s, {});
        withPassword.server->breakConnection(u"io server disconnect"_s);
        QTRY_VERIFY(withPassword.isLive());
        QCOMPARE(withPassword.tokens->fetches, 2);
    }

    void aWrongPasswordIsRefused()
    {
        Bench bench;
        bench.tokens->result = failure(ErrorCode::BadCredentials);
        bench.connection->open(QUrl(u"http://127.0.0.1:1"_s), {{}, u"demo"_s, u"pw"_s});
        QTRY_COMPARE(bench.connection->state(), LinkState::Refused);
        QCOMPARE(bench.connection->reason().code, ErrorCode::BadCredentials);
        QCOMPARE(bench.server->opens, 0);
    }

    void malformedItemsAreLeftOutAndCounted()
    {
        Bench bench;
        bench.server->put(Topic::Nodes, {{"key"_L1, u"9"_s}, {"id"_L1, u"nine"_s}});
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"does not follow the protocol"_s));
        std::vector<model::NodeInfo> seen;
        connect(&bench.connection->feed(), &AdminFeed::nodesReset, this,
            [&seen](const auto& list) { seen = list; });
        bench.open();
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(seen.size(), size_t(2));
        QCOMPARE(bench.connection->feed().malformedItems(), 1);
    }

    void actionsTellTheirNumberOrWhy()
    {
        Bench bench;
        bench.server->actionAnswers[u"task:kill"_s] = {{"ok"_L1, true}, {"runs"_L1, 3}};
        bench.server->actionAnswers[u"node:ping"_s] = {{"ok"_L1, false},
            {"error"_L1, QJsonObject{{"code"_L1, u"timeout"_s}, {"message"_L1, u"no answer"_s}}}};
        bench.open();
        QTRY_VERIFY(bench.isLive());
        std::optional<Result<qint64>> killed;
        std::optional<Result<qint64>> pinged;
        bench.connection->killTask(42, u"wrong image"_s, [&](const auto& r) { killed = r; });
        QCOMPARE(bench.server->requests.back().argument,
            (QJsonObject{{"taskId"_L1, 42}, {"reason"_L1, u"wrong image"_s}}));
        bench.connection->pingNode(1, u"is it slow?"_s, [&](const auto& r) { pinged = r; });
        QTRY_VERIFY(killed && pinged);
        QCOMPARE(killed->value(), 3);
        QCOMPARE(pinged->error().code, ErrorCode::Timeout);
    }

    void anActionIsAnsweredWhenTheConnectionBreaks()
    {
        Bench bench;
        bench.open();
        QTRY_VERIFY(bench.isLive());
        int answers = 0;
        bench.connection->killTask(42, u"x"_s, [&](const Result<qint64>& result) {
            ++answers;
            QVERIFY(!result);
        });
        bench.server->breakConnection(u"gone"_s);
        QCOMPARE(answers, 1);
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(answers, 1);
    }

    void noActionWithoutAConnection()
    {
        Bench bench;
        int answers = 0;
        bench.connection->pingNode(1, u"is it slow?"_s, [&](const Result<qint64>& result) {
            ++answers;
            QCOMPARE(result.error().code, ErrorCode::Unavailable);
        });
        QCOMPARE(answers, 1);
        QVERIFY(bench.server->requests.empty());
    }

    void closingForgetsTheSecret()
    {
        Bench bench;
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.connection->close();
        QCOMPARE(bench.connection->state(), LinkState::Offline);
        bench.connection->retryNow();
        QCOMPARE(bench.server->opens, 1);
    }
};

QTEST_GUILESS_MAIN(TestAdminConnection)
#include "tst_adminconnection.moc"
