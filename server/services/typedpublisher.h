// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/services/heldmessages.h"
#include "server/services/senttypes.h"
#include "server/services/wantedtypes.h"

#include <QTimer>

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse::services {

/// Puts messages on the bus by type, in order, and to be kept while the broker is away. One of a
/// type that nobody wants waits a while for a service that starts late, and every later one of its
/// type behind it; when somebody comes, all it wants goes out in the order it came, whatever its
/// type. What nobody came for, or what the bus refused, becomes a dead letter: counted, told to
/// `deadLetter`, gone. The bus is asked again about a type once a second, not more, whoever sends.
/// While the broker is away it is not asked, nor about a type of which something may be in the
/// outbox still; nothing it is not asked about grows old. Owned by ServicesProfile; network thread
/// only.
class TypedPublisher final : private bus::ServiceObserver
{
public:
    struct Dead
    {
        QByteArray type;
        QByteArray body;
        SessionId origin; ///< who had sent it: a client or a service; empty: the server
        QString why; ///< for people
    };
    using DeadLetter = std::function<void(const Dead& message)>;

    TypedPublisher(const ServicesOptions& options, bus::Bus& bus, const Clock& clock,
        ServicesCounters& counters, DeadLetter deadLetter);
    ~TypedPublisher() override; ///< what publishLast() still had to say is handed to the bus
    Q_DISABLE_COPY_MOVE(TypedPublisher)

    void publish(const QByteArray& type, QByteArray body, const SessionId& origin = {});

    /// The server's own word about an origin that has ended: goes out once it is known what became
    /// of everything that was published for it.
    void publishLast(const QByteArray& type, QByteArray body, const SessionId& origin);

    /// A service was to have them and is not there after all.
    struct Undelivered
    {
        QByteArray type;
        QByteArray body;
    };
    /// Whoever else is announced for such a type has had it; if nobody is, it waits.
    void takeBack(std::vector<Undelivered> messages);

    /// The server goes down: nothing waits any more. What waits for nobody is dead, and what
    /// publishLast() still had to say goes out, in time for the bus to be flushed.
    void finish();

    /// Somebody announced on the bus wants that type.
    bool isWanted(const QByteArray& type) const { return m_wanted.contains(type); }

    /// A type with messages waiting, or dead.
    struct TypeState
    {
        QByteArray type;
        qsizetype held = 0;
        quint64 dead = 0; ///< since the start
    };
    std::vector<TypeState> types() const; ///< by name

    void tick(); ///< ends what waited too long; its own timer calls it, and tests

private:
    using Held = HeldMessages::Message;
    using Queue = HeldMessages::Queue;
    struct Origin
    {
        int open = 0; ///< its messages whose end is not known
        QByteArray lastType{};
        QByteArray last{}; ///< goes out when there are none
    };

    void serviceCame(const bus::Service& service) override;
    void serviceWent(const bus::Service& service) override;
    bool mayAsk(const QByteArray& type) const;
    Held made(QByteArray body, const SessionId& origin);
    Millis busTime() const { return m_clock.monotonic() - m_away; }
    static bus::Publication publicationOf(
        const QByteArray& type, const Held& message, bus::Care care);
    void send(const QByteArray& type, Held message);
    void ask(const QByteArray& type, Queue& queue);
    void asked(const QByteArray& type, quint64 number, bus::Outcome outcome, const Error& error);
    void hold(const QByteArray& type, Held message);
    void holdUnasked(const QByteArray& type, Held message); ///< for a second at least
    void release(const QByteArray& type);
    void releaseWanted();
    void bury(const QByteArray& type, const Held& message, const QString& why);
    void settle(const SessionId& origin);
    void startTimer();

    const ServicesOptions& m_options;
    bus::Bus& m_bus;
    const Clock& m_clock;
    ServicesCounters& m_counters;
    DeadLetter m_deadLetter;
    HeldMessages m_held;
    SentTypes m_sent;
    Millis m_formerUntil{}; ///< time of the bus: what the outbox has may be of any type until then
    WantedTypes m_wanted;
    QHash<SessionId, Origin> m_origins; ///< of open messages
    QHash<QByteArray, quint64> m_dead; ///< by type
    /// Somebody wants types of which one is on the bus to find out: none of them goes out before.
    bool m_owesRelease = false;
    bool m_isFinished = false; ///< nothing is held
    QTimer m_timer;
    Millis m_tickedAt{}; ///< monotonic
    Millis m_away{}; ///< how long the bus was not up, as far as something waited
    quint64 m_lastNumber = 0;
    const std::shared_ptr<char> m_alive = std::make_shared<char>();
};

} // namespace gatehouse::services
