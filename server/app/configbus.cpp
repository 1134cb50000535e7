// SPDX-License-Identifier: Apache-2.0
#include "server/app/configrow.h"
#include "server/bus/redislink.h"
#include "server/bus/topicpattern.h"
#include "server/events/adminnamespace.h"
#include "server/events/federationnamespace.h"
#include "server/relay/emittersource.h"

#include <algorithm>

namespace gatehouse::app {

bus::AmqpOptions BusConfiguration::amqpOptions() const
{
    bus::AmqpOptions made = options;
    made.common.nodeName = nodeName.toUtf8();
    made.common.exchange = exchange.toUtf8();
    if (const auto endpoint = bus::AmqpEndpoint::fromUrl(url))
        made.endpoint = *endpoint;
    made.endpoint.caFile = caFile;
    made.endpoint.certificateFile = certificateFile;
    made.endpoint.keyFile = keyFile;
    for (const QString& text : exchanges) {
        if (auto one = bus::ExchangeOptions::fromText(text))
            made.exchanges.push_back(*std::move(one));
    }
    // The channel of a Python back end over RabbitMQ is an exchange of its own kind.
    for (const QString& line : emitters) {
        const auto source = relay::EmitterSource::fromText(line);
        if (source && source->carrier == relay::EmitterSource::Carrier::RabbitMq)
            made.exchanges.push_back(
                {.name = source->channel, .type = "fanout", .isDurable = false});
    }
    return made;
}

relay::ClusterOptions BusConfiguration::clusterOptions() const
{
    return {.period = options.presencePeriod,
        .isShared = hasBroker(),
        .isAsked = !controlQueue.isEmpty(),
        .maxClients = clusterClients,
        .messageBytes = options.common.maxBodyBytes};
}

relay::ClusterCallOptions BusConfiguration::clusterCallOptions() const
{
    relay::ClusterCallOptions made{.queue = controlQueue.toUtf8(), .methods = controlMethods};
    made.isEveryNamespace = controlNamespaces.contains(QStringLiteral("*"));
    for (const QString& name : controlNamespaces)
        made.namespaces.insert({name.toUtf8()});
    // Administrators and computing nodes are nobody's to drive who is not told so.
    made.guarded = {events::AdminNamespace::name(), events::FederationNamespace::name()};
    made.maxAnswerBytes
        = std::min<qint64>(made.maxAnswerBytes, options.common.maxBodyBytes * 3 / 4);
    return made;
}

namespace {

QString checkBrokerUrl(const ConfigValue& value)
{
    const QString url = std::get<QString>(value);
    const auto endpoint
        = url.isEmpty() ? Result<bus::AmqpEndpoint>() : bus::AmqpEndpoint::fromUrl(url);
    return endpoint ? QString() : endpoint.error().detail;
}

QString checkRedisUrl(const ConfigValue& value)
{
    const QString url = std::get<QString>(value);
    const auto options
        = url.isEmpty() ? Result<bus::RedisOptions>() : bus::RedisOptions::fromUrl(url);
    return options ? QString() : options.error().detail;
}

QString checkExchange(const ConfigValue& value)
{
    return bus::isQueueName(std::get<QString>(value).toUtf8())
        ? QString()
        : QStringLiteral("1 to 255 octets, not beginning with \"amq.\"");
}

QString checkNodeName(const ConfigValue& value)
{
    const QByteArray name = std::get<QString>(value).toUtf8();
    return name.isEmpty() || (bus::isQueueName(name) && name.size() <= 200)
        ? QString()
        : QStringLiteral("at most 200 octets, not beginning with \"amq.\"");
}

QString checkControlQueue(const ConfigValue& value)
{
    const QByteArray name = std::get<QString>(value).toUtf8();
    return name.isEmpty() || bus::isQueueName(name)
        ? QString()
        : QStringLiteral("at most 255 octets, not beginning with \"amq.\"");
}

QString checkControlMethods(const ConfigValue& value)
{
    const QStringList known = relay::ClusterCalls::methodNames();
    for (const QString& method : std::get<QStringList>(value)) {
        if (!known.contains(method))
            return method + QStringLiteral(" is none of ") + known.join(QStringLiteral(", "));
    }
    return {};
}

QString checkControlNamespaces(const ConfigValue& value)
{
    for (const QString& name : std::get<QStringList>(value)) {
        if (name != u'*' && !name.startsWith(u'/'))
            return name + QStringLiteral(" is no namespace: they begin with /");
    }
    return {};
}

QString checkExchanges(const ConfigValue& value)
{
    for (const QString& text : std::get<QStringList>(value)) {
        if (const auto one = bus::ExchangeOptions::fromText(text); !one)
            return one.error().detail;
    }
    return {};
}

QString checkEmitters(const ConfigValue& value)
{
    for (const QString& line : std::get<QStringList>(value)) {
        if (const auto source = relay::EmitterSource::fromText(line); !source)
            return source.error().detail;
    }
    return {};
}

std::vector<ConfigKey> brokerKeys(const char* s)
{
    return {
        withCheck(text(s, "url", ConfigType::Secret, FIELD(bus.url),
                      "A RabbitMQ broker, `amqp://user:password@host:port/vhost`, or `amqps` for "
                      "TLS 1.2 and 1.3. Empty: the bus is within this process."),
            checkBrokerUrl),
        text(s, "ca_file", ConfigType::Path, FIELD(bus.caFile),
            "PEM file with the authorities whose certificates a broker may show. Empty: the "
            "system's."),
        text(s, "certificate", ConfigType::Path, FIELD(bus.certificateFile),
            "PEM file with the certificate we show the broker."),
        text(s, "key", ConfigType::Path, FIELD(bus.keyFile), "PEM file with its key."),
        withCheck(text(s, "node_name", ConfigType::Text, FIELD(bus.nodeName),
                      "This process on the bus, unlike every other one. Its queue at the broker "
                      "is named after it: with a fixed name, messages that come while it restarts "
                      "wait there. Empty: another name at each start."),
            checkNodeName),
        withCheck(text(s, "exchange", ConfigType::Text, FIELD(bus.exchange),
                      "The topic exchange of our own; made when it is not there."),
            checkExchange),
        withCheck(text(s, "exchanges", ConfigType::TextList, FIELD(bus.exchanges),
                      "How other exchanges are made when they are not there: lines of NAME, "
                      "`topic`, `fanout` or `direct`, and `durable` or `transient`. Without a "
                      "line: a durable topic exchange. One that is there is used as it is."),
            checkExchanges),
        duration(s, "heartbeat", FIELD(bus.options.heartbeat), second, 10 * minute,
            "A broker that is silent for twice as long is taken for gone."),
        duration(s, "connect_timeout", FIELD(bus.options.connectTimeout), 100, 5 * minute,
            "For the connection to the broker, and again for the handshake."),
        duration(s, "call_timeout", FIELD(bus.options.callTimeout), 100, 5 * minute,
            "For an answer of the broker itself, as to a new binding."),
        duration(s, "retry_min", FIELD(bus.options.retryMin), 10, minute,
            "First pause before a lost connection is tried again; it doubles each time."),
        duration(
            s, "retry_max", FIELD(bus.options.retryMax), 10, 10 * minute, "Longest such pause."),
    };
}

std::vector<ConfigKey> deliveryKeys(const char* s)
{
    return {
        duration(s, "confirm_timeout", FIELD(bus.options.confirmTimeout), 100, 10 * minute,
            "A message the broker has not confirmed by then is given up, unless it is to be "
            "kept."),
        duration(s, "keep_after", FIELD(bus.options.keepAfter), 0, minute,
            "A message that is to be kept and is not confirmed by then is written to the outbox "
            "in the database, and counts as taken."),
        count(s, "outbox_messages", FIELD(bus.options.maxKept), 0, 100'000'000,
            "Messages in the outbox; more are refused."),
        size(s, "outbox_size", FIELD(bus.options.maxKeptBytes), 0, 1024 * 1024 * mib,
            "Octets of the messages in the outbox; likewise."),
        duration(s, "outbox_hold", FIELD(bus.options.outboxHold), 0, 7 * day,
            "With the broker there: how long a message of the outbox that needs a receiver, as "
            "those of the services profile do, waits for somebody to be bound to its topic. Then "
            "it is a dead letter."),
        count(s, "unconfirmed", FIELD(bus.options.maxUnconfirmed), 1, 65'535,
            "Messages the broker has got and not confirmed; more wait."),
        size(s, "unconfirmed_size", FIELD(bus.options.maxUnconfirmedBytes), kib, 1024 * mib,
            "Their octets; a larger message goes alone."),
        count(s, "prefetch", FIELD(bus.options.prefetch), 1, 65'535,
            "Messages the broker sends before we have dealt with the earlier ones."),
        duration(s, "queue_expiry", FIELD(bus.options.queueExpiry), second, 7 * day,
            "How long the broker keeps our queue, and what comes to it, when we are away. A "
            "process "
            "that was killed leaves one that swallows messages for so long."),
        count(s, "queue_length", FIELD(bus.options.maxQueueLength), 1, 100'000'000,
            "Messages in it; then the oldest go to the dead letters."),
        count(s, "dead_letters", FIELD(bus.options.maxDeadLetters), 1, 100'000'000,
            "Messages in the broker's queue `gatehouse.dead`; then the oldest are dropped."),
        size(s, "message_size", FIELD(bus.options.common.maxBodyBytes), kib, 1024 * mib,
            "One message, either way; a larger one that comes is a dead letter."),
        count(s, "waiting", FIELD(bus.options.common.maxWaiting), 1, 10'000'000,
            "Messages, requests and answers on their way out, those aside that are in the outbox "
            "only; more are refused. In-process also, once more, calls that wait."),
        size(s, "waiting_size", FIELD(bus.options.common.maxWaitingBytes), mib, 64 * 1024 * mib,
            "Their octets."),
        count(s, "requests", FIELD(bus.options.common.maxRequests), 1, 10'000'000,
            "Requests to services that wait for an answer; more are refused."),
        count(s, "calls", FIELD(bus.options.common.maxCalls), 1, 65'535,
            "Calls of services that we have not answered, per queue; more wait with the bus."),
        count(s, "served_queues", FIELD(bus.options.common.maxServed), 1, 2'000,
            "Queues this process serves, each serving service counted; more are refused."),
        count(s, "remembered_ids", FIELD(bus.options.common.rememberedIds), 0, 10'000'000,
            "Ids of received messages that are remembered, to drop one that comes again."),
        duration(s, "presence_period", FIELD(bus.options.presencePeriod), 100, minute,
            "How often this process tells the others which services and clients it has. One that "
            "was not heard of for three periods is gone."),
        count(s, "cluster_clients", FIELD(bus.clusterClients), 0, 10'000'000,
            "Clients of all other processes on the broker that are listed here; more are only "
            "counted."),
    };
}

std::vector<ConfigKey> controlKeys(const char* s)
{
    return {
        withCheck(text(s, "control_queue", ConfigType::Text, FIELD(bus.controlQueue),
                      "Queue on which services call the house itself: emit, kick, list clients "
                      "and rooms, of all processes on the bus (docs/bus.md). Empty: no such calls. "
                      "Whoever may use the bus may then call."),
            checkControlQueue),
        withCheck(text(s, "control_methods", ConfigType::TextList, FIELD(bus.controlMethods),
                      "What may be called there."),
            checkControlMethods),
        withCheck(text(s, "control_namespaces", ConfigType::TextList, FIELD(bus.controlNamespaces),
                      "Namespaces in which they may act and look. `*` is every one but `/gh-admin` "
                      "and `/tasks`, the administrators' and the federation's: these have to be "
                      "named."),
            checkControlNamespaces),
    };
}

} // namespace

std::vector<ConfigKey> busKeys()
{
    const auto s = "bus";
    std::vector<ConfigKey> keys = brokerKeys(s);
    for (auto& key : deliveryKeys(s))
        keys.push_back(std::move(key));
    for (auto& key : controlKeys(s))
        keys.push_back(std::move(key));
    keys.push_back(withCheck(text(s, "redis_url", ConfigType::Secret, FIELD(bus.redisUrl),
                                 "A Redis server, `redis://user:password@host:port`, for back ends "
                                 "that emit over it. Plain TCP only."),
        checkRedisUrl));
    keys.push_back(withCheck(
        text(s, "emitters", ConfigType::TextList, FIELD(bus.emitters),
            "Channels on which back ends written for python-socketio, Flask-SocketIO or "
            "`@socket.io/redis-emitter` emit into our rooms, and what they may do: lines of "
            "`python` or `node`, `rabbitmq` or `redis`, the channel, and options (docs/bus.md)."),
        checkEmitters));
    return keys;
}

} // namespace gatehouse::app
