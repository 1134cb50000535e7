// SPDX-License-Identifier: Apache-2.0
// The services profile over a real broker that is away for longer than a message may wait for its
// confirm: nothing is lost, and it comes in order.
#include "common/core/strictjson.h"
#include "server/services/servicesprofile.h"
#include "tests/server/bus/fixture.h"
#include "tests/server/services/fakesocket.h"

using namespace gatehouse;
using namespace gatehouse::bus::test;
using namespace gatehouse::services;
using gatehouse::session::CloseCode;
using gatehouse::test::FakeSocket;

class TestServicesOutage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_BROKER(); }
    void cleanup()
    {
        if (RabbitBroker::isInstalled() && !RabbitBroker::shared().isRunning())
            QVERIFY(RabbitBroker::shared().start());
    }

    void nothingIsLost_data();
    void nothingIsLost();
    void whoComesBackLateGetsItAll();
    void aFormerBindingTakesNoAnswerForYes();

private:
    SystemClock m_clock;
};

void TestServicesOutage::nothingIsLost_data()
{
    QTest::addColumn<bool>("isRestarted"); // the process too, while the broker is away
    QTest::newRow("the broker") << false;
    QTest::newRow("the broker, and the process") << true;
}

void TestServicesOutage::nothingIsLost()
{
    QFETCH(bool, isRestarted);
    bus::AmqpOptions options = amqpOptions();
    options.heartbeat = Millis{1'000};
    options.keepAfter = Millis{200};
    options.confirmTimeout = Millis{500};
    MemoryOutbox outbox;
    MemoryOutbox othersOutbox;
    bus::AmqpBus others(m_clock, options, othersOutbox); // a service of its own
    QByteArrayList heard;
    const auto hear = [&](const bus::Message& message) {
        heard << message.body;
        return bus::Verdict::Accepted;
    };
    const bus::Ticket typed = subscribed(others, {}, topicOfAll(), hear);
    const bus::Ticket topics = subscribed(others, {}, "topic", hear);
    const auto identify = [](const QString&, const QByteArray&) -> Result<access::Principal> {
        access::Principal principal;
        principal.kind = access::PrincipalKind::Service;
        principal.id = 1;
        return principal;
    };
    auto house = std::make_unique<bus::AmqpBus>(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return house->state().isUp(); }));
    auto profile = std::make_unique<ServicesProfile>(ServicesOptions{}, *house, m_clock, identify);
    bus::Service wanting;
    wanting.name = "service.Other";
    wanting.topics = {topicOfAll()};
    const bus::Ticket announced = others.announce(wanting);
    QVERIFY(waitUntil([&] { return !house->services().empty(); }));

    FakeSocket bob("bob", 5);
    bob.open(profile->clients());
    FakeSocket service("service");
    service.authorize("service1");
    service.open(profile->services());
    service.say(R"({"type":"service-register","content":{"name":"F","wanted":[]}})");
    QVERIFY(waitUntil([&] { return !service.texts.isEmpty(); }));
    bob.say(R"({"type":"a","content":0})");
    QVERIFY(waitUntil([&] { return heard.size() == 1; }));
    // It is heard before the broker has it on disk and says so.
    QVERIFY(waitUntil([&] { return house->counters().waiting == 0 && outbox.rows.empty(); }));

    RabbitBroker& broker = RabbitBroker::shared();
    QVERIFY(broker.stop());
    QVERIFY(waitUntil([&] { return !house->state().isUp(); }));
    for (int i = 1; i < 20; ++i)
        bob.say((i % 2 ? R"({"type":"a","content":)" : R"({"type":"b","content":)")
            + QByteArray::number(i) + '}');
    service.say(R"({"type":"bus-publish","content":{"topic":"topic","body":"from a service"}})");
    bob.close(CloseCode::Normal, QLatin1StringView("transport close"));
    QVERIFY(waitUntil([&] { return outbox.rows.size() == 21; }));
    QVERIFY(holdsFor([&] { return outbox.rows.size() == 21; }, options.confirmTimeout * 3));
    service.close(CloseCode::Normal, QLatin1StringView("transport close"));
    QCOMPARE(profile->counters().deadLetters, 0U);
    if (isRestarted) {
        profile.reset();
        house.reset();
        house = std::make_unique<bus::AmqpBus>(m_clock, options, outbox);
    }
    QVERIFY(broker.start());
    QVERIFY(waitUntil([&] { return heard.size() == 22; }, Millis{30'000}));
    QByteArrayList contents;
    for (const QByteArray& body : heard.mid(0, 20))
        contents << rawMember(body, "content").value_or("").toByteArray();
    for (int i = 0; i < 20; ++i)
        QCOMPARE(contents[i], QByteArray::number(i));
    QCOMPARE(heard[20], "\"from a service\"");
    QCOMPARE(rawMember(heard[21], "type").value_or(""), "\"client-disconnect\"");
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
}

// Its services are connected to the process that begins again, and take their time.
void TestServicesOutage::whoComesBackLateGetsItAll()
{
    bus::AmqpOptions options = amqpOptions({.nodeName = "the house"});
    options.heartbeat = Millis{1'000};
    options.keepAfter = Millis{200};
    options.confirmTimeout = Millis{500};
    MemoryOutbox outbox;
    const auto identify = [](const QString&, const QByteArray&) -> Result<access::Principal> {
        access::Principal principal;
        principal.kind = access::PrincipalKind::Service;
        principal.id = 1;
        return principal;
    };
    struct House
    {
        House(const Clock& clock, const bus::AmqpOptions& made, bus::Outbox& kept,
            ServiceGateway::Identify who)
            : bus(clock, made, kept), profile(ServicesOptions{}, bus, clock, std::move(who))
        {
        }
        bus::AmqpBus bus;
        ServicesProfile profile;
    };
    const auto make = [&] { return std::make_unique<House>(m_clock, options, outbox, identify); };
    auto house = make();
    QVERIFY(waitUntil([&] { return house->bus.state().isUp(); }));
    const QByteArray come = R"({"type":"service-register","content":{"name":"F",)"
                            R"("wanted":["a","b","client-disconnect"]}})";
    {
        FakeSocket bob("bob", 5);
        bob.open(house->profile.clients());
        FakeSocket service("service");
        service.authorize("service1");
        service.open(house->profile.services());
        service.say(come);
        bob.say(R"({"type":"a","content":0})");
        QVERIFY(waitUntil([&] { return service.texts.size() == 2; }));
        QVERIFY(waitUntil([&] { return house->bus.counters().waiting == 0; }));
        QVERIFY(RabbitBroker::shared().stop());
        QVERIFY(waitUntil([&] { return !house->bus.state().isUp(); }));
        for (int i = 1; i < 20; ++i)
            bob.say((i % 2 ? R"({"type":"a","content":)" : R"({"type":"b","content":)")
                + QByteArray::number(i) + '}');
        bob.close(CloseCode::Normal, QLatin1StringView("transport close"));
        QVERIFY(waitUntil([&] { return outbox.rows.size() == 20; }));
        service.close(CloseCode::Normal, QLatin1StringView("transport close"));
        house.reset();
    }
    house = make();
    QVERIFY(RabbitBroker::shared().start());
    QVERIFY(waitUntil([&] { return house->bus.state().isUp(); }, Millis{30'000}));
    QVERIFY(holdsFor([&] { return outbox.rows.size() == 20; }, Millis{2'500}));
    FakeSocket service("service");
    service.authorize("service1");
    service.open(house->profile.services());
    service.say(come);
    QVERIFY(waitUntil([&] { return service.texts.size() == 21; }));
    for (int i = 1; i < 20; ++i)
        QCOMPARE(rawMember(service.texts[i], "content").value_or("").toByteArray(),
            QByteArray::number(i));
    QCOMPARE(rawMember(service.texts[20], "type").value_or(""), "\"client-disconnect\"");
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    QCOMPARE(house->profile.counters().deadLetters, 0U);
    service.close(CloseCode::Normal, QLatin1StringView("transport close"));
}

// The house was killed with a service bound to a type, and begins again with an empty outbox; a
// client is faster than the service.
void TestServicesOutage::aFormerBindingTakesNoAnswerForYes()
{
    const bus::AmqpOptions options = amqpOptions({.nodeName = "the killed house"});
    MemoryOutbox outbox;
    {
        auto former = std::make_unique<bus::AmqpBus>(m_clock, options, outbox);
        const bus::Ticket ticket = subscribed(
            *former, {}, topicOf("a"), [](const bus::Message&) { return bus::Verdict::Accepted; });
        former.reset(); // with all its subscriptions
    }
    const auto identify = [](const QString&, const QByteArray&) -> Result<access::Principal> {
        access::Principal principal;
        principal.kind = access::PrincipalKind::Service;
        principal.id = 1;
        return principal;
    };
    bus::AmqpBus bus(m_clock, options, outbox);
    ServicesProfile profile(ServicesOptions{}, bus, m_clock, identify);
    QVERIFY(waitUntil([&] { return bus.state().isUp() && bus.counters().waiting == 0; }));
    FakeSocket bob("bob", 5);
    bob.open(profile.clients());
    for (int i = 0; i < 5; ++i)
        bob.say(R"({"type":"a","content":)" + QByteArray::number(i) + '}');
    QVERIFY(waitUntil([&] { return bus.counters().unmatched > 0; }));
    QVERIFY(waitUntil([&] { return !outbox.rows.empty(); }));
    FakeSocket service("service");
    service.authorize("service1");
    service.open(profile.services());
    service.say(R"({"type":"service-register","content":{"name":"F","wanted":["a"]}})");
    QVERIFY(waitUntil([&] { return service.texts.size() == 6; }));
    for (int i = 0; i < 5; ++i)
        QCOMPARE(rawMember(service.texts[i + 1], "content").value_or("").toByteArray(),
            QByteArray::number(i));
    QCOMPARE(profile.counters().deadLetters, 0U);
    service.close(CloseCode::Normal, QLatin1StringView("transport close"));
    bob.close(CloseCode::Normal, QLatin1StringView("transport close"));
}

QTEST_GUILESS_MAIN(TestServicesOutage)
#include "tst_servicesoutage.moc"
