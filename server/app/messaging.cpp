// SPDX-License-Identifier: Apache-2.0
#include "server/app/messaging.h"

#include "server/app/busmetrics.h"
#include "server/bus/amqpbus.h"
#include "server/bus/localbus.h"
#include "server/relay/emitters.h"
#include "server/store/storedoutbox.h"

namespace gatehouse::app {

namespace {

std::vector<relay::EmitterSource> sourcesOf(const BusConfiguration& configuration)
{
    std::vector<relay::EmitterSource> sources;
    for (const QString& line : configuration.emitters) {
        if (auto source = relay::EmitterSource::fromText(line)) // the reader has checked it
            sources.push_back(*std::move(source));
    }
    return sources;
}

std::unique_ptr<bus::RedisLink> redisOf(const BusConfiguration& configuration)
{
    if (configuration.redisUrl.isEmpty())
        return {};
    auto options = bus::RedisOptions::fromUrl(configuration.redisUrl);
    return options ? std::make_unique<bus::RedisLink>(*options) : nullptr;
}

} // namespace

struct Messaging::Private
{
    Private(const BusConfiguration& c, store::Store& store, hub::Hub& hub,
        session::SocketIoServer& sessions, observe::Metrics& m, const Clock& clock)
        : options(c.amqpOptions()), hasBroker(c.hasBroker()), outbox(store, clock),
          bus(makeBus(clock)), redis(redisOf(c)),
          emitters(sourcesOf(c), hub, sessions, *bus, redis.get()),
          metrics(m, bus->counters(), emitters.counters(), redis ? &redis->counters() : nullptr)
    {
        if (redis)
            redis->start();
    }

    std::unique_ptr<bus::Bus> makeBus(const Clock& clock)
    {
        if (hasBroker)
            return std::make_unique<bus::AmqpBus>(clock, options, outbox);
        return std::make_unique<bus::LocalBus>(clock, options.common);
    }

    const bus::AmqpOptions options;
    const bool hasBroker;
    store::StoredOutbox outbox;
    std::unique_ptr<bus::Bus> bus;
    std::unique_ptr<bus::RedisLink> redis;
    relay::Emitters emitters;
    BusMetrics metrics;
};

Messaging::Messaging(const BusConfiguration& configuration, store::Store& store, hub::Hub& hub,
    session::SocketIoServer& sessions, observe::Metrics& metrics, const Clock& clock)
    : d(std::make_unique<Private>(configuration, store, hub, sessions, metrics, clock))
{
}

Messaging::~Messaging()
{
    d->redis.reset(); // its handlers are the emitters'
}

bus::Bus& Messaging::bus()
{
    return *d->bus;
}

QString Messaging::fault() const
{
    const bus::BusState state = d->bus->state();
    switch (state.link) {
    case bus::BusState::Link::Up:
        return {};
    case bus::BusState::Link::Blocked:
        return QStringLiteral("the broker takes no messages");
    case bus::BusState::Link::Connecting:
        return QStringLiteral("no connection to the broker");
    }
    return {};
}

QString Messaging::text() const
{
    return d->hasBroker ? d->options.endpoint.text() : QStringLiteral("in-process");
}

void Messaging::refreshMetrics()
{
    d->metrics.refresh(d->bus->state());
}

} // namespace gatehouse::app
