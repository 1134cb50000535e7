// SPDX-License-Identifier: Apache-2.0
#include "server/work/presence.h"

#include <QStringList>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::work;
using namespace Qt::StringLiterals;

namespace {

class Recorder final : public PresenceObserver
{
public:
    void nodeOnline(const NodePresence& node) override { add("online", node); }
    void nodeOffline(const NodePresence& node) override { add("offline", node); }
    void nodeChanged(const NodePresence& node) override { add("changed", node); }
    void nodeConfigChanged(const NodePresence& node) override { add("config", node); }

    QString take() { return std::exchange(heard, {}).join(u' '); }

    QStringList heard;

private:
    void add(const char* what, const NodePresence& node)
    {
        heard += u"%1:%2/%3"_s.arg(QLatin1StringView(what)).arg(node.node.value).arg(node.sockets);
    }
};

const NodeId node{7};
const SocketId oldSocket{"old"};
const SocketId newSocket{"new"};
const NodeConfig oldConfig{{u"allowed_users"_s, u"1"_s}};
const NodeConfig newConfig{{u"allowed_users"_s, u"2"_s}};

} // namespace

class TestPresence : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void aFirstSocketBringsItOnlineAndTheLastTakesItOff();
    void theLateEndOfAnOldSocketChangesNothing();
    void theNewestSocketOwnsTheConfig();
    void aNewSocketKeepsTheConfigUntilItTellsItsOwn();
    void theConfigFallsBackToTheOlderSocketThatStays();
    void aSocketThatIsGoneCannotSetTheConfig();
    void goingOfflineEmptiesTheConfig();
    void openingOrClosingTwiceCountsOnce();
    void aSocketThatComesBackRenewsItsAddress();
    void aPingOnlyRefreshesLastSeen();
    void metricsGoWithTheLastSocket();
    void onlineNodesWithoutASignOfLifeAreSilent();
    void sinceIsTheLastChangeOfOnline();
    void wallClockJumpsDoNotTakeItOffline();
    void restoredTimesNeverOverwriteNewerOnes();
    void nodesDoNotDisturbEachOther();

private:
    std::unique_ptr<ManualClock> m_clock;
    std::unique_ptr<Presence> m_presence;
    std::unique_ptr<Recorder> m_recorder;
};

void TestPresence::init()
{
    m_presence.reset();
    m_clock = std::make_unique<ManualClock>(Millis{1'000'000});
    m_presence = std::make_unique<Presence>(*m_clock);
    m_recorder = std::make_unique<Recorder>();
    m_presence->addObserver(m_recorder.get());
}

void TestPresence::aFirstSocketBringsItOnlineAndTheLastTakesItOff()
{
    QVERIFY(!m_presence->isOnline(node));
    m_presence->socketOpened(node, oldSocket, u"10.0.0.1"_s);
    QVERIFY(m_presence->isOnline(node));
    QCOMPARE(m_presence->onlineCount(), 1);
    QCOMPARE(m_presence->presence(node).address, u"10.0.0.1"_s);
    QCOMPARE(m_recorder->take(), u"online:7/1"_s);
    m_presence->socketClosed(node, oldSocket);
    QVERIFY(!m_presence->isOnline(node));
    QCOMPARE(m_presence->onlineCount(), 0);
    QCOMPARE(m_presence->presence(node).flaps, 1);
    QCOMPARE(m_recorder->take(), u"offline:7/0"_s);
}

void TestPresence::theLateEndOfAnOldSocketChangesNothing()
{
    m_presence->socketOpened(node, oldSocket, u"10.0.0.1"_s);
    QVERIFY(m_presence->setConfig(node, oldSocket, oldConfig));
    m_clock->advance(Millis{30'000});
    m_presence->socketOpened(node, newSocket, u"10.0.0.2"_s);
    QVERIFY(m_presence->setConfig(node, newSocket, newConfig));
    QCOMPARE(m_recorder->take(), u"online:7/1 config:7/1 changed:7/2 config:7/2"_s);
    m_clock->advance(Millis{55'000});
    m_presence->socketClosed(node, oldSocket);
    QCOMPARE(m_recorder->take(), u"changed:7/1"_s);
    const NodePresence now = m_presence->presence(node);
    QVERIFY(now.online);
    QCOMPARE(now.since, Millis{1'000'000});
    QCOMPARE(now.lastSeen, Millis{1'030'000});
    QCOMPARE(now.config, newConfig);
    QCOMPARE(now.address, u"10.0.0.2"_s);
    QCOMPARE(now.flaps, 0);
    QCOMPARE(m_presence->sockets(node), std::vector{newSocket});
}

void TestPresence::theNewestSocketOwnsTheConfig()
{
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->socketOpened(node, newSocket, {});
    QVERIFY(m_presence->setConfig(node, newSocket, newConfig));
    QVERIFY(!m_presence->setConfig(node, oldSocket, oldConfig));
    QCOMPARE(m_presence->config(node), newConfig);
    QVERIFY(!m_presence->setConfig(node, newSocket, newConfig)); // nothing new in it
}

void TestPresence::aNewSocketKeepsTheConfigUntilItTellsItsOwn()
{
    m_presence->socketOpened(node, oldSocket, {});
    QVERIFY(m_presence->setConfig(node, oldSocket, oldConfig));
    m_presence->socketOpened(node, newSocket, {});
    QCOMPARE(m_presence->config(node), oldConfig);
    m_presence->socketClosed(node, oldSocket);
    QCOMPARE(m_presence->config(node), oldConfig);
    QVERIFY(m_presence->setConfig(node, newSocket, {}));
    QVERIFY(m_presence->config(node).empty());
}

void TestPresence::theConfigFallsBackToTheOlderSocketThatStays()
{
    m_presence->socketOpened(node, oldSocket, u"10.0.0.1"_s);
    m_presence->setConfig(node, oldSocket, oldConfig);
    m_presence->socketOpened(node, newSocket, u"10.0.0.2"_s);
    m_presence->setConfig(node, newSocket, newConfig);
    m_recorder->take();
    m_presence->socketClosed(node, newSocket);
    QCOMPARE(m_recorder->take(), u"changed:7/1 config:7/1"_s);
    QCOMPARE(m_presence->config(node), oldConfig);
    QCOMPARE(m_presence->presence(node).address, u"10.0.0.1"_s);
}

void TestPresence::aSocketThatIsGoneCannotSetTheConfig()
{
    QVERIFY(!m_presence->setConfig(node, oldSocket, oldConfig));
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->socketClosed(node, oldSocket);
    QVERIFY(!m_presence->setConfig(node, oldSocket, oldConfig));
    QVERIFY(m_presence->config(node).empty());
}

void TestPresence::goingOfflineEmptiesTheConfig()
{
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->setConfig(node, oldSocket, oldConfig);
    m_recorder->take();
    m_presence->socketClosed(node, oldSocket);
    QCOMPARE(m_recorder->take(), u"offline:7/0 config:7/0"_s);
    QVERIFY(m_presence->config(node).empty());
}

void TestPresence::openingOrClosingTwiceCountsOnce()
{
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->socketOpened(node, newSocket, {});
    m_presence->socketClosed(node, oldSocket);
    m_presence->socketClosed(node, oldSocket);
    QVERIFY(m_presence->isOnline(node));
    m_presence->socketClosed(node, newSocket);
    m_presence->socketClosed(node, newSocket);
    QCOMPARE(m_presence->onlineCount(), 0);
    QCOMPARE(m_presence->presence(node).flaps, 1);
}

void TestPresence::aSocketThatComesBackRenewsItsAddress()
{
    m_presence->socketOpened(node, oldSocket, u"192.0.2.1"_s);
    m_recorder->take();
    m_clock->advance(Millis{60'000});
    m_presence->socketOpened(node, oldSocket, u"192.0.2.2"_s);
    QCOMPARE(m_recorder->take(), u"changed:7/1"_s);
    QCOMPARE(m_presence->presence(node).address, u"192.0.2.2"_s);
    QCOMPARE(m_presence->presence(node).lastSeen, Millis{1'060'000});
    QCOMPARE(m_presence->presence(node).since, Millis{1'000'000});
    QCOMPARE(m_presence->history(node).size(), size_t(2));
    m_presence->socketClosed(node, oldSocket);
    QCOMPARE(m_presence->history(node).back().address, u"192.0.2.2"_s);
}

void TestPresence::aPingOnlyRefreshesLastSeen()
{
    m_presence->socketOpened(node, oldSocket, {});
    m_recorder->take();
    m_clock->advance(Millis{60'000});
    m_presence->seen(node);
    QCOMPARE(m_recorder->take(), u"changed:7/1"_s);
    QCOMPARE(m_presence->presence(node).lastSeen, Millis{1'060'000});
    QCOMPARE(m_presence->presence(node).since, Millis{1'000'000});
    m_presence->socketClosed(node, oldSocket);
    m_presence->seen(node);
    QVERIFY(!m_presence->isOnline(node));
}

void TestPresence::metricsGoWithTheLastSocket()
{
    m_presence->setMetrics(node, oldSocket, "{}"); // nobody there
    QVERIFY(!m_presence->presence(node).metricsAt);
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->socketOpened(node, newSocket, {});
    m_recorder->take();
    m_clock->advance(Millis{1'000});
    m_presence->setMetrics(node, oldSocket, "{\"cpu_count\":8}");
    QCOMPARE(m_recorder->take(), u"changed:7/2"_s);
    QCOMPARE(m_presence->presence(node).metricsAt, Millis{1'001'000});
    QCOMPARE(m_presence->presence(node).lastSeen, Millis{1'001'000});
    m_presence->socketClosed(node, oldSocket);
    QCOMPARE(m_presence->presence(node).metrics, QByteArray("{\"cpu_count\":8}"));
    m_presence->setMetrics(node, oldSocket, "{}"); // its last word comes too late
    QCOMPARE(m_presence->presence(node).metrics, QByteArray("{\"cpu_count\":8}"));
    m_presence->socketClosed(node, newSocket);
    QVERIFY(m_presence->presence(node).metrics.isEmpty());
    QVERIFY(!m_presence->presence(node).metricsAt);
}

void TestPresence::onlineNodesWithoutASignOfLifeAreSilent()
{
    constexpr Millis time{150'000};
    QVERIFY(!m_presence->isSilent(node, time));
    m_presence->socketOpened(node, oldSocket, {});
    m_clock->advance(Millis{149'999});
    QVERIFY(!m_presence->isSilent(node, time));
    m_clock->advance(Millis{1});
    QVERIFY(m_presence->isSilent(node, time));
    QVERIFY(m_presence->isOnline(node)); // a state of its own, no end of the other
    m_presence->seen(node);
    QVERIFY(!m_presence->isSilent(node, time));
    m_clock->advance(time);
    m_presence->socketClosed(node, oldSocket);
    QVERIFY(!m_presence->isSilent(node, time)); // gone, which is told otherwise
}

void TestPresence::sinceIsTheLastChangeOfOnline()
{
    m_clock->advance(Millis{5'000});
    QVERIFY(!m_presence->presence(node).since);
    m_presence->restoreLastSeen(node, Millis{900'000}); // by an earlier run of the server
    QCOMPARE(m_presence->presence(node).since, Millis{900'000});
    m_presence->socketOpened(node, oldSocket, {});
    QCOMPARE(m_presence->presence(node).since, Millis{1'005'000});
    m_clock->advance(Millis{5'000});
    m_presence->socketOpened(node, newSocket, {});
    QCOMPARE(m_presence->presence(node).since, Millis{1'005'000});
    m_presence->socketClosed(node, oldSocket);
    m_presence->socketClosed(node, newSocket);
    QCOMPARE(m_presence->presence(node).since, Millis{1'010'000});
}

void TestPresence::wallClockJumpsDoNotTakeItOffline()
{
    m_presence->socketOpened(node, oldSocket, {});
    m_clock->jumpWall(Millis{-3'600'000});
    m_presence->seen(node);
    m_clock->jumpWall(Millis{7'200'000});
    m_presence->seen(node);
    QVERIFY(m_presence->isOnline(node));
    QCOMPARE(m_presence->presence(node).flaps, 0);
}

void TestPresence::restoredTimesNeverOverwriteNewerOnes()
{
    m_presence->restoreLastSeen(node, Millis{500});
    QCOMPARE(m_presence->presence(node).lastSeen, Millis{500});
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->restoreLastSeen(node, Millis{500});
    QCOMPARE(m_presence->presence(node).lastSeen, Millis{1'000'000});
}

void TestPresence::nodesDoNotDisturbEachOther()
{
    const NodeId other{8};
    m_presence->socketOpened(node, oldSocket, {});
    m_presence->socketOpened(other, newSocket, {});
    m_presence->socketClosed(node, newSocket); // the other's socket
    QVERIFY(m_presence->isOnline(other));
    m_presence->socketClosed(other, newSocket);
    QVERIFY(m_presence->isOnline(node));
    QCOMPARE(m_presence->onlineCount(), 1);
}

QTEST_GUILESS_MAIN(TestPresence)
#include "tst_presence.moc"
