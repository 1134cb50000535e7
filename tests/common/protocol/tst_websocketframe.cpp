// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/websocketframe.h"

#include <QTest>

#include <vector>

using namespace gatehouse::protocol;
using Kind = WebSocketEvent::Kind;

namespace {

/// An event that keeps its payload.
struct Seen
{
    Kind kind;
    QByteArray payload;
    quint16 code = 0;

    friend bool operator==(const Seen&, const Seen&) = default;
};
using Events = std::vector<Seen>;

Events feed(WebSocketDecoder& decoder, const QByteArray& octets, qsizetype chunkSize)
{
    Events events;
    for (qsizetype at = 0; at < octets.size(); at += chunkSize) {
        QByteArray chunk = octets.mid(at, chunkSize);
        chunk.detach();
        std::span<char> input(chunk.data(), static_cast<size_t>(chunk.size()));
        while (true) {
            const WebSocketEvent event = decoder.next(input);
            if (event.kind == Kind::NeedMore)
                break;
            // The explanation of a failure is for people, not part of the contract.
            const bool failed = event.kind == Kind::Failed;
            events.push_back(
                {event.kind, failed ? QByteArray() : event.payload.toByteArray(), event.code});
        }
        if (!input.empty())
            qFatal("NeedMore with input left");
    }
    return events;
}

/// The frame of a client, with control over every bit.
QByteArray frame(int firstOctet, const QByteArray& payload, quint32 key = 0x37fa213d)
{
    QByteArray octets = maskedWebSocketFrame(WebSocketOpcode::Binary, payload, key);
    octets[0] = static_cast<char>(firstOctet);
    return octets;
}

constexpr int Fin = 0x80;
constexpr int Text = 0x1;
constexpr int Binary = 0x2;
constexpr int Close = 0x8;
constexpr int Ping = 0x9;
constexpr int Pong = 0xA;

QByteArray closePayload(int code, const QByteArray& reason = {})
{
    QByteArray payload;
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xFF);
    return payload + reason;
}

const QByteArray Euro("\xE2\x82\xAC");

} // namespace

class TestWebSocketFrame : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decodes_data();
    void decodes();
    void failureEndsTheDecoding_data();
    void failureEndsTheDecoding();
    void everyMessageSizeAroundTheLengthForms();
    void aWholeMessageIsNotCopied();
    void unmasksEveryPhaseAndSize();
    void limitsAreExact();
    void anAnnouncedSizeIsRefusedBeforeItsOctets();
    void manyEmptyFragmentsTakeNoMemory();
    void badTextFailsBeforeTheFrameEnds();
    void clientRoleRefusesMaskedFrames();
    void clientRoleReadsServerFrames();
    void bigBuffersAreGivenBack();
    void encodesPublishedExamples();
    void encodesEveryLengthForm();
    void closeFrameIsCutBetweenCharacters();
    void sendableCloseCodes_data();
    void sendableCloseCodes();
};

void TestWebSocketFrame::decodes_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<Events>("expected");
    const auto row = [](const char* name, const QByteArray& octets, const Events& expected) {
        QTest::newRow(name) << octets << expected;
    };
    row("masked text of the standard (5.7)", QByteArray::fromHex("818537fa213d7f9f4d5158"),
        {{Kind::Text, "Hello"}});
    row("empty text", frame(Fin | Text, ""), {{Kind::Text, ""}});
    row("empty binary", frame(Fin | Binary, ""), {{Kind::Binary, ""}});
    row("text with NUL", frame(Fin | Text, QByteArray("a\0b", 3)),
        {{Kind::Text, QByteArray("a\0b", 3)}});
    row("text with BOM stays whole", frame(Fin | Text, "\xEF\xBB\xBFx"),
        {{Kind::Text, "\xEF\xBB\xBFx"}});
    row("binary that is not UTF-8", frame(Fin | Binary, "\xFF\xED\xA0"),
        {{Kind::Binary, "\xFF\xED\xA0"}});
    row("zero key", frame(Fin | Text, "Hello", 0), {{Kind::Text, "Hello"}});
    row("two messages", frame(Fin | Text, "a") + frame(Fin | Binary, "b"),
        {{Kind::Text, "a"}, {Kind::Binary, "b"}});
    row("fragments", frame(Text, "a") + frame(0, "b") + frame(Fin, "c"), {{Kind::Text, "abc"}});
    row("empty fragments", frame(Text, "") + frame(0, "") + frame(Fin, ""), {{Kind::Text, ""}});
    row("only the last fragment holds text", frame(Text, "") + frame(Fin, "x"),
        {{Kind::Text, "x"}});
    row("binary in fragments", frame(Binary, "\xFF") + frame(Fin, "\xFE"),
        {{Kind::Binary, "\xFF\xFE"}});
    row("ping between fragments", frame(Text, "a") + frame(Fin | Ping, "p") + frame(Fin, "b"),
        {{Kind::Ping, "p"}, {Kind::Text, "ab"}});
    row("fragments cut inside a character, ping between",
        frame(Text, "x" + Euro.first(1)) + frame(Fin | Ping, "p")
            + frame(Fin, Euro.sliced(1) + "y"),
        {{Kind::Ping, "p"}, {Kind::Text, "x" + Euro + "y"}});
    row("text after a text of four-octet characters",
        frame(Fin | Text, "\xF0\x9F\x98\x80") + frame(Fin | Text, "ok"),
        {{Kind::Text, "\xF0\x9F\x98\x80"}, {Kind::Text, "ok"}});
    row("longest ping", frame(Fin | Ping, QByteArray(125, 'p')),
        {{Kind::Ping, QByteArray(125, 'p')}});
    row("empty ping", frame(Fin | Ping, ""), {{Kind::Ping, ""}});
    row("pong nobody asked for", frame(Fin | Pong, "x"), {{Kind::Pong, "x"}});
    row("close without code", frame(Fin | Close, ""), {{Kind::Close, "", WebSocketNoStatus}});
    row("close with code", frame(Fin | Close, closePayload(1000)), {{Kind::Close, "", 1000}});
    row("close with code and reason", frame(Fin | Close, closePayload(4000, Euro)),
        {{Kind::Close, Euro, 4000}});
    row("close with the longest reason",
        frame(Fin | Close, closePayload(1001, QByteArray(123, 'r'))),
        {{Kind::Close, QByteArray(123, 'r'), 1001}});
    row("close inside a fragmented message", frame(Text, "a") + frame(Fin | Close, ""),
        {{Kind::Close, "", WebSocketNoStatus}});
    row("nothing after close", frame(Fin | Close, "") + frame(Fin | Text, "late"),
        {{Kind::Close, "", WebSocketNoStatus}});
    row("half a frame", frame(Fin | Text, "abc").chopped(1), {});
    row("half a fragmented message", frame(Text, "abc"), {});
}

void TestWebSocketFrame::decodes()
{
    QFETCH(QByteArray, octets);
    QFETCH(Events, expected);
    for (const qsizetype chunkSize : {octets.size(), qsizetype(1), qsizetype(2), qsizetype(7)}) {
        WebSocketDecoder decoder;
        QVERIFY2(feed(decoder, octets, chunkSize) == expected,
            qPrintable(QStringLiteral("chunks of %1").arg(chunkSize)));
    }
}

void TestWebSocketFrame::failureEndsTheDecoding_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, const QByteArray& octets, int code) {
        QTest::newRow(name) << octets << code;
    };
    const int protocolError = WebSocketProtocolError;
    const int invalidPayload = WebSocketInvalidPayload;
    row("reserved bit 1", frame(Fin | 0x40 | Text, "x"), protocolError);
    row("reserved bit 2", frame(Fin | 0x20 | Text, "x"), protocolError);
    row("reserved bit 3", frame(Fin | 0x10 | Text, "x"), protocolError);
    row("reserved bit on a ping", frame(Fin | 0x40 | Ping, ""), protocolError);
    for (const int opcode : {3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF}) {
        QTest::addRow("reserved opcode %d", opcode) << frame(Fin | opcode, "x") << protocolError;
    }
    row("unmasked text", QByteArray::fromHex("810548656c6c6f"), protocolError);
    row("unmasked ping", QByteArray::fromHex("8900"), protocolError);
    row("fragmented ping", frame(Ping, "x"), protocolError);
    row("fragmented close", frame(Close, ""), protocolError);
    row("ping of 126 octets", frame(Fin | Ping, QByteArray(126, 'x')), protocolError);
    row("close of 126 octets", frame(Fin | Close, closePayload(1000, QByteArray(124, 'x'))),
        protocolError);
    row("continuation first", frame(Fin, "x"), protocolError);
    row("unfinished continuation first", frame(0, "x"), protocolError);
    row("continuation after a finished message", frame(Fin | Text, "a") + frame(Fin, "b"),
        protocolError);
    row("text inside a message", frame(Text, "a") + frame(Fin | Text, "b"), protocolError);
    row("binary inside a message", frame(Text, "a") + frame(Binary, "b"), protocolError);
    row("length 5 in 16 bits", QByteArray::fromHex("81fe00050000000048656c6c6f"), protocolError);
    row("length 125 in 16 bits", QByteArray::fromHex("82fe007d00000000") + QByteArray(125, 0),
        protocolError);
    row("length 65535 in 64 bits", QByteArray::fromHex("82ff000000000000ffff00000000"),
        protocolError);
    row("length with the top bit", QByteArray::fromHex("82ff800000000000000500000000"),
        protocolError);
    row("close of one octet", frame(Fin | Close, "x"), protocolError);
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        QTest::addRow("close code %d", code)
            << frame(Fin | Close, closePayload(code)) << protocolError;
    }
    row("close reason that is not UTF-8", frame(Fin | Close, closePayload(1000, "\xCE\xBA\xE1")),
        invalidPayload);
    row("text that is not UTF-8", frame(Fin | Text, "abc\xFFxyz"), invalidPayload);
    row("text with a surrogate", frame(Fin | Text, "\xED\xA0\x80"), invalidPayload);
    row("text that ends inside a character", frame(Fin | Text, Euro.first(2)), invalidPayload);
    row("message that ends inside a character", frame(Text, "x") + frame(Fin, Euro.first(2)),
        invalidPayload);
    row("empty last fragment after half a character", frame(Text, Euro.first(2)) + frame(Fin, ""),
        invalidPayload);
    row("character broken by the fragment border", frame(Text, Euro.first(2)) + frame(Fin, "x"),
        invalidPayload);
}

void TestWebSocketFrame::failureEndsTheDecoding()
{
    QFETCH(QByteArray, octets);
    QFETCH(int, code);
    const QByteArray input = octets + frame(Fin | Text, "never seen");
    for (const qsizetype chunkSize : {input.size(), qsizetype(1), qsizetype(3)}) {
        WebSocketDecoder decoder;
        const Events events = feed(decoder, input, chunkSize);
        QVERIFY(!events.empty());
        QCOMPARE(events.back().kind, Kind::Failed);
        QCOMPARE(int(events.back().code), code);
        QVERIFY(decoder.isFinished());
        QCOMPARE(decoder.bufferedBytes(), 0);
        for (size_t i = 0; i + 1 < events.size(); ++i)
            QVERIFY(events[i].kind != Kind::Failed);
    }
}

void TestWebSocketFrame::everyMessageSizeAroundTheLengthForms()
{
    for (const qsizetype size : {0, 1, 124, 125, 126, 127, 128, 65'534, 65'535, 65'536, 70'000}) {
        const QByteArray text(size, 'x');
        for (const qsizetype chunkSize : {size + 14, qsizetype(1'000), qsizetype(997)}) {
            WebSocketDecoder decoder;
            QVERIFY(
                feed(decoder, frame(Fin | Text, text), chunkSize) == (Events{{Kind::Text, text}}));
        }
    }
}

void TestWebSocketFrame::aWholeMessageIsNotCopied()
{
    QByteArray octets = frame(Fin | Text, "Hello");
    std::span<char> input(octets.data(), static_cast<size_t>(octets.size()));
    WebSocketDecoder decoder;
    const WebSocketEvent event = decoder.next(input);
    QCOMPARE(event.payload, "Hello");
    QVERIFY(event.payload.data() == octets.constData() + 6);
    QCOMPARE(decoder.bufferedBytes(), 0);
}

void TestWebSocketFrame::unmasksEveryPhaseAndSize()
{
    QByteArray payload;
    for (int i = 0; i < 64; ++i) {
        payload += static_cast<char>(i * 37);
        const QByteArray octets = frame(Fin | Binary, payload, 0x01020408);
        for (qsizetype chunkSize = 1; chunkSize <= octets.size(); ++chunkSize) {
            WebSocketDecoder decoder;
            QVERIFY(feed(decoder, octets, chunkSize) == (Events{{Kind::Binary, payload}}));
        }
    }
}

void TestWebSocketFrame::limitsAreExact()
{
    const WebSocketLimits limits{.maxMessageBytes = 10, .maxFragments = 3};
    const auto outcome = [&](const QByteArray& octets) {
        WebSocketDecoder decoder(WebSocketRole::Server, limits);
        const Events events = feed(decoder, octets, octets.size());
        return events.empty() ? Seen{Kind::NeedMore, {}} : events.back();
    };
    const Seen tooBig{Kind::Failed, {}, WebSocketMessageTooBig};
    const Seen tooMany{Kind::Failed, {}, WebSocketPolicyViolation};
    QCOMPARE(outcome(frame(Fin | Text, QByteArray(10, 'x'))).kind, Kind::Text);
    QVERIFY(outcome(frame(Fin | Text, QByteArray(11, 'x'))) == tooBig);
    QCOMPARE(outcome(frame(Binary, QByteArray(6, 'x')) + frame(Fin, QByteArray(4, 'x'))).kind,
        Kind::Binary);
    QVERIFY(outcome(frame(Binary, QByteArray(6, 'x')) + frame(Fin, QByteArray(5, 'x'))) == tooBig);
    QCOMPARE(outcome(frame(Text, "a") + frame(0, "b") + frame(Fin, "c")).kind, Kind::Text);
    QVERIFY(outcome(frame(Text, "a") + frame(0, "b") + frame(0, "c") + frame(Fin, "d")) == tooMany);
    // The bounds are of one message; the next one starts anew.
    const QByteArray full = frame(Text, QByteArray(9, 'x')) + frame(Fin, "x");
    QCOMPARE(outcome(full + full + full).kind, Kind::Text);
    // A ping is no part of the message.
    QCOMPARE(outcome(frame(Text, QByteArray(10, 'x')) + frame(Fin | Ping, QByteArray(50, 'p'))
                 + frame(Fin, ""))
                 .kind,
        Kind::Text);
}

void TestWebSocketFrame::anAnnouncedSizeIsRefusedBeforeItsOctets()
{
    WebSocketDecoder decoder;
    const QByteArray head = QByteArray::fromHex("82ff0000010000000000") + QByteArray(4, 0);
    const Events expected{{Kind::Failed, {}, WebSocketMessageTooBig}};
    QVERIFY(feed(decoder, head, head.size()) == expected);
}

void TestWebSocketFrame::manyEmptyFragmentsTakeNoMemory()
{
    WebSocketDecoder decoder;
    QByteArray octets = frame(Text, "4");
    for (int i = 1; i < WebSocketLimits{}.maxFragments - 1; ++i)
        octets += frame(0, "");
    QVERIFY(feed(decoder, octets, 4'096).empty());
    QCOMPARE(decoder.bufferedBytes(), 1);
    QVERIFY(feed(decoder, frame(Fin, "0"), 100) == (Events{{Kind::Text, "40"}}));
}

void TestWebSocketFrame::badTextFailsBeforeTheFrameEnds()
{
    const QByteArray whole = frame(Fin | Text, "ok\xF4\x90" + QByteArray(100, 'x'));
    WebSocketDecoder decoder;
    const qsizetype upToTheBadOctet = 6 + 4;
    QVERIFY(feed(decoder, whole.first(upToTheBadOctet - 1), 64).empty());
    const Events expected{{Kind::Failed, {}, WebSocketInvalidPayload}};
    QVERIFY(feed(decoder, whole.mid(upToTheBadOctet - 1, 1), 64) == expected);
}

void TestWebSocketFrame::clientRoleRefusesMaskedFrames()
{
    WebSocketDecoder decoder(WebSocketRole::Client);
    const Events expected{{Kind::Failed, {}, WebSocketProtocolError}};
    QVERIFY(feed(decoder, frame(Fin | Text, "Hello"), 64) == expected);
}

void TestWebSocketFrame::clientRoleReadsServerFrames()
{
    const QByteArray octets = webSocketFrame(WebSocketOpcode::Text, "Hello")
        + webSocketFrame(WebSocketOpcode::Binary, QByteArray(300, 'x'))
        + webSocketCloseFrame(1001, "bye");
    const Events expected{
        {Kind::Text, "Hello"}, {Kind::Binary, QByteArray(300, 'x')}, {Kind::Close, "bye", 1001}};
    for (const qsizetype chunkSize : {qsizetype(1), qsizetype(5), octets.size()}) {
        WebSocketDecoder decoder(WebSocketRole::Client);
        QVERIFY(feed(decoder, octets, chunkSize) == expected);
    }
}

void TestWebSocketFrame::bigBuffersAreGivenBack()
{
    WebSocketDecoder decoder;
    const QByteArray big(100'000, 'x');
    QCOMPARE(feed(decoder, frame(Fin | Text, big), 1'000).size(), size_t(1));
    QVERIFY(feed(decoder, frame(Fin | Text, "a"), 64) == (Events{{Kind::Text, "a"}}));
    QCOMPARE(decoder.bufferedBytes(), 0);
}

void TestWebSocketFrame::encodesPublishedExamples()
{
    // RFC 6455 section 5.7
    QCOMPARE(webSocketFrame(WebSocketOpcode::Text, "Hello").toHex(), "810548656c6c6f");
    QCOMPARE(maskedWebSocketFrame(WebSocketOpcode::Text, "Hello", 0x37fa213d).toHex(),
        "818537fa213d7f9f4d5158");
    QCOMPARE(webSocketFrame(WebSocketOpcode::Ping, "Hello").toHex(), "890548656c6c6f");
    QCOMPARE(
        webSocketFrame(WebSocketOpcode::Binary, QByteArray(256, 'x')).first(4).toHex(), "827e0100");
    QCOMPARE(webSocketFrame(WebSocketOpcode::Binary, QByteArray(65'536, 'x')).first(10).toHex(),
        "827f0000000000010000");
}

void TestWebSocketFrame::encodesEveryLengthForm()
{
    for (const qsizetype size : {0, 125, 126, 65'535, 65'536}) {
        const QByteArray frame = webSocketFrame(WebSocketOpcode::Text, QByteArray(size, 'x'));
        QCOMPARE(frame.size(), webSocketHeaderBytes(size) + size);
        WebSocketDecoder decoder(WebSocketRole::Client);
        QCOMPARE(feed(decoder, frame, frame.size()).front().payload.size(), size);
    }
}

void TestWebSocketFrame::closeFrameIsCutBetweenCharacters()
{
    QCOMPARE(webSocketCloseFrame(1000).toHex(), "880203e8");
    QCOMPARE(webSocketCloseFrame(WebSocketNoStatus).toHex(), "8800");
    QCOMPARE(webSocketCloseFrame(4008, "slow").sliced(4), "slow");
    const QByteArray frame = webSocketCloseFrame(1000, Euro.repeated(60));
    QCOMPARE(frame.sliced(4), Euro.repeated(41)); // 123 octets
    QCOMPARE(webSocketCloseFrame(1000, QByteArray("x" + Euro.repeated(60))).sliced(4),
        "x" + Euro.repeated(40));
}

void TestWebSocketFrame::sendableCloseCodes_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("sendable");
    for (const int code : {1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4001, 4999})
        QTest::addRow("%d", code) << code << true;
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000})
        QTest::addRow("%d", code) << code << false;
}

void TestWebSocketFrame::sendableCloseCodes()
{
    QFETCH(int, code);
    QFETCH(bool, sendable);
    QCOMPARE(isSendableCloseCode(static_cast<quint16>(code)), sendable);
}

QTEST_APPLESS_MAIN(TestWebSocketFrame)
#include "tst_websocketframe.moc"
