// SPDX-License-Identifier: Apache-2.0
// What only a broker brings about: other people's messages and exchanges, TLS, who may connect.
#include "server/bus/amqpconnection.h"
#include "tests/server/bus/fixture.h"

#include <QFile>

using namespace gatehouse;
using namespace gatehouse::bus;
using namespace gatehouse::bus::test;

class TestAmqpBus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_BROKER(); }
    void cleanup() { RabbitBroker::shared().thaw(); }

    void readsAnAddress_data();
    void readsAnAddress();
    void twoProcessesHearEachOther();
    void tellsWhoIsThereAndWhoWent();
    void usesAnExchangeAsItIs();
    void survivesAnExchangeThatIsDeleted();
    void dropsOnlyWhatMayBeRepeated();
    void deadLettersAreKeptAtTheBroker();
    void oversizedMessagesCostNothing();
    void garbageHarmsNobody();
    void servesAQueueOfSomebodyElse();
    void speaksTls();
    void saysWhyItCannotConnect_data();
    void saysWhyItCannotConnect();
    void startsWithoutABroker();
    void rebindsManyTopics();
    void aRefusedMessageIsNotSentLater();
    void whatIsPublishedAgainComesOnce();
    void anExchangeWeMayNotUseHarmsNobodyElse_data();
    void anExchangeWeMayNotUseHarmsNobodyElse();
    void aFullQueueIsTriedAgainWithPauses();
    void usesItsQueueWithFormerSettings();
    void tellsWhichQueueIsNotOurs();
    void tellsWhichPatternIsNotBound();
    void usesChannelsAgain();
    void doesNotSleepOnWhatItHasRead();
    void aDamagedMessageDoesNotHoldUpTheOutbox();
    void aRejectionSurvivesALostConnection();
    void anAnswerThatLostAPartFails_data();
    void anAnswerThatLostAPartFails();
    void countsTheOutboxOnce_data();
    void countsTheOutboxOnce();
    void unroutableStaysUnroutable();
    void whatNeedsAReceiverWaitsForOne();
    void whatNobodyComesForIsADeadLetter();
    void aFormerBindingSwallowsNothing_data();
    void aFormerBindingSwallowsNothing();
    void aFormerBindingDoublesNothing();
    void whatIsKeptMeanwhileHoldsUpNothing();
    void aBindingThatCannotBeGivenUpEndsInADeadLetter();
    void whatFindsNoRoomIsRejectedOnce();
    void eachFlushHasItsOwnLimit();

private:
    std::unique_ptr<AmqpBus> bus(AmqpOptions options)
    {
        auto made = std::make_unique<AmqpBus>(m_clock, std::move(options), m_outbox);
        if (!waitUntil([&] { return made->state().isUp() && made->counters().waiting == 0; }))
            qFatal("no connection: %s", qPrintable(made->state().detail));
        return made;
    }
    /// A peer that says what it likes.
    std::unique_ptr<AmqpConnection> peer() const
    {
        auto connection = AmqpConnection::open(amqpOptions(), "peer");
        if (!connection || !(*connection)->openChannel(1))
            qFatal("no connection of a peer");
        return *std::move(connection);
    }

    SystemClock m_clock;
    MemoryOutbox m_outbox;
};

namespace {

Outgoing raw(const ExchangeName& exchange, const QByteArray& key, const QByteArray& body)
{
    Outgoing message;
    message.exchange = exchange;
    message.routingKey = key;
    message.body = body;
    return message;
}

qint64 residentKib()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    return file.open(QFile::ReadOnly) ? file.readAll().split(' ').value(1).toLongLong() * 4 : 0;
}

} // namespace

void TestAmqpBus::readsAnAddress_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("text"); ///< empty: refused
    QTest::addColumn<QString>("virtualHost");
    const auto row = [](const char* url, const char* text, const char* host) {
        QTest::newRow(url) << QString::fromLatin1(url) << QString::fromLatin1(text)
                           << QString::fromLatin1(host);
    };
    row("amqp://", "amqp://guest@127.0.0.1:5672/", "/");
    row("amqp://u:p@h:1/v", "amqp://u@h:1/v", "v");
    row("amqp://u:p%40x@h/%2Fa", "amqp://u@h:5672/%2Fa", "/a");
    row("amqps://h", "amqps://guest@h:5671/", "/");
    row("amqp://[::1]:5672", "amqp://guest@[::1]:5672/", "/");
    row("http://h", "", "");
    row("amqp://h:0", "", "");
    row("amqp://h/a/b", "", "");
    row("amqp://h?heartbeat=3", "", "");
    row("not an address", "", "");
}

void TestAmqpBus::readsAnAddress()
{
    QFETCH(QString, url);
    QFETCH(QString, text);
    const auto endpoint = AmqpEndpoint::fromUrl(url);
    QCOMPARE(endpoint.has_value(), !text.isEmpty());
    if (!endpoint) {
        QCOMPARE(endpoint.error().code, ErrorCode::BadRequest);
        return;
    }
    QCOMPARE(endpoint->text(), text);
    QTEST(endpoint->virtualHost, "virtualHost");
}

void TestAmqpBus::twoProcessesHearEachOther()
{
    const AmqpOptions options = amqpOptions();
    const auto one = bus(options);
    const auto two = bus(options);
    QVERIFY(one->nodeName() != two->nodeName());
    Inbox first, second;
    const Ticket a = subscribed(*one, "", "guild.*", first.handler());
    const Ticket b = subscribed(*two, "", "guild.7", second.handler());
    one->publish({.topic = "guild.7", .body = "x"}, {});
    two->publish({.topic = "guild.8", .body = "y"}, {});
    QVERIFY(waitUntil([&] { return first.messages.size() == 2 && second.messages.size() == 1; }));
    QCOMPARE(second.messages[0].properties.sender, one->nodeName());
    // A question from the one is answered by the other.
    const Ticket serving = served(*two, "shard_rpc_9", [](const Message& call, Reply reply) {
        reply.part("half of " + call.body);
        reply.finish("all of " + call.body);
    });
    Answers answers;
    const Ticket request = one->request({.queue = "shard_rpc_9", .body = "it"}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies, (QList<QByteArray>{"half of it", "all of it"}));
}

namespace {

struct Watcher : ServiceObserver
{
    QList<QByteArray> changes;

    void serviceCame(const Service& service) override { changes.append("+" + service.name); }
    void serviceWent(const Service& service) override { changes.append("-" + service.name); }
};

} // namespace

void TestAmqpBus::tellsWhoIsThereAndWhoWent()
{
    AmqpOptions options = amqpOptions();
    options.presencePeriod = Millis{100};
    const auto watching = bus(options);
    Watcher watcher;
    watching->addObserver(static_cast<ServiceObserver*>(&watcher));
    auto other = bus(options);
    Ticket ticket = other->announce({.name = "service.Files", .topics = {"file-list-request"}});
    QVERIFY(ticket);
    QVERIFY(waitUntil([&] { return watcher.changes == QList<QByteArray>{"+service.Files"}; }));
    QCOMPARE(watching->services()[0].node, other->nodeName());
    QCOMPARE(watching->services()[0].topics, std::vector<Topic>{"file-list-request"});
    QVERIFY(!watching->announce({.name = "service.Files"})); // one name, one service
    // One that comes later hears of it at once.
    const auto late = bus(options);
    QVERIFY(waitUntil([&] { return late->services().size() == 1; }));
    // It goes without a word: forgotten after three periods.
    other.reset();
    QVERIFY(waitUntil([&] { return watcher.changes.last() == "-service.Files"; }));
    QVERIFY(watching->services().empty());
    // What is not of the protocol changes nothing.
    const auto stranger = peer();
    for (const char* body :
        {"", "{", "[]", "{}", R"({"node":""})", R"({"node":"n","services":[{}]})",
            R"({"node":"n","services":[{"name":"s","topics":[1]}]})"})
        QVERIFY(stranger->publish(1, raw(options.common.exchange + ".presence", "node", body)));
    QVERIFY(stranger->publish(1,
        raw(options.common.exchange + ".presence", "node",
            R"({"node":"n","services":[{"name":"by-hand"}]})")));
    QVERIFY(waitUntil([&] { return watching->services().size() == 1; }));
    QCOMPARE(watching->services()[0].name, QByteArray("by-hand"));
    watching->removeObserver(static_cast<ServiceObserver*>(&watcher));
}

void TestAmqpBus::usesAnExchangeAsItIs()
{
    const auto stranger = peer();
    QVERIFY(stranger->declareExchange(
        1, {.name = "socketio-test", .type = "fanout", .isDurable = false}, false));
    AmqpOptions options = amqpOptions();
    const auto one = bus(options); // would make it a durable topic exchange
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "socketio-test", "#", inbox.handler());
    QVERIFY(stranger->publish(1, raw("socketio-test", "", "kombu"))); // an empty routing key
    QVERIFY(stranger->publish(1, raw("socketio-test", "*", "aio-pika")));
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 2; })); // two connections have no order
    Outcomes outcomes;
    one->publish({.exchange = "socketio-test", .topic = "x", .body = "own"}, outcomes.handler());
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 3 && outcomes.all.size() == 1; }));
    QCOMPARE(inbox.bodies(), (QList<QByteArray>{"kombu", "aio-pika", "own"}));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 1);
    // One that is wanted otherwise is made so.
    options.exchanges = {*ExchangeOptions::fromText(u"socketio-made fanout transient"_s)};
    const auto two = bus(options);
    Inbox made;
    const Ticket again = subscribed(*two, "socketio-made", "#", made.handler());
    QVERIFY(stranger->declareExchange(
        1, {.name = "socketio-made", .type = "fanout", .isDurable = false}, false));
    QVERIFY(stranger->publish(1, raw("socketio-made", "", "x")));
    QVERIFY(waitUntil([&] { return made.messages.size() == 1; }));
}

void TestAmqpBus::survivesAnExchangeThatIsDeleted()
{
    const AmqpOptions options = amqpOptions();
    const auto one = bus(options);
    Outcomes outcomes;
    one->publish({.exchange = "short-lived", .topic = "a"}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 1; }));
    bool ok = false;
    RabbitBroker::shared().control({u"eval"_s,
                                       u"rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, "
                                       "<<\"short-lived\">>), false, <<\"test\">>)."_s},
        &ok);
    QVERIFY(ok);
    for (int i = 0; i < 5; ++i)
        one->publish({.exchange = "short-lived", .topic = "a"}, outcomes.handler());
    one->publish({.topic = "b"}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 7; }));
    QCOMPARE(outcomes.count(Outcome::Confirmed), 7);
}

void TestAmqpBus::dropsOnlyWhatMayBeRepeated()
{
    const AmqpOptions options = amqpOptions();
    const auto one = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "a", inbox.handler());
    const auto stranger = peer();
    Outgoing message = raw(options.common.exchange, "a", "1");
    message.properties.id = "same";
    QVERIFY(stranger->publish(1, message));
    QVERIFY(stranger->publish(1, message)); // a sender that does not number: both count
    message.mayBeRepeated = true;
    QVERIFY(stranger->publish(1, message));
    message.properties.id = "other";
    QVERIFY(stranger->publish(1, message)); // flagged, but the first of its kind
    QVERIFY(
        waitUntil([&] { return one->counters().duplicates == 1 && inbox.messages.size() == 3; }));
    QVERIFY(inbox.messages.back().mayBeRepeated);
}

void TestAmqpBus::deadLettersAreKeptAtTheBroker()
{
    const AmqpOptions options = amqpOptions();
    const auto one = bus(options);
    Inbox rejecting;
    const Ticket a = subscribed(*one, "", "bad", rejecting.handler(Verdict::Rejected));
    const auto stranger = peer();
    const auto queue = stranger->declareQueue(1, {}, {.isExclusive = true});
    QVERIFY(queue);
    QVERIFY(stranger->bind(1, *queue, "gatehouse.dead", "#"));
    QVERIFY(stranger->consume(1, *queue, "dead", false, true));
    const QByteArray body("{not json\0", 10);
    one->publish({.topic = "bad", .body = body}, {});
    std::vector<QByteArray> dead;
    QVERIFY(waitUntil([&] {
        const auto event = stranger->next();
        if (event && *event && (*event)->kind == AmqpEvent::Kind::Delivery)
            dead.push_back((*event)->incoming.message.body);
        return !dead.empty();
    }));
    QVERIFY(holdsFor(
        [&] {
            const auto event = stranger->next();
            return event && !*event && rejecting.messages.size() == 1;
        },
        Millis{300}));
    QCOMPARE(dead, std::vector<QByteArray>{body});
    QCOMPARE(one->counters().deadLettered, 1u);
}

void TestAmqpBus::oversizedMessagesCostNothing()
{
    AmqpOptions options = amqpOptions({.maxBodyBytes = 100'000});
    const auto one = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "#", inbox.handler());
    const Ticket serving
        = served(*one, "large", [](const Message&, Reply reply) { reply.finish("small"); });
    const auto stranger = peer();
    QByteArray large(100 * 1'024 * 1'024, 'x');
    QVERIFY(stranger->publish(1, raw(options.common.exchange, "a", large)));
    large = {};
    const qint64 before = residentKib();
    QVERIFY(stranger->publish(1, raw({}, "large", QByteArray(200'000, 'x'))));
    QVERIFY(stranger->publish(1, raw(options.common.exchange, "a", QByteArray(100'000, 'y'))));
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }, Millis{60'000}));
    QCOMPARE(inbox.messages[0].body.size(), 100'000);
    QVERIFY(waitUntil([&] { return one->counters().oversized == 2; }));
    QVERIFY2(
        residentKib() < before + 8'192, qPrintable(u"%1 KiB more"_s.arg(residentKib() - before)));
    // An answer that is too large ends its request.
    AmqpOptions tall = options;
    tall.common.maxBodyBytes = 1'000'000;
    const auto two = bus(tall);
    const Ticket huge = served(
        *two, "huge", [](const Message&, Reply reply) { reply.finish(QByteArray(200'000, 'z')); });
    Answers answers;
    const Ticket request = one->request({.queue = "huge"}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.error->code, ErrorCode::TooLarge);
}

void TestAmqpBus::garbageHarmsNobody()
{
    const AmqpOptions options = amqpOptions();
    const auto one = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "known.#", inbox.handler());
    Answers answers;
    std::vector<Reply> kept;
    const Ticket serving = served(
        *one, "calls", [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    const Ticket request = one->request({.queue = "calls"}, answers.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    const auto stranger = peer();
    // Unknown routing keys do not even come. Odd properties do.
    for (int i = 0; i < 1'000; ++i)
        QVERIFY(stranger->publish(1, raw(options.common.exchange, "unknown", "x")));
    Outgoing odd = raw(options.common.exchange, "known.\xff\xfe", QByteArray("\0\xff", 2));
    odd.properties.headers = {{"x-may-be-repeated", "text, not a boolean"}, {"k", "\xff"}};
    odd.properties.contentType = QByteArray(255, '\xff');
    QVERIFY(stranger->publish(1, odd));
    // A call without an address to answer to, and answers nobody asked for.
    QVERIFY(stranger->publish(1, raw({}, "calls", "no reply-to")));
    QVERIFY(waitUntil([&] { return kept.size() == 2 && inbox.messages.size() == 1; }));
    QVERIFY(!kept[1].isWanted());
    kept[1].finish("into the void");
    QCOMPARE(inbox.messages[0].body, QByteArray("\0\xff", 2));
    QVERIFY(!inbox.messages[0].mayBeRepeated);
    kept[0].finish("fine");
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies, QList<QByteArray>{"fine"});
    QVERIFY(one->state().isUp());
    QCOMPARE(one->counters().unmatched, 0u);
}

void TestAmqpBus::servesAQueueOfSomebodyElse()
{
    const auto stranger = peer();
    QVERIFY(stranger->declareQueue(1, "gateway_rpc", {.isDurable = true, .maxLength = 7}));
    const auto one = bus(amqpOptions());
    QByteArray body;
    const Ticket serving = served(*one, "gateway_rpc", [&](const Message& call, Reply reply) {
        body = call.body;
        reply.finish("ok");
    });
    QVERIFY(stranger->publish(1, raw({}, "gateway_rpc", "register_nonce")));
    QVERIFY(waitUntil([&] { return body == "register_nonce"; }));
}

void TestAmqpBus::speaksTls()
{
    AmqpOptions options = amqpOptions();
    options.endpoint.hasTls = true;
    options.endpoint.port = RabbitBroker::shared().tlsPort();
    options.endpoint.caFile = RabbitBroker::shared().caFile();
    options.endpoint.host = u"localhost"_s;
    const auto one = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "a", inbox.handler());
    for (int i = 0; i < 100; ++i)
        one->publish({.topic = "a", .body = QByteArray(50'000, char('a' + i % 26))}, {});
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 100; }));
    QCOMPARE(inbox.messages[99].body, QByteArray(50'000, char('a' + 99 % 26)));
}

void TestAmqpBus::saysWhyItCannotConnect_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("word");
    QTest::newRow("nobody listens") << u"port"_s << u"socket"_s;
    QTest::newRow("password") << u"password"_s << u"ACCESS_REFUSED"_s;
    QTest::newRow("virtual host") << u"vhost"_s << u"vhost"_s;
    QTest::newRow("authority") << u"authority"_s << u"verif"_s;
    QTest::newRow("file of authorities") << u"file"_s << u"certificate authorities"_s;
    QTest::newRow("name in use") << u"name"_s << u"exclusive"_s;
}

void TestAmqpBus::saysWhyItCannotConnect()
{
    QFETCH(QString, what);
    QFETCH(QString, word);
    AmqpOptions options = amqpOptions();
    options.common.nodeName = "the-same-name";
    const auto first = what == u"name" ? bus(options) : nullptr;
    if (what == u"port")
        options.endpoint.port = 1;
    if (what == u"password")
        options.endpoint.password = u"wrong"_s;
    if (what == u"vhost")
        options.endpoint.virtualHost = u"nowhere"_s;
    if (what == u"authority" || what == u"file") {
        options.endpoint.hasTls = true;
        options.endpoint.port = RabbitBroker::shared().tlsPort();
        options.endpoint.caFile = what == u"file" ? u"/nonexistent.pem"_s : QString();
    }
    AmqpBus one(m_clock, options, m_outbox);
    QVERIFY(waitUntil([&] { return one.state().detail.contains(word, Qt::CaseInsensitive); }));
    QVERIFY(!one.state().isUp());
    QVERIFY(!one.state().detail.contains(u"wrong"_s));
    QCOMPARE(one.state().link, BusState::Link::Connecting);
}

void TestAmqpBus::startsWithoutABroker()
{
    AmqpOptions options = amqpOptions();
    options.endpoint.port = 1;
    options.confirmTimeout = Millis{300};
    options.keepAfter = Millis{100};
    MemoryOutbox outbox;
    {
        AmqpBus one(m_clock, options, outbox);
        Outcomes outcomes;
        one.publish({.topic = "a", .care = Care::Volatile}, outcomes.handler());
        one.publish({.topic = "a", .care = Care::Confirmed}, outcomes.handler());
        one.publish({.topic = "a", .body = "kept", .care = Care::Kept}, outcomes.handler());
        Answers answers;
        const Ticket request = one.request({.queue = "q"}, answers.handler());
        QVERIFY(waitUntil([&] { return answers.isFinished && outcomes.all.size() == 3; }));
        QCOMPARE(answers.error->code, ErrorCode::Unavailable);
        QCOMPARE(outcomes.count(Outcome::Refused), 2);
        QCOMPARE(outcomes.count(Outcome::Kept), 1);
        for (const auto& [outcome, code] : outcomes.all) {
            if (outcome == Outcome::Refused)
                QCOMPARE(code, ErrorCode::Unavailable);
        }
        QCOMPARE(one.counters().outboxMessages, 1u);
        QCOMPARE(one.counters().volatileDropped, 1u);
    }
    QCOMPARE(outbox.rows.size(), size_t(1));
    // The next run finds it there.
    options.endpoint = amqpOptions().endpoint;
    const auto listening = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*listening, "", "a", inbox.handler());
    AmqpBus two(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1 && outbox.rows.empty(); }));
    QCOMPARE(inbox.messages[0].body, QByteArray("kept"));
    QVERIFY(!inbox.messages[0].mayBeRepeated); // never was sent before
}

void TestAmqpBus::rebindsManyTopics()
{
    const auto one = bus(amqpOptions());
    Inbox inbox;
    std::vector<Ticket> tickets;
    for (int i = 0; i < 1'000; ++i)
        tickets.push_back(
            one->subscribe("", "guild_" + QByteArray::number(i), inbox.handler(), {}));
    QVERIFY(waitUntil([&] { return one->counters().boundTopics == 1'000; }));
    one->publish({.topic = "guild_999", .body = "x"}, {});
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }));
    tickets.resize(1);
    QVERIFY(waitUntil([&] { return one->counters().boundTopics == 1; }));
    Outcomes outcomes;
    QVERIFY(waitUntil([&] {
        outcomes.all.clear();
        one->publish({.topic = "guild_999", .needsReceiver = true}, outcomes.handler());
        return waitUntil([&] { return !outcomes.all.empty(); })
            && outcomes.all[0].first == Outcome::Unroutable;
    }));
}

void TestAmqpBus::aRefusedMessageIsNotSentLater()
{
    AmqpOptions options = amqpOptions({.maxWaiting = 100});
    options.maxUnconfirmed = 10;
    options.confirmTimeout = Millis{500};
    const auto listening = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*listening, "", "a", inbox.handler());
    QSet<QByteArray> calls; // by id: a connection that is lost meanwhile is given them again
    const Ticket serving
        = served(*listening, "refused-later", [&](const Message& call, Reply reply) {
              calls.insert(call.properties.id);
              reply.finish({});
          });
    const auto one = bus(options);
    Outcomes outcomes;
    one->publish({.topic = "a"}, outcomes.handler()); // it knows now that the exchange is there
    QVERIFY(waitUntil([&] { return outcomes.count(Outcome::Confirmed) == 1; }));
    RabbitBroker::shared().freeze();
    std::vector<Answers> answers(30);
    std::vector<Ticket> requests;
    for (Answers& answer : answers)
        requests.push_back(
            one->request({.queue = "refused-later", .timeout = Millis{300}}, answer.handler()));
    for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 100; ++i)
            one->publish({.topic = "a", .body = "x"}, outcomes.handler());
        QVERIFY(one->counters().waiting <= 100);
        QVERIFY(waitUntil([&] { return outcomes.count(Outcome::Refused) == round * 100; }));
        // Only what the broker may have still counts.
        QVERIFY(waitUntil([&] { return one->counters().waiting <= 20; }));
    }
    for (const Answers& answer : answers)
        QVERIFY(answer.error && answer.error->code == ErrorCode::Timeout);
    RabbitBroker::shared().thaw();
    QVERIFY(waitUntil([&] { return one->counters().waiting == 0; }));
    Outcomes after;
    one->publish({.topic = "a", .body = "end"}, after.handler());
    QVERIFY(waitUntil([&] { return !inbox.messages.empty() && inbox.bodies().last() == "end"; }));
    QVERIFY2(inbox.messages.size() <= 12, qPrintable(QString::number(inbox.messages.size())));
    QVERIFY2(calls.size() <= 10, qPrintable(QString::number(calls.size())));
    QVERIFY(one->state().isUp());
    QCOMPARE(one->counters().disconnects, 0u);
}

void TestAmqpBus::whatIsPublishedAgainComesOnce()
{
    const auto one = bus(amqpOptions());
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "a", inbox.handler());
    Publication publication{.topic = "a", .body = "x"};
    publication.properties.id = "the-same";
    one->publish(publication, {});
    publication.mayBeRepeated = true;
    one->publish(publication, {});
    one->publish({.topic = "a", .body = "end"}, {});
    QVERIFY(waitUntil([&] { return inbox.bodies() == QList<QByteArray>{"x", "end"}; }));
    QCOMPARE(one->counters().duplicates, 1u);
}

void TestAmqpBus::anExchangeWeMayNotUseHarmsNobodyElse_data()
{
    QTest::addColumn<QStringList>("before");
    QTest::addColumn<QStringList>("after");
    QTest::newRow("internal") << QStringList{u"eval"_s,
        u"rabbit_exchange:declare(rabbit_misc:r(<<\"/\">>, exchange, <<\"poison\">>), topic, true, "
        "false, true, [], <<\"test\">>)."_s}
                              << QStringList();
    QTest::newRow("no right") << QStringList{u"set_permissions"_s, u"guest"_s, u".*"_s,
        u"^(?!poison$).*"_s,
        u".*"_s} << QStringList{u"set_permissions"_s, u"guest"_s, u".*"_s, u".*"_s, u".*"_s};
}

void TestAmqpBus::anExchangeWeMayNotUseHarmsNobodyElse()
{
    QFETCH(QStringList, before);
    QFETCH(QStringList, after);
    const auto stranger = peer();
    QVERIFY(stranger->declareExchange(1, {.name = "events-beside"}, false));
    if (!after.isEmpty())
        QVERIFY(stranger->declareExchange(1, {.name = "poison"}, false));
    bool ok = false;
    RabbitBroker::shared().control(before, &ok);
    QVERIFY(ok);
    MemoryOutbox outbox;
    AmqpOptions options = amqpOptions();
    options.keepAfter = Millis{30'000};
    options.confirmTimeout = Millis{30'000};
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return one.state().isUp(); }));
    Inbox inbox, beside;
    const Ticket a = subscribed(one, "", "n", inbox.handler());
    const Ticket b = subscribed(one, "events-beside", "n", beside.handler());
    std::vector<Reply> kept;
    const Ticket serving = served(one, "calls-beside",
        [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); });
    Answers answers;
    const Ticket request = one.request({.queue = "calls-beside"}, answers.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    Outcomes good, bad;
    for (int i = 0; i < 300; ++i) {
        one.publish({.topic = "n", .body = QByteArray::number(i)}, good.handler());
        one.publish({.exchange = "events-beside", .topic = "n", .body = QByteArray::number(i)},
            good.handler());
        if (i % 100 == 50) {
            one.publish({.exchange = "poison", .topic = "n"}, bad.handler());
            one.publish({.exchange = "poison", .topic = "n", .care = Care::Kept}, bad.handler());
        }
    }
    QVERIFY(waitUntil([&] { return good.all.size() == 600 && bad.all.size() == 6; }));
    QCOMPARE(good.count(Outcome::Confirmed), 600);
    QCOMPARE(std::count(
                 bad.all.begin(), bad.all.end(), std::pair(Outcome::Refused, ErrorCode::Forbidden)),
        6);
    QVERIFY(
        waitUntil([&] { return inbox.messages.size() == 300 && beside.messages.size() == 300; }));
    for (int i = 0; i < 300; ++i) {
        QCOMPARE(inbox.messages[size_t(i)].body, QByteArray::number(i));
        QCOMPARE(beside.messages[size_t(i)].body, QByteArray::number(i));
    }
    // Each of the others went out once more at most, and a request was not even touched.
    QVERIFY2(one.counters().resent <= 600, qPrintable(QString::number(one.counters().resent)));
    QVERIFY(!answers.isFinished);
    kept[0].finish("fine");
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies, QList<QByteArray>{"fine"});
    QCOMPARE(one.counters().disconnects, 0u);
    QVERIFY(outbox.rows.empty());
    if (!after.isEmpty())
        RabbitBroker::shared().control(after, &ok);
    QVERIFY(ok);
    RabbitBroker::shared().control({u"eval"_s,
        u"rabbit_exchange:delete(rabbit_misc:r(<<\"/\">>, exchange, <<\"poison\">>), false, "
        "<<\"test\">>)."_s});
}

void TestAmqpBus::aFullQueueIsTriedAgainWithPauses()
{
    AmqpOptions options = amqpOptions();
    MemoryOutbox outbox;
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return one.state().isUp() && one.counters().waiting == 0; }));
    bool ok = false;
    RabbitBroker::shared().control({u"set_policy"_s, u"small"_s, u"^small$"_s,
                                       u"{\"max-length\":1,\"overflow\":\"reject-publish\"}"_s},
        &ok);
    QVERIFY(ok);
    const auto stranger = peer();
    QVERIFY(stranger->declareExchange(1, {.name = options.common.exchange}, false));
    QVERIFY(stranger->declareQueue(1, "small", {.isExclusive = true}));
    QVERIFY(stranger->bind(1, "small", options.common.exchange, "full"));
    Outcomes outcomes;
    for (int i = 0; i < 5; ++i)
        one.publish({.topic = "full", .body = QByteArray::number(i), .care = Care::Kept},
            outcomes.handler());
    one.publish({.topic = "full"}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 6; }));
    QCOMPARE(outcomes.count(Outcome::Refused), 1);
    QVERIFY(outcomes.count(Outcome::Kept) >= 3);
    const quint64 before = one.counters().resent;
    QVERIFY(holdsFor([&] { return outbox.rows.size() >= 3; }, Millis{1'000}));
    const quint64 again = one.counters().resent - before;
    QVERIFY2(again >= 5 && again <= 200, qPrintable(QString::number(again)));
    // Somebody takes them: none is left.
    QVERIFY(stranger->consume(1, "small", "small", false, true));
    QVERIFY(waitUntil([&] { return stranger->next().has_value() && outbox.rows.empty(); }));
}

void TestAmqpBus::usesItsQueueWithFormerSettings()
{
    AmqpOptions options = amqpOptions({.nodeName = "with-a-name"});
    const auto stranger = peer();
    QVERIFY(stranger->declareQueue(1, "with-a-name.messages",
        {.isDurable = true, .expires = Millis{300'000}, .maxLength = 7}));
    const auto one = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "a", inbox.handler());
    one->publish({.topic = "a"}, {});
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }));
}

void TestAmqpBus::tellsWhichQueueIsNotOurs()
{
    AmqpOptions options = amqpOptions();
    options.refusedRetry = Millis{200};
    const auto one = bus(options);
    auto stranger = peer();
    QVERIFY(stranger->declareQueue(1, "all-mine", {.isExclusive = true}));
    int ready = 0;
    std::vector<Error> refused;
    const Ticket serving = one->serve(
        "all-mine", [](const Message& call, Reply reply) { reply.finish(call.body); },
        [&] { ++ready; }, [&](const Error& why) { refused.push_back(why); });
    const Ticket other = served(*one, "nobodys", [](const Message&, Reply) {});
    QVERIFY(waitUntil([&] { return refused.size() == 1; }));
    QCOMPARE(refused[0].code, ErrorCode::Conflict);
    QVERIFY(refused[0].detail.contains(u"all-mine"_s));
    QVERIFY(holdsFor([&] { return ready == 0 && refused.size() == 1; }, Millis{700}));
    stranger.reset(); // and its queue with it
    QVERIFY(waitUntil([&] { return ready == 1; }));
    Answers answers;
    const Ticket request = one->request({.queue = "all-mine", .body = "x"}, answers.handler());
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies, QList<QByteArray>{"x"});
    QCOMPARE(one->counters().disconnects, 0u);
}

void TestAmqpBus::tellsWhichPatternIsNotBound()
{
    AmqpOptions options = amqpOptions();
    options.refusedRetry = Millis{200};
    const auto one = bus(options);
    const auto stranger = peer();
    QVERIFY(stranger->declareExchange(1, {.name = "secret"}, false));
    bool ok = false;
    RabbitBroker::shared().control(
        {u"set_permissions"_s, u"guest"_s, u".*"_s, u".*"_s, u"^(?!secret$).*"_s}, &ok);
    QVERIFY(ok);
    Inbox inbox;
    int bound = 0;
    std::vector<Error> first, second;
    const auto noting
        = [](std::vector<Error>& in) { return [&in](const Error& why) { in.push_back(why); }; };
    const Ticket a = one->subscribe(
        "secret", "a", inbox.handler(), [&] { ++bound; }, noting(first));
    QVERIFY(waitUntil([&] { return first.size() == 1; }));
    QCOMPARE(first[0].code, ErrorCode::Forbidden);
    const Ticket b = one->subscribe(
        "secret", "a", inbox.handler(), [&] { ++bound; }, noting(second));
    QVERIFY(waitUntil([&] { return second.size() == 1; }));
    QCOMPARE(bound, 0);
    RabbitBroker::shared().control(
        {u"set_permissions"_s, u"guest"_s, u".*"_s, u".*"_s, u".*"_s}, &ok);
    QVERIFY(ok);
    QVERIFY(waitUntil([&] { return bound == 2; }));
    QCOMPARE(first.size(), size_t(1));
    QVERIFY(stranger->publish(1, raw("secret", "a", "x")));
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 2; }));
    QCOMPARE(one->counters().disconnects, 0u);
}

void TestAmqpBus::usesChannelsAgain()
{
    const auto one = bus(amqpOptions());
    std::vector<Reply> kept;
    const auto keeping = [&](const Message&, Reply reply) { kept.push_back(std::move(reply)); };
    Ticket open = served(*one, "long", keeping);
    Answers answers;
    const Ticket request
        = one->request({.queue = "long", .timeout = Millis{60'000}}, answers.handler());
    QVERIFY(waitUntil([&] { return kept.size() == 1; }));
    open.reset(); // its channel stays until the call is answered
    const Ticket held = served(*one, "brief", keeping); // the queue stays
    for (int i = 0; i < 2'100; ++i) // a broker allows 2,047 at a time
        const Ticket brief = one->serve("brief", keeping, {});
    bool isReady = false;
    const Ticket last = one->serve(
        "last", [](const Message&, Reply reply) { reply.finish("l"); }, [&] { isReady = true; });
    QVERIFY(waitUntil([&] { return isReady; }, Millis{60'000}));
    kept[0].finish("late");
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QCOMPARE(answers.bodies, QList<QByteArray>{"late"});
    Answers more;
    const Ticket again = one->request({.queue = "last"}, more.handler());
    QVERIFY(waitUntil([&] { return more.isFinished; }));
    QCOMPARE(more.bodies, QList<QByteArray>{"l"});
    QCOMPARE(one->counters().disconnects, 0u);
    QCOMPARE(one->counters().servedQueues, 2u);
}

// What comes while a bind waits for its answer is read with it.
void TestAmqpBus::doesNotSleepOnWhatItHasRead()
{
    const AmqpOptions options = amqpOptions();
    const auto one = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*one, "", "a", inbox.handler());
    const auto stranger = peer();
    std::vector<Ticket> more;
    for (size_t i = 1; i <= 300; ++i) {
        more.push_back(one->subscribe("", "b" + QByteArray::number(i), inbox.handler(), {}));
        QVERIFY(stranger->publish(1, raw(options.common.exchange, "a", "x")));
        QVERIFY2(waitUntil([&] { return inbox.messages.size() == i; }, Millis{2'000}),
            qPrintable(QString::number(i)));
    }
}

void TestAmqpBus::aDamagedMessageDoesNotHoldUpTheOutbox()
{
    const AmqpOptions options = amqpOptions();
    const auto listening = bus(options);
    Inbox inbox;
    const Ticket ticket = subscribed(*listening, "", "a", inbox.handler());
    MemoryOutbox outbox;
    for (quint64 number = 1; number <= 600; ++number)
        outbox.rows[number] = {{.topic = "a", .body = QByteArray::number(number)}, false,
            number <= 300 || number == 450};
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 299 && outbox.rows.empty(); }));
    QCOMPARE(inbox.bodies().first(), QByteArray("301"));
    QCOMPARE(one.counters().deadLettered, 301u);
    QCOMPARE(one.counters().outboxMessages, 0u);
}

void TestAmqpBus::aRejectionSurvivesALostConnection()
{
    const auto one = bus(amqpOptions());
    int calls = 0;
    const Ticket ticket = subscribed(*one, "", "bad", [&](const Message&) {
        ++calls;
        bool ok = false; // the worker goes on while this thread stands still
        RabbitBroker::shared().control({u"close_all_connections"_s, u"test"_s}, &ok);
        return ok ? Verdict::Rejected : Verdict::Accepted;
    });
    one->publish({.topic = "bad", .body = "lost rejection"}, {});
    QVERIFY(waitUntil([&] { return one->counters().duplicates == 1; }));
    QCOMPARE(calls, 1);
    const auto stranger = peer();
    QVERIFY(stranger->consume(1, "gatehouse.dead", "dead", false, false));
    std::vector<QByteArray> dead;
    QVERIFY(waitUntil([&] {
        const auto event = stranger->next();
        if (event && *event && (*event)->kind == AmqpEvent::Kind::Delivery)
            dead.push_back((*event)->incoming.message.body);
        return std::count(dead.begin(), dead.end(), QByteArray("lost rejection")) == 1;
    }));
}

void TestAmqpBus::anAnswerThatLostAPartFails_data()
{
    QTest::addColumn<QString>("how");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("no room, all at once") << u"at once"_s << ErrorCode::RateLimited;
    QTest::newRow("no room, finished later") << u"later"_s << ErrorCode::RateLimited;
    QTest::newRow("expired unsent") << u"expired"_s << ErrorCode::Unavailable;
}

void TestAmqpBus::anAnswerThatLostAPartFails()
{
    QFETCH(QString, how);
    QFETCH(ErrorCode, code);
    const bool expires = how == u"expired";
    AmqpOptions options = amqpOptions();
    const auto asking = bus(options);
    if (expires) {
        options.maxUnconfirmed = 20;
        options.confirmTimeout = Millis{300};
    } else {
        options.common.maxWaiting = 20;
    }
    const auto serving = bus(options);
    const QByteArray queue = "parts-" + how.toLatin1();
    std::vector<Reply> kept;
    const Ticket ticket = served(*serving, queue, [&](const Message&, Reply reply) {
        if (expires)
            RabbitBroker::shared().freeze();
        for (int i = 0; i < 50; ++i)
            reply.part(QByteArray::number(i));
        if (how == u"at once")
            reply.finish("end");
        else
            kept.push_back(std::move(reply));
    });
    Answers answers;
    const Ticket request
        = asking->request({.queue = queue, .timeout = Millis{20'000}}, answers.handler());
    if (how != u"at once") {
        QVERIFY(waitUntil([&] { return kept.size() == 1; }));
        if (expires) {
            QVERIFY(waitUntil([&] { return serving->counters().waiting == 20; }));
            QVERIFY(holdsFor([&] { return serving->counters().waiting <= 21; }, Millis{500}));
            RabbitBroker::shared().thaw();
        }
        QVERIFY(waitUntil(
            [&] { return serving->counters().waiting == 0 && answers.bodies.size() >= 20; }));
        kept[0].part("more");
        kept[0].finish("end");
    }
    QVERIFY(waitUntil([&] { return answers.isFinished; }));
    QVERIFY(answers.error);
    QCOMPARE(answers.error->code, code);
    QCOMPARE(answers.bodies.size(), 20);
    QCOMPARE(serving->counters().unansweredCalls, 0u);
    QCOMPARE(asking->counters().lateAnswers, 0u);
}

void TestAmqpBus::countsTheOutboxOnce_data()
{
    QTest::addColumn<int>("failing");
    QTest::addColumn<int>("keepTime");
    QTest::newRow("the state takes its time") << 0 << 0;
    QTest::newRow("the state is read again") << 1 << 0;
    QTest::newRow("read again with a write under way") << 1 << 600;
    QTest::newRow("a write ends after the state") << 1 << 1'200;
}

void TestAmqpBus::countsTheOutboxOnce()
{
    QFETCH(int, failing);
    QFETCH(int, keepTime);
    MemoryOutbox outbox;
    outbox.stateTime = Millis{350};
    outbox.keepTime = Millis{keepTime};
    outbox.failingStates = failing;
    AmqpOptions options = amqpOptions();
    AmqpEndpoint there = options.endpoint;
    options.endpoint.port = 1;
    {
        AmqpBus away(m_clock, options, outbox);
        for (int i = 0; i < 3; ++i)
            away.publish({.topic = "a", .body = "xyz", .care = Care::Kept}, {});
        QVERIFY(waitUntil([&] { return away.counters().outboxMessages == 3; }));
        QVERIFY(holdsFor([&] { return away.counters().outboxMessages == 3; }, Millis{1'500}));
        QCOMPARE(away.counters().outboxBytes, 9u);
    }
    outbox.failingStates = failing;
    options.endpoint = there;
    AmqpBus one(m_clock, options, outbox);
    one.publish({.topic = "a", .body = "xyz", .care = Care::Kept}, {});
    QVERIFY(waitUntil([&] { return one.counters().outboxMessages == 4; }));
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    QVERIFY(waitUntil([&] { return one.counters().outboxMessages == 0; }));
    QCOMPARE(one.counters().outboxBytes, 0u);
}

void TestAmqpBus::unroutableStaysUnroutable()
{
    AmqpOptions options = amqpOptions();
    options.keepAfter = Millis{200};
    MemoryOutbox outbox;
    outbox.keepTime = Millis{1'500};
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return one.state().isUp() && one.counters().waiting == 0; }));
    RabbitBroker::shared().freeze();
    Outcomes outcomes;
    one.publish({.topic = "nobody", .care = Care::Kept, .needsReceiver = true}, outcomes.handler());
    QVERIFY(waitUntil([&] { return outbox.rows.size() == 1; }));
    RabbitBroker::shared().thaw();
    QVERIFY(waitUntil([&] { return outcomes.all.size() == 1; }));
    QCOMPARE(outcomes.all[0], std::pair(Outcome::Unroutable, ErrorCode::NotFound));
    QCOMPARE(one.counters().unroutable, 1u);
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
}

namespace {

Publication needy(const Topic& topic, const QByteArray& body)
{
    return {.topic = topic, .body = body, .care = Care::Kept, .needsReceiver = true};
}

void fill(MemoryOutbox& outbox, std::vector<Publication> publications)
{
    for (Publication& publication : publications) {
        publication.properties.id = publication.topic + publication.body;
        outbox.keep(publication, false, [](const Result<quint64>&) {});
    }
    if (!waitUntil([&] { return outbox.rows.size() == publications.size(); }))
        qFatal("the outbox was not filled");
}

} // namespace

// What a former process has left for services that are not back yet.
void TestAmqpBus::whatNeedsAReceiverWaitsForOne()
{
    const AmqpOptions options = amqpOptions();
    const auto others = bus(options);
    Inbox inbox;
    const Ticket there = subscribed(*others, {}, "there", inbox.handler());
    MemoryOutbox outbox;
    fill(outbox,
        {needy("a", "0"), needy("b", "1"), needy("there", "x"), needy("a", "2"), needy("b", "3")});
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }));
    QVERIFY(waitUntil([&] { return outbox.rows.size() == 4; }));
    QVERIFY(holdsFor([&] { return outbox.rows.size() == 4; }, Millis{1'500}));
    QCOMPARE(one.counters().unroutable, 0u);
    QCOMPARE(one.counters().outboxMessages, 4u);
    // Nobody else is held up, and need not go by the outbox.
    Outcomes outcomes;
    one.publish(needy("there", "y"), outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.count(Outcome::Confirmed) == 1; }));
    const Ticket a = subscribed(*others, {}, "a", inbox.handler());
    const Ticket b = subscribed(*others, {}, "b", inbox.handler());
    Service service;
    service.name = "service.AB";
    service.topics = {"a", "b"};
    const Ticket announced = one.announce(service);
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 6; }));
    QCOMPARE(inbox.bodies(), (QList<QByteArray>{"x", "y", "0", "1", "2", "3"}));
    QCOMPARE(one.counters().deadLettered, 0u);
}

void TestAmqpBus::whatNobodyComesForIsADeadLetter()
{
    AmqpOptions options = amqpOptions();
    options.outboxHold = Millis{700};
    MemoryOutbox outbox;
    fill(outbox, {needy("a", "0"), needy("a", "1")});
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    QCOMPARE(one.counters().deadLettered, 2u);
    QCOMPARE(one.counters().unroutable, 2u);
    QCOMPARE(one.counters().outboxMessages, 0u);
}

void TestAmqpBus::aFormerBindingSwallowsNothing_data()
{
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<Care>("care");
    QTest::newRow("a topic") << QByteArray("services.a") << Care::Kept;
    QTest::newRow("a topic, confirmed") << QByteArray("services.a") << Care::Confirmed;
    QTest::newRow("everything") << QByteArray("services.#") << Care::Kept;
}

// A process that was killed, and begins again under its name before the services are back.
void TestAmqpBus::aFormerBindingSwallowsNothing()
{
    QFETCH(QByteArray, pattern);
    QFETCH(Care, care);
    const AmqpOptions options = amqpOptions({.nodeName = "killed " + pattern.right(1)});
    AmqpOptions othersOptions = options;
    othersOptions.common.nodeName = "others";
    const auto others = bus(othersOptions);
    {
        MemoryOutbox outbox;
        auto former = std::make_unique<AmqpBus>(m_clock, options, outbox);
        Inbox inbox;
        const Ticket ticket = subscribed(*former, {}, pattern, inbox.handler());
        former.reset(); // with all its subscriptions
    }
    MemoryOutbox outbox;
    AmqpBus one(m_clock, options, outbox);
    Outcomes outcomes;
    Publication first = needy("services.a", "0");
    first.care = care;
    others->publish(std::move(first), outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.count(Outcome::Confirmed) == 1; }));
    QVERIFY(waitUntil([&] { return outbox.rows.size() == 1; }));
    QCOMPARE(one.counters().unmatched, 1u);
    // The binding has gone: nobody gets what follows.
    others->publish(needy("services.a", "1"), outcomes.handler());
    QVERIFY(waitUntil([&] { return outcomes.count(Outcome::Unroutable) == 1; }));
    Inbox inbox;
    const Ticket ticket = subscribed(one, {}, pattern, inbox.handler());
    others->publish(needy("services.a", "2"), outcomes.handler());
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 2; }));
    QVERIFY(inbox.bodies().contains("0") && inbox.bodies().contains("2"));
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    QCOMPARE(one.counters().duplicates, 0u);
}

// Somebody else has had it.
void TestAmqpBus::aFormerBindingDoublesNothing()
{
    const AmqpOptions options = amqpOptions({.nodeName = "killed twice"});
    AmqpOptions othersOptions = options;
    othersOptions.common.nodeName = "others twice";
    const auto others = bus(othersOptions);
    Inbox theirs;
    const Ticket bound = subscribed(*others, {}, "services.#", theirs.handler());
    Inbox inbox;
    {
        MemoryOutbox outbox;
        auto former = std::make_unique<AmqpBus>(m_clock, options, outbox);
        const Ticket ticket = subscribed(*former, {}, "services.a", inbox.handler());
        former.reset(); // with all its subscriptions
    }
    Outcomes outcomes;
    for (const char* body : {"0", "1", "2"})
        others->publish(needy("services.a", body), outcomes.handler());
    QVERIFY(waitUntil([&] { return theirs.messages.size() == 3; }));
    MemoryOutbox outbox;
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return one.counters().unmatched == 3; }));
    QVERIFY(waitUntil([&] { return others->counters().duplicates == 3; }));
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    QCOMPARE(theirs.bodies(), (QList<QByteArray>{"0", "1", "2"}));
}

// An operator's, for one.
void TestAmqpBus::aBindingThatCannotBeGivenUpEndsInADeadLetter()
{
    const AmqpOptions options = amqpOptions({.nodeName = "bound by others"});
    MemoryOutbox outbox;
    AmqpBus one(m_clock, options, outbox);
    QVERIFY(waitUntil([&] { return one.state().isUp() && one.counters().waiting == 0; }));
    Inbox inbox;
    const Ticket other = subscribed(one, {}, "other", inbox.handler()); // which makes the exchange
    const auto stranger = peer();
    QVERIFY(stranger->bind(1, "bound by others.messages", options.common.exchange, "*.x.#"));
    Outcomes outcomes;
    one.publish(needy("services.x.y", "round and round"), outcomes.handler());
    QVERIFY(waitUntil([&] { return one.counters().deadLettered == 1; }));
    QVERIFY(waitUntil([&] { return outbox.rows.empty(); }));
    const quint64 rounds = one.counters().unmatched;
    QVERIFY2(rounds > 1 && rounds <= 11, qPrintable(QString::number(rounds)));
    QVERIFY(stranger->consume(1, "gatehouse.dead", "dead", false, true));
    QVERIFY(waitUntil([&] {
        const auto event = stranger->next();
        return event && *event && (*event)->kind == AmqpEvent::Kind::Delivery
            && (*event)->incoming.message.body == "round and round";
    }));
}

void TestAmqpBus::whatFindsNoRoomIsRejectedOnce()
{
    AmqpOptions options = amqpOptions({.nodeName = "no room"});
    AmqpOptions othersOptions = options;
    othersOptions.common.nodeName = "with room";
    const auto others = bus(othersOptions);
    options.maxKept = 0;
    const auto one = bus(options);
    Inbox inbox;
    const Ticket other = subscribed(*one, {}, "other", inbox.handler()); // which makes the exchange
    const auto stranger = peer();
    QVERIFY(stranger->bind(1, "no room.messages", options.common.exchange, "services.a"));
    Outcomes outcomes;
    others->publish(needy("services.a", "0"), outcomes.handler());
    QVERIFY(waitUntil([&] { return one->counters().deadLettered == 1; }));
    QCOMPARE(one->counters().unmatched, 1u);
    QVERIFY(waitUntil([&] { return outcomes.count(Outcome::Confirmed) == 1; }));
    QVERIFY(stranger->consume(1, "gatehouse.dead", "dead", false, true));
    QVERIFY(waitUntil([&] {
        const auto event = stranger->next();
        return event && *event && (*event)->kind == AmqpEvent::Kind::Delivery
            && (*event)->incoming.message.topic == "services.a";
    }));
}

// There is always something on its way into the outbox.
void TestAmqpBus::whatIsKeptMeanwhileHoldsUpNothing()
{
    MemoryOutbox outbox;
    outbox.keepTime = Millis{200};
    fill(outbox, {needy("a", "first")});
    AmqpBus one(m_clock, amqpOptions(), outbox);
    QTimer publishing;
    publishing.callOnTimeout(
        &publishing, [&one] { one.publish({.topic = "b", .care = Care::Kept}, {}); });
    one.publish({.topic = "b", .care = Care::Kept}, {});
    publishing.start(20);
    QVERIFY(waitUntil([&] { return one.counters().kept > 20; }));
    Inbox inbox;
    const Ticket ticket = one.subscribe({}, "a", inbox.handler(), {});
    QVERIFY(waitUntil([&] { return inbox.messages.size() == 1; }));
}

void TestAmqpBus::eachFlushHasItsOwnLimit()
{
    const auto one = bus(amqpOptions());
    RabbitBroker::shared().freeze();
    one->publish({.topic = "a"}, {});
    bool isFirstOver = false;
    bool isSecondOver = false;
    one->flush(Millis{300}, [&] { isFirstOver = true; });
    one->flush(Millis{20'000}, [&] { isSecondOver = true; });
    QVERIFY(waitUntil([&] { return isFirstOver; }));
    QVERIFY(holdsFor([&] { return !isSecondOver; }, Millis{700}));
    RabbitBroker::shared().thaw();
    QVERIFY(waitUntil([&] { return isSecondOver; }));
}

QTEST_GUILESS_MAIN(TestAmqpBus)
#include "tst_amqpbus.moc"
