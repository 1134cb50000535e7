// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/rawpeer.h"
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using protocol::WebSocketOpcode;

/// Does what once hurt a server of this kind; says how this one answered.
using Attack = QByteArray (*)(quint16 port);

struct Incident
{
    const char* name; ///< as docs/reliability.md lists it
    Attack attack;
    const char* answer;
};

QByteArray statusOf(quint16 port, const QByteArray& request)
{
    RawPeer peer(port);
    peer.send(request);
    peer.waitFor("\r\n\r\n");
    return QByteArray::number(peer.status());
}

QByteArray requestLine(const QByteArray& target, const QByteArray& fields = {})
{
    return "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n";
}

/// How a session that entered "/" ends after these octets on its WebSocket.
QByteArray endAfter(quint16 port, const QByteArray& octets)
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    socket.sendText("40");
    socket.receiveText();
    socket.receiveText();
    socket.sendRaw(octets);
    return socket.waitForEnd() ? "close " + QByteArray::number(socket.closeCode().value_or(0))
                               : QByteArray("stays open");
}

QByteArray endAfterText(quint16 port, const QByteArray& text)
{
    return endAfter(port, textFrame(text));
}

QByteArray frame(bool isFinal, WebSocketOpcode opcode, const QByteArray& payload)
{
    QByteArray octets = protocol::maskedWebSocketFrame(opcode, payload, 0x01020304);
    if (!isFinal)
        octets[0] = char(octets[0] & 0x7F);
    return octets;
}

QByteArray announcing(const char* hexHead)
{
    return QByteArray::fromHex(hexHead) + QByteArray(20, 'x');
}

/// A frame that announces more than comes for now is no fault yet, and nothing is made of it.
QByteArray waitsForTheRest(quint16 port)
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    socket.receiveText();
    const QByteArray octets = announcing("82fe00ff01020304") + textFrame("x");
    socket.sendRaw(octets);
    return socket.staysSilentFor(Millis{300}) ? "stays open" : "said something";
}

/// An event that takes part in the same session afterwards: nothing was lost or left behind.
QByteArray staysUsable(quint16 port, const QByteArrayList& texts)
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    socket.receiveText();
    for (const QByteArray& text : texts)
        socket.sendText(text);
    socket.sendText("40/no-such,");
    QByteArray last;
    do {
        last = socket.receiveText();
    } while (!last.isNull() && !last.startsWith("44/no-such,"));
    return last.isNull() ? "lost" : "usable";
}

QByteArray resetAtEveryStep(quint16 port)
{
    for (int step = 0; step < 6; ++step) {
        RawPeer peer(port);
        switch (step) {
        case 0:
            break;
        case 1:
            peer.send("GET /socket.io/?EIO=4");
            break;
        case 2:
            peer.send("POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n"
                      "Content-Length: 100\r\n\r\nhalf");
            break;
        case 3:
            peer.send(upgradeRequest());
            break;
        case 4:
            peer.send(upgradeRequest());
            peer.waitFor("pingInterval");
            peer.send(textFrame("40").first(4));
            break;
        default:
            peer.send("GET " + sessionTarget(openPolling(port)) + " HTTP/1.1\r\nHost: x\r\n\r\n");
            break;
        }
        peer.reset();
    }
    return "reset";
}

QByteArray endlessChunks(quint16 port)
{
    RawPeer peer(port);
    peer.send("POST " + sessionTarget(openPolling(port))
        + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const QByteArray chunk = "10000\r\n" + QByteArray(0x10000, 'x') + "\r\n";
    for (int i = 0; i < 40 && peer.received().isEmpty() && !peer.hasEnded(); ++i)
        peer.send(chunk);
    peer.waitFor("\r\n\r\n");
    return QByteArray::number(peer.status());
}

QByteArray wrongContentType(quint16 port)
{
    protocol::HttpHeaders headers;
    headers.add("Content-Type", "application/octet-stream");
    const HttpReply reply
        = httpRequest(port, "POST", sessionTarget(openPolling(port)), headers, "40");
    return "answered " + QByteArray::number(reply.status);
}

QByteArray manyPacketsInOnePost(quint16 port)
{
    const QByteArray sid = openPolling(port);
    QByteArray body;
    for (int i = 0; i < 40; ++i)
        body += "40/none-" + QByteArray::number(i) + ",\x1e";
    body.chop(1);
    httpRequest(port, "POST", sessionTarget(sid), {}, body);
    const HttpReply reply = httpRequest(port, "GET", sessionTarget(sid));
    return QByteArray::number(reply.body.count("Invalid namespace")) + " answers";
}

QByteArray floodOfFragments(quint16 port)
{
    QByteArray octets = frame(false, WebSocketOpcode::Text, "");
    const QByteArray empty = frame(false, WebSocketOpcode::Continuation, "");
    octets += empty.repeated(70'000);
    return endAfter(port, octets);
}

QByteArray adminWithoutAToken(quint16 port)
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    socket.receiveText();
    socket.sendText("40/gh-admin,{\"token\":\"eyJhbGciOiJub25lIn0.eyJzdWIiOjF9.\"}");
    return socket.receiveText().left(12);
}

const std::vector<Incident>& incidents()
{
    static const std::vector<Incident> all{
        {"CVE-2022-21676: frame with reserved bits",
            [](quint16 port) -> QByteArray {
                return endAfter(port, QByteArray::fromHex("f1810102030441"));
            },
            "close 1002"},
        {"CVE-2023-31125: upgrade with an odd transport",
            [](quint16 port) -> QByteArray {
                return statusOf(port,
                    "GET /socket.io/?EIO=4&transport=constructor HTTP/1.1\r\n"
                    "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            },
            "400"},
        {"CVE-2023-31125: odd transport by polling",
            [](quint16 port) -> QByteArray {
                return statusOf(port, requestLine("/socket.io/?EIO=4&transport=__proto__"));
            },
            "400"},
        {"CVE-2022-41940: reset at the wrong moment", resetAtEveryStep, "reset"},
        {"CVE-2020-36048: endless POST", endlessChunks, "413"},
        {"engine.io 6.6.7: wrong content type", wrongContentType, "answered 200"},
        {"CVE-2022-2421: placeholder that is no number",
            [](quint16 port) -> QByteArray {
                return endAfterText(port, R"(451-["a",{"_placeholder":true,"num":"splice"}])");
            },
            "close 1002"},
        {"CVE-2022-2421: placeholder beyond its attachments",
            [](quint16 port) -> QByteArray {
                return endAfterText(port, R"(451-["a",{"_placeholder":true,"num":1}])");
            },
            "close 1002"},
        {"CVE-2022-2421: negative placeholder",
            [](quint16 port) -> QByteArray {
                return endAfterText(port, R"(451-["a",{"_placeholder":true,"num":-1}])");
            },
            "close 1002"},
        {"CVE-2023-32695: event name that is an object",
            [](quint16 port) -> QByteArray {
                return endAfterText(port, R"(42[{"toString":"foo"}])");
            },
            "close 1002"},
        {"CVE-2026-33151: many announced attachments",
            [](quint16 port) -> QByteArray {
                return endAfterText(port, R"(4599999-["a",{"_placeholder":true,"num":0}])");
            },
            "close 1002"},
        {"CVE-2024-38355: event named error",
            [](quint16 port) -> QByteArray {
                return staysUsable(port, {"40", R"(42["error"])", R"(42["error",{"a":1}])"});
            },
            "usable"},
        {"events named like inner ones",
            [](quint16 port) -> QByteArray {
                return staysUsable(port,
                    {"40", R"(42["__proto__"])", R"(42["constructor"])", R"(42["message"])",
                        R"(42["close"])", R"(42["data",1])", R"(42[""])"});
            },
            "usable"},
        {"CVE-2020-28481: two origins",
            [](quint16 port) -> QByteArray {
                return statusOf(port,
                    requestLine("/socket.io/?EIO=4&transport=polling",
                        "Origin: https://a.example\r\nOrigin: https://b.example\r\n"));
            },
            "403"},
        {"python-socketio: empty event",
            [](quint16 port) -> QByteArray { return endAfterText(port, "42[]"); }, "close 1002"},
        {"python-engineio: 40 packets in one POST", manyPacketsInOnePost, "40 answers"},
        {"CVE-2026-48779: 70,000 empty fragments", floodOfFragments, "close 1008"},
        {"CVE-2024-37890: too many header fields",
            [](quint16 port) -> QByteArray {
                return statusOf(
                    port, requestLine("/healthz", QByteArray("X: y\r\n").repeated(2'000)));
            },
            "431"},
        {"CVE-2021-32640: slow header",
            [](quint16 port) -> QByteArray {
                return statusOf(port,
                    requestLine("/healthz",
                        "Sec-WebSocket-Protocol: a" + QByteArray(8'000, ' ')
                            + "b\r\nConnection: " + QByteArray(4'000, ',') + "\r\n"));
            },
            "200"},
        {"CVE-2026-42544: octets beyond ASCII in a subprotocol",
            [](quint16 port) -> QByteArray {
                return statusOf(port, upgradeRequest("Sec-WebSocket-Protocol: \xff\xfe\x80\r\n"));
            },
            "101"},
        {"cowlib: ASCII inside a UTF-8 sequence",
            [](quint16 port) -> QByteArray {
                return endAfter(port,
                    textFrame("4\xe2\x82"
                              "A"));
            },
            "close 1007"},
        {"CVE-2026-0716: frame of 2^63-1 octets",
            [](quint16 port) -> QByteArray {
                return endAfter(port, announcing("81ff7fffffffffffffff01020304"));
            },
            "close 1009"},
        {"CVE-2026-25627: announced length beyond the data", waitsForTheRest, "stays open"},
        {"CVE-2026-44838: names with wildcards",
            [](quint16 port) -> QByteArray {
                return staysUsable(port, {"40/*,", "40/#,", "40/%,{\"a\":\"\x27 OR 1=1 --\"}"});
            },
            "usable"},
        {"JWT without a signature at the admin namespace", adminWithoutAToken, "44/gh-admin,"},
        {"GHSA-c4j6-fc7j-m34r: an upgrade passes no other gate",
            [](quint16 port) -> QByteArray {
                return statusOf(port,
                    upgradeRequest("Origin: https://a.example\r\n"
                                   "Origin: https://b.example\r\n"));
            },
            "403"},
    };
    return all;
}

/// Somebody who did nothing and wants to be served.
class Canary
{
public:
    explicit Canary(quint16 port)
    {
        if (m_socket.open(port))
            m_socket.receiveText();
    }
    bool isAlive()
    {
        m_socket.sendText("40/canary,");
        QByteArray text;
        do {
            text = m_socket.receiveText();
        } while (!text.isNull() && !text.startsWith("44/canary,"));
        return !text.isNull();
    }

private:
    ScriptedWebSocket m_socket;
};

} // namespace

/// What went wrong in servers of this kind, done to this one: it answers as it should, goes on, and
/// nobody else notices.
class tst_Incidents : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void theServerAnswersAndGoesOn_data();
    void theServerAnswersAndGoesOn();
    void fragmentsCostNoMemory();
    void refusedClientsCostNoMemory();
    void halfPacketsCostNoMemoryOnceTheirClientIsGone();

private:
    std::unique_ptr<ServedProgram> m_server;
};

void tst_Incidents::initTestCase()
{
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY2(m_server->start({QStringLiteral("limits.connect_timeout=10m"),
                 QStringLiteral("limits.unidentified_message_size=0"),
                 QStringLiteral("limits.close_timeout=100ms"),
                 QStringLiteral("limits.ping_interval=10m")}),
        m_server->log().constData());
}

void tst_Incidents::theServerAnswersAndGoesOn_data()
{
    QTest::addColumn<int>("index");
    for (size_t i = 0; i < incidents().size(); ++i)
        QTest::newRow(incidents()[i].name) << int(i);
}

void tst_Incidents::theServerAnswersAndGoesOn()
{
    QFETCH(int, index);
    const Incident& incident = incidents()[size_t(index)];
    Canary canary(m_server->port());
    QVERIFY(canary.isAlive());
    QCOMPARE(incident.attack(m_server->port()), QByteArray(incident.answer));
    QVERIFY(canary.isAlive());
    QVERIFY(m_server->isRunning());
}

void tst_Incidents::fragmentsCostNoMemory()
{
    // 60,000 fragments of one octet, the message never ended, on ten connections.
    const QByteArray one = frame(false, WebSocketOpcode::Continuation, "x");
    const QByteArray octets = frame(false, WebSocketOpcode::Text, "4") + one.repeated(60'000);
    const qint64 before = m_server->residentBytes();
    std::vector<std::unique_ptr<RawPeer>> peers;
    for (int i = 0; i < 10; ++i) {
        peers.push_back(std::make_unique<RawPeer>(m_server->port()));
        peers.back()->send(upgradeRequest());
        QVERIFY(peers.back()->waitFor("pingInterval"));
        peers.back()->send(octets);
    }
    Canary canary(m_server->port());
    const double expected = 10.0 * double(octets.size());
    const double read = m_server->metric("gatehouse_bytes_received_total").value_or(0);
    QVERIFY(read >= 0);
    QVERIFY(waitUntil([&] {
        return m_server->metric("gatehouse_bytes_received_total").value_or(0) >= expected;
    }));
    QVERIFY(canary.isAlive());
    const qint64 grown = m_server->residentBytes() - before;
    QVERIFY2(grown < 8'000'000, qPrintable(QString::number(grown)));
}

void tst_Incidents::refusedClientsCostNoMemory()
{
#ifdef __SANITIZE_ADDRESS__
    QSKIP("AddressSanitizer keeps what is freed for a while");
#endif
    const auto refuseSome = [this](int count) {
        for (int i = 0; i < count; ++i) {
            const QByteArray target
                = "/socket.io/?EIO=4&transport=websocket&sid=none" + QByteArray::number(i);
            QCOMPARE(httpRequest(m_server->port(), "GET", target).status, 400);
            ScriptedWebSocket socket;
            QVERIFY(!socket.open(m_server->port(), target));
        }
    };
    refuseSome(100); // what there is once
    const qint64 before = m_server->residentBytes();
    refuseSome(700);
    const qint64 grown = m_server->residentBytes() - before;
    QVERIFY2(grown < 1'000'000, qPrintable(QString::number(grown)));
}

void tst_Incidents::halfPacketsCostNoMemoryOnceTheirClientIsGone()
{
#ifdef __SANITIZE_ADDRESS__
    QSKIP("AddressSanitizer keeps what is freed for a while");
#endif
    const QByteArray attachment
        = protocol::maskedWebSocketFrame(WebSocketOpcode::Binary, QByteArray(90'000, 'b'), 7);
    const auto leaveHalfPackets = [&](int clients) {
        for (int i = 0; i < clients; ++i) {
            ScriptedWebSocket socket;
            QVERIFY(socket.open(m_server->port()));
            socket.sendText("40");
            socket.receiveText();
            socket.receiveText();
            socket.sendText(R"(4510-["a",{"_placeholder":true,"num":0}])");
            for (int k = 0; k < 9; ++k)
                socket.sendRaw(attachment);
            socket.sendText("42[\"x\"]"); // a text where an attachment was announced ends it
            QVERIFY(socket.waitForEnd());
        }
    };
    leaveHalfPackets(10);
    const qint64 before = m_server->residentBytes();
    leaveHalfPackets(30); // 24 MB in all
    const qint64 grown = m_server->residentBytes() - before;
    QVERIFY2(grown < 8'000'000, qPrintable(QString::number(grown)));
}

QTEST_GUILESS_MAIN(tst_Incidents)
#include "tst_incidents.moc"
