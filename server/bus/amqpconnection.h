// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpoptions.h"
#include "server/bus/message.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace gatehouse::bus {

/// A message on its way to the broker.
struct Outgoing
{
    quint64 id = 0; ///< the bus's, for what became of it
    ExchangeName exchange; ///< as the broker knows it; empty: straight to a queue
    QByteArray routingKey;
    QByteArray body;
    Properties properties;
    QueueName replyTo;
    QByteArray correlation;
    Millis expiration{}; ///< zero: none; with a deadline, what is left until then
    /// Not written any more after it.
    std::optional<std::chrono::steady_clock::time_point> deadline;
    quint64 round = 0; ///< of handing over; see PublisherListener::takenBack()
    bool isMandatory = false; ///< comes back when no queue is bound
    bool isPersistent = true;
    bool mayBeRepeated = false;
    bool needsReceiver = false; ///< said to whoever gets it
};

/// A message as it comes from the broker.
struct Incoming
{
    Message message; ///< exchange and topic as the broker knows them
    QueueName replyTo;
    QByteArray correlation;
    QByteArray consumer; ///< tag
    quint64 deliveryTag = 0;
    quint16 channel = 0;
    bool isOversized = false; ///< the body was thrown away
    bool isRedelivered = false; ///< the broker gave it before, to us or to somebody else
    bool needsReceiver = false; ///< as its sender said
};

struct QueueOptions
{
    bool isPassive = false; ///< only ask whether it is there
    bool isDurable = false;
    bool isExclusive = false;
    bool isAutoDelete = false;
    Millis expires{}; ///< zero: never
    int maxLength = 0; ///< zero: no bound
    ExchangeName deadLetters{}; ///< empty: none
};

/// What the broker says unasked.
struct AmqpEvent
{
    enum class Kind {
        Delivery,
        Returned, ///< a mandatory message no queue was bound for; its confirm follows
        Confirmed, ///< `tag`, and all before it with isMultiple
        Nacked,
        Blocked, ///< takes no messages on this connection; `detail` says why
        Unblocked,
        ConsumerCancelled, ///< the queue is gone; `incoming.consumer`
        ChannelClosed, ///< `channel`, and why
    };
    Kind kind = Kind::Delivery;
    Incoming incoming{};
    quint64 tag = 0;
    bool isMultiple = false;
    quint16 channel = 0;
    QString detail{};
    ErrorCode code{}; ///< why a channel was closed
};

/// One connection to a broker (AMQP 0-9-1, rabbitmq-c). Calls block, for at most the options'
/// timeouts as long as nothing is to be sent; a send blocks while the broker does not read, until
/// TCP_USER_TIMEOUT or until somebody shuts the descriptor down. Used by one thread, never by one
/// that serves clients.
///
/// Errors: Unavailable: the connection is lost, make a new one. Everything else is about a channel,
/// which the broker has closed then (open it again): NotFound (404), Forbidden (403), Conflict
/// (405, 406), Internal.
class AmqpConnection
{
public:
    /// Is told the descriptor as soon as there is one, so that somebody else may shut it down, and
    /// -1 before one is closed that came to nothing. False: give up.
    using DescriptorKnown = std::function<bool(int descriptor)>;

    static Result<std::unique_ptr<AmqpConnection>> open(
        const AmqpOptions& options, const QByteArray& name, const DescriptorKnown& known = {});
    ~AmqpConnection();
    Q_DISABLE_COPY_MOVE(AmqpConnection)

    int descriptor() const;
    quint16 channelMax() const; ///< the highest number of a channel that the broker allows

    Result<void> openChannel(quint16 channel);
    Result<void> closeChannel(quint16 channel);
    Result<void> selectConfirms(quint16 channel);
    Result<void> setPrefetch(quint16 channel, int messages);
    Result<void> declareExchange(quint16 channel, const ExchangeOptions& options, bool isPassive);
    /// The name, which the broker makes up for an empty one.
    Result<QueueName> declareQueue(
        quint16 channel, const QueueName& name, const QueueOptions& options);
    Result<void> bind(quint16 channel, const QueueName& queue, const ExchangeName& exchange,
        const Topic& pattern);
    Result<void> unbind(quint16 channel, const QueueName& queue, const ExchangeName& exchange,
        const Topic& pattern);
    Result<void> consume(quint16 channel, const QueueName& queue, const QByteArray& consumer,
        bool isAcked, bool isExclusive);
    Result<void> cancel(quint16 channel, const QByteArray& consumer);

    Result<void> publish(quint16 channel, const Outgoing& message);
    Result<void> acknowledge(quint16 channel, quint64 tag);
    Result<void> reject(quint16 channel, quint64 tag, bool requeue = false);

    /// The next event if there is one without waiting. Also keeps the heartbeats going: call it at
    /// least three times per heartbeat.
    Result<std::optional<AmqpEvent>> next();
    /// Something may have been read from the socket that next() has not given yet.
    bool mayHoldEvents() const;

    /// Says goodbye. Afterwards only the destructor may follow.
    void close();

private:
    struct Private;
    explicit AmqpConnection(std::unique_ptr<Private> parts);
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::bus
