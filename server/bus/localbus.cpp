// SPDX-License-Identifier: Apache-2.0
#include "server/bus/localbus.h"

#include "server/bus/admission.h"
#include "server/bus/buslog.h"
#include "server/bus/flushes.h"
#include "server/bus/localqueues.h"
#include "server/bus/requesttable.h"
#include "server/bus/servicelist.h"
#include "server/bus/subscriptiontable.h"
#include "server/bus/topicpattern.h"

namespace gatehouse::bus {

struct LocalBus::Private
{
    Private(const Clock& time, BusOptions o)
        : options(std::move(o)), clock(time), startedAt(time.monotonic()),
          requests(clock, counters,
              [this](const QByteArray& correlation) { queues->forget(correlation); }),
          services(later, counters),
          queues(std::make_shared<LocalQueues>(
              options, counters,
              [this](const QByteArray& correlation, Message message) {
                  answered(correlation, std::move(message));
              },
              [this](const QByteArray& correlation) { return requests.isWaiting(correlation); }))
    {
        if (options.nodeName.isEmpty())
            options.nodeName = madeUpNodeName();
    }

    bool takeRoom(qint64 bytes)
    {
        if (qsizetype(counters.waiting) >= options.maxWaiting
            || qint64(counters.waitingBytes) + bytes > options.maxWaitingBytes) {
            ++counters.overflowed;
            return false;
        }
        ++counters.waiting;
        counters.waitingBytes += quint64(bytes);
        return true;
    }

    void giveRoom(qint64 bytes)
    {
        --counters.waiting;
        counters.waitingBytes -= quint64(bytes);
        if (counters.waiting == 0 && !flushes.isEmpty())
            flushes.finish();
    }

    void refuse(const Publication& publication, Error error, const Published& done)
    {
        ++counters.refused;
        if (publication.care == Care::Volatile)
            ++counters.volatileDropped;
        if (done)
            later.post([done, error = std::move(error)] { done(Outcome::Refused, error); });
    }

    void deliver(const Publication& publication, const Published& done)
    {
        ++counters.received;
        const Message message{publication.exchange, publication.topic, publication.body,
            publication.properties, publication.mayBeRepeated};
        const SubscriptionTable::Delivered delivered = subscriptions.deliver(message);
        if (delivered.isRejected) {
            ++counters.deadLettered;
            warnSparingly(
                "message", QStringLiteral("A message on %1 was rejected").arg(text(message.topic)));
        }
        Outcome outcome = Outcome::Confirmed;
        Error error;
        if (delivered.handlers > 0) {
            ++counters.confirmed;
        } else if (publication.needsReceiver) {
            ++counters.unroutable;
            outcome = Outcome::Unroutable;
            error = {ErrorCode::NotFound,
                QStringLiteral("nobody listens to %1").arg(text(message.topic))};
        } else {
            ++counters.confirmed;
            ++counters.unmatched;
        }
        if (done)
            done(outcome, error);
    }

    void ask(const QByteArray& correlation, Message call)
    {
        if (!requests.isWaiting(correlation)) // given up already
            return;
        const QueueName queue = call.topic;
        switch (queues->call(std::move(call), correlation)) {
        case LocalQueues::Taken::Yes:
            break;
        case LocalQueues::Taken::NobodyServes:
            nobodyServes(correlation, queue);
            break;
        case LocalQueues::Taken::TooMany:
            requests.fail(correlation,
                {ErrorCode::RateLimited,
                    QStringLiteral("too many calls wait for %1").arg(text(queue))});
        }
    }

    void nobodyServes(const QByteArray& correlation, const QueueName& queue)
    {
        requests.fail(correlation,
            {ErrorCode::NotFound, QStringLiteral("nobody serves %1").arg(text(queue))});
    }

    void answered(const QByteArray& correlation, Message message)
    {
        const qint64 bytes = message.body.size();
        if (bytes > options.maxBodyBytes) {
            ++counters.oversized;
            postFailure(correlation,
                {ErrorCode::TooLarge, QStringLiteral("the answer is over the bus's bound")});
            return;
        }
        if (!takeRoom(bytes)) {
            postFailure(correlation,
                {ErrorCode::RateLimited, QStringLiteral("too much is waiting on the bus")});
            return;
        }
        later.post([this, correlation, message = std::move(message), bytes] {
            requests.answer(correlation, message);
            giveRoom(bytes);
        });
    }

    void postFailure(const QByteArray& correlation, Error error)
    {
        later.post(
            [this, correlation, error = std::move(error)] { requests.fail(correlation, error); });
    }

    BusOptions options;
    const Clock& clock;
    const Millis startedAt;
    BusCounters counters;
    Later later;
    SubscriptionTable subscriptions;
    RequestTable requests;
    ServiceList services;
    std::shared_ptr<LocalQueues> queues;
    Flushes flushes;
};

LocalBus::LocalBus(const Clock& clock, BusOptions options)
    : d(std::make_shared<Private>(clock, std::move(options)))
{
}

LocalBus::~LocalBus() = default;

void LocalBus::publish(Publication publication, Published done)
{
    ++d->counters.published;
    if (auto error = objection(publication, d->options)) {
        d->refuse(publication, *std::move(error), done);
        return;
    }
    const qint64 bytes = publication.body.size();
    if (!d->takeRoom(bytes)) {
        d->refuse(publication,
            {ErrorCode::RateLimited, QStringLiteral("too much is waiting on the bus")}, done);
        return;
    }
    publication.exchange = normalized(publication.exchange, d->options);
    complete(publication.properties, d->options.nodeName);
    d->later.post([p = d.get(), publication = std::move(publication), done = std::move(done)] {
        p->deliver(publication, done);
        p->giveRoom(publication.body.size());
    });
}

bool LocalBus::isWaiting(const ExchangeName&, const Topic&) const
{
    return false; // there is no outbox
}

Ticket LocalBus::subscribe(const ExchangeName& exchange, const Topic& pattern,
    MessageHandler handler, std::function<void()> bound, Refused)
{
    if (!isPattern(pattern) || !isExchangeName(exchange))
        return {};
    const auto updateCounters = [](Private& p) {
        p.counters.subscriptions = quint64(p.subscriptions.count());
        p.counters.boundTopics = quint64(p.subscriptions.patternCount());
    };
    const quint64 id
        = d->subscriptions.add(normalized(exchange, d->options), pattern, std::move(handler)).id;
    updateCounters(*d);
    const auto isAlive = std::make_shared<bool>(true);
    if (bound) {
        d->later.post([isAlive, bound = std::move(bound)] {
            if (*isAlive)
                bound();
        });
    }
    return Ticket([weak = std::weak_ptr(d), id, isAlive, updateCounters] {
        *isAlive = false;
        if (const auto p = weak.lock()) {
            p->subscriptions.remove(id);
            updateCounters(*p);
        }
    });
}

Ticket LocalBus::request(Request request, AnswerHandler handler)
{
    ++d->counters.requests;
    const bool tooMany = d->requests.count() >= d->options.maxRequests;
    const QByteArray correlation = d->requests.add(request, std::move(handler));
    if (auto error = objection(request, d->options)) {
        d->postFailure(correlation, *std::move(error));
    } else if (const qint64 bytes = request.body.size(); tooMany || !d->takeRoom(bytes)) {
        d->postFailure(correlation,
            {ErrorCode::RateLimited, QStringLiteral("too many requests are outstanding")});
    } else {
        complete(request.properties, d->options.nodeName);
        Message call{
            {}, request.queue, std::move(request.body), std::move(request.properties), false};
        d->later.post([p = d.get(), correlation, call = std::move(call), bytes] {
            p->ask(correlation, call);
            p->giveRoom(bytes);
        });
    }
    return Ticket([weak = std::weak_ptr(d), correlation] {
        if (const auto p = weak.lock())
            p->requests.cancel(correlation);
    });
}

Ticket LocalBus::serve(
    const QueueName& queue, CallHandler handler, std::function<void()> ready, Refused refused)
{
    if (!isQueueName(queue))
        return {};
    if (d->queues->servings() >= d->options.maxServed) {
        if (refused)
            d->later.post([refused = std::move(refused)] { refused(tooManyServed()); });
        return {};
    }
    const quint64 id = d->queues->add(queue, std::move(handler));
    const auto isAlive = std::make_shared<bool>(true);
    if (ready) {
        d->later.post([isAlive, ready = std::move(ready)] {
            if (*isAlive)
                ready();
        });
    }
    return Ticket([weak = std::weak_ptr(d), queue, id, isAlive] {
        *isAlive = false;
        if (const auto p = weak.lock()) {
            for (const QByteArray& correlation : p->queues->remove(queue, id))
                p->later.post(
                    [raw = p.get(), correlation, queue] { raw->nobodyServes(correlation, queue); });
        }
    });
}

Ticket LocalBus::announce(Service service)
{
    if (service.name.isEmpty() || d->services.contains(service.name))
        return {};
    service.node = d->options.nodeName;
    const QByteArray name = service.name;
    d->services.put(service);
    return Ticket([weak = std::weak_ptr(d), name] {
        if (const auto p = weak.lock())
            p->services.remove(name);
    });
}

std::vector<Service> LocalBus::services() const
{
    return d->services.all();
}

void LocalBus::addObserver(ServiceObserver* observer)
{
    d->services.observers.add(observer);
}

void LocalBus::removeObserver(ServiceObserver* observer)
{
    d->services.observers.remove(observer);
}

BusState LocalBus::state() const
{
    return {BusState::Link::Up, d->startedAt, {}};
}

const BusCounters& LocalBus::counters() const
{
    return d->counters;
}

const QByteArray& LocalBus::nodeName() const
{
    return d->options.nodeName;
}

void LocalBus::flush(Millis limit, std::function<void()> done)
{
    if (d->counters.waiting == 0) {
        d->later.post(std::move(done));
        return;
    }
    d->flushes.add(limit, std::move(done));
}

} // namespace gatehouse::bus
