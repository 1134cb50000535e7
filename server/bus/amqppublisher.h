// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpworker.h"
#include "server/bus/uplink.h"

#include <QHash>
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
    Expired, ///< its deadline came before it was sent: never left this process
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

    enum class Way { Publications, Direct };
    /// What was handed over for this way in an earlier round than `round` and is not settled is the
    /// listener's again, except for `stillSent`. Those in `lost` were sent and may have arrived,
    /// the others not. What it hands over from now on belongs to `round`: with the whole of it back
    /// at once, nothing overtakes.
    virtual void takenBack(
        Way way, quint64 round, const QSet<quint64>& lost, const QSet<quint64>& stillSent)
        = 0;
};

/// The connection that publishes: a window of unconfirmed messages, confirmed in batches, given
/// back when the broker blocks or goes. Whoever hands a message over hears its fate, of one with a
/// deadline soon after that at the latest, unless it has been sent. send() on the network thread.
///
/// The broker answers a message it must not take by closing the channel, whatever else is on it.
/// So messages to exchanges and those straight to a queue, requests and answers, go different
/// ways; and after such a close what comes back goes out one at a time, which shows the one that
/// is at fault.
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
    std::optional<SteadyTime> wakeAt() const override { return m_expiresAt; }

    struct Unconfirmed
    {
        quint64 id = 0;
        qint64 bytes = 0;
        ExchangeName exchange;
        QByteArray messageId; ///< of a mandatory one
        bool isReturned = false;
    };
    using Window = std::map<quint64, Unconfirmed>; ///< by delivery tag

    /// A channel with what waits for it and what the broker has not confirmed on it.
    struct Lane
    {
        PublisherListener::Way way{};
        quint16 channel = 0;
        quint64 round = 0;
        std::deque<Outgoing> unsent{};
        Window unconfirmed{};
        qint64 bytes = 0; ///< of those
        quint64 lastTag = 0;
        qsizetype oneByOne = 0; ///< so many settled ones more with nothing beside them
        int closes = 0; ///< since something was last confirmed
    };

    Result<void> openLane(AmqpConnection& connection, Lane& lane);
    Result<void> ensureExchange(AmqpConnection& connection, const ExchangeName& name);
    Result<int> sendSome(AmqpConnection& connection, Lane& lane);
    Result<bool> mayUse(AmqpConnection& connection, const Outgoing& message);
    Result<void> laneClosed(AmqpConnection& connection, Lane& lane, const AmqpEvent& event);
    Lane* laneOf(quint16 channel);
    bool hasRoom(const Lane& lane) const;
    void settle(Lane& lane, const AmqpEvent& event, Fate fate);
    void settleOne(Lane& lane, Window::iterator at, Fate fate);
    void dropExpired();
    void giveBackUnsent();
    void giveBackEverything(Lane& lane);
    void giveBack(Lane& lane, const QSet<quint64>& lost);
    void takeHandedOver();
    void report();

    Uplink& m_uplink;
    PublisherListener& m_listener;

    std::mutex m_mutex;
    std::deque<Outgoing> m_handedOver; ///< guarded by m_mutex

    // The worker's own.
    bool m_isBlocked = false;
    Lane m_publications;
    Lane m_direct;
    std::optional<SteadyTime> m_expiresAt; ///< when to look for what waits past its deadline
    QSet<ExchangeName> m_exchanges; ///< known to be there
    QHash<ExchangeName, SteadyTime> m_forbidden; ///< we may not use them; to be believed until then
    std::vector<std::pair<quint64, Fate>> m_fates; ///< not reported yet
};

/// Makes sure the exchange is there, as somebody else made it or as the options say. `channel` may
/// be closed by the broker on the way and is open again afterwards.
Result<void> ensureExchange(AmqpConnection& connection, quint16 channel, const AmqpOptions& options,
    const ExchangeName& name);

} // namespace gatehouse::bus
