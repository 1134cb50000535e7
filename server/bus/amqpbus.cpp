// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpbus.h"

#include "server/bus/admission.h"
#include "server/bus/amqpconsumer.h"
#include "server/bus/amqpsender.h"
#include "server/bus/buslog.h"
#include "server/bus/presence.h"
#include "server/bus/requesttable.h"
#include "server/bus/seenids.h"
#include "server/bus/subscriptiontable.h"
#include "server/bus/topicpattern.h"

namespace gatehouse::bus {

namespace {

/// Of an answer that says that the answer was lost; its body says why.
const QByteArray errorHeader("x-gatehouse-error");

/// Of a message that needs a receiver: how often it came to a process for nobody there.
const QByteArray returnsHeader("x-returned");
/// A binding that cannot be given up would bring it back for ever.
constexpr int mostReturns = 10;

/// Counts one more; false when it has come back too often.
bool countReturn(Properties& properties)
{
    const int returns = properties.header(returnsHeader).toInt() + 1;
    std::erase_if(
        properties.headers, [](const auto& header) { return header.first == returnsHeader; });
    properties.headers.emplace_back(returnsHeader, QByteArray::number(returns));
    return returns <= mostReturns;
}

std::optional<Error> errorIn(const Message& answer)
{
    const QByteArray name = answer.properties.header(errorHeader);
    if (name.isEmpty())
        return {};
    const bool isRate = QLatin1StringView(name) == traits(ErrorCode::RateLimited).name;
    return Error{
        isRate ? ErrorCode::RateLimited : ErrorCode::Unavailable, QString::fromUtf8(answer.body)};
}

AmqpOptions completed(AmqpOptions options)
{
    if (options.common.nodeName.isEmpty())
        options.common.nodeName = madeUpNodeName();
    return options;
}

} // namespace

struct AmqpBus::Private final : ConsumerListener,
                                ServiceObserver,
                                std::enable_shared_from_this<Private>
{
    Private(const Clock& time, AmqpOptions o, Outbox& outbox)
        : options(completed(std::move(o))), clock(time), requests(clock, counters),
          services(later, counters), seen(options.common.rememberedIds),
          sender(
              options, clock, counters, later, uplink, outbox,
              [this](BusState::Link link, const QString& why) { senderChanged(link, why); },
              [this](const Publication& publication, std::function<void()> done) {
                  consumer.release(
                      atBroker(publication.exchange), publication.topic, std::move(done));
              }),
          consumer(options, uplink, *this)
    {
        shown = {BusState::Link::Connecting, clock.monotonic(), QStringLiteral("starting")};
        // First of all: what waits in the outbox goes out before what others have for it.
        services.observers.add(this);
    }

    // ServiceObserver
    void serviceCame(const Service&) override { sender.receiversCame(); }
    void serviceWent(const Service&) override { }

    struct Serving
    {
        CallHandler handler;
        std::function<void()> ready;
        Refused refused;
    };
    using Key = std::pair<ExchangeName, Topic>; ///< normalized
    /// A subscription that wants to know what the broker makes of it.
    struct Waiter
    {
        std::function<void()> bound; ///< null: was called
        Refused refused;
    };
    class Way;
    class Sink;

    // What the link is, all in all.
    void senderChanged(BusState::Link link, const QString& why)
    {
        senderLink = link;
        senderWhy = why;
        refreshState();
        if (link == BusState::Link::Connecting)
            failRequests(why);
    }

    void failRequests(const QString& why)
    {
        requests.failAll(
            {ErrorCode::Unavailable, QString(u"the connection to the broker was lost: " + why)});
    }

    void refreshState()
    {
        BusState now{BusState::Link::Up, clock.monotonic(), {}};
        if (!isConsumerUp)
            now = {BusState::Link::Connecting, clock.monotonic(), consumerWhy};
        else if (senderLink != BusState::Link::Up)
            now = {senderLink, clock.monotonic(), senderWhy};
        if (now.link == shown.link) {
            shown.detail = now.detail;
            return;
        }
        if (now.isUp())
            qCInfo(busLog).noquote() << "Connected to" << options.endpoint.text() << "as"
                                     << text(options.common.nodeName);
        else
            qCWarning(busLog).noquote()
                << (now.link == BusState::Link::Blocked ? "The broker takes no messages:"
                                                        : "Not connected to the broker:")
                << now.detail;
        shown = now;
        later.post([this, now] {
            observers.forEach([&](StateObserver& observer) { observer.busStateChanged(now); });
        });
    }

    // ConsumerListener
    void consumerIsUp(const QueueName& queue) override
    {
        ++counters.connects;
        replyQueue = queue;
        isConsumerUp = true;
        sender.queueIsUp();
        refreshState();
    }

    void consumerIsDown(const Error& why) override
    {
        if (isConsumerUp) {
            ++counters.disconnects;
            failRequests(why.detail);
        }
        isConsumerUp = false;
        consumerWhy = why.detail;
        bound.clear();
        countSubscriptions();
        counters.unansweredCalls = 0;
        sender.queueIsDown();
        refreshState();
    }

    void patternBound(const ExchangeName& exchange, const Topic& pattern) override
    {
        const Key key(normalized(exchange, options.common), pattern);
        if (!subscriptions.has(key.first, key.second))
            return; // given up meanwhile
        bound.insert(key);
        refusals.remove(key);
        countSubscriptions();
        for (const quint64 id : waiters.value(key).keys())
            tellBound(key, id);
    }

    void patternRefused(
        const ExchangeName& exchange, const Topic& pattern, const Error& why) override
    {
        const Key key(normalized(exchange, options.common), pattern);
        if (!subscriptions.has(key.first, key.second))
            return;
        refusals.insert(key, why);
        for (const quint64 id : waiters.value(key).keys())
            tellRefused(key, id, why);
    }

    // Either may end subscriptions, its own or others.
    void tellBound(const Key& key, quint64 id)
    {
        const auto of = waiters.find(key);
        if (of == waiters.end())
            return;
        const auto waiter = of->find(id);
        if (waiter == of->end())
            return;
        if (const auto call = std::exchange(waiter->bound, nullptr))
            call();
    }

    void tellRefused(const Key& key, quint64 id, const Error& why)
    {
        if (const Refused call = waiters.value(key).value(id).refused)
            call(why);
    }

    void queueReady(quint64 serving) override
    {
        if (const auto at = servings.find(serving); at != servings.end() && at->ready)
            std::exchange(at->ready, nullptr)();
    }

    void queueRefused(quint64 serving, const Error& why) override
    {
        if (const Refused call = servings.value(serving).refused)
            call(why);
    }

    void messageArrived(const Incoming& incoming, const DeliveryRef& delivery) override
    {
        ++counters.received;
        Message message = incoming.message;
        message.exchange = normalized(message.exchange, options.common);
        const QByteArray& id = message.properties.id;
        if (message.mayBeRepeated && seen.contains(id)) {
            ++counters.duplicates;
            // Given again by the broker, its rejection was lost with the connection.
            consumer.settle(delivery, !(incoming.isRedelivered && seen.isRejected(id)));
            return;
        }
        const SubscriptionTable::Delivered delivered = subscriptions.deliver(message);
        if (delivered.handlers == 0) {
            ++counters.unmatched;
            unmatchedArrived(incoming, delivery);
            return;
        }
        seen.insert(id);
        if (delivered.isRejected)
            reject(message, delivery, QStringLiteral("was rejected"));
        else
            consumer.settle(delivery, true);
    }

    void reject(const Message& message, const DeliveryRef& delivery, const QString& why)
    {
        seen.insert(message.properties.id);
        seen.setRejected(message.properties.id);
        ++counters.deadLettered;
        warnSparingly(
            "message", QStringLiteral("A message on %1 %2").arg(text(message.topic), why));
        consumer.settle(delivery, false);
    }

    /// A former process of our name was bound to it, or whoever wanted it has gone a moment ago.
    /// What needs a receiver is published again, to wait for another one: under its own id, since
    /// others may have had it, who drop the second one then. We have not.
    void unmatchedArrived(const Incoming& incoming, const DeliveryRef& delivery)
    {
        const Message& message = incoming.message;
        Publication again;
        if (incoming.needsReceiver) {
            again.exchange = normalized(message.exchange, options.common);
            again.topic = message.topic;
            again.body = message.body;
            again.properties = message.properties;
            complete(again.properties, options.common.nodeName);
            again.care = Care::Kept;
            again.needsReceiver = true;
            again.mayBeRepeated = true;
            if (!countReturn(again.properties)) {
                reject(message, delivery, QStringLiteral("comes back again and again, for nobody"));
                return;
            }
        }
        consumer.release(
            message.exchange, message.topic, [this, again = std::move(again), delivery]() mutable {
                if (!again.needsReceiver) {
                    consumer.settle(delivery, true);
                    return;
                }
                // Not before it is on disk here.
                Message kept;
                kept.topic = again.topic;
                kept.properties.id = again.properties.id;
                sender.publish(
                    std::move(again),
                    [this, delivery, kept](Outcome outcome, const Error& error) {
                        if (outcome == Outcome::Refused)
                            reject(kept, delivery,
                                QString(u"has nobody here and was rejected: " + error.detail));
                        else
                            consumer.settle(delivery, true);
                    },
                    AmqpSender::Path::Outbox);
            });
    }

    void callArrived(quint64 id, const Incoming& incoming, const DeliveryRef& delivery) override;

    void answerArrived(const Incoming& incoming) override
    {
        ++counters.received;
        if (const auto error = errorIn(incoming.message))
            requests.fail(incoming.correlation, *error);
        else
            requests.answer(incoming.correlation, incoming.message);
    }

    void oversizedArrived(const Incoming& incoming, bool isAnswer) override
    {
        ++counters.received;
        ++counters.oversized;
        if (isAnswer) {
            requests.fail(incoming.correlation,
                {ErrorCode::TooLarge, QStringLiteral("the answer is over the bus's bound")});
            return;
        }
        ++counters.deadLettered;
        warnSparingly("oversized",
            QStringLiteral("A message on %1 is over the bus's bound")
                .arg(text(incoming.message.topic)));
    }

    void unsubscribe(quint64 id)
    {
        const SubscriptionTable::Removed removed = subscriptions.remove(id);
        countSubscriptions();
        if (const auto of = waiters.find({removed.exchange, removed.pattern});
            of != waiters.end()) {
            of->remove(id);
            if (of->isEmpty())
                waiters.erase(of);
        }
        if (!removed.wasLast)
            return;
        const Key key(removed.exchange, removed.pattern);
        bound.remove(key);
        refusals.remove(key);
        countSubscriptions();
        consumer.unbind(atBroker(removed.exchange), removed.pattern);
    }

    /// Without the one of our own, about who is there.
    void countSubscriptions()
    {
        const auto own = std::pair(presenceExchange(), Topic("#"));
        counters.subscriptions
            = quint64(subscriptions.count()) - (subscriptions.has(own.first, own.second) ? 1 : 0);
        counters.boundTopics = quint64(bound.size()) - (bound.contains(own) ? 1 : 0);
    }

    ExchangeName presenceExchange() const { return options.common.exchange + ".presence"; }

    const ExchangeName& atBroker(const ExchangeName& exchange) const
    {
        return exchange.isEmpty() ? options.common.exchange : exchange;
    }

    void postFailure(const QByteArray& correlation, Error error)
    {
        later.post(
            [this, correlation, error = std::move(error)] { requests.fail(correlation, error); });
    }

    const AmqpOptions options;
    const Clock& clock;
    BusCounters counters;
    Later later;
    Uplink uplink;
    SubscriptionTable subscriptions;
    RequestTable requests;
    ServiceList services;
    SeenIds seen;
    ObserverList<StateObserver> observers;
    BusState shown;
    BusState::Link senderLink = BusState::Link::Connecting;
    QString senderWhy;
    bool isConsumerUp = false;
    QString consumerWhy;
    QueueName replyQueue;
    QSet<Key> bound;
    QHash<Key, Error> refusals; ///< what the broker does not bind, and why
    QHash<Key, QMap<quint64, Waiter>> waiters; ///< by subscription
    QHash<quint64, Serving> servings;
    quint64 lastServing = 0;
    std::unique_ptr<Presence> presence;
    AmqpSender sender; // these two stop their threads first of all
    AmqpConsumer consumer;
};

/// One call's way back over the broker. Once a part of its answer is lost the rest would pass for
/// the whole: who asked is told that the answer failed, and nothing follows.
class AmqpBus::Private::Way final : public std::enable_shared_from_this<Way>
{
public:
    Way(std::weak_ptr<Private> bus, const Incoming& call)
        : m_bus(std::move(bus)), m_queue(call.message.topic), m_replyTo(call.replyTo),
          m_correlation(call.correlation)
    {
    }

    std::shared_ptr<Private> bus() const { return m_bus.lock(); }
    const QueueName& queue() const { return m_queue; }
    bool isWanted() const { return !m_replyTo.isEmpty() && !m_bus.expired(); }

    /// False: who asked cannot even be told that the answer failed.
    bool send(Private& bus, QByteArray body, Properties properties)
    {
        if (m_replyTo.isEmpty())
            return true;
        if (!m_lost) {
            auto sent = bus.sender.send(made(bus, std::move(body), std::move(properties)),
                bus.options.confirmTimeout, [self = shared_from_this()](const Error& why) {
                    if (const auto there = self->bus())
                        self->lost(*there, why);
                });
            if (!sent)
                lost(bus, sent.error());
        }
        return !m_lost || tellLoss(bus);
    }

private:
    Outgoing made(const Private& bus, QByteArray body, Properties properties) const
    {
        complete(properties, bus.options.common.nodeName);
        Outgoing message;
        message.routingKey = m_replyTo;
        message.correlation = m_correlation;
        message.body = std::move(body);
        message.properties = std::move(properties);
        message.isPersistent = false;
        return message;
    }

    void lost(Private& bus, const Error& why)
    {
        if (m_lost)
            return;
        m_lost = why;
        warnSparingly("answer",
            QStringLiteral("An answer of %1 was lost: %2").arg(text(m_queue), why.detail));
        tellLoss(bus); // else with what follows
    }

    bool tellLoss(Private& bus)
    {
        if (m_isTold)
            return true;
        const ErrorCode code = m_lost->code == ErrorCode::RateLimited ? ErrorCode::RateLimited
                                                                      : ErrorCode::Unavailable;
        Properties properties;
        properties.type = "error";
        properties.headers = {{errorHeader, QByteArray(traits(code).name.latin1())}};
        const QString detail = QString(u"a part of the answer was lost: " + m_lost->detail);
        m_isTold
            = bus.sender
                  .send(
                      made(bus, detail.toUtf8(), std::move(properties)), bus.options.confirmTimeout,
                      [self = shared_from_this()](const Error&) { self->m_isTold = false; },
                      AmqpSender::Room::Reserve)
                  .has_value();
        return m_isTold;
    }

    const std::weak_ptr<Private> m_bus;
    const QueueName m_queue;
    const QueueName m_replyTo;
    const QByteArray m_correlation;
    std::optional<Error> m_lost;
    bool m_isTold = false;
};

/// One call's reply. The way may outlive it, with answers that are not confirmed yet.
class AmqpBus::Private::Sink final : public Reply::Sink
{
public:
    Sink(std::weak_ptr<Private> bus, const Incoming& call, const DeliveryRef& delivery)
        : m_way(std::make_shared<Way>(std::move(bus), call)), m_delivery(delivery)
    {
    }

    void answer(QByteArray body, Properties properties, bool isFinal) override
    {
        const auto bus = m_way->bus();
        if (!bus)
            return;
        if (!isFinal)
            properties.type = "partial";
        const bool isTold = m_way->send(*bus, std::move(body), std::move(properties));
        if (isFinal && isTold)
            end(*bus, true);
        else if (isFinal)
            reject();
    }

    void reject() override
    {
        const auto bus = m_way->bus();
        if (!bus)
            return;
        ++bus->counters.deadLettered;
        warnSparingly(
            "call", QStringLiteral("A call to %1 was rejected").arg(text(m_way->queue())));
        end(*bus, false);
    }

    bool isWanted() const override { return m_way->isWanted(); }

private:
    void end(Private& bus, bool isAccepted) const
    {
        if (bus.counters.unansweredCalls > 0) // a lost connection took them all back
            --bus.counters.unansweredCalls;
        bus.consumer.settle(m_delivery, isAccepted);
    }

    const std::shared_ptr<Way> m_way;
    const DeliveryRef m_delivery;
};

void AmqpBus::Private::callArrived(
    quint64 id, const Incoming& incoming, const DeliveryRef& delivery)
{
    ++counters.received;
    ++counters.calls;
    ++counters.unansweredCalls;
    Reply reply(std::make_unique<Sink>(weak_from_this(), incoming, delivery));
    const auto serving = servings.constFind(id);
    if (serving == servings.constEnd())
        return; // given up meanwhile: dropping the reply rejects the call
    Message call = incoming.message;
    call.exchange.clear();
    const CallHandler handler = serving->handler;
    handler(call, std::move(reply));
}

AmqpBus::AmqpBus(const Clock& clock, AmqpOptions options, Outbox& outbox)
    : d(std::make_shared<Private>(clock, std::move(options), outbox))
{
    d->presence = std::make_unique<Presence>(
        *this, d->services, d->clock, d->presenceExchange(), d->options.presencePeriod);
    d->presence->start();
    d->sender.start();
    d->consumer.start();
}

AmqpBus::~AmqpBus()
{
    d->presence.reset();
    d->sender.requestStop(); // both at once, and then wait
    d->consumer.requestStop();
    d->sender.stop();
    d->consumer.stop();
}

void AmqpBus::publish(Publication publication, Published done)
{
    ++d->counters.published;
    if (auto error = objection(publication, d->options.common)) {
        ++d->counters.refused;
        if (done)
            d->later.post([done = std::move(done), error = *std::move(error)] {
                done(Outcome::Refused, error);
            });
        return;
    }
    complete(publication.properties, d->options.common.nodeName);
    d->sender.publish(std::move(publication), std::move(done));
}

bool AmqpBus::isWaiting(const ExchangeName& exchange, const Topic& topic) const
{
    return d->sender.isWaiting({normalized(exchange, d->options.common), topic});
}

Ticket AmqpBus::subscribe(const ExchangeName& exchange, const Topic& pattern,
    MessageHandler handler, std::function<void()> whenBound, Refused refused)
{
    if (!isPattern(pattern) || !isExchangeName(exchange))
        return {};
    const Private::Key key(normalized(exchange, d->options.common), pattern);
    const auto added = d->subscriptions.add(key.first, key.second, std::move(handler));
    d->countSubscriptions();
    if (whenBound || refused)
        d->waiters[key].insert(added.id, {std::move(whenBound), std::move(refused)});
    if (added.isFirst) {
        d->consumer.bind(d->atBroker(key.first), key.second);
    } else if (d->bound.contains(key)) {
        d->later.post([p = d.get(), key, id = added.id] { p->tellBound(key, id); });
    } else if (const auto why = d->refusals.constFind(key); why != d->refusals.constEnd()) {
        d->later.post(
            [p = d.get(), key, id = added.id, error = *why] { p->tellRefused(key, id, error); });
    }
    return Ticket([weak = std::weak_ptr(d), id = added.id] {
        if (const auto p = weak.lock())
            p->unsubscribe(id);
    });
}

Ticket AmqpBus::request(Request request, AnswerHandler handler)
{
    ++d->counters.requests;
    const bool tooMany = d->requests.count() >= d->options.common.maxRequests;
    const QByteArray correlation = d->requests.add(request, std::move(handler));
    if (auto wrong = objection(request, d->options.common)) {
        d->postFailure(correlation, *std::move(wrong));
    } else if (tooMany) {
        d->postFailure(correlation,
            {ErrorCode::RateLimited, QStringLiteral("too many requests are outstanding")});
    } else if (!d->isConsumerUp) {
        d->postFailure(correlation, {ErrorCode::Unavailable, QStringLiteral("the broker is away")});
    } else {
        complete(request.properties, d->options.common.nodeName);
        const Millis limit = RequestTable::limitOf(request);
        Outgoing message;
        message.routingKey = request.queue;
        message.body = std::move(request.body);
        message.properties = std::move(request.properties);
        message.replyTo = d->replyQueue;
        message.correlation = correlation;
        message.expiration = limit;
        message.isMandatory = true;
        message.isPersistent = false;
        auto sent = d->sender.send(std::move(message), limit,
            [p = d.get(), correlation, queue = request.queue](const Error& error) {
                if (error.code == ErrorCode::Timeout)
                    return; // ends by itself
                p->requests.fail(correlation,
                    error.code == ErrorCode::NotFound
                        ? Error{error.code, QStringLiteral("nobody serves %1").arg(text(queue))}
                        : error);
            });
        if (!sent)
            d->postFailure(correlation, sent.error());
    }
    return Ticket([weak = std::weak_ptr(d), correlation] {
        if (const auto p = weak.lock())
            p->requests.cancel(correlation);
    });
}

Ticket AmqpBus::serve(
    const QueueName& queue, CallHandler handler, std::function<void()> ready, Refused refused)
{
    if (!isQueueName(queue))
        return {};
    if (d->servings.size() >= d->options.common.maxServed) {
        if (refused)
            d->later.post([refused = std::move(refused)] { refused(tooManyServed()); });
        return {};
    }
    const quint64 id = ++d->lastServing;
    d->servings.insert(id, {std::move(handler), std::move(ready), std::move(refused)});
    d->counters.servedQueues = quint64(d->servings.size());
    d->consumer.serve(id, queue);
    return Ticket([weak = std::weak_ptr(d), id] {
        if (const auto p = weak.lock()) {
            p->servings.remove(id);
            p->counters.servedQueues = quint64(p->servings.size());
            p->consumer.unserve(id);
        }
    });
}

Ticket AmqpBus::announce(Service service)
{
    if (service.name.isEmpty() || !d->presence->announce(service))
        return {};
    return Ticket([weak = std::weak_ptr(d), name = service.name] {
        if (const auto p = weak.lock(); p && p->presence)
            p->presence->withdraw(name);
    });
}

std::vector<Service> AmqpBus::services() const
{
    return d->services.all();
}

void AmqpBus::addObserver(ServiceObserver* observer)
{
    d->services.observers.add(observer);
}

void AmqpBus::removeObserver(ServiceObserver* observer)
{
    d->services.observers.remove(observer);
}

BusState AmqpBus::state() const
{
    return d->shown;
}

void AmqpBus::addObserver(StateObserver* observer)
{
    d->observers.add(observer);
}

void AmqpBus::removeObserver(StateObserver* observer)
{
    d->observers.remove(observer);
}

const BusCounters& AmqpBus::counters() const
{
    return d->counters;
}

const QByteArray& AmqpBus::nodeName() const
{
    return d->options.common.nodeName;
}

void AmqpBus::flush(Millis limit, std::function<void()> done)
{
    d->presence->leave();
    d->sender.flush(limit, std::move(done));
}

} // namespace gatehouse::bus
