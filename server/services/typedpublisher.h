// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "server/bus/bus.h"
#include "server/services/servicescounters.h"
#include "server/services/servicesoptions.h"

#include <QHash>
#include <QSet>
#include <QTimer>

#include <deque>
#include <functional>
#include <memory>

namespace gatehouse::services {

/// Puts messages on the bus by type, in order. One of a type that nobody wants waits a while for a
/// service that starts late, and every later one of its type behind it; when somebody comes they go
/// out in the order they came. What nobody came for becomes a dead letter: counted, told to
/// `deadLetter`, gone. The bus is asked again about a type once a second, not more, whoever sends.
/// Owned by ServicesProfile; network thread only.
class TypedPublisher final : private bus::ServiceObserver
{
public:
    /// A message nobody took, and who had sent it (empty: a service).
    using DeadLetter = std::function<void(const QByteArray& type, const SessionId& origin)>;

    TypedPublisher(const ServicesOptions& options, bus::Bus& bus, const Clock& clock,
        ServicesCounters& counters, DeadLetter deadLetter);
    ~TypedPublisher() override;
    Q_DISABLE_COPY_MOVE(TypedPublisher)

    void publish(const QByteArray& type, QByteArray body, const SessionId& origin = {});

    /// Somebody announced on the bus wants that type.
    bool isWanted(const QByteArray& type) const;

    void tick(); ///< ends what waited too long; its own timer calls it, and tests

private:
    struct Held
    {
        quint64 number = 0;
        QByteArray body;
        SessionId origin;
        Millis since{};
        QByteArray id{}; ///< on the bus, the same each time
        bool mayBeRepeated = false; ///< the bus took it once and could not say whether it arrived
    };
    struct Queue
    {
        std::deque<Held> waiting; ///< by number
        Millis askedAt{}; ///< when the bus last said that nobody listens
        bool isAsking = false; ///< the first one is on the bus to find out
    };

    void serviceCame(const bus::Service& service) override;
    void serviceWent(const bus::Service& service) override;
    void refreshWanted();
    /// Whoever wanted it has just gone: the broker may not know yet.
    bool isResting(const QByteArray& type) const;
    bus::Publication publicationOf(const QByteArray& type, const Held& message) const;
    void send(const QByteArray& type, Held message);
    void ask(const QByteArray& type, Queue& queue);
    void asked(const QByteArray& type, quint64 number, bus::Outcome outcome);
    void hold(const QByteArray& type, Held message);
    void release(const QByteArray& type);
    void bury(const QByteArray& type, const Held& message);
    bool hasRoom(qsizetype octets) const;
    void forgetIfEmpty(const QByteArray& type);

    const ServicesOptions& m_options;
    bus::Bus& m_bus;
    const Clock& m_clock;
    ServicesCounters& m_counters;
    DeadLetter m_deadLetter;
    QHash<QByteArray, Queue> m_queues; ///< of types with something waiting
    QSet<QByteArray> m_wanted; ///< types announced services want
    bool m_isAllWanted = false; ///< somebody wants every type
    QSet<QByteArray> m_routed; ///< types somebody listened to the last time, announced or not
    QHash<QByteArray, Millis> m_restUntil; ///< by type; monotonic
    Millis m_restAllUntil{}; ///< likewise, after somebody who wanted every type
    QTimer m_timer;
    quint64 m_lastNumber = 0;
    const std::shared_ptr<char> m_alive = std::make_shared<char>();
};

} // namespace gatehouse::services
