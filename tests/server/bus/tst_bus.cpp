// SPDX-License-Identifier: Apache-2.0
// What every bus promises, whatever carries it.
#include "tests/server/bus/fixture.h"

using namespace gatehouse;
using namespace gatehouse::bus;
using namespace gatehouse::bus::test;

class TestBus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (usesRabbitMq())
            SKIP_WITHOUT_BROKER();
    }
    void init()
    {
        m_bus = makeBus(m_clock);
        m_before = m_bus->counters();
    }
    void cleanup() { m_bus.reset(); }

    // Messages
    void carriesOctetsAndPropertiesUnchanged();
    void routesByPattern();
    void keepsTheOrder();
    void aMessageComesOnceToEachSubscription();
    void exchangesAreApart();
    void theLastSubscriptionOfAPatternUnbinds();
    void subscriptionsMayEndInsideTheirHandler();
    void nothingIsCalledFromInsideTheCall();
    void tellsThatNobodyListens();
    void refusesWhatCannotBeSent_data();
    void refusesWhatCannotBeSent();
    void refusesMoreThanItsBounds();
    void rejectedMessagesAreDeadLettersOnce();
    void whatIsHeldMayOutliveTheBus();

    // Requests
    void answersARequest();
    void givesPartialAnswersInOrder();
    void theAskerMaySayWhatIsFinal();
    void endsARequestThatIsNotAnswered();
    void ignoresLateAnswers();
    void tellsThatNobodyServes();
    void aDroppedRequestIsNotAnswered();
    void boundsTheRequests();
    void boundsPartialAnswers();
    void sharesCallsOutAndBoundsThem();
    void aReplyMayComeMuchLater();
    void callsNobodyWaitsForAreNotMade();
    void callsThatWaitAreBounded();
    void boundsTheServedQueues();

    // Services
    void tellsWhoIsThere();

    void flushesWhatWaits();

private:
    SystemClock m_clock;
    std::unique_ptr<Bus> m_bus;
    BusCounters m_before; ///< a broker has heard of us by then
};

void TestBus::carriesOctetsAndPropertiesUnchanged()
{
    Inbox inbox;
    const Ticket ticket = subscribed(*m_bus, "", "a.b", inbox.handler());
    const QByteArray body("\0\xff{\"x\":1\r\n", 9);
    Properties properties;
    properties.id = "id-1";
    properties.contentType = "application/json";
    properties.type = "kind";
    properties.sender = "somebody";
    properties.headers = {{"traceparent", "00-1"}, {"b", "\xc3\xa9"}};
    Outcomes outcomes;
    m_bus->publish({.topic = "a.b", .body = body, .properties = properties}, outcomes.handler());
    m_bus->publish({.topic = "a.b", .body = {}}, outcomes.handler());
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 2 && outcomes.all.size() == 2; }));
    const Message& message = inbox.messages.front();
    QCOMPARE(message.body, body);
    QCOMPARE(message.topic, QByteArray("a.b"));
    QCOMPARE(message.exchange, QByteArray());
    QCOMPARE(message.properties.id, QByteArray("id-1"));
    QCOMPARE(message.properties.contentType, QByteArray("application/json"));
    QCOMPARE(message.properties.type, QByteArray("kind"));
    QCOMPARE(message.properties.sender, QByteArray("somebody"));
    QCOMPARE(message.properties.header("traceparent"), QByteArray("00-1"));
    QCOMPARE(message.properties.header("b"), QByteArray("\xc3\xa9"));
    QVERIFY(!message.mayBeRepeated);
    const Message& bare = inbox.messages.back();
    QVERIFY(bare.body.isEmpty());
    QVERIFY(!bare.properties.id.isEmpty()); // made up
    QCOMPARE(bare.properties.sender, m_bus->nodeName());
    QCOMPARE(outcomes.count(Outcome::Confirmed), 2);
    QCOMPARE(m_bus->counters().confirmed - m_before.confirmed, 2u);
}

void TestBus::routesByPattern()
{
    Inbox exact, star, hash;
    const Ticket one = subscribed(*m_bus, "", "guild.7", exact.handler());
    const Ticket two = subscribed(*m_bus, "", "guild.*", star.handler());
    const Ticket three = subscribed(*m_bus, "", "guild.#", hash.handler());
    for (const char* topic : {"guild", "guild.7", "guild.8", "guild.7.logs", "other"})
        m_bus->publish({.topic = topic, .body = topic});
    QVERIFY(waitUntil([&] { return hash.messages.size() == 4; }));
    QCOMPARE(exact.bodies(), QList<QByteArray>{"guild.7"});
    QCOMPARE(star.bodies(), (QList<QByteArray>{"guild.7", "guild.8"}));
    QCOMPARE(hash.bodies(), (QList<QByteArray>{"guild", "guild.7", "guild.8", "guild.7.logs"}));
    QCOMPARE(m_bus->counters().boundTopics, 3u);
}

void TestBus::keepsTheOrder()
{
    constexpr int count = 5'000;
    Inbox inbox;
    const Ticket ticket = subscribed(*m_bus, "", "n", inbox.handler());
    for (int i = 0; i < count; ++i)
        m_bus->publish({.topic = "n", .body = QByteArray::number(i)});
    QVERIFY(waitUntil([&] { return inbox.messages.size() == count; }));
    for (int i = 0; i < count; ++i)
        QCOMPARE(inbox.messages[size_t(i)].body, QByteArray::number(i));
}

void TestBus::aMessageComesOnceToEachSubscription()
{
    Inbox inbox;
    const Ticket one = subscribed(*m_bus, "", "a.*", inbox.handler());
    const Ticket two = subscribed(*m_bus, "", "#", inbox.handler());
    const Ticket three = subscribed(*m_bus, "", "a.*", inbox.handler());
    m_bus->publish({.topic = "a.b", .body = "x"});
    m_bus->publish({.topic = "end", .body = "y"});
    QVERIFY(waitUntil([&] { return !inbox.messages.empty() && inbox.bodies().last() == "y"; }));
    QCOMPARE(inbox.bodies(), (QList<QByteArray>{"x", "x", "x", "y"}));
    QCOMPARE(m_bus->counters().boundTopics, 2u);
    QCOMPARE(m_bus->counters().subscriptions, 3u);
}

void TestBus::exchangesAreApart()
{
    Inbox own, events;
    const Ticket one = subscribed(*m_bus, "", "a", own.handler());
    const Ticket two = subscribed(*m_bus, "events", "a", events.handler());
    m_bus->publish({.topic = "a", .body = "own"});
    m_bus->publish({.exchange = "events", .topic = "a", .body = "event"});
    QVERIFY(waitUntil([&] { return own.messages.size() == 1 && events.messages.size() == 1; }));
    QCOMPARE(own.bodies(), QList<QByteArray>{"own"});
    QCOMPARE(events.bodies(), QList<QByteArray>{"event"});
    QCOMPARE(events.messages[0].exchange, QByteArray("events"));
}

void TestBus::theLastSubscriptionOfAPatternUnbinds()
{
    Inbox inbox;
    Ticket one = subscribed(*m_bus, "", "guild_1", inbox.handler());
    Ticket two = subscribed(*m_bus, "", "guild_1", inbox.handler());
    QCOMPARE(m_bus->counters().boundTopics, 1u);
    one.reset();
    m_bus->publish({.topic = "guild_1", .body = "1"});
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }));
    two.reset();
    QVERIFY(waitUntil([&] { return m_bus->counters().boundTopics == 0; }));
    // A broker may need a moment to hear of it.
    QVERIFY(waitUntil([&] {
        Outcomes outcomes;
        m_bus->publish(
            {.topic = "guild_1", .body = "2", .needsReceiver = true}, outcomes.handler());
        return waitUntil([&] { return outcomes.all.size() == 1; })
            && outcomes.all[0] == std::pair(Outcome::Unroutable, ErrorCode::NotFound);
    }));
    QCOMPARE(inbox.messages.size(), size_t(1));
    const Ticket again = subscribed(*m_bus, "", "guild_1", inbox.handler());
    m_bus->publish({.topic = "guild_1", .body = "3"});
    QVERIFY(waitUntil([&] { return inbox.bodies().last() == "3"; }));
    QCOMPARE(inbox.bodies().count("3"), 1);
}

void TestBus::subscriptionsMayEndInsideTheirHandler()
{
    int calls = 0;
    Ticket ticket;
    ticket = subscribed(*m_bus, "", "a", [&](const Message&) {
        ++calls;
        ticket.reset();
        return Verdict::Accepted;
    });
    Inbox other;
    const Ticket second = subscribed(*m_bus, "", "#", other.handler());
    m_bus->publish({.topic = "a"});
    m_bus->publish({.topic = "a"});
    QVERIFY(waitUntil([&] { return other.messages.size() == 2; }));
    QCOMPARE(calls, 1);
}

void TestBus::nothingIsCalledFromInsideTheCall()
{
    Inbox inbox;
    bool isInside = true;
    bool wasInside = false;
    const Ticket ticket
        = m_bus->subscribe("", "a", inbox.handler(), [&] { wasInside = wasInside || isInside; });
    m_bus->publish(
        {.topic = "a*"}, [&](Outcome, const Error&) { wasInside = wasInside || isInside; });
    const Ticket request = m_bus->request(
        {.queue = ""}, [&](const Result<Answer>&) { wasInside = wasInside || isInside; });
    isInside = false;
    Outcomes outcomes;
    m_bus->publish({.topic = "b"}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 1; }));
    QVERIFY(!wasInside);
    QVERIFY(!m_bus->subscribe("", "a*", inbox.handler()));
    QVERIFY(!m_bus->subscribe("amq.x", "a", inbox.handler()));
    QVERIFY(!m_bus->serve("", {}));
}

void TestBus::tellsThatNobodyListens()
{
    Outcomes outcomes;
    m_bus->publish({.topic = "nowhere"}, outcomes.handler());
    m_bus->publish({.topic = "nowhere", .needsReceiver = true}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 2; }));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 1);
    QCOMPARE(outcomes.count(Outcome::Unroutable), 1);
    QCOMPARE(m_bus->counters().unroutable, 1u);
}

void TestBus::refusesWhatCannotBeSent_data()
{
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<int>("bodySize");
    QTest::addColumn<int>("headers");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("no topic") << QByteArray() << QByteArray() << 0 << 0 << ErrorCode::BadRequest;
    QTest::newRow("pattern") << QByteArray("a.#") << QByteArray() << 0 << 0
                             << ErrorCode::BadRequest;
    QTest::newRow("topic of 256 octets")
        << QByteArray(256, 'x') << QByteArray() << 0 << 0 << ErrorCode::BadRequest;
    QTest::newRow("long id") << QByteArray("a") << QByteArray(256, 'x') << 0 << 0
                             << ErrorCode::TooLarge;
    QTest::newRow("large body") << QByteArray("a") << QByteArray() << 1'001 << 0
                                << ErrorCode::TooLarge;
    QTest::newRow("33 headers") << QByteArray("a") << QByteArray() << 0 << 33
                                << ErrorCode::TooLarge;
}

void TestBus::refusesWhatCannotBeSent()
{
    QFETCH(QByteArray, topic);
    QFETCH(QByteArray, id);
    QFETCH(int, bodySize);
    QFETCH(int, headers);
    m_bus = makeBus(m_clock, {.maxBodyBytes = 1'000});
    Publication publication{.topic = topic, .body = QByteArray(bodySize, 'b')};
    publication.properties.id = id;
    for (int i = 0; i < headers; ++i)
        publication.properties.headers.emplace_back("h" + QByteArray::number(i), "v");
    Outcomes outcomes;
    m_bus->publish(publication, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 1; }));
    QCOMPARE(outcomes.all[0].first, Outcome::Refused);
    QTEST(outcomes.all[0].second, "code");
    QCOMPARE(m_bus->counters().refused, 1u);
    // At the bound it goes.
    m_bus->publish({.topic = "a", .body = QByteArray(1'000, 'b')}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 2; }));
    QCOMPARE(outcomes.all[1].first, Outcome::Confirmed);
}

void TestBus::refusesMoreThanItsBounds()
{
    m_bus = makeBus(m_clock, {.maxWaiting = 10, .maxWaitingBytes = 1'000});
    Outcomes outcomes;
    for (int i = 0; i < 12; ++i)
        m_bus->publish({.topic = "a"}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 12; }));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 10);
    QCOMPARE(std::count(outcomes.all.begin(), outcomes.all.end(),
                 std::pair(Outcome::Refused, ErrorCode::RateLimited)),
        2);
    QCOMPARE(m_bus->counters().overflowed, 2u);
    QVERIFY(waitUntil([&] { return m_bus->counters().waiting == 0; }));
    outcomes.all.clear();
    for (int i = 0; i < 3; ++i)
        m_bus->publish({.topic = "a", .body = QByteArray(400, 'x')}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 3; }));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 2);
    QCOMPARE(m_bus->counters().waitingBytes, 0u);
}

void TestBus::rejectedMessagesAreDeadLettersOnce()
{
    Inbox rejecting, other;
    const Ticket one = subscribed(*m_bus, "", "bad", rejecting.handler(Verdict::Rejected));
    const Ticket two = subscribed(*m_bus, "", "end", other.handler());
    m_bus->publish({.topic = "bad", .body = "{"});
    m_bus->publish({.topic = "end"});
    QVERIFY(waitUntil([&] { return other.messages.size() == 1; }));
    QVERIFY(holdsFor([&] { return rejecting.messages.size() == 1; }, Millis{200}));
    QCOMPARE(m_bus->counters().deadLettered, 1u);
}

void TestBus::whatIsHeldMayOutliveTheBus()
{
    std::vector<Reply> replies;
    Inbox inbox;
    Answers answers;
    Ticket subscription = subscribed(*m_bus, "", "a", inbox.handler());
    Ticket serving = served(
        *m_bus, "q", [&](const Message&, Reply reply) { replies.push_back(std::move(reply)); });
    Ticket announcement = m_bus->announce({.name = "s"});
    Ticket request = m_bus->request({.queue = "q", .body = "x"}, answers.handler());
    QVERIFY(waitUntil([&] { return replies.size() == 1; }));
    m_bus->publish({.topic = "a"});
    m_bus.reset();
    QVERIFY(!replies[0].isWanted());
    replies[0].part("late");
    replies[0].finish("too late");
    QVERIFY(holdsFor([&] { return inbox.messages.empty() && !answers.isFinished; }, Millis{20}));
}

void TestBus::answersARequest()
{
    Message asked;
    const Ticket serving = served(*m_bus, "shard_rpc_0", [&](const Message& call, Reply reply) {
        asked = call;
        QVERIFY(reply.isWanted());
        reply.finish("answer to " + call.body, {.contentType = "text/plain"});
        QVERIFY(!reply.isWanted());
    });
    Answers answers;
    Message got;
    const Ticket request = m_bus->request(
        {.queue = "shard_rpc_0", .body = "question", .properties = {.contentType = "x/y"}},
        [&](const Result<Answer>& answer) {
            answers.handler()(answer);
            if (answer)
                got = answer->message;
        });
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QVERIFY(!answers.error);
    QCOMPARE(answers.bodies, QList<QByteArray>{"answer to question"});
    QCOMPARE(asked.topic, QByteArray("shard_rpc_0"));
    QCOMPARE(asked.properties.contentType, QByteArray("x/y"));
    QCOMPARE(asked.properties.sender, m_bus->nodeName());
    QCOMPARE(got.properties.contentType, QByteArray("text/plain"));
    QCOMPARE(got.topic, QByteArray("shard_rpc_0"));
    QCOMPARE(m_bus->counters().pendingRequests, 0u);
    QCOMPARE(m_bus->counters().answers, 1u);
    QVERIFY(waitUntil([&] { return m_bus->counters().unansweredCalls == 0; }));
}

void TestBus::givesPartialAnswersInOrder()
{
    const Ticket serving = served(*m_bus, "q", [](const Message&, Reply reply) {
        for (int i = 0; i < 100; ++i)
            reply.part(QByteArray::number(i));
        reply.finish("end");
    });
    Answers answers;
    const Ticket request = m_bus->request({.queue = "q"}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies.size(), 101);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(answers.bodies[i], QByteArray::number(i));
    QCOMPARE(answers.bodies.last(), QByteArray("end"));
}

void TestBus::theAskerMaySayWhatIsFinal()
{
    const Ticket serving = served(*m_bus, "q", [](const Message&, Reply reply) {
        reply.part("1");
        reply.part("last");
        reply.part("superfluous");
        reply.finish("superfluous");
    });
    Answers answers;
    const Ticket request = m_bus->request(
        {.queue = "q", .isFinal = [](const Message& message) { return message.body == "last"; }},
        answers.handler());
    QVERIFY(waitUntil([&] { return m_bus->counters().lateAnswers == 2; }));
    QVERIFY(answers.isFinished);
    QCOMPARE(answers.bodies, (QList<QByteArray>{"1", "last"}));
}

void TestBus::endsARequestThatIsNotAnswered()
{
    std::vector<Reply> kept;
    const Ticket serving = served(
        *m_bus, "silent", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers answers;
    const Ticket request
        = m_bus->request({.queue = "silent", .timeout = Millis{50}}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.error->code, ErrorCode::Timeout);
    QCOMPARE(answers.error->detail, u"silent did not answer within 50 ms"_s);
    QCOMPARE(m_bus->counters().requestTimeouts, 1u);
    QCOMPARE(m_bus->counters().pendingRequests, 0u);
}

void TestBus::ignoresLateAnswers()
{
    std::vector<Reply> kept;
    const Ticket serving = served(
        *m_bus, "q", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers answers;
    const Ticket request = m_bus->request({.queue = "q", .timeout = Millis{30}}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished && kept.size() == 1; }));
    kept[0].part("late");
    kept[0].finish("late");
    QVERIFY(waitUntil([&] { return m_bus->counters().lateAnswers == 2; }));
    QVERIFY(answers.bodies.isEmpty());
}

void TestBus::tellsThatNobodyServes()
{
    Answers answers;
    const Ticket request = m_bus->request({.queue = "nobody"}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.error->code, ErrorCode::NotFound);
    QCOMPARE(m_bus->counters().requestErrors, 1u);
    {
        const Ticket serving = served(*m_bus, "short", [](const Message&, Reply) {});
    }
    // A broker may need a moment to notice.
    QVERIFY(waitUntil([&] {
        Answers after;
        const Ticket again
            = m_bus->request({.queue = "short", .timeout = Millis{200}}, after.handler());
        return waitUntil([&] { return after.isFinished; })
            && after.error->code == ErrorCode::NotFound;
    }));
}

void TestBus::aDroppedRequestIsNotAnswered()
{
    std::vector<Reply> kept;
    const Ticket serving = served(
        *m_bus, "q", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers answers;
    Ticket request = m_bus->request({.queue = "q", .timeout = Millis{10'000}}, answers.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    request.reset();
    QCOMPARE(m_bus->counters().pendingRequests, 0u);
    kept[0].finish("x");
    QVERIFY(waitUntil([&] { return m_bus->counters().lateAnswers == 1; }));
    QVERIFY(!answers.isFinished);
    // Released, it goes on.
    m_bus->request({.queue = "q"}, answers.handler()).release();
    QVERIFY(waitUntil([&] { return kept.size() == 2; }));
    kept[1].finish("y");
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
}

void TestBus::boundsTheRequests()
{
    m_bus = makeBus(m_clock, {.maxRequests = 2});
    std::vector<Reply> kept;
    const Ticket serving = served(
        *m_bus, "q", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers one, two, three;
    const Ticket a = m_bus->request({.queue = "q"}, one.handler());
    const Ticket b = m_bus->request({.queue = "q"}, two.handler());
    const Ticket c = m_bus->request({.queue = "q"}, three.handler());
    QVERIFY(waitUntil([&] { return three.isFinished && kept.size() == 2; }));
    QCOMPARE(three.error->code, ErrorCode::RateLimited);
    for (Reply& reply : kept)
        reply.finish("ok");
    QVERIFY(waitUntil([&] { return one.isFinished && two.isFinished; }));
    QVERIFY(!one.error && !two.error);
}

void TestBus::boundsPartialAnswers()
{
    const Ticket serving = served(*m_bus, "q", [](const Message&, Reply reply) {
        for (int i = 0; i < 10; ++i)
            reply.part(QByteArray::number(i));
        reply.finish("end");
    });
    Answers answers;
    const Ticket request = m_bus->request({.queue = "q", .maxParts = 3}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies.size(), 3);
    QCOMPARE(answers.error->code, ErrorCode::TooLarge);
}

void TestBus::sharesCallsOutAndBoundsThem()
{
    m_bus = makeBus(m_clock, {.maxCalls = 2});
    std::vector<Reply> first, second;
    const auto keeping = [](std::vector<Reply>& in) {
        return [&in](const Message&, Reply reply) { in.push_back(std::move(reply)); };
    };
    const Ticket a = served(*m_bus, "q", keeping(first));
    const Ticket b = served(*m_bus, "q", keeping(second));
    std::vector<Answers> answers(10);
    std::vector<Ticket> tickets;
    for (Answers& one : answers)
        tickets.push_back(m_bus->request({.queue = "q"}, one.handler()));
    QVERIFY(waitUntil([&] { return first.size() == 2 && second.size() == 2; }));
    QVERIFY(holdsFor([&] { return first.size() + second.size() == 4; }, Millis{100}));
    const auto answerAll = [&](std::vector<Reply>& in) {
        for (Reply& reply : std::exchange(in, {}))
            reply.finish("ok");
    };
    QVERIFY(waitUntil([&] {
        answerAll(first);
        answerAll(second);
        return std::all_of(
            answers.begin(), answers.end(), [](const Answers& one) { return one.isFinished; });
    }));
    for (const Answers& one : answers)
        QCOMPARE(one.bodies, QList<QByteArray>{"ok"});
    QCOMPARE(m_bus->counters().calls, 10u);
}

void TestBus::aReplyMayComeMuchLater()
{
    std::vector<Reply> kept;
    Ticket serving = served(
        *m_bus, "q", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers answers, rejected;
    const Ticket a = m_bus->request({.queue = "q"}, answers.handler());
    const Ticket b = m_bus->request({.queue = "q", .timeout = Millis{300}}, rejected.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 2; }));
    kept.pop_back(); // dropped: rejected
    QVERIFY(waitUntil([&] { return m_bus->counters().deadLettered == 1; }));
    serving.reset(); // and still the other one is answered
    kept[0].finish("late but wanted");
    QVERIFY(waitUntil([&] { return answers.isFinished && rejected.isFinished; }));
    QCOMPARE(answers.bodies, QList<QByteArray>{"late but wanted"});
    QCOMPARE(rejected.error->code, ErrorCode::Timeout);
}

void TestBus::callsNobodyWaitsForAreNotMade()
{
    m_bus = makeBus(m_clock, {.maxCalls = 1});
    QList<QByteArray> called;
    std::vector<Reply> kept;
    const Ticket serving = served(*m_bus, "q", [&](const Message& call, Reply reply) {
        called.append(call.body);
        kept.push_back(std::move(reply));
    });
    Answers first, late, last;
    const Ticket a = m_bus->request({.queue = "q", .body = "first"}, first.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    const Ticket b
        = m_bus->request({.queue = "q", .body = "late", .timeout = Millis{50}}, late.handler());
    QVERIFY(waitUntil([&] { return late.isFinished; }));
    QCOMPARE(late.error->code, ErrorCode::Timeout);
    QCOMPARE(m_bus->counters().waitingCalls, 0u);
    // At a broker it expires a little later, by its way there.
    QVERIFY(holdsFor([&] { return called.size() == 1; }, Millis{100}));
    const Ticket c = m_bus->request({.queue = "q", .body = "last"}, last.handler());
    std::exchange(kept, {})[0].finish("ok");
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    kept[0].finish("ok");
    QVERIFY(waitUntil([&] { return first.isFinished && last.isFinished; }));
    QCOMPARE(called, (QList<QByteArray>{"first", "last"}));
}

void TestBus::callsThatWaitAreBounded()
{
    if (usesRabbitMq())
        QSKIP("they wait at the broker");
    m_bus = makeBus(m_clock, {.maxWaiting = 2, .maxWaitingBytes = 1'000, .maxCalls = 1});
    std::vector<Reply> kept;
    Ticket serving = served(
        *m_bus, "q", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers first, second, third, fourth;
    const Ticket a = m_bus->request({.queue = "q"}, first.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    Ticket b = m_bus->request({.queue = "q", .body = QByteArray(600, 'x')}, second.handler());
    QVERIFY(waitUntil([&] { return m_bus->counters().waitingCallBytes == 600; }));
    QCOMPARE(m_bus->counters().waiting, 0u);
    const Ticket c = m_bus->request({.queue = "q", .body = QByteArray(600, 'y')}, third.handler());
    QVERIFY(waitUntil([&] { return third.isFinished; }));
    QCOMPARE(third.error->code, ErrorCode::RateLimited);
    b.reset(); // and makes room
    QCOMPARE(m_bus->counters().waitingCalls, 0u);
    QCOMPARE(m_bus->counters().waitingCallBytes, 0u);
    const Ticket d = m_bus->request({.queue = "q", .body = QByteArray(600, 'z')}, fourth.handler());
    QVERIFY(waitUntil([&] { return m_bus->counters().waitingCalls == 1; }));
    serving.reset();
    QVERIFY(waitUntil([&] { return fourth.isFinished; }));
    QCOMPARE(fourth.error->code, ErrorCode::NotFound);
    QCOMPARE(m_bus->counters().waitingCallBytes, 0u);
}

void TestBus::boundsTheServedQueues()
{
    m_bus = makeBus(m_clock, {.maxServed = 2});
    const auto answering = [](const Message& call, Reply reply) { reply.finish(call.body); };
    Ticket one = served(*m_bus, "q1", answering);
    const Ticket two = served(*m_bus, "q2", answering);
    QCOMPARE(m_bus->counters().servedQueues, 2u);
    std::optional<Error> why;
    const Ticket three
        = m_bus->serve("q3", answering, {}, [&](const Error& error) { why = error; });
    QVERIFY(!three);
    QVERIFY(!why);
    QVERIFY(waitUntil([&] { return why.has_value(); }));
    QCOMPARE(why->code, ErrorCode::RateLimited);
    one.reset();
    const Ticket again = served(*m_bus, "q3", answering);
    Answers answers;
    const Ticket request = m_bus->request({.queue = "q3", .body = "x"}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies, QList<QByteArray>{"x"});
}

namespace {

struct Watcher : ServiceObserver
{
    QList<QByteArray> changes;

    void serviceCame(const Service& service) override { changes.append("+" + service.name); }
    void serviceWent(const Service& service) override { changes.append("-" + service.name); }
};

} // namespace

void TestBus::tellsWhoIsThere()
{
    Watcher watcher;
    m_bus->addObserver(&watcher);
    const Service filesystem{
        .name = "service.Filesystem", .topics = {"file-list-request"}, .queues = {"q"}};
    Ticket ticket = m_bus->announce(filesystem);
    QVERIFY(ticket);
    QVERIFY(!m_bus->announce(filesystem)); // the name is taken
    QVERIFY(!m_bus->announce({.name = ""}));
    QVERIFY(watcher.changes.isEmpty()); // in a turn of its own
    QVERIFY(waitUntil([&] { return watcher.changes == QList<QByteArray>{"+service.Filesystem"}; }));
    const auto services = m_bus->services();
    QCOMPARE(services.size(), size_t(1));
    QCOMPARE(services[0].topics, filesystem.topics);
    QCOMPARE(services[0].queues, filesystem.queues);
    QCOMPARE(services[0].node, m_bus->nodeName());
    ticket.reset();
    QVERIFY(waitUntil([&] { return watcher.changes.size() == 2; }));
    QCOMPARE(watcher.changes.last(), QByteArray("-service.Filesystem"));
    QVERIFY(m_bus->services().empty());
    ticket = m_bus->announce(filesystem);
    QVERIFY(ticket); // free again
    m_bus->removeObserver(static_cast<ServiceObserver*>(&watcher));
}

void TestBus::flushesWhatWaits()
{
    Inbox inbox;
    const Ticket ticket = subscribed(*m_bus, "", "a", inbox.handler());
    Outcomes outcomes;
    for (int i = 0; i < 1'000; ++i)
        m_bus->publish({.topic = "a"}, outcomes.handler());
    bool isFlushed = false;
    m_bus->flush(Millis{5'000}, [&] { isFlushed = true; });
    QVERIFY(waitUntil([&] { return isFlushed; }));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 1'000);
    isFlushed = false;
    m_bus->flush(Millis{5'000}, [&] { isFlushed = true; });
    QVERIFY(waitUntil([&] { return isFlushed; }));
}

QTEST_GUILESS_MAIN(TestBus)
#include "tst_bus.moc"
