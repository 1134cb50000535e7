// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/socketiopacket.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::protocol;

class TestSocketIoPacket : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decodes_data();
    void decodes();
    void refuses_data();
    void refuses();
    void binaryPacketWaitsForItsAttachments();
    void binaryPacketWithoutAttachmentsIsComplete();
    void textInsteadOfAnAttachmentIsRefused();
    void attachmentNobodyAnnouncedIsRefused();
    void attachmentsAreBoundedInCountAndBytes();
    void theNextPacketStartsClean();
    void depthIsBounded();
    void namespaceNameIsBounded();

    void splitsEvents_data();
    void splitsEvents();
    void splitEventRefuses_data();
    void splitEventRefuses();

    void encodes_data();
    void encodes();
    void encodedPacketsAreDecodedAgain();
    void jsonStringEscapesWhatMustBe();
};

namespace {

Result<std::optional<SocketIoPacket>> decodeText(const QByteArray& text)
{
    SocketIoDecoder decoder;
    return decoder.addText(text);
}

QByteArray id(const SocketIoPacket& packet)
{
    return packet.ackId ? QByteArray::number(*packet.ackId) : QByteArray();
}

} // namespace

void TestSocketIoPacket::decodes_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("type");
    QTest::addColumn<QByteArray>("nsp");
    QTest::addColumn<QByteArray>("ackId");
    QTest::addColumn<QByteArray>("payload");
    const auto row = [](const char* name, const char* text, PacketType type, const char* nsp,
                         const char* ackId, const char* payload) {
        QTest::newRow(name) << QByteArray(text) << int(type) << QByteArray(nsp) << QByteArray(ackId)
                            << QByteArray(payload);
    };
    using enum PacketType;
    row("connect", "0", Connect, "/", "", "");
    row("connect with auth", R"(0{"token":"123"})", Connect, "/", "", R"({"token":"123"})");
    row("connect to a namespace", "0/custom,", Connect, "/custom", "", "");
    row("connect to a namespace without comma", "0/custom", Connect, "/custom", "", "");
    row("connect to a namespace with auth", "0/custom,{}", Connect, "/custom", "", "{}");
    row("disconnect", "1", Disconnect, "/", "", "");
    row("disconnect of a namespace", "1/custom,", Disconnect, "/custom", "", "");
    row("disconnect of a namespace without comma", "1/custom", Disconnect, "/custom", "", "");
    row("event", R"(2["message",1,"2",{"3":[true]}])", Event, "/", "",
        R"(["message",1,"2",{"3":[true]}])");
    row("event keeps spelling, order and space", "2[ \"m\" , {\"z\":1.0,\"a\":1e2} ]", Event, "/",
        "", "[ \"m\" , {\"z\":1.0,\"a\":1e2} ]");
    row("event of a namespace", R"(2/tasks,["m"])", Event, "/tasks", "", R"(["m"])");
    row("event with id", R"(2456["m"])", Event, "/", "456", R"(["m"])");
    row("event with id zero", R"(20["m"])", Event, "/", "0", R"(["m"])");
    row("event of a namespace with id", R"(2/tasks,7["m"])", Event, "/tasks", "7", R"(["m"])");
    row("largest id", R"(29223372036854775807["m"])", Event, "/", "9223372036854775807",
        R"(["m"])");
    row("empty event name", R"(2[""])", Event, "/", "", R"([""])");
    row("event called error", R"(2["error",1])", Event, "/", "", R"(["error",1])");
    row("ack", "3456[1]", Ack, "/", "456", "[1]");
    row("empty ack", "30[]", Ack, "/", "0", "[]");
    row("ack of a namespace", R"(3/tasks,12["x"])", Ack, "/tasks", "12", R"(["x"])");
    row("ack whose first value is a reserved name", R"(31["connect"])", Ack, "/", "1",
        R"(["connect"])");
    row("connect error", R"(4{"message":"no"})", ConnectError, "/", "", R"({"message":"no"})");
    row("connect error as text", R"(4/x,"no")", ConnectError, "/x", "", R"("no")");
    row("name with a query", R"(2/a?b=c,["m"])", Event, "/a?b=c", "", R"(["m"])");
}

void TestSocketIoPacket::decodes()
{
    QFETCH(QByteArray, text);
    QFETCH(int, type);
    QFETCH(QByteArray, nsp);
    QFETCH(QByteArray, ackId);
    QFETCH(QByteArray, payload);
    const auto packet = decodeText(text);
    QVERIFY2(packet, packet ? "" : qPrintable(packet.error().detail));
    QVERIFY(packet->has_value());
    QCOMPARE(int((*packet)->type), type);
    QCOMPARE((*packet)->nsp.value, nsp);
    QCOMPARE(id(**packet), ackId);
    QCOMPARE((*packet)->payload, payload);
    QVERIFY((*packet)->attachments.isEmpty());
}

void TestSocketIoPacket::refuses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("code");
    const auto row
        = [](const char* name, const QByteArray& text, ErrorCode code = ErrorCode::Malformed) {
              QTest::newRow(name) << text << int(code);
          };
    row("nothing", "");
    row("unknown type", "7");
    row("letters", "abc");
    row("event without payload", "2");
    row("event of a namespace without payload", "2/tasks,");
    row("event with an object", "2{}");
    row("event with a text", "2\"message\"");
    row("event with letters for an id", R"(2abc["message"])");
    row("event with an empty array", "2[]");
    row("event with broken JSON", R"(2["message",])");
    row("event with text after its payload", R"(2["message"]x)");
    row("event with invalid UTF-8", "2[\"message\",\"\xFF\"]");
    row("event with space before its payload is an id of nothing", "2 x");
    row("event name is a number", "2[1]");
    row("event name is null", "2[null]");
    row("event name is an object", "2[{}]");
    row("event name is half a pair", R"(2["\ud800"])");
    row("reserved: connect", R"(2["connect"])");
    row("reserved: connect_error", R"(2["connect_error"])");
    row("reserved: disconnect", R"(2["disconnect"])");
    row("reserved: disconnecting", R"(2["disconnecting"])");
    row("reserved: newListener", R"(2["newListener"])");
    row("reserved: removeListener", R"(2["removeListener"])");
    row("reserved, escaped", R"(2["c\u006fnnect"])");
    row("reserved in a binary event", R"(51-["connect",{"_placeholder":true,"num":0}])");
    row("id over 63 bits", R"(29223372036854775808["m"])");
    row("id of 20 digits", R"(218446744073709551616["m"])");
    row("id of 23 digits", R"(212345678901234567890123["m"])");
    row("id with leading zeros", R"(2007["m"])");
    row("id with a plus", R"(2+1["m"])");
    row("negative id", R"(2-1["m"])");
    row("hexadecimal id", R"(20x1["m"])");
    row("ack without id", "3[1]");
    row("ack without payload", "31");
    row("ack with an object", "31{}");
    row("connect with an id", "01");
    row("connect with an id and a payload", "01{}");
    row("connect with an array", "0[]");
    row("connect with a text", "0\"token\"");
    row("connect with null", "0null");
    row("disconnect with a payload", "1{}");
    row("disconnect with an id", "112");
    row("connect error without payload", "4");
    row("connect error with an array", "4[]");
    row("connect error as letters", "4abc");
    row("binary without a count", R"(5["m"])");
    row("binary without a dash", "52");
    row("binary with a dash alone", R"(5-["m"])");
    row("binary with letters for a count", R"(5a-["m"])");
    row("binary with an exponent", R"(51e1-["m"])");
    row("binary with a plus", R"(5+1-["m"])");
    row("binary with a minus", R"(5-1-["m"])");
    row("binary with hexadecimal", R"(50x1-["m"])");
    row("binary with a leading zero", R"(501-["m"])");
    row("binary with a fraction", R"(51.0-["m"])");
    row("binary event with an object", "51-{}");
    row("binary ack without id", R"(61-[{"_placeholder":true,"num":0}])");
    row("placeholder over the count", R"(51-["m",{"_placeholder":true,"num":1}])");
    row("placeholder below zero", R"(51-["m",{"_placeholder":true,"num":-1}])");
    row("placeholder without number", R"(51-["m",{"_placeholder":true}])");
    row("placeholder in an ack over the count", R"(61-1[{"_placeholder":true,"num":1}])");
    row("placeholder without any attachment", R"(50-["m",{"_placeholder":true,"num":0}])");
    row("eleven attachments", R"(511-["m"])", ErrorCode::TooLarge);
    row("attachment count over 64 bits", R"(599999999999999999999-["m"])", ErrorCode::TooLarge);
    row("control character in the namespace", "0/a\nb,");
    row("DEL in the namespace", "0/a\x7F,");
    row("NUL in the namespace", QByteArray("0/a\0,", 5));
}

void TestSocketIoPacket::refuses()
{
    QFETCH(QByteArray, text);
    QFETCH(int, code);
    const auto packet = decodeText(text);
    QVERIFY(!packet);
    QCOMPARE(int(packet.error().code), code);
    QVERIFY(!packet.error().detail.isEmpty());
}

void TestSocketIoPacket::binaryPacketWaitsForItsAttachments()
{
    SocketIoDecoder decoder;
    const auto head = decoder.addText(
        R"(52-/tasks,9["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
    QVERIFY(head && !*head);
    QVERIFY(decoder.isWaitingForAttachments());
    const auto middle = decoder.addBinary("\x01\x02");
    QVERIFY(middle && !*middle);
    const auto packet = decoder.addBinary("");
    QVERIFY(packet && *packet);
    QVERIFY(!decoder.isWaitingForAttachments());
    QCOMPARE((*packet)->type, PacketType::BinaryEvent);
    QCOMPARE((*packet)->nsp.value, "/tasks");
    QCOMPARE(id(**packet), "9");
    QCOMPARE((*packet)->attachments, (QList<QByteArray>{"\x01\x02", ""}));
}

void TestSocketIoPacket::binaryPacketWithoutAttachmentsIsComplete()
{
    const auto packet = decodeText(R"(50-["m",1])");
    QVERIFY(packet && *packet);
    QCOMPARE((*packet)->payload, R"(["m",1])");
}

void TestSocketIoPacket::textInsteadOfAnAttachmentIsRefused()
{
    SocketIoDecoder decoder;
    QVERIFY(decoder.addText(R"(51-["m",{"_placeholder":true,"num":0}])"));
    const auto next = decoder.addText(R"(2["m"])");
    QVERIFY(!next);
    QCOMPARE(next.error().code, ErrorCode::Malformed);
}

void TestSocketIoPacket::attachmentNobodyAnnouncedIsRefused()
{
    SocketIoDecoder decoder;
    QVERIFY(!decoder.addBinary("x"));
    QVERIFY(decoder.addText(R"(51-["m",{"_placeholder":true,"num":0}])"));
    QVERIFY(decoder.addBinary("x"));
    QVERIFY(!decoder.addBinary("y"));
}

void TestSocketIoPacket::attachmentsAreBoundedInCountAndBytes()
{
    QVERIFY(decodeText(R"(510-["m"])"));
    SocketIoDecoder two(SocketIoLimits{.maxAttachments = 2, .maxAttachmentBytes = 10});
    const auto three = two.addText(R"(53-["m"])");
    QVERIFY(!three);
    QCOMPARE(three.error().code, ErrorCode::TooLarge);
    QVERIFY(two.addText(R"(52-["m"])"));
    QVERIFY(two.addBinary("12345"));
    QVERIFY(two.addBinary("12345"));
    QVERIFY(two.addText(R"(52-["m"])")); // counted per packet
    QVERIFY(two.addBinary("12345"));
    const auto over = two.addBinary("123456");
    QVERIFY(!over);
    QCOMPARE(over.error().code, ErrorCode::TooLarge);
}

void TestSocketIoPacket::theNextPacketStartsClean()
{
    SocketIoDecoder decoder;
    QVERIFY(decoder.addText(R"(51-/a,5["m",{"_placeholder":true,"num":0}])"));
    QVERIFY(decoder.addBinary("x"));
    const auto next = decoder.addText(R"(2["n"])");
    QVERIFY(next && *next);
    QCOMPARE((*next)->nsp.value, "/");
    QVERIFY(!(*next)->ackId);
    QVERIFY((*next)->attachments.isEmpty());
}

void TestSocketIoPacket::depthIsBounded()
{
    SocketIoDecoder decoder(SocketIoLimits{.maxDepth = 3});
    QVERIFY(decoder.addText(R"(2["m",[[1]]])"));
    QVERIFY(!decoder.addText(R"(2["m",[[[1]]]])"));
}

void TestSocketIoPacket::namespaceNameIsBounded()
{
    SocketIoDecoder decoder(SocketIoLimits{.maxNamespaceBytes = 5});
    QVERIFY(decoder.addText("0/abcd,"));
    const auto longer = decoder.addText("0/abcde,");
    QVERIFY(!longer);
    QCOMPARE(longer.error().code, ErrorCode::TooLarge);
}

void TestSocketIoPacket::splitsEvents_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("args");
    const auto row
        = [](const char* title, const char* payload, const char* name, const char* args) {
              QTest::newRow(title) << QByteArray(payload) << QByteArray(name) << QByteArray(args);
          };
    row("name alone", R"(["m"])", "m", "");
    row("one argument", R"(["m",{"a":1.0}])", "m", R"({"a":1.0})");
    row("several arguments", R"(["m",1,"]",[2]])", "m", R"(1,"]",[2])");
    row("space", " [ \"m\" , 1 , 2 ] ", "m", "1 , 2");
    row("escaped name", R"(["a\n\u00e9"])", "a\n\xC3\xA9", "");
    row("name that holds a bracket and a quote", R"(["]\",[",1])", "]\",[", "1");
}

void TestSocketIoPacket::splitsEvents()
{
    QFETCH(QByteArray, payload);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, args);
    const auto parts = splitEvent(payload);
    QVERIFY(parts.has_value());
    QCOMPARE(parts->name, name);
    QCOMPARE(parts->args, args);
    const EventParts taken = takeEvent(payload);
    QCOMPARE(taken.name, name);
    QCOMPARE(taken.args, args);
}

void TestSocketIoPacket::splitEventRefuses_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::newRow("empty array") << QByteArray("[]");
    QTest::newRow("object") << QByteArray("{}");
    QTest::newRow("number as name") << QByteArray("[1]");
    QTest::newRow("reserved name") << QByteArray(R"(["disconnect"])");
}

void TestSocketIoPacket::splitEventRefuses()
{
    QFETCH(QByteArray, payload);
    const auto parts = splitEvent(payload);
    QVERIFY(!parts);
    QCOMPARE(parts.error().code, ErrorCode::Malformed);
}

void TestSocketIoPacket::encodes_data()
{
    QTest::addColumn<QByteArray>("encoded");
    QTest::addColumn<QByteArray>("expected");
    const NamespaceName root{"/"};
    const NamespaceName tasks{"/tasks"};
    const auto row = [](const char* name, const EncodedPacketPtr& packet, const char* expected) {
        QTest::newRow(name) << packet->text() << QByteArray(expected);
    };
    row("event", encodeEvent(root, "m", {}), R"(42["m"])");
    row("event with arguments", encodeEvent(root, "m", R"(1,{"a":2})"), R"(42["m",1,{"a":2}])");
    row("event of a namespace", encodeEvent(tasks, "m", "1"), R"(42/tasks,["m",1])");
    row("event with id", encodeEvent(tasks, "m", {}, {}, 0), R"(42/tasks,0["m"])");
    row("event name is escaped", encodeEvent(root, "a\"\n", {}), R"(42["a\"\n"])");
    row("binary event", encodeEvent(root, "m", R"({"_placeholder":true,"num":0})", {"x"}, 5),
        R"(451-5["m",{"_placeholder":true,"num":0}])");
    row("ack", encodeAck(root, 456, "1,2"), "43456[1,2]");
    row("empty ack", encodeAck(tasks, 0, {}), "43/tasks,0[]");
    row("binary ack", encodeAck(root, 789, R"({"_placeholder":true,"num":0})", {"x"}),
        R"(461-789[{"_placeholder":true,"num":0}])");
    row("connect", encode({PacketType::Connect, tasks, {}, R"({"sid":"a"})", {}}),
        R"(40/tasks,{"sid":"a"})");
    row("connect error",
        encode(
            {PacketType::ConnectError, {"/random"}, {}, R"({"message":"Invalid namespace"})", {}}),
        R"(44/random,{"message":"Invalid namespace"})");
    row("disconnect", encode({PacketType::Disconnect, tasks, {}, {}, {}}), "41/tasks,");
}

void TestSocketIoPacket::encodes()
{
    QFETCH(QByteArray, encoded);
    QFETCH(QByteArray, expected);
    QCOMPARE(encoded, expected);
}

void TestSocketIoPacket::encodedPacketsAreDecodedAgain()
{
    const auto sent = encodeEvent({"/tasks"}, "m",
        R"({"_placeholder":true,"num":1},{"_placeholder":true,"num":0})", {"one", "two"}, 12);
    SocketIoDecoder decoder;
    QVERIFY(decoder.addText(QByteArrayView(sent->text()).sliced(1)));
    QVERIFY(decoder.addBinary(sent->attachments().at(0)));
    const auto packet = decoder.addBinary(sent->attachments().at(1));
    QVERIFY(packet && *packet);
    const auto again = encode(**packet);
    QCOMPARE(again->text(), sent->text());
    QCOMPARE(again->attachments(), sent->attachments());
}

void TestSocketIoPacket::jsonStringEscapesWhatMustBe()
{
    QCOMPARE(jsonString("plain \xE2\x82\xAC /"), "\"plain \xE2\x82\xAC /\"");
    QCOMPARE(jsonString(QByteArrayView("\"\\\b\f\n\r\t\0\x1f\x7f", 10)),
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"");
}

QTEST_APPLESS_MAIN(TestSocketIoPacket)
#include "tst_socketiopacket.moc"
