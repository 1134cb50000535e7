// SPDX-License-Identifier: Apache-2.0
#include "server/app/elsewhere/besideserver.h"
#include "server/observe/metrics.h"

#include <QElapsedTimer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace gatehouse;
using namespace Qt::StringLiterals;
using access::TokenKind;
using app::BesideServer;
using identity::Inquiry;

namespace {

/// The other server: what it says to each path and token, at once or when it is let go.
class OldServer
{
public:
    OldServer()
    {
        m_server.listen(QHostAddress::LocalHost);
        QObject::connect(&m_server, &QTcpServer::newConnection, &m_server, [this] {
            while (QTcpSocket* peer = m_server.nextPendingConnection()) {
                QObject::connect(peer, &QTcpSocket::disconnected, peer, &QObject::deleteLater);
                QObject::connect(peer, &QTcpSocket::readyRead, peer, [this, peer] { read(*peer); });
            }
        });
    }

    QString url() const { return u"http://127.0.0.1:%1/api"_s.arg(m_server.serverPort()); }

    void say(const QByteArray& path, int status, const QByteArray& body = "{\"msg\":\"no\"}")
    {
        m_answers[path] = {status, body};
    }
    void sayTo(const QByteArray& token, int status, const QByteArray& words = "no")
    {
        m_verdicts[token] = {status, "{\"msg\":\"" + words + "\"}"};
    }
    void letGo()
    {
        isHolding = false;
        for (QTcpSocket* peer : std::exchange(m_held, {}))
            answer(*peer, m_requests.take(peer));
    }

    QByteArrayList asked;
    bool isHolding = false;

private:
    struct Answer
    {
        int status = 404;
        QByteArray body = "{\"msg\":\"not found\"}";
    };

    void read(QTcpSocket& peer)
    {
        QByteArray& request = m_requests[&peer];
        request += peer.readAll();
        if (!request.contains("\r\n\r\n"))
            return;
        asked << request.split(' ').value(1);
        if (isHolding)
            m_held.push_back(&peer);
        else
            answer(peer, m_requests.take(&peer));
    }
    void answer(QTcpSocket& peer, const QByteArray& request)
    {
        const QByteArray path = request.split(' ').value(1).split('?').value(0);
        Answer answer = m_answers.value(path);
        const qsizetype at = request.indexOf("Bearer ") + 7;
        const QByteArray token = request.mid(at, request.indexOf('\r', at) - at);
        if (m_verdicts.contains(token))
            answer = m_verdicts.value(token);
        peer.write("HTTP/1.1 " + QByteArray::number(answer.status)
            + " X\r\nContent-Type: application/json\r\nContent-Length: "
            + QByteArray::number(answer.body.size()) + "\r\nConnection: close\r\n\r\n"
            + answer.body);
        peer.disconnectFromHost();
    }

    QTcpServer m_server;
    QHash<QByteArray, Answer> m_answers;
    QHash<QByteArray, Answer> m_verdicts;
    QHash<QTcpSocket*, QByteArray> m_requests;
    QList<QTcpSocket*> m_held;
};

struct Rig
{
    explicit Rig(app::BesideOptions wanted = {}, const QString& urlEnd = {})
    {
        wanted.url = old.url() + urlEnd;
        server = std::make_unique<BesideServer>(wanted, directory, metrics, clock);
        old.say("/api/node/31", 200, node(31, "north"));
        old.say("/api/user/41", 200,
            R"({"id":41,"username":"nele","organization":{"id":21},)"
            R"("permissions":{"rules":[101]}})");
        old.say("/api/rule", 200,
            R"({"data":[{"id":101,"name":"event","scope":"COLLABORATION","operation":"RECEIVE"}],)"
            R"("links":{}})");
        old.say("/api/collaboration", 200, R"({"data":[{"id":7,"name":"heart"}],"links":{}})");
    }
    static QByteArray node(qint64 id, const QByteArray& name)
    {
        QByteArray text = R"({"id":ID,"name":"NAME","organization":{"id":21},)"
                          R"("collaboration":{"id":7}})";
        return text.replace("ID", QByteArray::number(id)).replace("NAME", name);
    }

    access::Claims claims(TokenKind kind, qint64 id) const
    {
        access::Claims claims;
        claims.kind = kind;
        claims.subjectId = id;
        claims.subject = QString::number(id);
        claims.expiresAt = clock.wall() + Millis{3'600'000};
        return claims;
    }
    struct Verdict
    {
        Inquiry inquiry = Inquiry::NotNeeded;
        std::optional<Result<void>> said;
    };
    using VerdictPtr = std::shared_ptr<Verdict>;
    VerdictPtr learn(const access::Claims& who, const QByteArray& token)
    {
        const auto verdict = std::make_shared<Verdict>();
        verdict->inquiry = server->learn(
            who, token, [verdict](const Result<void>& said) { verdict->said = said; });
        return verdict;
    }
    static bool wait(const VerdictPtr& verdict)
    {
        return QTest::qWaitFor([&] { return verdict->said.has_value(); });
    }

    ManualClock clock;
    observe::Metrics metrics;
    work::Directory directory;
    OldServer old;
    std::unique_ptr<BesideServer> server;
};

app::BesideOptions bounds(int maxUnderWay, int maxWaiting)
{
    app::BesideOptions options;
    options.maxUnderWay = maxUnderWay;
    options.maxWaiting = maxWaiting;
    return options;
}

} // namespace

class BesideServerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void holdersAreLearnt_data();
    void holdersAreLearnt();
    void whoeverComesTogetherWaitsInLine();
    void oneTokenDoesNotFillTheLine();
    void aRefusedTokenIsNobodyElsesVerdict_data();
    void aRefusedTokenIsNobodyElsesVerdict();
    void aTokenPastItsEndIsNotAskedAbout();
    void whomItHasNoMoreIsForgotten_data();
    void whomItHasNoMoreIsForgotten();
    void aNodeThatIsGoneIsForgottenWhenItSpeaksOfARun();
    void aWrongAddressForgetsNobody();
    void whoIsDeletedWhileItsListsAreAskedForIsForgotten_data();
    void whoIsDeletedWhileItsListsAreAskedForIsForgotten();
    void whoMaySeeNoListsIsStillKnown_data();
    void whoMaySeeNoListsIsStillKnown();
    void anotherAskersRefusalIsNotOnesOwn();
    void manyHoldersCostWhatTheyAre();
};

void BesideServerTest::holdersAreLearnt_data()
{
    QTest::addColumn<QString>("urlEnd");
    QTest::newRow("as it is") << QString();
    QTest::newRow("with a slash at its end") << u"/"_s;
}

void BesideServerTest::holdersAreLearnt()
{
    QFETCH(QString, urlEnd);
    Rig rig({}, urlEnd);
    const auto node = rig.learn(rig.claims(TokenKind::Node, 31), "n");
    QVERIFY(Rig::wait(node));
    QVERIFY(node->said->has_value());
    QCOMPARE(rig.directory.nodeOf({21}, {7})->name, u"north"_s);
    const auto user = rig.learn(rig.claims(TokenKind::User, 41), "u");
    QVERIFY(Rig::wait(user));
    QVERIFY(rig.directory.isMember(rig.directory.user(u"nele"_s)->organization, {7}));
    QCOMPARE(rig.directory.rulesOf({41}).size(), size_t(1));
    QVERIFY(rig.learn(rig.claims(TokenKind::Node, 31), "n")->inquiry == Inquiry::NotNeeded);
    rig.clock.advance(Millis{60'000});
    QVERIFY(rig.learn(rig.claims(TokenKind::Node, 31), "n")->inquiry == Inquiry::Asked);
}

void BesideServerTest::whoeverComesTogetherWaitsInLine()
{
    Rig rig(bounds(2, 10));
    rig.old.isHolding = true;
    std::vector<Rig::VerdictPtr> all;
    for (qint64 id = 1; id <= 13; ++id) {
        rig.old.say("/api/node/" + QByteArray::number(id), 200, Rig::node(id, "n"));
        all.push_back(rig.learn(rig.claims(TokenKind::Node, id), QByteArray::number(id)));
    }
    QVERIFY(all[11]->inquiry == Inquiry::Asked);
    QVERIFY(all[12]->inquiry == Inquiry::Refused);
    QCOMPARE(rig.metrics.besideWaiting.Value(), 10.0);
    QCOMPARE(rig.metrics.besideTurnedAway.Value(), 1.0);
    QTRY_COMPARE(rig.old.asked.size(), 2);
    rig.old.letGo();
    for (size_t i = 0; i < 12; ++i)
        QVERIFY(Rig::wait(all[i]));
    QCOMPARE(rig.directory.nodes().size(), size_t(12));
    QCOMPARE(rig.metrics.besideWaiting.Value(), 0.0);
}

void BesideServerTest::oneTokenDoesNotFillTheLine()
{
    Rig rig;
    rig.old.isHolding = true;
    int asked = 0;
    for (int i = 0; i < 200; ++i)
        asked += rig.learn(rig.claims(TokenKind::Node, 31), "n")->inquiry == Inquiry::Asked ? 1 : 0;
    QCOMPARE(asked, 100);
    QVERIFY(rig.learn(rig.claims(TokenKind::Node, 32), "other")->inquiry == Inquiry::Asked);
}

void BesideServerTest::aRefusedTokenIsNobodyElsesVerdict_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("isPast");
    QTest::addColumn<int>("error");
    QTest::newRow("not taken") << 401 << false << int(ErrorCode::TokenInvalid);
    QTest::newRow("not allowed") << 403 << false << int(ErrorCode::TokenInvalid);
    QTest::newRow("past its end by now") << 401 << true << int(ErrorCode::TokenExpired);
}

/// Two tabs of one user: what is wrong with the token of one is no reason to end the other.
void BesideServerTest::aRefusedTokenIsNobodyElsesVerdict()
{
    QFETCH(int, status);
    QFETCH(bool, isPast);
    QFETCH(int, error);
    Rig rig;
    rig.old.sayTo("bad", status);
    rig.old.isHolding = true;
    access::Claims claims = rig.claims(TokenKind::User, 41);
    const auto bad = rig.learn(claims, "bad");
    const auto good = rig.learn(claims, "good");
    if (isPast)
        rig.clock.advance(Millis{3'600'001});
    QTRY_COMPARE(rig.old.asked.size(), 2); // nobody shares an answer with another token
    rig.old.letGo();
    QVERIFY(Rig::wait(bad));
    QCOMPARE(int(bad->said->error().code), error);
    QVERIFY(Rig::wait(good));
    QVERIFY(good->said->has_value());
    QVERIFY(rig.directory.user(UserId{41}));
}

/// It is good here within leeway and grace; the other server knows neither.
void BesideServerTest::aTokenPastItsEndIsNotAskedAbout()
{
    Rig rig;
    access::Claims claims = rig.claims(TokenKind::Node, 31);
    claims.expiresAt = rig.clock.wall();
    rig.old.sayTo("past", 401);
    const auto unknown = rig.learn(claims, "past");
    QVERIFY(Rig::wait(unknown));
    QVERIFY(unknown->said->error().code == ErrorCode::TokenExpired); // so that it renews it
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::Node, 31), "n")));
    rig.clock.advance(Millis{120'000});
    QVERIFY(rig.learn(claims, "past")->inquiry == Inquiry::NotNeeded);
}

void BesideServerTest::whomItHasNoMoreIsForgotten_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("words");
    QTest::addColumn<bool>("isForgotten");
    QTest::newRow("its number is not there") << 404 << QByteArray("not found") << true;
    QTest::newRow("v4: its token's holder is not there")
        << 401 << QByteArray("Error loading the user 31") << true;
    QTest::newRow("its token alone") << 401 << QByteArray("Token has been revoked") << false;
    QTest::newRow("a right") << 403 << QByteArray("Error loading the user 31") << false;
    QTest::newRow("a fault of its own") << 500 << QByteArray("Error loading the user 31") << false;
}

void BesideServerTest::whomItHasNoMoreIsForgotten()
{
    QFETCH(int, status);
    QFETCH(QByteArray, words);
    QFETCH(bool, isForgotten);
    Rig rig;
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::Node, 31), "n")));
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::User, 41), "u")));
    rig.old.sayTo("n", status, words);
    rig.old.sayTo("u", status, words);
    rig.clock.advance(Millis{60'000});
    const auto node = rig.learn(rig.claims(TokenKind::Node, 31), "n");
    const auto user = rig.learn(rig.claims(TokenKind::User, 41), "u");
    QVERIFY(Rig::wait(node));
    QVERIFY(Rig::wait(user));
    if (isForgotten)
        QVERIFY(node->said->error().code == ErrorCode::TokenInvalid);
    QCOMPARE(rig.directory.node(NodeId{31}) == nullptr, isForgotten);
    QCOMPARE(rig.directory.user(UserId{41}) == nullptr, isForgotten);
}

/// It is connected, and nobody asks about it: what it says itself tells.
void BesideServerTest::aNodeThatIsGoneIsForgottenWhenItSpeaksOfARun()
{
    Rig rig;
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::Node, 31), "n")));
    rig.old.sayTo("n", 401, "Error loading the user 31");
    std::optional<Result<work::RunRef>> run;
    rig.server->findRun({31}, "n", {71}, [&](const Result<work::RunRef>& found) { run = found; });
    QTRY_VERIFY(run);
    QVERIFY(run->error().code == ErrorCode::TokenInvalid);
    QVERIFY(!rig.directory.node(NodeId{31}));
    // Whoever comes with its token is asked about.
    QVERIFY(rig.learn(rig.claims(TokenKind::Node, 31), "n")->inquiry == Inquiry::Asked);
}

/// A page that says "not found" is not the word of a vantage6 server.
void BesideServerTest::aWrongAddressForgetsNobody()
{
    Rig rig;
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::Node, 31), "n")));
    rig.old.say("/api/node/31", 404, "<h1>Not Found</h1>");
    rig.clock.advance(Millis{60'000});
    const auto asked = rig.learn(rig.claims(TokenKind::Node, 31), "n");
    QVERIFY(Rig::wait(asked));
    QVERIFY(asked->said->has_value());
    QVERIFY(rig.directory.node(NodeId{31}));
}

void BesideServerTest::whoIsDeletedWhileItsListsAreAskedForIsForgotten_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::newRow("rules") << QByteArray("/api/rule");
    QTest::newRow("collaborations") << QByteArray("/api/collaboration");
}

void BesideServerTest::whoIsDeletedWhileItsListsAreAskedForIsForgotten()
{
    QFETCH(QByteArray, path);
    Rig rig;
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::User, 41), "u")));
    rig.old.say(path, 401, R"({"msg":"Error loading the user 41"})");
    rig.clock.advance(Millis{60'000});
    const auto again = rig.learn(rig.claims(TokenKind::User, 41), "u");
    QVERIFY(Rig::wait(again));
    QVERIFY(!again->said->has_value());
    QVERIFY(again->said->error().code == ErrorCode::TokenInvalid);
    QVERIFY(!rig.directory.user(UserId{41}));
}

void BesideServerTest::whoMaySeeNoListsIsStillKnown_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<int>("status");
    for (const int status : {401, 403, 404}) {
        QTest::addRow("rules, %d", status) << QByteArray("/api/rule") << status;
        QTest::addRow("collaborations, %d", status) << QByteArray("/api/collaboration") << status;
    }
}

void BesideServerTest::whoMaySeeNoListsIsStillKnown()
{
    QFETCH(QByteArray, path);
    QFETCH(int, status);
    Rig rig;
    QVERIFY(Rig::wait(rig.learn(rig.claims(TokenKind::User, 41), "u")));
    rig.old.say(path, status);
    rig.clock.advance(Millis{60'000});
    const auto again = rig.learn(rig.claims(TokenKind::User, 41), "u");
    QVERIFY(Rig::wait(again));
    QVERIFY(again->said->has_value());
    // What it may not see has not changed because of that.
    QCOMPARE(rig.directory.rulesOf({41}).size(), size_t(1));
    QVERIFY(rig.directory.isMember({21}, {7}));
}

/// A node that guesses another's run and is told no, while that one asks for it too.
void BesideServerTest::anotherAskersRefusalIsNotOnesOwn()
{
    Rig rig;
    rig.old.say("/api/run/71", 200,
        R"({"id":71,"organization":{"id":21},)"
        R"("task":{"id":51,"job_id":61,"parent":null,"collaboration":{"id":7}}})");
    rig.old.sayTo("other", 403);
    rig.old.isHolding = true;
    std::optional<Result<work::RunRef>> guess;
    std::optional<Result<work::RunRef>> own;
    rig.server->findRun(
        {32}, "other", {71}, [&](const Result<work::RunRef>& found) { guess = found; });
    rig.server->findRun({31}, "own", {71}, [&](const Result<work::RunRef>& found) { own = found; });
    QTRY_COMPARE(rig.old.asked.size(), 2);
    rig.old.letGo();
    QTRY_VERIFY(guess && own);
    QVERIFY(guess->error().code == ErrorCode::Forbidden);
    QCOMPARE(own->value().job, JobId{61});
}

/// No test of speed: it says how long the directory takes for each further holder, and fails only
/// where that grows with everybody there is.
void BesideServerTest::manyHoldersCostWhatTheyAre()
{
    work::Directory directory;
    const auto learn = [&directory](qint64 from, qint64 to) {
        QElapsedTimer timer;
        timer.start();
        for (qint64 id = from; id <= to; ++id) {
            work::DirectoryContent one;
            work::Collaboration collaboration;
            if (const work::Collaboration* known
                = directory.collaboration(CollaborationId{1 + id % 20}))
                collaboration = *known;
            collaboration.id = {1 + id % 20};
            collaboration.name = u"c%1"_s.arg(collaboration.id.value);
            collaboration.members.push_back({id});
            one.collaborations = {collaboration};
            one.organizations = {{{id}, u"o%1"_s.arg(id), {}, {}, {}, {}, {}, {}}};
            one.nodes = {{{id}, u"n%1"_s.arg(id), {}, collaboration.id, {id}, {}, {}}};
            directory.learn(one);
        }
        return double(timer.nsecsElapsed()) / 1'000.0 / double(to - from + 1);
    };
    const double first = learn(1, 2'000);
    learn(2'001, 18'000);
    const double last = learn(18'001, 20'000);
    qInfo("a holder costs %.1f us among 2,000 and %.1f us among 20,000", first, last);
    QVERIFY(last < 2'000.0);
}

QTEST_GUILESS_MAIN(BesideServerTest)
#include "tst_besideserver.moc"
