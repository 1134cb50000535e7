// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/rawpeer.h"
#include "tests/support/certificate.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr Millis DripInterval{50};
/// A loaded machine is late; a peer that is not cut at all would take for ever.
constexpr Millis Slack{4'000};

/// A peer that stops at some point or goes on drop by drop. Ends the server's way after `after`.
struct Case
{
    const char* name;
    std::function<void(RawPeer&, quint16 port)> begin;
    Millis after;
    const char* lastWords; ///< somewhere in what the server said; may be empty
};

const QByteArray getHead = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
const QByteArray postHead
    = "POST /api/token/user HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";

void openWebSocket(RawPeer& peer, const QByteArray& more = {})
{
    peer.send(upgradeRequest());
    peer.waitFor("pingInterval");
    peer.send(textFrame("40") + more);
    peer.waitFor("40{\"sid\"");
}

/// The first octets of a text frame of 100, and nothing of its end.
QByteArray partOfFrame()
{
    return textFrame(QByteArray(100, 'x')).first(20);
}

QByteArray closeCode(quint16 code)
{
    QByteArray octets;
    octets.append(char(code >> 8));
    octets.append(char(code & 0xFF));
    return octets;
}

const std::vector<Case>& plainCases()
{
    // The deadlines are those of startScaledDown().
    static const std::vector<Case> all{
        {"silent from the start", [](RawPeer&, quint16) {}, Millis{1'000}, ""},
        {"half a head", [](RawPeer& peer, quint16) { peer.send(getHead); }, Millis{1'000},
            "HTTP/1.1 408"},
        {"dripping head",
            [](RawPeer& peer, quint16) {
                peer.drip(getHead + QByteArray(2'000, 'x'), DripInterval);
            },
            Millis{1'000}, "HTTP/1.1 408"},
        {"half a body", [](RawPeer& peer, quint16) { peer.send(postHead + "x"); }, Millis{1'200},
            "HTTP/1.1 408"},
        {"dripping body",
            [](RawPeer& peer, quint16) {
                peer.send(postHead);
                peer.drip("x", DripInterval);
            },
            Millis{1'200}, "HTTP/1.1 408"},
        {"dripping chunks",
            [](RawPeer& peer, quint16) {
                peer.send("POST /api/token/user HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                          "chunked\r\n\r\n");
                peer.drip(QByteArray("1\r\nx\r\n").repeated(500), DripInterval);
            },
            Millis{1'200}, "HTTP/1.1 408"},
        {"idle between requests",
            [](RawPeer& peer, quint16) {
                peer.send(getHead + "\r\n");
                peer.waitFor("HTTP/1.1 200");
            },
            Millis{1'000}, ""},
        {"upgrade and then silence", [](RawPeer& peer, quint16) { peer.send(upgradeRequest()); },
            Millis{1'000}, "101"},
        {"WebSocket that answers no ping", [](RawPeer& peer, quint16) { openWebSocket(peer); },
            Millis{1'400}, ""},
        {"WebSocket whose network is gone",
            [](RawPeer& peer, quint16) {
                openWebSocket(peer);
                peer.stopReading();
            },
            Millis{1'400}, ""},
        {"half a frame", [](RawPeer& peer, quint16) { openWebSocket(peer, partOfFrame()); },
            Millis{1'000}, ""},
        {"half a message",
            [](RawPeer& peer, quint16) {
                QByteArray first = textFrame("4");
                first[0] = char(first[0] & 0x7F); // more fragments follow, it says
                openWebSocket(peer, first);
            },
            Millis{1'000}, ""},
        {"close that is not answered",
            [](RawPeer& peer, quint16) {
                openWebSocket(peer);
                peer.send(textFrame("4abc")); // a protocol error: the server closes
                peer.waitFor(closeCode(1002));
            },
            Millis{1'000}, ""},
        {"close that is answered drop by drop",
            [](RawPeer& peer, quint16) {
                openWebSocket(peer);
                peer.send(textFrame("4abc"));
                peer.waitFor(closeCode(1002));
                peer.drip(textFrame(QByteArray(1'000, 'x')), DripInterval);
            },
            Millis{1'000}, ""},
    };
    return all;
}

} // namespace

/// Peers that stop, drip or stay silent: each is cut at the deadline of the step it is at, and
/// nobody else notices. With the deadlines of a production server divided by ten or more.
class tst_Deadlines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyStalledPeerIsCutInTime();
    void aDrippingMessageIsCutThoughItNeverStalls();
    void everyStalledTlsHandshakeIsCutInTime();
    void aSilentPollerIsForgotten();

private:
    static QStringList scaledDown();
};

QStringList tst_Deadlines::scaledDown()
{
    return {QStringLiteral("http.header_timeout=1s"), QStringLiteral("http.body_timeout=1200ms"),
        QStringLiteral("http.body_rate=1MiB"), QStringLiteral("http.keep_alive=1s"),
        QStringLiteral("limits.message_stall=1s"), QStringLiteral("limits.message_time=1500ms"),
        QStringLiteral("limits.close_timeout=500ms"), QStringLiteral("limits.connect_timeout=1s"),
        QStringLiteral("limits.ping_interval=700ms"), QStringLiteral("limits.ping_timeout=700ms"),
        QStringLiteral("tls.handshake_timeout=1s")};
}

void tst_Deadlines::everyStalledPeerIsCutInTime()
{
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY2(server.start(scaledDown()), server.log().constData());
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (const Case& stalled : plainCases()) {
        peers.push_back(std::make_unique<RawPeer>(server.port()));
        stalled.begin(*peers.back(), server.port());
    }
    // Somebody else is served all the while.
    QCOMPARE(httpRequest(server.port(), "GET", "/healthz").status, 200);
    for (size_t i = 0; i < peers.size(); ++i) {
        const Case& stalled = plainCases()[i];
        QVERIFY2(peers[i]->waitForEnd(2 * Slack), stalled.name);
        const QByteArray took = QByteArray(stalled.name) + ": "
            + QByteArray::number(qint64(peers[i]->endedAfter().count())) + " ms";
        QVERIFY2(peers[i]->endedAfter() < stalled.after + Slack, took.constData());
        QVERIFY2(peers[i]->received().contains(stalled.lastWords), stalled.name);
    }
    QCOMPARE(httpRequest(server.port(), "GET", "/healthz").status, 200);
    QVERIFY(server.metric("gatehouse_http_refusals_total{what=\"request-time\"}").value_or(0) >= 5);
    QVERIFY(server.metric("gatehouse_websocket_faults_total{what=\"stall\"}").value_or(0) >= 2);
    QVERIFY(
        server.metric("gatehouse_websocket_faults_total{what=\"close-time\"}").value_or(0) >= 2);
    QVERIFY(server.metric("gatehouse_ping_timeouts_total").value_or(0) >= 1);
    QVERIFY(server.metric("gatehouse_connect_timeouts_total").value_or(0) >= 1);
    // Nothing is left of any of them.
    QVERIFY(ServedProgram::waitLooking([&] {
        return server.metric("gatehouse_connections").value_or(9) <= 1
            && server.metric("gatehouse_sessions{transport=\"websocket\"}").value_or(9) < 1;
    }));
}

void tst_Deadlines::aDrippingMessageIsCutThoughItNeverStalls()
{
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    // The heartbeat would end it first otherwise.
    QVERIFY2(server.start(scaledDown() + QStringList{QStringLiteral("limits.ping_interval=1m")}),
        server.log().constData());
    RawPeer peer(server.port());
    openWebSocket(peer, textFrame(QByteArray(125, 'x')).first(6));
    peer.drip("x", DripInterval);
    QVERIFY(peer.waitForEnd(Slack + Millis{1'500}));
    QVERIFY(peer.endedAfter() >= Millis{1'400});
    QVERIFY2(peer.received().contains(closeCode(1008)), peer.received().toHex().constData());
    QVERIFY(server.metric("gatehouse_websocket_faults_total{what=\"stall\"}").value_or(0) >= 1);
}

void tst_Deadlines::everyStalledTlsHandshakeIsCutInTime()
{
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    const auto write = [&server](const QString& name, const QByteArray& content) {
        QFile file(server.path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    };
    const SelfSigned identity = makeSelfSigned("localhost");
    write(QStringLiteral("c.pem"), identity.certificatePem);
    write(QStringLiteral("k.pem"), identity.keyPem);
    QVERIFY2(
        server.start(scaledDown()
            + QStringList{QStringLiteral("tls.certificate=") + server.path(QStringLiteral("c.pem")),
                QStringLiteral("tls.key=") + server.path(QStringLiteral("k.pem"))}),
        server.log().constData());
    // A ClientHello that promises 500 octets.
    const QByteArray hello = QByteArray::fromHex("16030101f4010001f00303") + QByteArray(400, 'r');
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 60; ++i) {
        peers.push_back(std::make_unique<RawPeer>(server.port()));
        if (i % 3 == 1)
            peers.back()->send(hello);
        else if (i % 3 == 2)
            peers.back()->drip(hello, DripInterval);
    }
    for (const auto& peer : peers) {
        QVERIFY(peer->waitForEnd(Slack));
        QVERIFY(peer->endedAfter() < Millis{1'000} + Slack);
    }
    QVERIFY(server.isRunning());
}

void tst_Deadlines::aSilentPollerIsForgotten()
{
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY2(server.start(scaledDown()), server.log().constData());
    for (int i = 0; i < 20; ++i)
        QVERIFY(!openPolling(server.port()).isEmpty()); // and never a word again
    const QByteArray joined = openPolling(server.port());
    QCOMPARE(httpRequest(server.port(), "POST", sessionTarget(joined), {}, "40").status, 200);
    QVERIFY(ServedProgram::waitLooking([&] {
        return server.metric("gatehouse_sessions{transport=\"polling\"}") == std::optional(0.0);
    }));
    QCOMPARE(server.metric("gatehouse_connect_timeouts_total"), std::optional(20.0));
    QCOMPARE(server.metric("gatehouse_ping_timeouts_total"), std::optional(1.0));
    QCOMPARE(server.metric("gatehouse_sockets"), std::optional(0.0));
}

QTEST_GUILESS_MAIN(tst_Deadlines)
#include "tst_deadlines.moc"
