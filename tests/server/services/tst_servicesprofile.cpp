// SPDX-License-Identifier: Apache-2.0
#include "server/bus/localbus.h"
#include "server/services/servicesprofile.h"
#include "server/services/typenames.h"
#include "tests/server/services/fakesocket.h"

#include <QCoreApplication>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::services;
using gatehouse::session::CloseCode;
using gatehouse::test::FakeSocket;

namespace {

class Rig
{
public:
    explicit Rig(ServicesOptions options = {}, bus::BusOptions busOptions = {})
        : bus(clock, std::move(busOptions)),
          profile(std::move(options), bus, clock,
              [this](const QString&, const QByteArray& token) { return identify(token); })
    {
    }

    Result<access::Principal> identify(const QByteArray& token) const
    {
        access::Principal principal;
        if (token.isEmpty())
            return failure(ErrorCode::TokenMissing, QStringLiteral("no token"));
        principal.kind = token.startsWith("user") ? access::PrincipalKind::User
                                                  : access::PrincipalKind::Service;
        principal.id = token.endsWith('2') ? 2 : 1;
        if (token.startsWith("brief"))
            principal.expiresAt = clock.wall() + Millis{5'000};
        return principal;
    }

    std::unique_ptr<FakeSocket> client(quint16 port, const QByteArray& name = {})
    {
        auto socket = std::make_unique<FakeSocket>("client" + QByteArray::number(port), port);
        socket->open(profile.clients());
        if (!name.isEmpty())
            socket->say(R"({"type":"login-request","content":{"username":")" + name + "\"}}");
        socket->takeTexts();
        return socket;
    }
    std::unique_ptr<FakeSocket> service(
        const QByteArray& name, const QByteArray& wanted, const QByteArray& token = "service1")
    {
        auto socket = std::make_unique<FakeSocket>("service" + QByteArray::number(++services));
        socket->authorize(token);
        socket->open(profile.services());
        socket->say(R"({"type":"service-register","uuid":"r","content":{"name":")" + name
            + R"(","wanted":)" + wanted + "}}");
        settle();
        return socket;
    }
    static void settle()
    {
        for (int turn = 0; turn < 10; ++turn)
            QCoreApplication::processEvents();
    }

    ManualClock clock;
    bus::LocalBus bus;
    int services = 0;
    ServicesProfile profile;
};

QByteArray member(const QByteArray& text, const QByteArray& name)
{
    return rawMember(text, name).value_or(QByteArrayView()).toByteArray();
}

bool succeeded(const QByteArray& registration)
{
    return rawMember(member(registration, "content"), "succeed") == QByteArrayView("true");
}

} // namespace

class TestServicesProfile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theSenderIsStamped();
    void netSendReachesNamesAndAddresses();
    void badNetSendsAreRejected_data();
    void badNetSendsAreRejected();
    void theEndOfAClientIsToldOnce();
    void registrations_data();
    void registrations();
    void registeredIsWhoIsBound();
    void aServiceTakesItsNameBack();
    void onlyServicesComeIn();
    void answersGoToWhoAsked();
    void requestsAreForgotten();
    void aServiceServesQueues();
    void aServiceAsksAndPublishes();
    void aBusyServiceThatEndsIsHandedNoMore();
    void aCallThatIsTooOldMakesRoomForTheNext();
    void changingItsMindKeepsItsCalls();
    void callsWaitForTheRegistration();
    void whatWaitsForTheRegistrationIsBounded();
    void whatTheBusRefusesIsSaidAtOnce();
    void manyRefusalsAreOneAnswer();
    void aRefusalIsOfItsOwnRegistration();
    void aRegistrationThatFailsLosesNothing();
    void aServiceThatEndsUnregisteredLosesNothing();
    void internalTypesAreOfServices_data();
    void internalTypesAreOfServices();
    void aServiceHearsOfItsOwnDeadLetters();
    void aDeepMessageReachesItsClient();
    void whatAServiceMayDo_data();
    void whatAServiceMayDo();
    void garbageOnTheBusIsRejected();
    void checksItsOptions_data();
    void checksItsOptions();
    void theEnvelopeIsConfiguration();
};

void TestServicesProfile::theSenderIsStamped()
{
    Rig rig;
    const auto service = rig.service("F", R"(["a-request"])");
    QVERIFY(succeeded(service->takeTexts().value(0)));
    const auto bob = rig.client(5, "bob");
    bob->say(R"({"type":"a-request","uuid":"mine","sender":"service.F","content":{"n":1.0}})");
    Rig::settle();
    const QByteArray got = service->takeTexts().value(0);
    QCOMPARE(member(got, "sender"), R"([["192.0.2.7",5],"bob"])");
    QCOMPARE(member(got, "content"), R"({"n":1.0})");
    QVERIFY(member(got, "uuid") != "\"mine\"");
    QCOMPARE(member(got, "response_uuid"), "null");
    QCOMPARE(bob->principal().name, QStringLiteral("bob"));
}

void TestServicesProfile::netSendReachesNamesAndAddresses()
{
    Rig rig;
    const auto service = rig.service("F", "[]");
    const auto bob = rig.client(5, "bob");
    const auto eve = rig.client(6, "eve");
    const auto anonymous = rig.client(7);
    service->say(
        R"({"type":"net-send","content":{"response_addrs":["bob",["192.0.2.7",5],)"
        R"([["192.0.2.7",7],null],"ghost",["192.0.2.7","6"],6,null],"msg":{ "a" : 1.50 }}})");
    Rig::settle();
    QCOMPARE(bob->takeTexts(), (QByteArrayList{R"({ "a" : 1.50 })"}));
    QCOMPARE(anonymous->takeTexts(), (QByteArrayList{R"({ "a" : 1.50 })"}));
    QVERIFY(eve->takeTexts().isEmpty());
    QCOMPARE(rig.profile.counters().deliveries, 2U);
    QCOMPARE(rig.profile.counters().unknownRecipients, 4U);
}

void TestServicesProfile::badNetSendsAreRejected_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("nothing") << QByteArray("{}");
    QTest::newRow("no message") << QByteArray(R"({"response_addrs":["bob"]})");
    QTest::newRow("no recipients") << QByteArray(R"({"msg":{}})");
    QTest::newRow("recipients are no list") << QByteArray(R"({"response_addrs":"bob","msg":{}})");
    QTest::newRow("message is no object") << QByteArray(R"({"response_addrs":["bob"],"msg":7})");
    QTest::newRow("two messages") << QByteArray(R"({"response_addrs":["bob"],"msg":{},"msg":{}})");
    QTest::newRow("a list") << QByteArray("[]");
    QTest::newRow("null") << QByteArray("null");
}

void TestServicesProfile::badNetSendsAreRejected()
{
    QFETCH(QByteArray, content);
    Rig rig;
    const auto service = rig.service("F", "[]");
    const auto bob = rig.client(5, "bob");
    service->say(R"({"type":"net-send","content":)" + content + '}');
    Rig::settle();
    QVERIFY(bob->takeTexts().isEmpty());
    QCOMPARE(rig.profile.counters().badNetSends, 1U);
    QCOMPARE(rig.bus.counters().deadLettered, 1U);
}

void TestServicesProfile::theEndOfAClientIsToldOnce()
{
    Rig rig;
    const auto service = rig.service("F", R"(["client-disconnect","a"])");
    const auto bob = rig.client(5, "bob");
    bob->say(R"({"type":"a","content":{}})");
    bob->close(CloseCode::Normal, QLatin1StringView("transport close"));
    rig.profile.clients().socketClosed(*bob, "again");
    service->takeTexts();
    Rig::settle();
    const QByteArrayList got = service->takeTexts();
    QCOMPARE(got.size(), 2); // behind what it had sent
    QCOMPARE(member(got[0], "type"), "\"a\"");
    QCOMPARE(member(got[1], "type"), "\"client-disconnect\"");
    QCOMPARE(member(got[1], "content"), R"({"address":["192.0.2.7",5],"username":"bob"})");
    QCOMPARE(member(got[1], "sender"), "\"service.WSServer\"");
}

void TestServicesProfile::registrations_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<bool>("isGood");
    const auto row = [](const char* tag, const char* content, bool isGood) {
        QTest::newRow(tag) << QByteArray(content) << isGood;
    };
    row("a list", R"({"name":"F","wanted":["a","b"]})", true);
    row("nothing wanted", R"({"name":"F","wanted":[]})", true);
    row("everything", R"({"name":"service.F","wanted":"all"})", true);
    row("no name", R"({"wanted":[]})", false);
    row("empty name", R"({"name":"","wanted":[]})", false);
    row("name is no name", R"({"name":"a b","wanted":[]})", false);
    row("the server's name", R"({"name":"WSServer","wanted":[]})", false);
    row("queues alone", R"({"name":"F","queues":["shard_rpc_0"]})", true);
    row("queues are no list", R"({"name":"F","queues":"q"})", false);
    row("queue is no name", R"({"name":"F","queues":["#"]})", false);
    row("another word", R"({"name":"F","wanted":"most"})", false);
    row("type is no text", R"({"name":"F","wanted":[7]})", false);
    row("type with a wildcard", R"({"name":"F","wanted":["#"]})", false);
    row("a queue the broker would not have", R"({"name":"F","queues":["amq.x"]})", false);
    row("no object", "[]", false);
    const auto many = [](int count) {
        QByteArrayList types;
        for (int i = 0; i < count; ++i)
            types << "\"t" + QByteArray::number(i) + '"';
        return QByteArray(R"({"name":"F","wanted":[)" + types.join(',') + "]}");
    };
    QTest::newRow("as many types as may be") << many(1'000) << true;
    QTest::newRow("one more") << many(1'001) << false;
}

// Over a broker a binding takes its time: who counts as registered must not miss anything.
void TestServicesProfile::registeredIsWhoIsBound()
{
    Rig rig;
    FakeSocket service("s");
    service.authorize("service1");
    service.open(rig.profile.services());
    const auto bob = rig.client(5, "bob");
    service.say(
        R"({"type":"service-register","uuid":"r","content":{"name":"F","wanted":["a"],"queues":["q"]}})");
    QVERIFY(service.takeTexts().isEmpty());
    bob->say(R"({"type":"a","content":1})");
    Rig::settle();
    const QByteArrayList got = service.takeTexts();
    QCOMPARE(got.size(), 2);
    QCOMPARE(member(got[0], "response_uuid"), "\"r\"");
    QCOMPARE(member(got[1], "content"), "1");
    // What it wants as before stays bound while it changes its mind.
    service.say(
        R"({"type":"service-register","uuid":"r","content":{"name":"F","wanted":["a","b"]}})");
    bob->say(R"({"type":"a","content":2})");
    Rig::settle();
    const QByteArrayList more = service.takeTexts();
    QCOMPARE(more.size(), 2);
    QVERIFY(succeeded(more[0]));
    QCOMPARE(member(more[1], "content"), "2");
}

void TestServicesProfile::registrations()
{
    QFETCH(QByteArray, content);
    Rig rig;
    FakeSocket socket("s");
    socket.authorize("service1");
    socket.open(rig.profile.services());
    socket.say(R"({"type":"a","uuid":"early","content":{}})");
    QCOMPARE(member(socket.takeTexts().value(0), "type"), "\"error-response\"");
    socket.say(R"({"type":"service-register","uuid":"r","content":)" + content + '}');
    Rig::settle();
    const QByteArray answer = socket.takeTexts().value(0);
    QCOMPARE(member(answer, "response_uuid"), "\"r\"");
    QTEST(succeeded(answer), "isGood");
    QTEST(rig.bus.services().size() == 1, "isGood");
    socket.close(CloseCode::Normal, QLatin1StringView("gone"));
    QVERIFY(rig.bus.services().empty());
}

void TestServicesProfile::aServiceTakesItsNameBack()
{
    Rig rig;
    const auto first = rig.service("F", R"(["a"])");
    const auto stranger = rig.service("F", R"(["a"])", "service2");
    QVERIFY(!succeeded(stranger->takeTexts().value(0)));
    QVERIFY(!first->closeCode);
    const auto second = rig.service("F", R"(["b"])");
    QVERIFY(succeeded(second->takeTexts().value(0)));
    QCOMPARE(first->closeReason, "superseded");
    QCOMPARE(rig.profile.counters().servicesNow, 1U);
    QCOMPARE(rig.bus.services().size(), 1U);
    // A service may want other things later.
    second->say(R"({"type":"service-register","content":{"name":"F","wanted":["a"]}})");
    Rig::settle();
    second->takeTexts();
    const auto bob = rig.client(5, "bob");
    bob->say(R"({"type":"b","content":{}})");
    bob->say(R"({"type":"a","content":{}})");
    Rig::settle();
    const QByteArrayList got = second->takeTexts();
    QCOMPARE(got.size(), 1);
    QCOMPARE(member(got[0], "type"), "\"a\"");
}

void TestServicesProfile::onlyServicesComeIn()
{
    Rig rig;
    protocol::HttpRequest request;
    QCOMPARE(rig.profile.services().refusal(request)->status, 401);
    request.headers.add("Authorization", "Bearer user1");
    QCOMPARE(rig.profile.services().refusal(request)->status, 403);
    request.headers.set("Authorization", "Bearer service1");
    QVERIFY(!rig.profile.services().refusal(request));
    FakeSocket brief("s");
    brief.authorize("brief1");
    brief.open(rig.profile.services());
    rig.clock.advance(Millis{4'999});
    rig.profile.tick();
    QVERIFY(!brief.closeCode);
    rig.clock.advance(Millis{1});
    rig.profile.tick();
    QCOMPARE(brief.closeReason, "token expired");
}

void TestServicesProfile::answersGoToWhoAsked()
{
    Rig rig;
    const auto asker = rig.service("Asker", R"(["own-response"])");
    const auto answerer = rig.service("Answerer", R"(["x-request","own-request"])");
    const auto everything = rig.service("Everything", "\"all\"");
    for (const auto* socket : {asker.get(), answerer.get(), everything.get()})
        const_cast<FakeSocket*>(socket)->takeTexts();
    asker->say(R"({"type":"x-request","uuid":"q1","content":{}})");
    asker->say(R"({"type":"own-request","uuid":"q2","content":{}})");
    Rig::settle();
    QCOMPARE(answerer->takeTexts().size(), 2);
    answerer->say(R"({"type":"x-response","response_uuid":"q1","content":1})");
    answerer->say(R"({"type":"own-response","response_uuid":"q2","content":2})");
    answerer->say(R"({"type":"x-response","response_uuid":"q1","content":3})"); // once is enough
    Rig::settle();
    const QByteArrayList got = asker->takeTexts();
    QCOMPARE(got.size(), 2);
    QCOMPARE(member(got[0], "content"), "1");
    QCOMPARE(member(got[1], "content"), "2");
    QCOMPARE(member(got[0], "sender"), "\"service.Answerer\"");
    // Who wants everything gets each message once.
    QCOMPARE(everything->takeTexts().size(), 5);
    // The server answers too.
    const auto bob = rig.client(5, "bob");
    asker->say(R"({"type":"client-list-request","uuid":"q3","content":{}})");
    Rig::settle();
    const QByteArray list = asker->takeTexts().value(0);
    QCOMPARE(member(list, "response_uuid"), "\"q3\"");
    QCOMPARE(member(list, "content"),
        R"({"client_list":[["192.0.2.7",5]],"clients":[[["192.0.2.7",5],"bob"]]})");
}

void TestServicesProfile::requestsAreForgotten()
{
    ServicesOptions options;
    options.maxRequests = 2;
    Rig rig(options);
    const auto asker = rig.service("Asker", "[]");
    const auto answerer = rig.service("Answerer", R"(["x-request"])");
    asker->takeTexts();
    for (const char* uuid : {"q1", "q2", "q3"})
        asker->say(QByteArray(R"({"type":"x-request","uuid":")") + uuid + R"(","content":{}})");
    Rig::settle();
    answerer->say(R"({"type":"x-response","response_uuid":"q1","content":1})");
    Rig::settle();
    QVERIFY(asker->takeTexts().isEmpty()); // the oldest of more than two
    QCOMPARE(rig.profile.counters().forgottenRequests, quint64(1));
    rig.clock.advance(Millis{60'000});
    rig.profile.tick();
    answerer->say(R"({"type":"x-response","response_uuid":"q3","content":3})");
    Rig::settle();
    QVERIFY(asker->takeTexts().isEmpty());
    QCOMPARE(rig.profile.counters().forgottenRequests, quint64(3));
}

void TestServicesProfile::aServiceServesQueues()
{
    Rig rig;
    FakeSocket shard("s");
    shard.authorize("service1");
    shard.open(rig.profile.services());
    shard.say(R"({"type":"service-register","content":{"name":"Shard","queues":["rpc_0"]}})");
    Rig::settle();
    shard.takeTexts();
    QByteArrayList answers;
    bus::Request request;
    request.queue = "rpc_0";
    request.body = R"({"method":"m"})";
    const bus::Ticket ticket = rig.bus.request(std::move(request), [&](const auto& answer) {
        answers << (answer
                ? QByteArray(answer->message.body + (answer->isFinal ? " final" : " part"))
                : QByteArray("error"));
    });
    Rig::settle();
    const QByteArray call = shard.takeTexts().value(0);
    QCOMPARE(member(call, "type"), "\"bus-call\"");
    QCOMPARE(member(call, "content"), R"({"queue":"rpc_0","body":{"method":"m"}})");
    const QByteArray uuid = member(call, "uuid");
    shard.say(R"({"type":"bus-answer","response_uuid":)" + uuid
        + R"(,"content":{"body":[1.0],"final":false}})");
    shard.say(R"({"type":"bus-answer","response_uuid":)" + uuid + R"(,"content":{"body":2}})");
    Rig::settle();
    QCOMPARE(answers, (QByteArrayList{"[1.0] part", "2 final"}));
    QVERIFY(shard.takeTexts().isEmpty());
    shard.say(R"({"type":"bus-answer","response_uuid":)" + uuid + R"(,"content":{"body":3}})");
    QCOMPARE(member(shard.takeTexts().value(0), "type"), "\"error-response\"");
    shard.close(CloseCode::Normal, QLatin1StringView("gone"));
    QVERIFY(rig.bus.services().empty());
}

void TestServicesProfile::aServiceAsksAndPublishes()
{
    Rig rig;
    const auto service = rig.service("F", "[]");
    service->takeTexts();
    const bus::Ticket served = rig.bus.serve("gateway_rpc",
        [](const bus::Message& call, bus::Reply reply) { reply.finish("not JSON: " + call.body); },
        {});
    QByteArrayList published;
    const bus::Ticket subscribed = rig.bus.subscribe("events", "gateway.*",
        [&](const bus::Message& message) {
            published << message.topic + ' ' + message.body;
            return bus::Verdict::Accepted;
        },
        {});
    Rig::settle();
    service->say(R"({"type":"bus-request","uuid":"q","content":{"queue":"gateway_rpc","body":7}})");
    service->say(R"({"type":"bus-publish","content":{"exchange":"events","topic":"gateway.on_x",)"
                 R"("body":{"id":9007199254740993}}})");
    Rig::settle();
    const QByteArray answer = service->takeTexts().value(0);
    QCOMPARE(member(answer, "response_uuid"), "\"q\"");
    QCOMPARE(member(answer, "content"), R"({"body":"not JSON: 7","final":true})");
    QCOMPARE(published, (QByteArrayList{R"(gateway.on_x {"id":9007199254740993})"}));
    service->say(R"({"type":"bus-request","uuid":"q","content":{"queue":"nobody","body":7}})");
    Rig::settle();
    QVERIFY(member(service->takeTexts().value(0), "content").contains("\"error\":\"not-found\""));
    for (const char* bad :
        {R"({"topic":"services.net-send","body":1})", R"({"topic":"cluster.clients","body":1})",
            R"({"exchange":"gatehouse.presence","topic":"a","body":1})", R"({"topic":"a"})", "[]",
            R"({"body":1})"}) {
        service->say(QByteArray(R"({"type":"bus-publish","content":)") + bad + '}');
        QCOMPARE(member(service->takeTexts().value(0), "type"), "\"error-response\"");
    }
}

// One call at a time, one in hand and one waiting, and the connection ends.
void TestServicesProfile::aBusyServiceThatEndsIsHandedNoMore()
{
    Rig rig({}, bus::BusOptions{.maxCalls = 1});
    const auto first = rig.service("F", "[],\"queues\":[\"q\"]");
    const auto second = rig.service("G", "[],\"queues\":[\"other\"]");
    first->takeTexts();
    second->takeTexts();
    QByteArrayList ends;
    std::vector<bus::Ticket> tickets;
    for (int i = 0; i < 3; ++i) {
        tickets.push_back(rig.bus.request(
            {.queue = "q", .body = QByteArray::number(i)}, [&](const Result<bus::Answer>& answer) {
                ends << (answer ? answer->message.body
                                : QByteArray(traits(answer.error().code).name.data()));
            }));
    }
    Rig::settle();
    QCOMPARE(first->takeTexts().size(), 1);
    first->close(CloseCode::Normal, QLatin1StringView("transport close"));
    Rig::settle();
    QVERIFY(first->takeTexts().isEmpty());
    QCOMPARE(rig.bus.counters().unansweredCalls, 0U);
    QCOMPARE(ends.size(), 2); // nobody serves it; the first had been taken
}

void TestServicesProfile::aCallThatIsTooOldMakesRoomForTheNext()
{
    Rig rig({}, bus::BusOptions{.maxCalls = 1});
    const auto service = rig.service("F", "[],\"queues\":[\"q\"]");
    service->takeTexts();
    std::vector<bus::Ticket> tickets;
    for (int i = 0; i < 3; ++i)
        tickets.push_back(rig.bus.request(
            {.queue = "q", .body = QByteArray::number(i), .timeout = Millis{300'000}},
            [](const auto&) {}));
    Rig::settle();
    QCOMPARE(service->takeTexts().size(), 1);
    for (int i = 1; i < 3; ++i) {
        rig.clock.advance(Millis{60'000});
        rig.profile.tick();
        Rig::settle();
        const QByteArrayList got = service->takeTexts();
        QCOMPARE(got.size(), 1);
        QCOMPARE(rawMember(member(got[0], "content"), "body").value_or("").toByteArray(),
            QByteArray::number(i));
    }
}

void TestServicesProfile::changingItsMindKeepsItsCalls()
{
    Rig rig;
    const auto service = rig.service("F", "[],\"queues\":[\"q\"]");
    service->takeTexts();
    QByteArray end;
    const auto ask = [&] {
        return rig.bus.request({.queue = "q", .body = "1"}, [&](const Result<bus::Answer>& answer) {
            end = answer ? answer->message.body : answer.error().detail.toUtf8();
        });
    };
    const bus::Ticket first = ask();
    Rig::settle();
    const QByteArray uuid = member(service->takeTexts().value(0), "uuid");
    const bus::Ticket second = ask(); // on its way while the service changes its mind
    service->say(
        R"({"type":"service-register","content":{"name":"F","wanted":["a"],"queues":["r","q"]}})");
    Rig::settle();
    const QByteArrayList got = service->takeTexts();
    QCOMPARE(got.size(), 2);
    QVERIFY(succeeded(got[0]));
    QCOMPARE(member(got[1], "type"), "\"bus-call\"");
    QVERIFY2(end.isEmpty(), end.constData());
    service->say(R"({"type":"bus-answer","response_uuid":)" + uuid + R"(,"content":{"body":2}})");
    Rig::settle();
    QCOMPARE(end, "2");
}

void TestServicesProfile::callsWaitForTheRegistration()
{
    Rig rig;
    FakeSocket service("s");
    service.authorize("service1");
    service.open(rig.profile.services());
    service.say(R"({"type":"service-register","uuid":"r","content":{"name":"F","wanted":["a","b"],)"
                R"("queues":["q"]}})");
    const bus::Ticket ticket = rig.bus.request({.queue = "q", .body = "1"}, [](const auto&) {});
    Rig::settle();
    const QByteArrayList got = service.takeTexts();
    QCOMPARE(got.size(), 2);
    QVERIFY(succeeded(got[0]));
    QCOMPARE(member(got[1], "type"), "\"bus-call\"");
}

void TestServicesProfile::whatWaitsForTheRegistrationIsBounded()
{
    ServicesOptions options;
    options.maxHeldBytes = 400;
    Rig rig(options);
    FakeSocket service("s");
    service.authorize("service1");
    service.open(rig.profile.services());
    service.say(R"({"type":"service-register","uuid":"r","content":{"name":"F","wanted":["a"]}})");
    for (int i = 0; i < 10; ++i)
        rig.bus.publish({.topic = topicOf("a"),
                            .body = R"({"type":"a","content":")" + QByteArray(100, 'x') + "\"}"},
            {});
    // What is bound answers in the order it was asked for; the messages come in between.
    Rig::settle();
    const qsizetype got = service.takeTexts().size();
    QCOMPARE(qsizetype(rig.profile.counters().earlyRefused) + got, 11);
    QCOMPARE(rig.profile.counters().earlyBytesNow, 0U);
}

void TestServicesProfile::whatTheBusRefusesIsSaidAtOnce()
{
    Rig rig({}, bus::BusOptions{.maxServed = 1});
    const auto service = rig.service("F", "[\"a\"],\"queues\":[\"q\",\"r\"]");
    const QByteArrayList got = service->takeTexts();
    QCOMPARE(got.size(), 1);
    QCOMPARE(member(got[0], "response_uuid"), "\"r\"");
    QVERIFY(!succeeded(got[0]));
    QVERIFY(member(got[0], "content").contains("the bus refuses r"));
    QVERIFY(rig.bus.services().empty());
    QCOMPARE(rig.profile.counters().servicesNow, 0U);
    // It may want less.
    service->say(
        R"({"type":"service-register","content":{"name":"F","wanted":["a"],"queues":["q"]}})");
    Rig::settle();
    QVERIFY(succeeded(service->takeTexts().value(0)));
    QCOMPARE(rig.bus.services().size(), size_t(1));
}

// A refusal for good comes without a ticket, which could take the ones behind it back.
void TestServicesProfile::manyRefusalsAreOneAnswer()
{
    Rig rig({}, bus::BusOptions{.maxServed = 1});
    const auto service = rig.service("F", "[\"a\"],\"queues\":[\"q\",\"r\",\"s\"]");
    const QByteArrayList got = service->takeTexts();
    QCOMPARE(got.size(), 1);
    QVERIFY(!succeeded(got[0]));
    QCOMPARE(rig.profile.counters().refusedRegistrations, 1U);
    QCOMPARE(rig.profile.counters().servicesNow, 0U);
}

void TestServicesProfile::aRefusalIsOfItsOwnRegistration()
{
    Rig rig({}, bus::BusOptions{.maxServed = 1});
    FakeSocket service("s");
    service.authorize("service1");
    service.open(rig.profile.services());
    service.say(R"({"type":"service-register","content":{"name":"F","queues":["q","r","s"]}})");
    // Its refusals are on their way as it thinks better of it.
    service.say(R"({"type":"service-register","uuid":"r","content":{"name":"F","queues":["q"]}})");
    Rig::settle();
    const QByteArrayList got = service.takeTexts();
    QCOMPARE(got.size(), 1);
    QCOMPARE(member(got[0], "response_uuid"), "\"r\"");
    QVERIFY(succeeded(got[0]));
    // What is refused is asked for again each time.
    service.say(R"({"type":"service-register","content":{"name":"F","queues":["q","r"]}})");
    service.say(
        R"({"type":"service-register","uuid":"again","content":{"name":"F","queues":["q","r"]}})");
    Rig::settle();
    const QByteArrayList more = service.takeTexts();
    QCOMPARE(more.size(), 1);
    QCOMPARE(member(more[0], "response_uuid"), "\"again\"");
    QVERIFY(!succeeded(more[0]));
}

void TestServicesProfile::aRegistrationThatFailsLosesNothing()
{
    Rig rig({}, bus::BusOptions{.maxServed = 2});
    const auto other = rig.service("G", R"(["b"])");
    other->takeTexts();
    FakeSocket service("s");
    service.authorize("service1");
    service.open(rig.profile.services());
    service.say(R"({"type":"service-register","content":{"name":"F","queues":["q"]}})");
    Rig::settle();
    service.takeTexts();
    const auto bob = rig.client(5, "bob");
    const bus::Ticket ticket = rig.bus.request({.queue = "q", .body = "1"}, [](const auto&) {});
    Rig::settle();
    service.takeTexts();
    // All this comes before the bus has refused one of the queues.
    const bus::Ticket early = rig.bus.request({.queue = "q", .body = "2"}, [](const auto&) {});
    rig.bus.publish({.topic = topicOf("a"), .body = R"({"type":"a","content":1})"}, {});
    rig.bus.publish({.topic = topicOf("b"), .body = R"({"type":"b","content":2})"}, {});
    service.say(R"({"type":"service-register","content":{"name":"F","wanted":["a","b"],)"
                R"("queues":["q","r","t"]}})");
    Rig::settle();
    const QByteArrayList got = service.takeTexts();
    QCOMPARE(got.size(), 1);
    QVERIFY(!succeeded(got[0]));
    QCOMPARE(rig.bus.counters().unansweredCalls, 1U); // the one it had been told of
    QCOMPARE(rig.bus.counters().deadLettered, 1U);
    QCOMPARE(rig.profile.counters().earlyBytesNow, 0U);
    QCOMPARE(rig.profile.counters().heldNow, 1U); // b has been heard elsewhere
    service.say(R"({"type":"service-register","content":{"name":"F","wanted":["a","b"]}})");
    Rig::settle();
    const QByteArrayList again = service.takeTexts();
    QCOMPARE(again.size(), 2);
    QVERIFY(succeeded(again[0]));
    QCOMPARE(again[1], R"({"type":"a","content":1})");
    QCOMPARE(other->takeTexts().size(), 1);
}

void TestServicesProfile::aServiceThatEndsUnregisteredLosesNothing()
{
    Rig rig;
    FakeSocket service("s");
    service.authorize("service1");
    service.open(rig.profile.services());
    service.say(R"({"type":"service-register","content":{"name":"F","queues":["q"]}})");
    Rig::settle();
    // What comes is there before the bus has bound the other queue.
    rig.bus.publish({.topic = topicOf("a"), .body = R"({"type":"a","content":1})"},
        [&](bus::Outcome, const Error&) {
            QVERIFY(rig.profile.counters().earlyBytesNow > 0);
            service.close(CloseCode::Normal, QLatin1StringView("transport close"));
        });
    service.say(
        R"({"type":"service-register","content":{"name":"F","wanted":["a"],"queues":["r"]}})");
    Rig::settle();
    QVERIFY(service.closeCode);
    QCOMPARE(rig.profile.counters().earlyBytesNow, 0U);
    QCOMPARE(rig.profile.counters().heldNow, 1U);
    const auto next = rig.service("F", R"(["a"])");
    QCOMPARE(next->takeTexts().size(), 2);
}

void TestServicesProfile::internalTypesAreOfServices_data()
{
    QTest::addColumn<QByteArray>("type");
    for (const char* type : {"client-kick", "client-list-request", "client-disconnect",
             "client-anything", "service-register", "bus-publish"})
        QTest::newRow(type) << QByteArray(type);
}

// Whatever the configuration reserves: these are what servers and services say to each other.
void TestServicesProfile::internalTypesAreOfServices()
{
    QFETCH(QByteArray, type);
    ServicesOptions options;
    options.reservedTypes = {QStringLiteral("nothing-else")};
    Rig rig(options);
    const auto service = rig.service("F", "\"all\"");
    service->takeTexts();
    const auto eve = rig.client(5, "eve");
    const auto bob = rig.client(6, "bob");
    eve->say("{\"type\":\"" + type + R"(","content":{"targets":["bob"]}})");
    Rig::settle();
    QCOMPARE(member(eve->takeTexts().value(0), "type"), "\"error-response\"");
    QVERIFY(service->takeTexts().isEmpty());
    // Nor is it done when somebody else puts it on the bus with a client for its sender.
    const quint64 before = rig.bus.counters().deadLettered;
    rig.bus.publish(
        {.topic = topicOf(type),
            .body = "{\"type\":\"" + type
                + R"(","sender":[["192.0.2.7",5],"eve"],"content":{"targets":["bob"]}})"},
        {});
    Rig::settle();
    QVERIFY(!bob->closeCode);
    QCOMPARE(rig.profile.counters().kicks, 0U);
    if (type == "client-kick")
        QCOMPARE(rig.bus.counters().deadLettered, before + 1);
}

void TestServicesProfile::aServiceHearsOfItsOwnDeadLetters()
{
    Rig rig;
    const auto service = rig.service("F", "[]");
    service->takeTexts();
    service->say(R"({"type":"unwanted","uuid":"u","content":{}})");
    for (int i = 0; i < 44; ++i) {
        rig.clock.advance(Millis{250});
        rig.profile.tick();
        Rig::settle();
    }
    const QByteArray word = service->takeTexts().value(0);
    QCOMPARE(member(word, "type"), "\"error-response\"");
    QCOMPARE(member(word, "response_uuid"), "\"u\"");
    QVERIFY(member(word, "content").contains("no service takes this type"));
}

void TestServicesProfile::aDeepMessageReachesItsClient()
{
    Rig rig;
    const auto service = rig.service("F", "[]");
    service->takeTexts();
    const auto bob = rig.client(5, "bob");
    const QByteArray deep = QByteArray(100, '[') + QByteArray(100, ']');
    service->say(
        R"({"type":"net-send","content":{"response_addrs":["bob"],"msg":{"a":)" + deep + "}}}");
    Rig::settle();
    QCOMPARE(bob->takeTexts(), QByteArrayList{"{\"a\":" + deep + '}'});
    const QByteArray deeper = QByteArray(130, '[') + QByteArray(130, ']');
    service->say(
        R"({"type":"net-send","content":{"response_addrs":["bob"],"msg":{"a":)" + deeper + "}}}");
    QCOMPARE(member(service->takeTexts().value(0), "type"), "\"error-response\"");
}

void TestServicesProfile::whatAServiceMayDo_data()
{
    QTest::addColumn<QStringList>("rights");
    QTest::addColumn<QByteArray>("said");
    QTest::addColumn<bool>("isAllowed");
    const QStringList line{QStringLiteral("1 wants=file-*|cursor sends=*-response serves=rpc_* "
                                          "asks=gateway publishes=events|own"),
        QStringLiteral("2")};
    const auto row
        = [&](const char* tag, const char* said, bool isAllowed, const QStringList& rights) {
              QTest::newRow(tag) << rights << QByteArray(said) << isAllowed;
          };
    const auto limited = [&](const char* tag, const char* said, bool isAllowed) {
        row(tag, said, isAllowed, line);
    };
    const char* const queue
        = R"({"type":"service-register","content":{"name":"F","queues":["rpc_1"]}})";
    limited("serves its queue", queue, true);
    limited("serves another's",
        R"({"type":"service-register","content":{"name":"F","queues":["gateway"]}})", false);
    limited("wants its types",
        R"({"type":"service-register","content":{"name":"F","wanted":["file-open","cursor"]}})",
        true);
    limited("wants others",
        R"({"type":"service-register","content":{"name":"F","wanted":["file-open","chat"]}})",
        false);
    limited("wants everything",
        R"({"type":"service-register","content":{"name":"F","wanted":"all"}})", false);
    limited("sends its types", R"({"type":"file-response","content":{}})", true);
    limited(
        "sends others", R"({"type":"net-send","content":{"response_addrs":[],"msg":{}}})", false);
    limited("asks its queue",
        R"({"type":"bus-request","uuid":"q","content":{"queue":"gateway","body":1,"timeout_ms":1}})",
        true);
    limited("asks another's",
        R"({"type":"bus-request","uuid":"q","content":{"queue":"rpc_1","body":1}})", false);
    limited("publishes to its exchange",
        R"({"type":"bus-publish","content":{"exchange":"events","topic":"a","body":1}})", true);
    limited("publishes to the bus's own",
        R"({"type":"bus-publish","content":{"topic":"a","body":1}})", true);
    limited("publishes elsewhere",
        R"({"type":"bus-publish","content":{"exchange":"others","topic":"a","body":1}})", false);
    row("not mentioned at all", queue, false, {QStringLiteral("2 serves=*")});
    row("as everybody else", queue, true, {QStringLiteral("* serves=*")});
    row("no lines", queue, true, {});
    row("the server's own queue, no lines",
        R"({"type":"service-register","content":{"name":"F","queues":["gateway_rpc"]}})", false,
        {});
    row("what servers tell each other, no lines",
        R"({"type":"bus-publish","content":{"topic":"relay.dashboard.control","body":1}})", false,
        {});
}

void TestServicesProfile::whatAServiceMayDo()
{
    QFETCH(QStringList, rights);
    QFETCH(QByteArray, said);
    ServicesOptions options;
    options.rights = rights;
    options.ownQueues = {"gateway_rpc"};
    Rig rig(options);
    const auto service = rig.service("F", "[]");
    service->takeTexts();
    const bus::Ticket gateway = rig.bus.serve(
        "gateway", [](const bus::Message&, bus::Reply reply) { reply.finish("1"); }, {});
    service->say(said);
    Rig::settle();
    bool isRefused = false;
    for (const QByteArray& text : service->takeTexts())
        isRefused |= member(text, "type") == "\"error-response\""
            || (text.contains("service-register-response") && !succeeded(text));
    QTEST(!isRefused, "isAllowed");
}

void TestServicesProfile::garbageOnTheBusIsRejected()
{
    Rig rig;
    const auto service = rig.service("F", R"(["a"])");
    service->takeTexts();
    for (const QByteArray body : {"", "{", "[]", "{}", R"({"type":7})", "\xff"}) {
        for (const QByteArray type : {"a", "net-send", "client-list-request", "client-kick"}) {
            bus::Publication publication;
            publication.topic = topicOf(type);
            publication.body = body;
            rig.bus.publish(std::move(publication), {});
        }
    }
    Rig::settle();
    QVERIFY(service->takeTexts().isEmpty());
    QCOMPARE(rig.profile.counters().badBusMessages, 24U);
    QCOMPARE(rig.bus.counters().deadLettered, 24U);
}

void TestServicesProfile::checksItsOptions_data()
{
    QTest::addColumn<ServicesOptions>("options");
    const auto row = [](const char* tag, auto change) {
        ServicesOptions options;
        change(options);
        QTest::newRow(tag) << options;
    };
    row("sender", [](ServicesOptions& o) { o.sender = QStringLiteral("a b"); });
    row("allowed types", [](ServicesOptions& o) { o.allowedTypes = {QStringLiteral("a b")}; });
    row("reserved types", [](ServicesOptions& o) { o.reservedTypes = {QStringLiteral("#")}; });
    row("rights", [](ServicesOptions& o) { o.rights = {QStringLiteral("1 does=everything")}; });
    row("rights of nobody", [](ServicesOptions& o) { o.rights = {QStringLiteral("bob wants=*")}; });
    row("rights twice", [](ServicesOptions& o) {
        o.rights = {QStringLiteral("1"), QStringLiteral("1")};
    });
    row("envelope", [](ServicesOptions& o) { o.envelope = QStringLiteral("[]"); });
    row("envelope's slots",
        [](ServicesOptions& o) { o.envelope = QStringLiteral(R"({"a":"$b"})"); });
}

void TestServicesProfile::checksItsOptions()
{
    QVERIFY(ServicesProfile::check({}).has_value());
    QFETCH(ServicesOptions, options);
    const auto checked = ServicesProfile::check(options);
    QVERIFY(!checked);
    QVERIFY(!checked.error().detail.isEmpty());
}

void TestServicesProfile::theEnvelopeIsConfiguration()
{
    ServicesOptions options;
    options.envelope = QStringLiteral(R"({"kind":"$type","data":"$content","v":2})");
    Rig rig(options);
    FakeSocket bob("b", 5);
    bob.open(rig.profile.clients());
    bob.say(R"({"type":"login-request","content":{"username":"bob"}})");
    QCOMPARE(bob.takeTexts(),
        (QByteArrayList{
            R"({"kind":"login-response","data":{"succeed":true,"new_username":"bob"},"v":2})"}));
}

QTEST_GUILESS_MAIN(TestServicesProfile)
#include "tst_servicesprofile.moc"
