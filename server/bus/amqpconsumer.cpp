// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpconsumer.h"

#include "server/bus/amqppublisher.h"
#include "server/bus/buslog.h"
#include "server/bus/topicpattern.h"

namespace gatehouse::bus {

namespace {

constexpr quint16 messages = 1;
constexpr quint16 answers = 2;
constexpr quint16 asking = 3; // closed by the broker when something is not as we want it
constexpr quint16 firstServing = 10;

constexpr qsizetype mostReleased = 10'000; // remembered; then they are given up again

const QByteArray deadLetters("gatehouse.dead"); // exchange and queue

} // namespace

AmqpConsumer::AmqpConsumer(const AmqpOptions& options, Uplink& uplink, ConsumerListener& listener)
    : AmqpWorker(options, options.common.nodeName + " consumes"), m_uplink(uplink),
      m_listener(listener)
{
}

AmqpConsumer::~AmqpConsumer()
{
    stop();
}

QueueName AmqpConsumer::ownQueue() const
{
    return options().common.nodeName + ".messages";
}

void AmqpConsumer::give(Command command)
{
    bool wasEmpty = false;
    {
        const std::lock_guard lock(m_mutex);
        wasEmpty = m_commands.empty();
        m_commands.push_back(std::move(command));
    }
    if (wasEmpty)
        wake();
}

void AmqpConsumer::bind(const ExchangeName& exchange, const Topic& pattern)
{
    give({.kind = Command::Kind::Bind, .exchange = exchange, .pattern = pattern});
}

void AmqpConsumer::unbind(const ExchangeName& exchange, const Topic& pattern)
{
    give({.kind = Command::Kind::Unbind, .exchange = exchange, .pattern = pattern});
}

void AmqpConsumer::serve(quint64 serving, const QueueName& queue)
{
    give({.kind = Command::Kind::Serve, .pattern = queue, .serving = serving});
}

void AmqpConsumer::unserve(quint64 serving)
{
    give({.kind = Command::Kind::Unserve, .serving = serving});
}

void AmqpConsumer::settle(const DeliveryRef& delivery, bool isAccepted)
{
    give({.kind = Command::Kind::Settle, .delivery = delivery, .isAccepted = isAccepted});
}

void AmqpConsumer::release(
    const ExchangeName& exchange, const Topic& topic, std::function<void()> done)
{
    give({.kind = Command::Kind::Release,
        .exchange = exchange,
        .pattern = topic,
        .done = std::move(done)});
}

std::deque<AmqpConsumer::Command> AmqpConsumer::takeCommands()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_commands, {});
}

Result<void> AmqpConsumer::setUp(AmqpConnection& connection)
{
    m_generation = ++m_lastGeneration;
    m_exchanges.clear();
    m_released.clear();
    m_nextChannel = firstServing;
    m_retryAt.reset();
    for (const Command& command : takeCommands())
        remember(command);
    for (const quint16 channel : {messages, answers, asking}) {
        if (const auto open = connection.openChannel(channel); !open)
            return open;
    }
    if (const auto made = setUpDeadLetters(connection); !made)
        return made;
    if (const auto made = setUpOwnQueue(connection); !made)
        return made;
    const QSet<Binding> stale = m_stale; // each goes from it by itself
    for (const Binding& binding : stale) {
        if (const auto gone = unbindNow(connection, binding); !gone)
            return gone;
    }
    for (const Binding& binding : m_bindings) {
        if (const auto bound = bindNow(connection, binding); !bound)
            return bound;
    }
    for (auto& [id, serving] : m_servings) {
        if (const auto served = serveNow(connection, id, serving); !served)
            return served;
    }
    while (!m_releases.empty()) {
        if (const auto released = carryOut(connection, m_releases.front()); !released)
            return released;
        m_releases.pop_front();
    }
    const auto replyQueue
        = connection.declareQueue(answers, {}, {.isExclusive = true, .isAutoDelete = true});
    if (!replyQueue)
        return tl::unexpected(replyQueue.error());
    if (const auto consumed = connection.consume(answers, *replyQueue, "answers", false, true);
        !consumed)
        return consumed;
    m_uplink.post([this, queue = *replyQueue] { m_listener.consumerIsUp(queue); });
    return {};
}

/// Where the broker puts what we reject. What it already has under that name stays as it is.
Result<void> AmqpConsumer::setUpDeadLetters(AmqpConnection& connection)
{
    auto there = connection.declareExchange(
        asking, {.name = deadLetters, .type = "fanout", .isDurable = true}, false);
    if (there) {
        const auto queue = connection.declareQueue(
            asking, deadLetters, {.isDurable = true, .maxLength = options().maxDeadLetters});
        there = queue ? connection.bind(asking, deadLetters, deadLetters, "#")
                      : tl::unexpected(queue.error());
    }
    if (there || there.error().code == ErrorCode::Unavailable)
        return there;
    warnSparingly("dead letters",
        QString(u"The broker's queue of dead letters is not as wanted: " + there.error().detail));
    return connection.openChannel(asking);
}

Result<void> AmqpConsumer::setUpOwnQueue(AmqpConnection& connection)
{
    auto made = connection.declareQueue(messages, ownQueue(),
        {.isDurable = true,
            .expires = options().queueExpiry,
            .maxLength = options().maxQueueLength,
            .deadLetters = deadLetters});
    if (!made && made.error().code == ErrorCode::Conflict) {
        // Ours from before our settings were changed, with what came to it meanwhile.
        warnSparingly("own queue",
            QString(u"The broker's queue of ours is used as it is: " + made.error().detail));
        if (const auto open = connection.openChannel(messages); !open)
            return open;
        made = connection.declareQueue(messages, ownQueue(), {.isPassive = true});
    }
    if (!made)
        return tl::unexpected(made.error());
    if (const auto set = connection.setPrefetch(messages, options().prefetch); !set)
        return set;
    // Exclusive: a second process of the same name is refused here, and says so.
    return connection.consume(messages, ownQueue(), "messages", true, true);
}

Result<void> AmqpConsumer::bindNow(AmqpConnection& connection, const Binding& binding)
{
    const auto& [exchange, pattern] = binding;
    Result<void> done;
    if (!m_exchanges.contains(exchange)) {
        done = ensureExchange(connection, asking, options(), exchange);
        if (done)
            m_exchanges.insert(exchange);
    }
    if (done) {
        // Before: should the connection end without an answer, the broker may have it.
        const bool wasBound = m_bound.contains(binding);
        m_bound.insert(binding);
        done = connection.bind(asking, ownQueue(), exchange, pattern);
        if (!done && done.error().code != ErrorCode::Unavailable) {
            if (!wasBound)
                m_bound.remove(binding);
            m_exchanges.remove(exchange);
            if (const auto open = connection.openChannel(asking); !open)
                return open;
        }
    }
    if (done) {
        m_refused.remove(binding);
        m_uplink.post([this, binding] { m_listener.patternBound(binding.first, binding.second); });
        return {};
    }
    if (done.error().code == ErrorCode::Unavailable)
        return done;
    bindingRefused(binding, done.error());
    return {};
}

void AmqpConsumer::bindingRefused(const Binding& binding, const Error& why)
{
    if (!m_retryAt)
        m_retryAt = SteadyClock::now() + options().refusedRetry;
    if (m_refused.contains(binding))
        return;
    m_refused.insert(binding);
    warnSparingly("bind",
        QStringLiteral("Cannot bind %1 of the exchange %2: %3")
            .arg(text(binding.second), text(binding.first), why.detail));
    m_uplink.post(
        [this, binding, why] { m_listener.patternRefused(binding.first, binding.second, why); });
}

Result<void> AmqpConsumer::unbindNow(AmqpConnection& connection, const Binding& binding)
{
    m_refused.remove(binding);
    const auto gone = connection.unbind(asking, ownQueue(), binding.first, binding.second);
    if (!gone && gone.error().code == ErrorCode::Unavailable)
        return gone; // with the next connection
    m_bound.remove(binding);
    m_stale.remove(binding);
    if (gone)
        return gone;
    return connection.openChannel(asking); // the exchange has gone, and the binding with it
}

Result<void> AmqpConsumer::releaseNow(AmqpConnection& connection, const Binding& topic)
{
    for (const Topic& pattern : likelyPatterns(topic.second)) {
        const Binding binding(topic.first, pattern);
        if (m_bindings.contains(binding) || m_released.contains(binding))
            continue;
        if (m_released.size() >= mostReleased)
            m_released.clear();
        m_released.insert(binding);
        if (const auto gone = unbindNow(connection, binding); !gone)
            return gone;
    }
    return {};
}

/// The broker's tags of a channel that was closed may still be settled: a number that has just
/// become free is used again last.
quint16 AmqpConsumer::freeChannel(const AmqpConnection& connection)
{
    const int count = int(connection.channelMax()) - firstServing + 1;
    for (int i = 0; i < count; ++i) {
        if (m_nextChannel < firstServing || m_nextChannel > connection.channelMax())
            m_nextChannel = firstServing;
        const quint16 channel = m_nextChannel++;
        if (!m_servingOf.contains(channel))
            return channel;
    }
    return 0;
}

Result<void> AmqpConsumer::serveNow(AmqpConnection& connection, quint64 id, Serving& serving)
{
    const quint16 channel = freeChannel(connection);
    if (channel == 0) {
        servingRefused(id, serving,
            {ErrorCode::RateLimited, QStringLiteral("the broker gives us no more channels")});
        return {};
    }
    if (const auto open = connection.openChannel(channel); !open)
        return open;
    auto queue = connection.declareQueue(channel, serving.queue, {.isPassive = true});
    if (!queue && queue.error().code == ErrorCode::NotFound) {
        if (const auto open = connection.openChannel(channel); !open)
            return open;
        queue = connection.declareQueue(
            channel, serving.queue, {.isAutoDelete = true, .deadLetters = deadLetters});
    }
    Result<void> done = queue ? Result<void>() : tl::unexpected(queue.error());
    if (done)
        done = connection.setPrefetch(
            channel, int(std::min<qsizetype>(options().common.maxCalls, 65'535)));
    if (done)
        done = connection.consume(channel, serving.queue, "calls", true, false);
    if (done) {
        serving.channel = channel;
        serving.generation = ++m_lastGeneration;
        serving.isRefused = false;
        m_servingOf.insert(channel, id);
        m_uplink.post([this, id] { m_listener.queueReady(id); });
        return {};
    }
    if (done.error().code == ErrorCode::Unavailable)
        return done;
    servingRefused(id, serving, done.error());
    return {};
}

void AmqpConsumer::servingRefused(quint64 id, Serving& serving, const Error& why)
{
    serving.channel = 0;
    if (!m_retryAt)
        m_retryAt = SteadyClock::now() + options().refusedRetry;
    if (std::exchange(serving.isRefused, true))
        return;
    warnSparingly(
        "serve", QStringLiteral("Cannot serve %1: %2").arg(text(serving.queue), why.detail));
    m_uplink.post([this, id, why] { m_listener.queueRefused(id, why); });
}

/// Somebody may have got a right since, or have given up what he had for himself.
Result<void> AmqpConsumer::askAgain(AmqpConnection& connection)
{
    m_retryAt.reset();
    const QSet<Binding> refused = m_refused;
    for (const Binding& binding : refused) {
        if (const auto done = bindNow(connection, binding); !done)
            return done;
    }
    for (auto& [id, serving] : m_servings) {
        if (!serving.isRefused || serving.isEnded)
            continue;
        if (const auto done = serveNow(connection, id, serving); !done)
            return done;
    }
    return {};
}

Result<void> AmqpConsumer::endServing(AmqpConnection& connection, quint64 id)
{
    const auto at = m_servings.find(id);
    if (at == m_servings.end())
        return {};
    Serving& serving = at->second;
    if (serving.channel != 0 && !serving.isEnded) {
        if (const auto gone = connection.cancel(serving.channel, "calls"); !gone)
            return gone;
    }
    serving.isEnded = true;
    if (serving.unsettled > 0)
        return {};
    const quint16 channel = serving.channel;
    m_servings.erase(at);
    if (channel == 0)
        return {};
    m_servingOf.remove(channel);
    return connection.closeChannel(channel);
}

Result<void> AmqpConsumer::settleNow(AmqpConnection& connection, const Command& command)
{
    const DeliveryRef& delivery = command.delivery;
    const auto id = m_servingOf.constFind(delivery.channel);
    const bool isCall = delivery.channel >= firstServing;
    const bool isKnown = isCall
        ? id != m_servingOf.constEnd() && m_servings[*id].generation == delivery.generation
        : delivery.generation == m_generation;
    if (!isKnown)
        return {}; // the broker has given it to somebody else by now, or will give it again
    const auto settled = command.isAccepted ? connection.acknowledge(delivery.channel, delivery.tag)
                                            : connection.reject(delivery.channel, delivery.tag);
    if (!settled || !isCall)
        return settled;
    Serving& serving = m_servings[*id];
    --serving.unsettled;
    return serving.isEnded ? endServing(connection, *id) : Result<void>();
}

void AmqpConsumer::remember(const Command& command)
{
    const Binding binding(command.exchange, command.pattern);
    switch (command.kind) {
    case Command::Kind::Bind:
        m_bindings.insert(binding);
        m_stale.remove(binding);
        m_released.remove(binding);
        break;
    case Command::Kind::Unbind:
        m_bindings.remove(binding);
        m_refused.remove(binding);
        if (m_bound.contains(binding)) // else clients that come and go would fill this up
            m_stale.insert(binding);
        break;
    case Command::Kind::Serve:
        m_servings[command.serving] = {.queue = command.pattern};
        break;
    case Command::Kind::Unserve:
        m_servings.erase(command.serving);
        break;
    case Command::Kind::Settle:
        break;
    case Command::Kind::Release:
        m_releases.push_back(command);
        break;
    }
}

Result<void> AmqpConsumer::carryOut(AmqpConnection& connection, const Command& command)
{
    const Binding binding(command.exchange, command.pattern);
    switch (command.kind) {
    case Command::Kind::Bind:
        remember(command);
        return bindNow(connection, binding);
    case Command::Kind::Unbind:
        m_bindings.remove(binding);
        return unbindNow(connection, binding);
    case Command::Kind::Serve:
        remember(command);
        return serveNow(connection, command.serving, m_servings[command.serving]);
    case Command::Kind::Unserve:
        return endServing(connection, command.serving);
    case Command::Kind::Settle:
        return settleNow(connection, command);
    case Command::Kind::Release: {
        const auto released = releaseNow(connection, binding);
        if (released)
            m_uplink.post(command.done);
        return released;
    }
    }
    return {};
}

Result<bool> AmqpConsumer::work(AmqpConnection& connection)
{
    if (m_retryAt && SteadyClock::now() >= *m_retryAt) {
        if (const auto asked = askAgain(connection); !asked)
            return tl::unexpected(asked.error());
    }
    std::deque<Command> commands = takeCommands();
    while (!commands.empty()) {
        if (const auto done = carryOut(connection, commands.front()); !done) {
            // What the connection did not do is done again with the next one.
            for (const Command& command : commands)
                remember(command);
            return tl::unexpected(done.error());
        }
        commands.pop_front();
    }
    return false;
}

Result<void> AmqpConsumer::take(AmqpConnection& connection, AmqpEvent event)
{
    switch (event.kind) {
    case AmqpEvent::Kind::ChannelClosed:
        return channelClosed(connection, event.channel, event.detail);
    case AmqpEvent::Kind::ConsumerCancelled:
        // Somebody deleted a queue of ours: begin again, which makes it anew.
        return failure(ErrorCode::Unavailable, QStringLiteral("the broker deleted our queue"));
    case AmqpEvent::Kind::Delivery:
        break;
    default:
        return {};
    }
    Incoming& incoming = event.incoming;
    const qint64 bytes = incoming.message.body.size();
    DeliveryRef delivery{m_generation, incoming.channel, incoming.deliveryTag};
    if (incoming.isOversized) {
        const bool isAnswer = incoming.channel == answers;
        m_uplink.post(
            [this, incoming, isAnswer] { m_listener.oversizedArrived(incoming, isAnswer); });
        return isAnswer ? Result<void>()
                        : connection.reject(incoming.channel, incoming.deliveryTag);
    }
    if (incoming.channel == answers) {
        m_uplink.post(
            [this, incoming = std::move(incoming)] { m_listener.answerArrived(incoming); }, bytes);
    } else if (incoming.channel == messages) {
        m_uplink.post([this, incoming = std::move(incoming),
                          delivery] { m_listener.messageArrived(incoming, delivery); },
            bytes);
    } else if (const auto id = m_servingOf.constFind(incoming.channel);
               id != m_servingOf.constEnd()) {
        Serving& serving = m_servings[*id];
        ++serving.unsettled;
        delivery.generation = serving.generation;
        m_uplink.post([this, id = *id, incoming = std::move(incoming),
                          delivery] { m_listener.callArrived(id, incoming, delivery); },
            bytes);
    }
    return {};
}

Result<void> AmqpConsumer::channelClosed(
    AmqpConnection& connection, quint16 channel, const QString& why)
{
    if (channel < firstServing && channel != asking)
        return failure(ErrorCode::Unavailable, why); // begin again
    warnSparingly("channel", QString(u"The broker closed a channel: " + why));
    if (channel == asking)
        return connection.openChannel(asking);
    const quint64 id = m_servingOf.take(channel);
    const auto serving = m_servings.find(id);
    if (serving == m_servings.end())
        return {};
    if (serving->second.isEnded) {
        m_servings.erase(serving);
        return {};
    }
    serving->second.channel = 0;
    serving->second.unsettled = 0;
    return serveNow(connection, id, serving->second);
}

void AmqpConsumer::tearDown(const Error& why)
{
    for (const Command& command : takeCommands())
        remember(command);
    m_servingOf.clear();
    std::erase_if(m_servings, [](const auto& one) { return one.second.isEnded; });
    for (auto& [id, serving] : m_servings) {
        serving.channel = 0;
        serving.unsettled = 0;
    }
    m_uplink.post([this, why] { m_listener.consumerIsDown(why); });
}

} // namespace gatehouse::bus
