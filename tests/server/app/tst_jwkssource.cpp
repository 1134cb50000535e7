// SPDX-License-Identifier: Apache-2.0
#include "server/app/jwkssource.h"
#include "server/observe/metrics.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace gatehouse;
using app::JwksOptions;
using app::JwksSource;
using identity::Inquiry;
using identity::KeyWait;

namespace {

/// An issuer's web server: answers each request with `answer`, or not at all while that is empty.
class Issuer
{
public:
    Issuer()
    {
        m_server.listen(QHostAddress::LocalHost);
        QObject::connect(&m_server, &QTcpServer::newConnection, &m_server, [this] {
            QTcpSocket* peer = m_server.nextPendingConnection();
            QObject::connect(peer, &QTcpSocket::disconnected, peer, &QObject::deleteLater);
            QObject::connect(peer, &QTcpSocket::readyRead, peer, [this, peer] {
                if (!peer->readAll().contains("\r\n\r\n"))
                    return;
                ++questions;
                if (!answer.isEmpty()) {
                    peer->write(answer);
                    peer->disconnectFromHost();
                }
            });
        });
    }

    QString url() const
    {
        return QStringLiteral("http://127.0.0.1:%1/realms/v6/protocol/openid-connect/certs")
            .arg(m_server.serverPort());
    }
    static QByteArray ok(const QByteArray& body)
    {
        return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            + QByteArray::number(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
    }

    QByteArray answer;
    int questions = 0;

private:
    QTcpServer m_server;
};

/// Tells how often somebody wanted to know how late it is.
class LookedAtClock final : public Clock
{
public:
    Millis monotonic() const override
    {
        ++m_looks;
        return m_clock.monotonic();
    }
    Millis wall() const override { return m_clock.wall(); }
    void advance(Millis step) { m_clock.advance(step); }
    int looks() const { return m_looks; }

private:
    ManualClock m_clock;
    mutable int m_looks = 0;
};

struct Rig
{
    explicit Rig(Millis retry = Millis{30'000}) : source(options(retry), take(), metrics, clock) { }

    JwksOptions options(Millis retry) const
    {
        JwksOptions all;
        all.retry = retry;
        all.url = issuer.url();
        all.timeout = Millis{300};
        return all;
    }
    JwksSource::Take take()
    {
        return [this](const QByteArray& set) -> Result<void> {
            if (set != "good" && set != "better")
                return failure(ErrorCode::BadRequest, QStringLiteral("no keys in it"));
            taken << set;
            return {};
        };
    }
    /// Asks because of an unknown key and waits for the answer.
    bool fetch()
    {
        bool isDone = false;
        return source.fetch(KeyWait::Answer, [&] { isDone = true; }) == Inquiry::Asked
            && QTest::qWaitFor([&] { return isDone; });
    }

    Issuer issuer;
    LookedAtClock clock;
    observe::Metrics metrics;
    QByteArrayList taken;
    JwksSource source;
};

} // namespace

class JwksSourceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keysAreReadAtTheStart();
    void badAnswersLeaveTheKeysThereAre_data();
    void badAnswersLeaveTheKeysThereAre();
    void unknownKeysCauseOneQuestionInATime();
    void whoWaitsIsAskedForWhenOneMayAskAgain();
    void aSilentIssuerIsKnownAsSuch();
    void manyWaitForOneAnswer();
    void endWhileAskingIsNoHarm();
    void withoutAnAddressNobodyIsAsked();
};

void JwksSourceTest::keysAreReadAtTheStart()
{
    Rig rig;
    rig.issuer.answer = Issuer::ok("good");
    rig.source.start();
    QTRY_COMPARE(rig.taken, QByteArrayList{"good"});
    QCOMPARE(rig.metrics.keysFetched.Value(), 1.0);
}

void JwksSourceTest::badAnswersLeaveTheKeysThereAre_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::newRow("not to be used") << Issuer::ok("{}");
    QTest::newRow("error") << QByteArray(
        "HTTP/1.1 503 No\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood");
    QTest::newRow("elsewhere") << QByteArray(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n");
    QTest::newRow("too long") << Issuer::ok(QByteArray(300 * 1024, 'x'));
    QTest::newRow("no HTTP") << QByteArray("good");
    QTest::newRow("none in time") << QByteArray();
}

void JwksSourceTest::badAnswersLeaveTheKeysThereAre()
{
    QFETCH(QByteArray, answer);
    Rig rig;
    rig.issuer.answer = answer;
    QVERIFY(rig.fetch());
    QCOMPARE(rig.taken, QByteArrayList());
    QCOMPARE(rig.metrics.keysFailed.Value(), 1.0);
    rig.issuer.answer = Issuer::ok("better");
    rig.clock.advance(std::chrono::seconds{30});
    QVERIFY(rig.fetch());
    QCOMPARE(rig.taken, QByteArrayList{"better"});
}

void JwksSourceTest::unknownKeysCauseOneQuestionInATime()
{
    Rig rig;
    rig.issuer.answer = Issuer::ok("good");
    QVERIFY(rig.fetch());
    const auto tooSoon = [] { QFAIL("asked too soon"); };
    for (int i = 0; i < 100; ++i)
        QVERIFY(rig.source.fetch(KeyWait::Answer, tooSoon) == Inquiry::NotNeeded);
    rig.clock.advance(std::chrono::seconds{30});
    QVERIFY(rig.fetch());
    QCOMPARE(rig.issuer.questions, 2);
    QCOMPARE(rig.taken, QByteArrayList{"good"}); // the same set again changes nothing
}

/// Somebody with a made-up key has just caused a question; the next one has a good key.
void JwksSourceTest::whoWaitsIsAskedForWhenOneMayAskAgain()
{
    Rig rig(Millis{50});
    rig.issuer.answer = Issuer::ok("good");
    QVERIFY(rig.fetch());
    rig.issuer.answer = Issuer::ok("better");
    bool isDone = false;
    QVERIFY(rig.source.fetch(KeyWait::NextQuestion, [&] { isDone = true; }) == Inquiry::Asked);
    const int looks = rig.clock.looks();
    QTRY_VERIFY(rig.clock.looks() > looks); // its timer was due
    QCOMPARE(rig.issuer.questions, 1); // by the server's own clock it is too soon
    QVERIFY(!isDone);
    rig.clock.advance(Millis{50});
    QTRY_VERIFY(isDone);
    QCOMPARE(rig.taken, (QByteArrayList{"good", "better"}));
    QCOMPARE(rig.issuer.questions, 2);
}

void JwksSourceTest::aSilentIssuerIsKnownAsSuch()
{
    Rig rig;
    rig.issuer.answer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    QVERIFY(rig.source.issuer() == identity::Issuer::Answers); // for all that is known
    QVERIFY(rig.fetch());
    QVERIFY(rig.source.issuer() == identity::Issuer::Silent);
    rig.issuer.answer = Issuer::ok("good");
    rig.clock.advance(std::chrono::seconds{30});
    QVERIFY(rig.fetch());
    QVERIFY(rig.source.issuer() == identity::Issuer::Answers);
}

void JwksSourceTest::manyWaitForOneAnswer()
{
    Rig rig;
    int done = 0;
    int accepted = 0;
    for (int i = 0; i < 1'500; ++i) {
        const Inquiry inquiry = rig.source.fetch(KeyWait::NextQuestion, [&] { ++done; });
        accepted += inquiry == Inquiry::Asked ? 1 : 0;
        QVERIFY(inquiry != Inquiry::NotNeeded);
    }
    QCOMPARE(accepted, 1'000);
    QTRY_COMPARE(done, 1'000); // the issuer never answers
    QCOMPARE(rig.issuer.questions, 1);
}

void JwksSourceTest::endWhileAskingIsNoHarm()
{
    bool isCalled = false;
    {
        Rig rig;
        QVERIFY(rig.source.fetch(KeyWait::Answer, [&] { isCalled = true; }) == Inquiry::Asked);
        QTRY_COMPARE(rig.issuer.questions, 1);
    }
    QVERIFY(!isCalled);
}

void JwksSourceTest::withoutAnAddressNobodyIsAsked()
{
    ManualClock clock;
    observe::Metrics metrics;
    JwksSource source(
        {}, [](const QByteArray&) { return Result<void>(); }, metrics, clock);
    source.start();
    const auto nobody = [] { QFAIL("nobody to ask"); };
    QVERIFY(source.fetch(KeyWait::NextQuestion, nobody) == Inquiry::NotNeeded);
    QVERIFY(source.issuer() == identity::Issuer::None);
}

QTEST_GUILESS_MAIN(JwksSourceTest)
#include "tst_jwkssource.moc"
