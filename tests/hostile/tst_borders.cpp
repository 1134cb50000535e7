// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/rawpeer.h"
#include "tests/support/certificate.h"
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QFile>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using protocol::WebSocketOpcode;

/// A bound, and somebody who asks for `amount` of it; says what came of that.
struct Border
{
    const char* name;
    QStringList settings;
    int limit;
    QByteArray (*attempt)(quint16 port, int amount);
    const char* within;
    const char* beyond;
};

QStringList with(std::initializer_list<const char*> settings)
{
    QStringList list;
    for (const char* setting : settings)
        list << QString::fromLatin1(setting);
    return list;
}

/// What becomes of a WebSocket that says these things one after the other.
QByteArray after(quint16 port, const QByteArrayList& texts, const QByteArrayList& binaries = {})
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    for (const QByteArray& text : texts)
        socket.sendText(text);
    for (const QByteArray& octets : binaries)
        socket.sendBinary(octets);
    socket.sendFrame(WebSocketOpcode::Ping, "still there?");
    for (;;) {
        const WireEvent event = socket.receive();
        switch (event.kind) {
        case WireEvent::Kind::Pong:
            return "goes on";
        case WireEvent::Kind::Close:
            return "close " + QByteArray::number(event.code);
        case WireEvent::Kind::Nothing:
        case WireEvent::Kind::Failed:
        case WireEvent::Kind::End:
            return "neither";
        default:
            break;
        }
    }
}

QByteArray eventOf(int octets)
{
    const QByteArray empty = "42[\"a\",\"\"]";
    return "42[\"a\",\"" + QByteArray(octets - empty.size(), 'x') + "\"]";
}

/// The status a request gets whose line and fields are that long together.
QByteArray headOf(quint16 port, int octets)
{
    const QByteArray begin = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: ";
    const QByteArray end = "\r\n\r\n";
    RawPeer peer(port);
    peer.send(begin + QByteArray(octets - begin.size() - end.size(), 'x') + end);
    peer.waitForEnd();
    return QByteArray::number(peer.status());
}

QByteArray fieldsOf(quint16 port, int count)
{
    QByteArray head = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    for (int i = 2; i < count; ++i)
        head += "X-" + QByteArray::number(i) + ": x\r\n";
    RawPeer peer(port);
    peer.send(head + "\r\n");
    peer.waitForEnd();
    return QByteArray::number(peer.status());
}

QByteArray targetOf(quint16 port, int octets)
{
    const QByteArray path = "/healthz?";
    return QByteArray::number(
        httpRequest(port, "GET", path + QByteArray(octets - path.size(), 'x')).status);
}

QByteArray postOf(quint16 port, const QByteArray& body)
{
    return QByteArray::number(
        httpRequest(port, "POST", sessionTarget(openPolling(port)), {}, body).status);
}

/// The same octets in chunks, so that nobody says beforehand how many they are.
QByteArray chunkedBodyOf(quint16 port, int octets)
{
    RawPeer peer(port);
    peer.send("POST /api/token/user HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int left = octets; left > 0; left -= 100) {
        const int size = std::min(left, 100);
        peer.send(QByteArray::number(size, 16) + "\r\n" + QByteArray(size, ' ') + "\r\n");
    }
    peer.send("0\r\n\r\n");
    peer.waitForEnd();
    return QByteArray::number(peer.status());
}

QByteArray attachmentsOf(quint16 port, int count)
{
    QByteArrayList placeholders;
    QByteArrayList binaries;
    for (int i = 0; i < count; ++i) {
        placeholders << "{\"_placeholder\":true,\"num\":" + QByteArray::number(i) + '}';
        binaries << QByteArray("b");
    }
    return after(port,
        {"40", "45" + QByteArray::number(count) + "-[\"a\"," + placeholders.join(',') + ']'},
        binaries);
}

QByteArray namespacesOf(quint16 port, int count)
{
    const QByteArrayList names{"40", "40/tasks,", "40/gh-admin,"};
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    socket.receiveText();
    QByteArray answer;
    for (const QByteArray& connect : names.first(count)) {
        socket.sendText(connect);
        answer = socket.receiveText();
    }
    return answer.contains("Too many namespaces") ? "too many" : "taken";
}

QByteArray fragmentsOf(quint16 port, int octets)
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened";
    socket.receiveText();
    socket.sendText("40");
    socket.receiveText();
    const QByteArray text = eventOf(octets);
    // In three frames, of which none is too large alone.
    QByteArray frames;
    for (int i = 0; i < 3; ++i) {
        const qsizetype begin = text.size() * i / 3;
        const qsizetype end = text.size() * (i + 1) / 3;
        QByteArray frame = protocol::maskedWebSocketFrame(
            i == 0 ? WebSocketOpcode::Text : WebSocketOpcode::Continuation,
            QByteArrayView(text).sliced(begin, end - begin), 7);
        if (i < 2)
            frame[0] = char(frame[0] & 0x7f); // FIN
        frames += frame;
    }
    socket.sendRaw(frames);
    socket.sendFrame(WebSocketOpcode::Ping, {});
    const WireEvent event = socket.receive();
    return event.kind == WireEvent::Kind::Pong ? QByteArray("goes on")
                                               : "close " + QByteArray::number(event.code);
}

const std::vector<Border>& borders()
{
    static const std::vector<Border> all{
        {"header_size", with({"http.header_size=1KiB"}), 1'024, headOf, "200", "431"},
        {"header_fields", with({"http.header_fields=10"}), 10, fieldsOf, "200", "431"},
        {"url_size", with({"http.url_size=256"}), 256, targetOf, "200", "414"},
        {"body_size", with({"http.body_size=1KiB", "limits.message_size=1KiB"}), 1'024,
            [](quint16 port, int octets) {
                protocol::HttpHeaders headers;
                headers.add("Content-Type", "application/json");
                return QByteArray::number(
                    httpRequest(port, "POST", "/api/token/user", headers, QByteArray(octets, ' '))
                        .status);
            },
            "400", "413"},
        {"body_size, chunked", with({"http.body_size=1KiB", "limits.message_size=1KiB"}), 1'024,
            chunkedBodyOf, "400", "413"},
        {"message_size", with({"limits.message_size=1KiB"}), 1'024,
            [](quint16 port, int octets) {
                return after(port, {"40", eventOf(octets)});
            },
            "goes on", "close 1009"},
        {"message_size, in fragments", with({"limits.message_size=1KiB"}), 1'024, fragmentsOf,
            "goes on", "close 1009"},
        {"message_size, binary", with({"limits.message_size=1KiB"}), 1'024,
            [](quint16 port, int octets) {
                return after(port, {"40", "451-[\"a\",{\"_placeholder\":true,\"num\":0}]"},
                    {QByteArray(octets, 'x')});
            },
            "goes on", "close 1009"},
        {"message_size, polling", with({"limits.message_size=1KiB"}), 1'024,
            [](quint16 port, int octets) { return postOf(port, "40\x1e" + eventOf(octets - 3)); },
            "200", "413"},
        {"unidentified_message_size", with({"limits.unidentified_message_size=2KiB"}), 2'048,
            // Without the type of the packet, as Engine.IO takes it off.
            [](quint16 port, int octets) {
                return after(port, {"40", eventOf(octets + 1)});
            },
            "goes on", "close 1009"},
        {"packets_per_payload", with({"limits.packets_per_payload=4"}), 4,
            [](quint16 port, int count) {
                return postOf(port,
                    "40"
                        + QByteArray("\x1e"
                                     "3")
                              .repeated(count - 1));
            },
            "200", "400"},
        {"namespaces_per_session", with({"limits.namespaces_per_session=2"}), 2, namespacesOf,
            "taken", "too many"},
        {"namespace_name_size", with({"limits.namespace_name_size=8"}), 8,
            [](quint16 port, int octets) {
                return after(port, {"40/" + QByteArray(octets - 1, 'n') + ','});
            },
            "goes on", "close 1002"},
        {"event_name_size", with({"limits.event_name_size=8"}), 8,
            [](quint16 port, int octets) {
                return after(port, {"40", "42[\"" + QByteArray(octets, 'e') + "\"]"});
            },
            "goes on", "close 1002"},
        {"json_depth", with({"limits.json_depth=5"}), 5,
            // The array of the arguments is the first one.
            [](quint16 port, int depth) {
                return after(port,
                    {"40",
                        "42[\"a\"," + QByteArray(depth - 1, '[') + QByteArray(depth - 1, ']')
                            + ']'});
            },
            "goes on", "close 1002"},
        {"attachments", with({"limits.attachments=3"}), 3, attachmentsOf, "goes on", "close 1002"},
        {"attachment_size", with({"limits.attachment_size=16"}), 16,
            [](quint16 port, int octets) {
                return after(port,
                    {"40",
                        "452-[\"a\",{\"_placeholder\":true,\"num\":0},"
                        "{\"_placeholder\":true,\"num\":1}]"},
                    {QByteArray(8, 'x'), QByteArray(octets - 8, 'x')});
            },
            "goes on", "close 1002"},
    };
    return all;
}

} // namespace

/// Each bound on a size or a count at its border: one less and just as much pass, one more does
/// not, and nothing of the one before spoils the one after.
class tst_Borders : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneMoreIsTooMuch_data();
    void oneMoreIsTooMuch();
    void handshakesOfTlsAtATime();
};

void tst_Borders::oneMoreIsTooMuch_data()
{
    QTest::addColumn<int>("index");
    for (size_t i = 0; i < borders().size(); ++i)
        QTest::newRow(borders()[i].name) << int(i);
}

void tst_Borders::oneMoreIsTooMuch()
{
    QFETCH(int, index);
    const Border& border = borders()[size_t(index)];
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY2(server.start(border.settings), server.log().constData());
    const auto asksFor = [&](int amount) { return border.attempt(server.port(), amount); };
    QCOMPARE(asksFor(border.limit - 1), QByteArray(border.within));
    QCOMPARE(asksFor(border.limit), QByteArray(border.within));
    QCOMPARE(asksFor(border.limit + 1), QByteArray(border.beyond));
    QCOMPARE(asksFor(border.limit), QByteArray(border.within));
    QVERIFY(server.isRunning());
}

/// tls.pending_handshakes: those under way count, not those that are done.
void tst_Borders::handshakesOfTlsAtATime()
{
    const SelfSigned identity = makeSelfSigned();
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    const QString certificate = server.path(QStringLiteral("cert.pem"));
    const QString key = server.path(QStringLiteral("key.pem"));
    const auto write = [](const QString& path, const QByteArray& octets) {
        QFile file(path);
        return file.open(QIODevice::WriteOnly) && file.write(octets) == octets.size()
            && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    };
    QVERIFY(write(certificate, identity.certificatePem) && write(key, identity.keyPem));
    QVERIFY2(server.start({QStringLiteral("tls.certificate=") + certificate,
                 QStringLiteral("tls.key=") + key, QStringLiteral("tls.pending_handshakes=3"),
                 QStringLiteral("tls.handshake_timeout=30s")}),
        server.log().constData());
    const auto mayEnter = [&] {
        ScriptedWebSocket client;
        return client.openSecure(server.port(), identity.certificate());
    };
    const auto silent = std::make_unique<RawPeer>(server.port());
    const auto half = std::make_unique<RawPeer>(server.port());
    half->send(QByteArray::fromHex("1603010200010001fc0303"));
    QVERIFY(mayEnter()); // a third one, and it is over
    QVERIFY(mayEnter());
    auto third = std::make_unique<RawPeer>(server.port());
    third->send(QByteArray::fromHex("16"));
    RawPeer fourth(server.port());
    QVERIFY(fourth.waitForEnd());
    QVERIFY(!silent->hasEnded() && !half->hasEnded() && !third->hasEnded());
    third->reset();
    QVERIFY(ServedProgram::waitLooking(mayEnter));
    QVERIFY(server.isRunning());
}

QTEST_GUILESS_MAIN(tst_Borders)
#include "tst_borders.moc"
