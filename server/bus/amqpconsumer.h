// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpworker.h"
#include "server/bus/uplink.h"

#include <QHash>
#include <QSet>

#include <deque>
#include <map>

namespace gatehouse::bus {

/// Which delivery: the broker's tags start again with each channel that is opened.
struct DeliveryRef
{
    quint64 generation = 0; ///< of the channel: its number is used again
    quint16 channel = 0;
    quint64 tag = 0;
};

/// Hears what the consumer does; on the network thread.
class ConsumerListener
{
public:
    virtual ~ConsumerListener() = default;
    virtual void consumerIsUp(const QueueName& replyQueue) = 0;
    virtual void consumerIsDown(const Error& why) = 0;
    virtual void patternBound(const ExchangeName& exchange, const Topic& pattern) = 0;
    virtual void patternRefused(
        const ExchangeName& exchange, const Topic& pattern, const Error& why)
        = 0;
    virtual void queueReady(quint64 serving) = 0;
    virtual void queueRefused(quint64 serving, const Error& why) = 0;
    virtual void messageArrived(const Incoming& incoming, const DeliveryRef& delivery) = 0;
    virtual void callArrived(quint64 serving, const Incoming& incoming, const DeliveryRef& delivery)
        = 0;
    virtual void answerArrived(const Incoming& incoming) = 0;
    virtual void oversizedArrived(const Incoming& incoming, bool isAnswer) = 0;
};

/// The connection that consumes: our own queue with what we are bound to, the queue for answers,
/// and the queues that are served. Keeps what it was told over a lost connection and does it all
/// again. What the broker refuses is said once and asked for again now and then. Each queue that is
/// served has a channel of its own, since the broker closes the whole channel for one mistake.
/// Exchanges are named as the broker knows them. Called on the network thread.
class AmqpConsumer final : public AmqpWorker
{
public:
    AmqpConsumer(const AmqpOptions& options, Uplink& uplink, ConsumerListener& listener);
    ~AmqpConsumer() override;

    void bind(const ExchangeName& exchange, const Topic& pattern);
    void unbind(const ExchangeName& exchange, const Topic& pattern);
    void serve(quint64 serving, const QueueName& queue);
    void unserve(quint64 serving); ///< calls that came may still be settled
    void settle(const DeliveryRef& delivery, bool isAccepted);
    /// A message came for nobody: gives up what it may have come by and nobody here has asked for,
    /// a binding of a former process of our name perhaps. Then `done` is called, on the network
    /// thread, if need be with the next connection.
    void release(const ExchangeName& exchange, const Topic& topic, std::function<void()> done);

private:
    Result<void> setUp(AmqpConnection& connection) override;
    Result<void> take(AmqpConnection& connection, AmqpEvent event) override;
    Result<bool> work(AmqpConnection& connection) override;
    void tearDown(const Error& why) override;
    bool mayRead() const override { return !m_uplink.isFull(); }
    std::optional<SteadyTime> wakeAt() const override { return m_retryAt; }

    struct Command
    {
        enum class Kind { Bind, Unbind, Serve, Unserve, Settle, Release };
        Kind kind{};
        ExchangeName exchange{};
        Topic pattern{}; ///< or queue, or topic
        quint64 serving = 0;
        DeliveryRef delivery{};
        bool isAccepted = false;
        std::function<void()> done{};
    };
    using Binding = std::pair<ExchangeName, Topic>;
    struct Serving
    {
        QueueName queue;
        quint16 channel = 0; ///< 0: the connection does not know it
        quint64 generation = 0; ///< of the channel
        int unsettled = 0;
        bool isEnded = false; ///< closed with the last one settled
        bool isRefused = false; ///< and this was said
    };

    void give(Command command);
    Result<void> setUpDeadLetters(AmqpConnection& connection);
    Result<void> setUpOwnQueue(AmqpConnection& connection);
    void bindingRefused(const Binding& binding, const Error& why);
    void servingRefused(quint64 id, Serving& serving, const Error& why);
    Result<void> askAgain(AmqpConnection& connection);
    quint16 freeChannel(const AmqpConnection& connection); ///< 0: none
    Result<void> carryOut(AmqpConnection& connection, const Command& command);
    Result<void> bindNow(AmqpConnection& connection, const Binding& binding);
    Result<void> unbindNow(AmqpConnection& connection, const Binding& binding);
    Result<void> releaseNow(AmqpConnection& connection, const Binding& topic);
    Result<void> serveNow(AmqpConnection& connection, quint64 id, Serving& serving);
    Result<void> endServing(AmqpConnection& connection, quint64 id);
    Result<void> settleNow(AmqpConnection& connection, const Command& command);
    Result<void> channelClosed(AmqpConnection& connection, quint16 channel, const QString& why);
    void remember(const Command& command); ///< without a connection
    std::deque<Command> takeCommands();
    QueueName ownQueue() const;

    Uplink& m_uplink;
    ConsumerListener& m_listener;

    std::mutex m_mutex;
    std::deque<Command> m_commands; ///< guarded by m_mutex

    // The worker's own.
    quint64 m_lastGeneration = 0;
    quint64 m_generation = 0; ///< of the channel of our own queue
    QSet<Binding> m_bindings;
    QSet<Binding> m_refused; ///< among them: the broker does not bind them, and this was said
    QSet<Binding> m_bound; ///< the broker has them, or may have
    QSet<Binding> m_stale; ///< among those: given up while the broker was away
    std::deque<Command> m_releases; ///< for the next connection
    QSet<Binding> m_released; ///< given up by releaseNow(), with this connection
    QSet<ExchangeName> m_exchanges; ///< known to be there
    std::map<quint64, Serving> m_servings;
    QHash<quint16, quint64> m_servingOf; ///< by channel
    quint16 m_nextChannel = 0; ///< where a free one is looked for
    std::optional<SteadyTime> m_retryAt; ///< to ask for what was refused
};

} // namespace gatehouse::bus
