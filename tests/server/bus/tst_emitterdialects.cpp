// SPDX-License-Identifier: Apache-2.0
// What python-socketio of several releases and @socket.io/redis-emitter really wrote, and what
// could be written instead.
#include "server/bus/emitterfields.h"
#include "server/bus/nodeemitter.h"
#include "server/bus/pythonemitter.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::bus;
using Method = EmitterCommand::Method;

Q_DECLARE_METATYPE(gatehouse::bus::EmitterCommand::Method)

class TestEmitterDialects : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsTheDataOfEveryRelease_data();
    void readsTheDataOfEveryRelease();
    void readsWhomItIsFor();
    void readsTheOtherMethods_data();
    void readsTheOtherMethods();
    void refusesPython_data();
    void refusesPython();
    void boundsEachAttachment();
    void writesACallback();
    void tellsNodesChannels_data();
    void tellsNodesChannels();
    void readsABroadcastOfNode();
    void readsARequestOfNode();
    void refusesNode_data();
    void refusesNode();
};

namespace {

QByteArray hex(const char* text)
{
    return QByteArray::fromHex(text);
}

// dict(method='emit', event='news', data=DATA, namespace='/', room=None, skip_sid=None,
// callback=None, host_id='h1') by Python 3.11, protocol 4
QByteArray pickledEmit(const char* data)
{
    return hex("80047d94288c066d6574686f64948c04656d6974948c056576656e74948c046e657773948c046461746"
               "1"
               "94")
        + hex(data)
        + hex("8c096e616d657370616365948c012f948c04726f6f6d944e8c08736b69705f736964944e8c0863616c6c"
              "6261636b944e8c07686f73745f6964948c02683194752e");
}

QByteArray emitWith(const QByteArray& members)
{
    return R"({"method":"emit","event":"news",)" + members
        + R"("namespace":"/","room":null,"skip_sid":null,"callback":null,"host_id":"h1"})";
}

const QByteArray placeholder(R"({"_placeholder":true,"num":0})");

} // namespace

void TestEmitterDialects::readsTheDataOfEveryRelease_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("singleLists");
    QTest::addColumn<QByteArray>("args");
    QTest::addColumn<QList<QByteArray>>("attachments");
    const QList<QByteArray> none;
    const auto row = [&](const char* name, const QByteArray& body, const QByteArray& args,
                         const QList<QByteArray>& attachments = {}, bool singleLists = false) {
        QTest::newRow(name) << body << singleLists << args << attachments;
    };
    row("5.7.2: a dict", pickledEmit("7d948c0161944b0173"), R"({"a":1})");
    row("5.7.2: a tuple is several", pickledEmit("8c0178944b028694"), R"("x",2)");
    row("5.7.2: a list is one", pickledEmit("5d94284b014b0265"), "[1,2]");
    row("5.7.2: None is none", pickledEmit("4e"), "");
    row("5.7.2: bytes", pickledEmit("7d948c01669443020102947 3"), R"({"f":)" + placeholder + '}',
        {QByteArray("\x01\x02")});
    row("5.14.0: a dict", emitWith(R"("data":{"b":1,"a":1.0},)"), R"({"b":1,"a":1.0})");
    row("5.14.0: a list", emitWith(R"("data":[1,2],)"), "1,2");
    row("5.14.0: a list, said to be one", emitWith(R"("data":[1,2],)"), "[1,2]", {}, true);
    row("5.14.0: None", emitWith(R"("data":null,)"), "");
    row("5.14.0: text", emitWith(R"("data":"x",)"), "\"x\"");
    row("5.16: one", emitWith(R"("data":[{"a":1}],"binary":false,)"), R"({"a":1})");
    row("5.16: several", emitWith(R"("data":["x",2],"binary":false,)"), R"("x",2)");
    row("5.16: a list", emitWith(R"("data":[[1,2]],"binary":false,)"), "[1,2]", {}, true);
    row("5.16: None", emitWith(R"("data":[null],"binary":false,)"), "");
    row("5.16: an empty tuple", emitWith(R"("data":[],"binary":false,)"), "");
    row("5.16: bytes", emitWith(R"("data":[[)" + placeholder + R"(],"AQI="],"binary":true,)"),
        placeholder, {QByteArray("\x01\x02")});
    row("digits and escapes stay",
        emitWith(R"("data":[607637793107345431,"\u00e9\ud83d\ude00"],"binary":false,)"),
        R"(607637793107345431,"\u00e9\ud83d\ude00")");
}

void TestEmitterDialects::readsTheDataOfEveryRelease()
{
    QFETCH(QByteArray, body);
    QFETCH(bool, singleLists);
    PythonDialect dialect;
    dialect.allowsPickle = true;
    dialect.hasSingleLists = singleLists;
    const auto command = decodePythonEmitter(body, dialect);
    QVERIFY2(command, qPrintable(command ? QString() : command.error().detail));
    QCOMPARE(command->method, Method::Emit);
    QCOMPARE(command->event, QByteArray("news"));
    QCOMPARE(command->nsp.value, QByteArray("/"));
    QCOMPARE(command->hostId, QByteArray("h1"));
    QVERIFY(command->rooms.empty());
    QVERIFY(!command->answer);
    QTEST(command->args, "args");
    QTEST(command->attachments, "attachments");
}

void TestEmitterDialects::readsWhomItIsFor()
{
    // the same in JSON and as 5.7.2 pickles it
    const QByteArray json
        = R"({"method":"emit","event":"news","data":"é","namespace":"/x","room":"guild_1",)"
          R"("skip_sid":["s1","s2"],"callback":["sid1","/x",7],"host_id":"h1"})";
    const QByteArray pickle = hex(
        "80049592000000000000007d94288c066d6574686f64948c04656d6974948c056576656e74948c046e65777394"
        "8c0464617461948c02c3a9948c096e616d657370616365948c022f78948c04726f6f6d948c076775696c645f31"
        "948c08736b69705f736964945d94288c027331948c02733294658c0863616c6c6261636b948c04736964319468"
        "084b0787948c07686f73745f6964948c02683194752e");
    for (const QByteArray& body : {json, pickle}) {
        const auto command = decodePythonEmitter(body, {.allowsPickle = true});
        QVERIFY(command);
        QCOMPARE(command->nsp.value, QByteArray("/x"));
        QCOMPARE(command->rooms, std::vector<RoomName>{{"guild_1"}});
        QCOMPARE(command->except, (std::vector<RoomName>{{"s1"}, {"s2"}}));
        QVERIFY(command->answer);
        QCOMPARE(command->answer->room, QByteArray("sid1"));
        QCOMPARE(command->answer->nsp.value, QByteArray("/x"));
        QCOMPARE(command->answer->id, 7);
        QCOMPARE(command->args, QByteArray("\"\xc3\xa9\""));
    }
    const auto several = decodePythonEmitter(
        R"({"method":"emit","event":"e","data":[],"binary":false,"room":["a",7],"skip_sid":"s"})",
        {});
    QVERIFY(several);
    QCOMPARE(several->rooms, (std::vector<RoomName>{{"a"}, {"7"}}));
    QCOMPARE(several->except, std::vector<RoomName>{{"s"}});
    QCOMPARE(several->nsp.value, QByteArray("/"));
}

void TestEmitterDialects::readsTheOtherMethods_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Method>("method");
    QTest::addColumn<QByteArray>("socket");
    QTest::addColumn<QByteArray>("target");
    QTest::newRow("disconnect") << QByteArray(
        R"({"method":"disconnect","sid":"s1","namespace":"/"})")
                                << Method::Disconnect << QByteArray("s1") << QByteArray();
    QTest::newRow("disconnect of 5.7.2") << hex(
        "80047d94288c066d6574686f64948c0a646973636f6e6e656374948c03736964948c027331948c096e61"
        "6d657370616365948c012f94752e") << Method::Disconnect
                                         << QByteArray("s1") << QByteArray();
    QTest::newRow("enter_room") << QByteArray(
        R"({"method":"enter_room","sid":"s1","room":"r","namespace":"/"})")
                                << Method::Join << QByteArray("s1") << QByteArray("r");
    QTest::newRow("leave_room") << QByteArray(
        R"({"method":"leave_room","sid":"s1","room":"r","namespace":"/"})")
                                << Method::Leave << QByteArray("s1") << QByteArray("r");
    QTest::newRow("close_room") << QByteArray(R"({"method":"close_room","room":"r"})")
                                << Method::CloseRoom << QByteArray() << QByteArray("r");
    QTest::newRow("callback") << QByteArray(
        R"({"method":"callback","host_id":"h","sid":"s1","id":3,"args":["x"]})")
                              << Method::Callback << QByteArray() << QByteArray();
}

void TestEmitterDialects::readsTheOtherMethods()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, target);
    const auto command = decodePythonEmitter(body, {.allowsPickle = true});
    QVERIFY2(command, qPrintable(command ? QString() : command.error().detail));
    QTEST(command->method, "method");
    QTEST(command->socket.value, "socket");
    QCOMPARE(command->targets.empty() ? QByteArray() : command->targets[0].value, target);
}

void TestEmitterDialects::refusesPython_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<ErrorCode>("code");
    const auto row
        = [](const char* name, const QByteArray& body, ErrorCode code = ErrorCode::BadRequest) {
              QTest::newRow(name) << body << code;
          };
    row("a pickle where none is allowed", pickledEmit("4e"), ErrorCode::Forbidden);
    row("empty", "", ErrorCode::Malformed);
    row("not JSON", "{'method':'emit'}", ErrorCode::Malformed);
    row("twice JSON", R"({"method":"emit"}{})", ErrorCode::Malformed);
    row("a list", "[]");
    row("no method", "{}");
    row("method of another type", R"({"method":1})");
    row("unknown method", R"({"method":"save_session"})");
    row("no event", R"({"method":"emit","data":1})");
    row("event that is reserved", R"({"method":"emit","event":"disconnect","data":1})");
    row("event of 129 octets", R"({"method":"emit","event":")" + QByteArray(129, 'x') + "\"}");
    row("room of another type", emitWith(R"("data":1,"room":{},)").replace(R"("room":null,)", ""));
    row("room of 1025 octets",
        R"({"method":"close_room","room":")" + QByteArray(1'025, 'x') + "\"}");
    row("empty room", R"({"method":"emit","event":"e","room":""})");
    row("callback without a number", R"({"method":"emit","event":"e","callback":["s","/","7"]})");
    row("binary that is not base64", emitWith(R"("data":[[],"*"],"binary":true,)"));
    row("binary without structure", emitWith(R"("data":[],"binary":true,)"));
    row("eleven attachments",
        emitWith(R"("data":[[])" + QByteArray(R"(,"AQ==")").repeated(11) + R"(],"binary":true,)"),
        ErrorCode::TooLarge);
    row("1001 rooms",
        R"({"method":"emit","event":"e","room":["a")" + QByteArray(R"(,"a")").repeated(1'000)
            + "]}",
        ErrorCode::TooLarge);
    row("more data than an event holds",
        R"({"method":"emit","event":"e","data":")" + QByteArray(1'000'000, 'x') + "\"}",
        ErrorCode::TooLarge);
    row("disconnect without sid", R"({"method":"disconnect"})");
    row("enter_room without room", R"({"method":"enter_room","sid":"s"})");
}

void TestEmitterDialects::refusesPython()
{
    QFETCH(QByteArray, body);
    const auto command = decodePythonEmitter(body, {});
    QVERIFY(!command);
    QTEST(command.error().code, "code");
}

void TestEmitterDialects::writesACallback()
{
    const QByteArray expected
        = R"({"method":"callback","host_id":"h1","sid":"s\"1","namespace":"/x","id":7,)"
          R"("args":["a",{"b":1}]})";
    const QByteArray args = R"("a",{"b":1})";
    QCOMPARE(encodePythonCallback({"s\"1", {"/x"}, 7}, "h1", args), expected);
}

void TestEmitterDialects::tellsNodesChannels_data()
{
    QTest::addColumn<QByteArray>("channel");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("nsp");
    const auto row = [](const char* channel, NodeChannel kind, const char* nsp) {
        QTest::newRow(channel) << QByteArray(channel) << int(kind) << QByteArray(nsp);
    };
    row("socket.io#/#", NodeChannel::Broadcast, "/");
    row("socket.io#/x#room#", NodeChannel::Broadcast, "/x");
    row("socket.io#/#a#b#", NodeChannel::Broadcast, "/");
    row("socket.io-request#/x#", NodeChannel::Request, "/x");
    row("socket.io-request#/x#y#", NodeChannel::Other, "");
    row("socket.io-response#/#", NodeChannel::Other, "");
    row("other#/#", NodeChannel::Other, "");
    row("socket.io", NodeChannel::Other, "");
    row("socket.io##", NodeChannel::Other, "");
}

void TestEmitterDialects::tellsNodesChannels()
{
    QFETCH(QByteArray, channel);
    QFETCH(int, kind);
    const NodeAddress address = nodeAddress(channel, "socket.io");
    QCOMPARE(int(address.channel), kind);
    QTEST(address.nsp.value, "nsp");
}

namespace {

const NodeAddress broadcast{NodeChannel::Broadcast, {"/"}};
const NodeAddress requests{NodeChannel::Request, {"/"}};

// ["emitter",{"type":2,"data":["news",{"a":1},<01 02>],"nsp":"/"},
//  {"rooms":["r"],"except":["s"],"flags":{"volatile":true}}]
QByteArray nodeEmit()
{
    return hex(
        "93a7656d69747465728 3a474797065 02a46461746193a46e65777381a16101c4020102a36e7370a12f"
        "83a5726f6f6d7391a172a665786365707491a173a5666c61677381a8766f6c6174696c65c3");
}

} // namespace

void TestEmitterDialects::readsABroadcastOfNode()
{
    const auto command = decodeNodeEmitter(broadcast, nodeEmit());
    QVERIFY2(command, qPrintable(command ? QString() : command.error().detail));
    QCOMPARE(command->event, QByteArray("news"));
    QCOMPARE(command->args, R"({"a":1},)" + placeholder);
    QCOMPARE(command->attachments, QList<QByteArray>{QByteArray("\x01\x02")});
    QCOMPARE(command->rooms, std::vector<RoomName>{{"r"}});
    QCOMPARE(command->except, std::vector<RoomName>{{"s"}});
    QVERIFY(command->isVolatile);
    for (qsizetype size = 0; size < nodeEmit().size(); ++size)
        QVERIFY(!decodeNodeEmitter(broadcast, nodeEmit().first(size)));
}

void TestEmitterDialects::readsARequestOfNode()
{
    const auto join = decodeNodeEmitter(
        requests, R"({"type":2,"opts":{"rooms":["a"],"except":[]},"rooms":["b","c"]})");
    QVERIFY(join);
    QCOMPARE(join->method, Method::Join);
    QCOMPARE(join->rooms, std::vector<RoomName>{{"a"}});
    QCOMPARE(join->targets, (std::vector<RoomName>{{"b"}, {"c"}}));
    const auto leave = decodeNodeEmitter(
        requests, R"({"type":3,"opts":{"rooms":[],"except":["x"]},"rooms":["b"]})");
    QVERIFY(leave);
    QCOMPARE(leave->method, Method::Leave);
    const auto end = decodeNodeEmitter(
        requests, R"({"type":4,"opts":{"rooms":["a"],"except":[]},"close":true})");
    QVERIFY(end);
    QCOMPARE(end->method, Method::Disconnect);
    QVERIFY(end->endsSession);
}

void TestEmitterDialects::refusesNode_data()
{
    QTest::addColumn<bool>("isRequest");
    QTest::addColumn<QByteArray>("body");
    const auto row = [](const char* name, bool isRequest, const QByteArray& body) {
        QTest::newRow(name) << isRequest << body;
    };
    row("empty", false, "");
    row("a number", false, hex("01"));
    row("a packet of another type", false, nodeEmit().replace("type\x02", "type\x03"));
    row("another namespace than the channel's", false, nodeEmit().replace("nsp\xa1/", "nsp\xa1x"));
    row("a reserved event", false,
        nodeEmit().replace("\xa4news",
            "\xaa"
            "disconnect"));
    row("goes on", false, nodeEmit() + 'x');
    row("request of two servers", true, R"({"type":5,"requestId":"x","opts":{}})");
    row("request without options", true, R"({"type":4})");
    row("join without rooms", true, R"({"type":2,"opts":{"rooms":["a"]}})");
    row("request that is MessagePack", true, hex("80"));
    row("deeply nested", true, QByteArray(65, '['));
}

void TestEmitterDialects::refusesNode()
{
    QFETCH(bool, isRequest);
    QFETCH(QByteArray, body);
    QVERIFY(!decodeNodeEmitter(isRequest ? requests : broadcast, body));
}

void TestEmitterDialects::boundsEachAttachment()
{
    const auto python = [](int bytes, const EmitterLimits& limits) {
        return decodePythonEmitter(
            emitWith(R"("data":[[)" + placeholder + R"(],")" + QByteArray(bytes, 'x').toBase64()
                + R"("],"binary":true,)"),
            {}, limits);
    };
    QVERIFY(python(100, {.maxArgsBytes = 100}));
    const auto refused = python(101, {.maxArgsBytes = 100});
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::TooLarge);
    // Node's, with what its message holds beside the two octets of its attachment.
    const auto node = decodeNodeEmitter(broadcast, nodeEmit());
    QVERIFY(node);
    QCOMPARE(node->attachments.size(), 1);
    QVERIFY(checkSizes(*node, {.maxArgsBytes = std::max<qsizetype>(2, node->args.size())}));
    EmitterCommand larger = *node;
    larger.attachments.append(QByteArray(1'000'001, 'x'));
    QVERIFY(!checkSizes(larger, {}));
}

QTEST_APPLESS_MAIN(TestEmitterDialects)
#include "tst_emitterdialects.moc"
