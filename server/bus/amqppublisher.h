// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpworker.h"
#include "server/bus/uplink.h"

#include <QSet>

#include <deque>
#include <map>

namespace gatehouse::bus {

/// What became of a message that was handed to the publisher.
enum class Fate {
    Confirmed,
    Unroutable,
    Nacked,
    Impossible, ///< its exchange cannot be used: another kind, or no right
    Unsent, ///< given back: never left this process
    Lost, ///< sent, but the connection was lost before its confirm
};

/// Hears what the publisher does; on the network thread.
class PublisherListener
{
public:
    virtual ~PublisherListener() = default;
    virtual void publisherIsUp() = 0;
    virtual void publisherIsDown(const Error& why) = 0;
    virtual void publisherIsBlocked(const QString& why) = 0;
    virtual void publisherIsUnblocked() = 0;
    virtual void settled(const std::vector<std::pair<quint64, Fate>>& fates) = 0;
};

/// The connection that publishes: a window of unconfirmed messages, confirmed in batches, given
/// back when the broker blocks or goes. send() on the network thread.
class AmqpPublisher final : public AmqpWorker
{
public:
    AmqpPublisher(const AmqpOptions& options, Uplink& uplink, PublisherListener& listener);
    ~AmqpPublisher() override;

    void send(Outgoing message);

private:
    Result<void> setUp(AmqpConnection& connection) override;
    Result<void> take(AmqpConnection& connection, AmqpEvent event) override;
    Result<bool> work(AmqpConnection& connection) override;
    void tearDown(const Error& why) override;

    struct Unconfirmed
    {
        quint64 id = 0;
        qint64 bytes = 0;
        QByteArray messageId; ///< of a mandatory one
        bool isReturned = false;
    };

    Result<void> openChannel(AmqpConnection& connection);
    Result<void> ensureExchange(AmqpConnection& connection, const ExchangeName& name);
    bool hasRoom() const;
    void settle(quint64 tag, bool isMultiple, Fate fate);
    void settleOne(std::map<quint64, Unconfirmed>::iterator at, Fate fate);
    void giveBackUnsent();
    void loseEverything();
    void takeHandedOver();
    void report();

    Uplink& m_uplink;
    PublisherListener& m_listener;

    std::mutex m_mutex;
    std::deque<Outgoing> m_handedOver; ///< guarded by m_mutex

    // The worker's own.
    bool m_isBlocked = false;
    std::deque<Outgoing> m_unsent;
    std::map<quint64, Unconfirmed> m_unconfirmed; ///< by delivery tag
    qint64 m_unconfirmedBytes = 0;
    quint64 m_lastTag = 0;
    QSet<ExchangeName> m_exchanges; ///< known to be there
    std::vector<std::pair<quint64, Fate>> m_fates; ///< not reported yet
};

/// Makes sure the exchange is there, as somebody else made it or as the options say. `channel` may
/// be closed by the broker on the way and is open again afterwards.
Result<void> ensureExchange(AmqpConnection& connection, quint16 channel, const AmqpOptions& options,
    const ExchangeName& name);

} // namespace gatehouse::bus
