// SPDX-License-Identifier: Apache-2.0
#include "server/bus/localbus.h"
#include "server/services/typedpublisher.h"
#include "server/services/typenames.h"

#include <QCoreApplication>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::services;

namespace {

class Rig
{
public:
    explicit Rig(ServicesOptions chosen = {}, bus::BusOptions busOptions = {})
        : options(std::move(chosen)), bus(clock, std::move(busOptions)),
          publisher(options, bus, clock, counters, [this](const TypedPublisher::Dead& message) {
              dead << message.type + ' ' + message.origin.value;
              reasons << message.why;
          })
    {
    }

    static void settle()
    {
        for (int turn = 0; turn < 10; ++turn)
            QCoreApplication::processEvents();
    }
    void advance(Millis time)
    {
        for (; time > Millis{0}; time -= Millis{250}) {
            clock.advance(Millis{250});
            publisher.tick();
            settle();
        }
    }
    void announce(const QByteArray& name, const QByteArrayList& types)
    {
        bus::Service service;
        service.name = name;
        for (const QByteArray& type : types)
            service.topics.push_back(topicOf(type));
        announcement = bus.announce(service);
    }
    void listen(const QByteArray& type)
    {
        subscriptions.push_back(bus.subscribe({}, topicOf(type),
            [this](const bus::Message& m) {
                got << m.body;
                return bus::Verdict::Accepted;
            },
            {}));
    }
    void leave()
    {
        announcement.reset();
        subscriptions.clear();
        settle();
    }

    ManualClock clock;
    ServicesOptions options;
    ServicesCounters counters;
    bus::LocalBus bus;
    QByteArrayList dead;
    QStringList reasons;
    QByteArrayList got;
    bus::Ticket announcement;
    std::vector<bus::Ticket> subscriptions;
    TypedPublisher publisher;
};

} // namespace

class TestTypedPublisher : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsWantedGoesOutAtOnce();
    void whatIsNotWantedWaitsInOrder();
    void theOrderOfTypesIsKept();
    void theLastWordOfAClientIsTheLast();
    void theLastWordIsSaidAtTheEnd();
    void nothingIsLeftToSayOnceFinished();
    void whatIsAskedAboutIsWaitedForAtTheEnd();
    void whatTheBusRefusesIsDeadForThatReason();
    void whoIsHeardOfAMomentLaterGetsItsTypesInOrder();
    void someoneWhoDoesNotAnnounceIsFoundToo();
    void nobodyComes();
    void theGapOfARestart();
    void aBindingThatOutlivesItsServiceIsNotTrusted();
    void whatMayWaitIsBounded();
    void waitingAsksTheBusOnceASecond();
    void whatWasRefusedIsTheSameMessageAgain();
    void anOutboxThatIsStuckStopsNoOtherType();
    void whatIsWantedGoesBehindTheOutbox();
    void nothingGrowsOldBehindTheOutbox();
};

void TestTypedPublisher::whatIsWantedGoesOutAtOnce()
{
    Rig rig;
    rig.listen("a");
    rig.announce("service.A", {"a"});
    Rig::settle();
    for (int i = 0; i < 5; ++i)
        rig.publisher.publish("a", QByteArray::number(i));
    QCOMPARE(rig.counters.heldNow, 0U);
    Rig::settle();
    QCOMPARE(rig.got, (QByteArrayList{"0", "1", "2", "3", "4"}));
    QCOMPARE(rig.counters.held, 0U);
}

void TestTypedPublisher::whatIsNotWantedWaitsInOrder()
{
    Rig rig;
    rig.publisher.publish("a", "0", {"client"});
    rig.publisher.publish("b", "other");
    Rig::settle();
    rig.publisher.publish("a", "1");
    QCOMPARE(rig.counters.heldNow, 3U);
    rig.listen("a");
    rig.announce("service.A", {"a"});
    // In the turn in which it came, not yet told to the publisher.
    rig.publisher.publish("a", "2");
    Rig::settle();
    rig.publisher.publish("a", "3");
    Rig::settle();
    QCOMPARE(rig.got, (QByteArrayList{"0", "1", "2", "3"}));
    QCOMPARE(rig.counters.released, 3U);
    QCOMPARE(rig.counters.heldNow, 1U); // b
    QCOMPARE(rig.counters.heldBytesNow, 5U);
    QVERIFY(rig.dead.isEmpty());
}

// A service that comes back hears of things in the order they happened, not type by type.
void TestTypedPublisher::theOrderOfTypesIsKept()
{
    Rig rig;
    QByteArrayList sent;
    for (int i = 0; i < 30; ++i) {
        sent << QByteArray::number(i);
        rig.publisher.publish("type" + QByteArray::number(i % 5), sent.back());
    }
    Rig::settle();
    for (int type = 0; type < 5; ++type)
        rig.listen("type" + QByteArray::number(type));
    rig.announce("service.A", {"type0", "type1", "type2", "type3", "type4"});
    // One is being asked about as the service comes: it may go out, and nothing before it.
    rig.clock.advance(Millis{1'250});
    rig.publisher.tick();
    for (int i = 30; i < 40; ++i) {
        sent << QByteArray::number(i);
        rig.publisher.publish("type" + QByteArray::number(i % 5), sent.back());
    }
    rig.publisher.publish("type7", "unwanted");
    Rig::settle();
    rig.publisher.publish("type3", "40");
    sent << "40";
    Rig::settle();
    QCOMPARE(rig.got, sent);
    QCOMPARE(rig.counters.heldNow, 1U);
}

void TestTypedPublisher::theLastWordOfAClientIsTheLast()
{
    Rig rig;
    rig.listen("gone");
    rig.announce("service.A", {"gone"});
    Rig::settle();
    rig.publisher.publish("a", "0", {"x"}); // nobody wants it yet
    rig.publisher.publishLast("gone", "x has gone", {"x"});
    rig.publisher.publishLast("gone", "y has gone", {"y"}); // who had sent nothing
    Rig::settle();
    QCOMPARE(rig.got, QByteArrayList{"y has gone"});
    rig.listen("a");
    rig.announcement.reset();
    rig.announce("service.A", {"a", "gone"});
    Rig::settle();
    QCOMPARE(rig.got, (QByteArrayList{"y has gone", "0", "x has gone"}));
    // Or when nobody has come for the rest.
    rig.publisher.publish("b", "1", {"z"});
    rig.publisher.publishLast("gone", "z has gone", {"z"});
    rig.advance(Millis{9'000});
    QCOMPARE(rig.got.size(), 3);
    rig.advance(Millis{1'500});
    QCOMPARE(rig.got.last(), "z has gone");
    QCOMPARE(rig.got.size(), 4);
}

void TestTypedPublisher::theLastWordIsSaidAtTheEnd()
{
    ManualClock clock;
    const ServicesOptions options;
    ServicesCounters counters;
    bus::LocalBus bus(clock);
    QByteArrayList got;
    const bus::Ticket ticket = bus.subscribe({}, topicOf("gone"),
        [&](const bus::Message& m) {
            got << m.body;
            return bus::Verdict::Accepted;
        },
        {});
    {
        TypedPublisher publisher(options, bus, clock, counters, [](const auto&) {});
        publisher.publish("a", "0", {"x"});
        publisher.publishLast("gone", "x has gone", {"x"});
    }
    Rig::settle();
    QCOMPARE(got, QByteArrayList{"x has gone"});
}

void TestTypedPublisher::nothingIsLeftToSayOnceFinished()
{
    Rig rig;
    rig.listen("gone");
    rig.announce("service.A", {"gone"});
    Rig::settle();
    rig.publisher.publish("a", "0", {"x"});
    Rig::settle(); // nobody
    rig.publisher.publishLast("gone", "x has gone", {"x"});
    rig.publisher.finish();
    QCOMPARE(rig.dead, QByteArrayList{"a x"});
    QCOMPARE(rig.counters.heldNow, 0U);
    Rig::settle();
    QCOMPARE(rig.got, QByteArrayList{"x has gone"});
    // Nothing waits from now on.
    rig.publisher.publish("b", "1", {"y"});
    rig.publisher.publishLast("gone", "y has gone", {"y"});
    Rig::settle();
    QCOMPARE(rig.dead, (QByteArrayList{"a x", "b y"}));
    QCOMPARE(rig.got, (QByteArrayList{"x has gone", "y has gone"}));
    rig.publisher.finish();
    Rig::settle();
    QCOMPARE(rig.got.size(), 2);
}

void TestTypedPublisher::whatIsAskedAboutIsWaitedForAtTheEnd()
{
    Rig rig;
    rig.listen("gone");
    rig.announce("service.A", {"gone"});
    Rig::settle();
    rig.publisher.publish("a", "0", {"x"}); // on the bus to find out
    rig.publisher.publish("a", "1", {"x"});
    rig.publisher.publishLast("gone", "x has gone", {"x"});
    rig.publisher.publish("b", "2", {"y"}); // likewise
    rig.publisher.publishLast("gone", "y has gone", {"y"});
    rig.listen("b");
    rig.publisher.finish();
    QCOMPARE(rig.counters.heldNow, 2U);
    Rig::settle();
    QCOMPARE(rig.counters.heldNow, 0U);
    QCOMPARE(rig.dead, (QByteArrayList{"a x", "a x"}));
    QCOMPARE(rig.got, (QByteArrayList{"2", "x has gone", "y has gone"}));
}

void TestTypedPublisher::whatTheBusRefusesIsDeadForThatReason()
{
    Rig rig(ServicesOptions{}, bus::BusOptions{.maxBodyBytes = 10});
    rig.listen("a");
    rig.announce("service.A", {"a"});
    Rig::settle();
    rig.publisher.publish("a", QByteArray(11, 'x'), {"client"});
    rig.publisher.publish("b", QByteArray(11, 'x'), {"client"}); // asked about
    Rig::settle();
    QCOMPARE(rig.dead, (QByteArrayList{"a client", "b client"}));
    for (const QString& reason : rig.reasons)
        QVERIFY2(!reason.contains(QStringLiteral("no service")), qPrintable(reason));
    QCOMPARE(rig.counters.heldNow, 0U);
    const auto types = rig.publisher.types();
    QCOMPARE(types.size(), size_t(2));
    QCOMPARE(types[1].type, "b");
    QCOMPARE(types[1].dead, 1U);
}

// The broker has bound its topics before anybody hears of it.
void TestTypedPublisher::whoIsHeardOfAMomentLaterGetsItsTypesInOrder()
{
    Rig rig;
    QByteArrayList sent;
    for (int i = 0; i < 10; ++i) {
        sent << QByteArray::number(i);
        rig.publisher.publish("type" + QByteArray::number(i % 2), sent.back());
    }
    Rig::settle();
    for (const char* type : {"type0", "type1"})
        rig.listen(type);
    rig.advance(Millis{1'250}); // both are asked about
    QCOMPARE(rig.got, (QByteArrayList{"0", "1"}));
    rig.announce("service.A", {"type0", "type1"});
    Rig::settle();
    QCOMPARE(rig.got, sent);
}

void TestTypedPublisher::someoneWhoDoesNotAnnounceIsFoundToo()
{
    Rig rig;
    rig.publisher.publish("a", "0");
    Rig::settle();
    rig.publisher.publish("a", "1");
    rig.listen("a");
    rig.advance(Millis{2'500});
    QCOMPARE(rig.got, (QByteArrayList{"0", "1"}));
    rig.publisher.publish("a", "2");
    rig.publisher.publish("a", "3");
    QCOMPARE(rig.counters.heldNow, 0U);
    Rig::settle();
    QCOMPARE(rig.got, (QByteArrayList{"0", "1", "2", "3"}));
}

void TestTypedPublisher::nobodyComes()
{
    Rig rig;
    rig.publisher.publish("a", "0", {"client"});
    rig.advance(Millis{9'750});
    QVERIFY(rig.dead.isEmpty());
    rig.advance(Millis{500});
    QCOMPARE(rig.dead, (QByteArrayList{"a client"}));
    QCOMPARE(rig.counters.deadLetters, 1U);
    QCOMPARE(rig.counters.heldNow, 0U);
    QCOMPARE(rig.counters.heldBytesNow, 0U);
    rig.listen("a");
    rig.announce("service.A", {"a"});
    rig.advance(Millis{2'000});
    QVERIFY(rig.got.isEmpty());
}

void TestTypedPublisher::theGapOfARestart()
{
    Rig rig;
    rig.listen("a");
    rig.announce("service.A", {"a"});
    Rig::settle();
    rig.publisher.publish("a", "0");
    // On the bus when the service goes.
    rig.publisher.publish("a", "1");
    rig.announcement.reset();
    rig.subscriptions.clear();
    rig.publisher.publish("a", "2");
    Rig::settle();
    rig.publisher.publish("a", "3");
    Rig::settle();
    QVERIFY(rig.got.isEmpty());
    QCOMPARE(rig.counters.heldNow, 4U);
    rig.listen("a");
    rig.announce("service.A", {"a"});
    Rig::settle();
    QCOMPARE(rig.got, (QByteArrayList{"0", "1", "2", "3"}));
}

// A broker unbinds in its own time: what it takes until then nobody gets.
void TestTypedPublisher::aBindingThatOutlivesItsServiceIsNotTrusted()
{
    Rig rig;
    rig.listen("a");
    rig.announce("service.A", {"a"});
    Rig::settle();
    rig.announcement.reset();
    Rig::settle();
    rig.publisher.publish("a", "0");
    rig.advance(Millis{500});
    QVERIFY(rig.got.isEmpty());
    QCOMPARE(rig.counters.heldNow, 1U);
    rig.publisher.publish("b", "1"); // nobody has just left this type
    rig.listen("b");
    Rig::settle();
    QCOMPARE(rig.got, QByteArrayList{"1"});
    rig.advance(Millis{1'250}); // somebody else listens to that one all the same
    QCOMPARE(rig.got, (QByteArrayList{"1", "0"}));
}

void TestTypedPublisher::whatMayWaitIsBounded()
{
    // Whatever the bus takes has room when nothing else waits.
    QVERIFY(ServicesOptions{}.maxHeldBytes >= bus::BusOptions{}.maxBodyBytes);
    ServicesOptions options;
    options.maxHeld = 3;
    options.maxHeldBytes = 10;
    Rig rig(options);
    rig.publisher.publish("a", "12345678");
    rig.publisher.publish("b", "123", {"x"}); // too many octets
    rig.publisher.publish("c", "1");
    rig.publisher.publish("d", "1");
    rig.publisher.publish("e", "", {"y"}); // too many
    QCOMPARE(rig.counters.heldNow, 3U);
    QCOMPARE(rig.counters.heldBytesNow, 10U);
    QCOMPARE(rig.counters.heldOverflows, 2U);
    QCOMPARE(rig.dead, (QByteArrayList{"b x", "e y"}));
}

void TestTypedPublisher::waitingAsksTheBusOnceASecond()
{
    Rig rig;
    for (int i = 0; i < 1'000; ++i)
        rig.publisher.publish("a", "x");
    Rig::settle();
    const quint64 before = rig.bus.counters().published;
    QCOMPARE(before, 1U);
    rig.advance(Millis{5'000});
    QVERIFY(rig.bus.counters().published - before <= 5);
}

namespace {

/// Ends publications as it is told, at once; remembers those it was given.
class ToldBus final : public bus::Bus
{
public:
    void publish(bus::Publication publication, bus::Published done) override
    {
        if (outcome == bus::Outcome::Kept)
            waiting.insert(publication.topic);
        given.push_back(std::move(publication));
        done(outcome, {ErrorCode::Unavailable, {}});
    }
    bool isWaiting(const bus::ExchangeName&, const bus::Topic& topic) const override
    {
        return waiting.contains(topic);
    }
    QByteArrayList takeBodies()
    {
        QByteArrayList bodies;
        for (const bus::Publication& publication : std::exchange(given, {}))
            bodies << publication.body;
        return bodies;
    }
    void come(const QByteArray& type)
    {
        bus::Service service;
        service.name = "service.A";
        service.topics = {topicOf(type)};
        present = {service};
        observer->serviceCame(service);
    }
    void leave()
    {
        const std::vector<bus::Service> gone = std::exchange(present, {});
        observer->serviceWent(gone.front());
    }
    bus::Ticket subscribe(const bus::ExchangeName&, const bus::Topic&, bus::MessageHandler,
        std::function<void()>, bus::Refused) override
    {
        return {};
    }
    bus::Ticket request(bus::Request, bus::AnswerHandler) override { return {}; }
    bus::Ticket serve(
        const bus::QueueName&, bus::CallHandler, std::function<void()>, bus::Refused) override
    {
        return {};
    }
    bus::Ticket announce(bus::Service) override { return {}; }
    std::vector<bus::Service> services() const override { return present; }
    void addObserver(bus::ServiceObserver* its) override { observer = its; }
    void removeObserver(bus::ServiceObserver*) override { }
    bus::BusState state() const override { return {}; }
    void addObserver(bus::StateObserver*) override { }
    void removeObserver(bus::StateObserver*) override { }
    const bus::BusCounters& counters() const override { return figures; }
    const QByteArray& nodeName() const override { return m_name; }
    void flush(Millis, std::function<void()> done) override { done(); }

    std::vector<bus::Publication> given;
    bus::Outcome outcome = bus::Outcome::Refused;
    QSet<bus::Topic> waiting; ///< in the outbox
    std::vector<bus::Service> present;
    bus::ServiceObserver* observer = nullptr;
    bus::BusCounters figures;

private:
    QByteArray m_name = "node";
};

struct ToldRig
{
    void advance(Millis time)
    {
        for (; time > Millis{0}; time -= Millis{250}) {
            clock.advance(Millis{250});
            publisher.tick();
        }
    }

    ManualClock clock;
    ToldBus bus;
    ServicesOptions options;
    ServicesCounters counters;
    QByteArrayList dead;
    TypedPublisher publisher{options, bus, clock, counters,
        [this](const TypedPublisher::Dead& message) { dead << message.body; }};
};

} // namespace

// It may have arrived all the same: whoever gets it knows it by its id.
void TestTypedPublisher::whatWasRefusedIsTheSameMessageAgain()
{
    ToldRig rig;
    ToldBus& bus = rig.bus;
    rig.publisher.publish("a", "0");
    rig.publisher.publish("a", "1");
    bus.outcome = bus::Outcome::Confirmed;
    rig.advance(Millis{2'500});
    QCOMPARE(bus.given.size(), size_t(3));
    QCOMPARE(bus.given[0].body, QByteArray("0"));
    QCOMPARE(bus.given[1].body, QByteArray("0"));
    QVERIFY(!bus.given[0].properties.id.isEmpty());
    QCOMPARE(bus.given[1].properties.id, bus.given[0].properties.id);
    QVERIFY(!bus.given[0].mayBeRepeated);
    QVERIFY(bus.given[1].mayBeRepeated);
    QCOMPARE(bus.given[2].body, QByteArray("1"));
    QVERIFY(bus.given[2].properties.id != bus.given[0].properties.id);
    QVERIFY(!bus.given[2].mayBeRepeated);
}

// Something else was kept and no queue takes it, ever.
void TestTypedPublisher::anOutboxThatIsStuckStopsNoOtherType()
{
    ToldRig rig;
    rig.bus.figures.outboxMessages = 1;
    rig.bus.outcome = bus::Outcome::Unroutable;
    rig.publisher.publish("a", "0");
    QCOMPARE(rig.bus.takeBodies(), QByteArrayList{"0"}); // asked about
    rig.publisher.publish("a", "1");
    rig.advance(Millis{1'250});
    QCOMPARE(rig.bus.takeBodies(), QByteArrayList{"0"});
    rig.bus.outcome = bus::Outcome::Confirmed; // somebody came who is not announced
    rig.advance(Millis{2'500});
    QCOMPARE(rig.bus.takeBodies(), (QByteArrayList{"0", "1"}));
    QCOMPARE(rig.counters.heldNow, 0U);
}

void TestTypedPublisher::whatIsWantedGoesBehindTheOutbox()
{
    ToldRig rig;
    rig.bus.come("a");
    rig.bus.figures.outboxMessages = 1;
    rig.bus.outcome = bus::Outcome::Kept;
    rig.publisher.publish("a", "0");
    rig.bus.outcome = bus::Outcome::Unroutable;
    rig.publisher.publish("a", "1");
    rig.publisher.publish("a", "2");
    QCOMPARE(rig.bus.takeBodies(), (QByteArrayList{"0", "1"}));
    QCOMPARE(rig.counters.heldNow, 2U);
    // It must not be asked, and need not.
    rig.bus.outcome = bus::Outcome::Kept;
    rig.advance(Millis{1'250});
    for (const bus::Publication& publication : rig.bus.given)
        QCOMPARE(publication.care, bus::Care::Kept);
    QCOMPARE(rig.bus.takeBodies(), (QByteArrayList{"1", "2"}));
    QCOMPARE(rig.counters.heldNow, 0U);
    QVERIFY(rig.dead.isEmpty());
}

void TestTypedPublisher::nothingGrowsOldBehindTheOutbox()
{
    ToldRig rig;
    rig.bus.come("a");
    rig.bus.figures.outboxMessages = 1;
    rig.bus.outcome = bus::Outcome::Kept;
    rig.publisher.publish("a", "0");
    rig.bus.leave();
    rig.bus.outcome = bus::Outcome::Unroutable;
    rig.publisher.publish("a", "1"); // must not overtake the other one
    rig.advance(Millis{300'000}); // as long as the outbox holds it
    QCOMPARE(rig.bus.takeBodies(), QByteArrayList{"0"});
    QVERIFY(rig.dead.isEmpty());
    rig.bus.waiting.clear(); // what is still there is something else
    rig.advance(Millis{250});
    QCOMPARE(rig.bus.takeBodies(), QByteArrayList{"1"});
    rig.advance(Millis{9'250});
    QVERIFY(rig.dead.isEmpty());
    rig.advance(Millis{1'000});
    QCOMPARE(rig.dead, QByteArrayList{"1"});
}

QTEST_GUILESS_MAIN(TestTypedPublisher)
#include "tst_typedpublisher.moc"
