// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqppublisher.h"
#include "server/bus/bus.h"
#include "server/bus/flushes.h"
#include "server/bus/keptmessages.h"
#include "server/bus/later.h"

#include <QTimer>

#include <array>
#include <map>

namespace gatehouse::bus {

/// Publications between publish() and their end: waits while the broker is away or blocked, hands
/// them to the publisher in order, ends each by its confirm or by its deadline, and sends what has
/// to be kept to the outbox. What the publisher has counts against the bounds until it lets go of
/// it, also when it was refused at its deadline meanwhile. Network thread.
class AmqpSender final : public PublisherListener
{
public:
    /// Whether the broker takes messages now, and why not.
    using LinkChanged = std::function<void(BusState::Link link, const QString& why)>;

    AmqpSender(const AmqpOptions& options, const Clock& clock, BusCounters& counters, Later& later,
        Uplink& uplink, Outbox& outbox, LinkChanged changed, KeptMessages::Release release);
    Q_DISABLE_COPY_MOVE(AmqpSender)

    void start() { m_publisher.start(); }
    void requestStop() { m_publisher.requestStop(); }
    void stop() { m_publisher.stop(); }

    enum class Path {
        Shortest,
        Outbox
    }; ///< to the outbox whatever the broker says: Kept ones only
    void publish(Publication publication, Published done, Path path = Path::Shortest);
    /// What has room beyond the bounds of what waits: it says what found none.
    enum class Room { Common, Reserve };
    /// Sends within that time or never: requests and answers. Not taken: RateLimited or
    /// Unavailable. What becomes known later comes to `failed`, once: NotFound, Forbidden,
    /// Unavailable, or Timeout when it was not sent in time.
    [[nodiscard]] Result<void> send(Outgoing message, Millis limit,
        std::function<void(const Error&)> failed, Room room = Room::Common);
    bool isUp() const { return m_link == BusState::Link::Up; }
    void receiversCame() { m_kept.receiversCame(); } ///< somebody may be bound who was not
    bool isWaiting(const UnboundTopics::Key& key) const { return m_kept.isWaiting(key); }
    void queueIsUp() { m_kept.queueIsUp(); } ///< our own, which is consumed
    void queueIsDown() { m_kept.queueIsDown(); }
    void flush(Millis limit, std::function<void()> done);

private:
    void publisherIsUp() override;
    void publisherIsDown(const Error& why) override;
    void publisherIsBlocked(const QString& why) override;
    void publisherIsUnblocked() override;
    void settled(const std::vector<std::pair<quint64, Fate>>& fates) override;
    void takenBack(
        Way way, quint64 round, const QSet<quint64>& lost, const QSet<quint64>& stillSent) override;

    struct Pending
    {
        Publication publication;
        Published done;
        std::function<void(const Error&)> failed; ///< of a direct one
        Millis since{}; ///< monotonic
        qint64 bytes = 0; ///< of its body, which may be gone
        bool isDirect = false;
        bool isHanded = false; ///< the publisher has it
        quint64 round = 0; ///< in which it was handed over
        bool isOver = false; ///< was refused; the publisher still has it
        bool mayBeRepeated = false;
        bool isKeeping = false; ///< on its way into the outbox, or there
        quint64 keptAs = 0; ///< its number there; 0: not yet, or not
        bool isFromOutbox = false;
        // What came while it was still on its way into the outbox.
        bool isConfirmed = false;
        bool isUnroutable = false; ///< and this is what was confirmed
        bool isImpossible = false;
    };
    using Queue = std::map<quint64, Pending>; ///< ascending is the order of sending

    bool hasRoomFor(qint64 bytes, Room room = Room::Common) const;
    Queue::iterator add(Pending pending);
    void hand(quint64 id, Pending& pending);
    void handWaiting();
    void settleOne(quint64 id, Fate fate);
    void directSettled(Queue::iterator at, Fate fate);
    void fail(Queue::iterator at, const Error& error);
    void confirmed(Queue::iterator at, bool isUnroutable);
    void unroutableKept(Queue::iterator at);
    void nacked(Queue::iterator at);
    void impossible(Queue::iterator at);
    void givenBack(Queue::iterator at, bool wasSent);
    void refuse(Queue::iterator at, const Error& error);
    Error late() const;
    void keep(quint64 id, Pending& pending);
    void keepOverdue();
    void keepWhatFollows();
    void erase(Queue::iterator at);
    void tick();
    void setLink(BusState::Link link, const QString& why);
    void checkFlushed();

    const AmqpOptions& m_options;
    const Clock& m_clock;
    BusCounters& m_counters;
    Later& m_later;
    const LinkChanged m_changed;
    KeptMessages m_kept;
    AmqpPublisher m_publisher;

    BusState::Link m_link = BusState::Link::Connecting;
    QString m_why;
    Queue m_pending;
    quint64 m_lastId = 0;
    std::array<quint64, 2> m_rounds{}; ///< by Way
    QTimer m_timer; ///< deadlines, and what else is looked at now and then
    Flushes m_flushes;
};

} // namespace gatehouse::bus
