// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/hub/hub.h"

#include <QHash>

#include <deque>
#include <vector>

namespace gatehouse::hub {

/// How much of the past of a namespace's rooms is kept.
struct RoomHistoryBounds
{
    qsizetype maxEvents = 100; ///< per room; 0: nothing is kept
    Millis maxAge{600'000};
    qsizetype maxBytes = 8 << 20; ///< of names and arguments, all rooms together
    qsizetype maxEventBytes = 16 << 10; ///< a longer event is kept without its arguments
};

/// An event a room had. `number` grows from event to event of the namespace; it is not the room's
/// sequence number, which stands still while nobody is in.
struct PastEvent
{
    quint64 number = 0;
    Millis at{}; ///< wall clock
    QByteArray event;
    protocol::JsonArgs args; ///< empty where `isCut`
    bool isCut = false;
};

/// What a room had lately, for people who want to see what they or a client missed: not a way to
/// deliver it (recentpackets.h is that). Costs a reference to bytes that are there anyway, per room
/// and event. Keeps nothing of volatile events, of those with attachments and of those that are
/// acknowledged. Owned by the composition root; network thread only.
class RoomHistory final : private HubObserver
{
public:
    /// `without`: names of events that are kept elsewhere.
    RoomHistory(Hub& hub, NamespaceName nsp, RoomHistoryBounds bounds, const Clock& clock,
        QByteArrayList without = {});
    ~RoomHistory() override;
    Q_DISABLE_COPY_MOVE(RoomHistory)

    struct Answer
    {
        std::vector<PastEvent> events; ///< ascending
        bool isComplete = true; ///< nothing after the number asked for is missing
    };
    /// What a room had after that number; 0: since this process began. The newest that fit
    /// `maxBytes`. Says complete only where nothing can be missing: of a room nothing is kept of,
    /// it does not know more than when something was last forgotten for good, of whatever room.
    Answer after(const RoomName& room, quint64 number, qsizetype maxBytes) const;

    qsizetype bytes() const { return m_bytes; }
    qsizetype roomCount() const { return m_rooms.size(); }

private:
    struct Room
    {
        std::deque<PastEvent> events;
        quint64 forgotten = 0; ///< number of the last one that is not kept any more
    };

    void published(const Publication& publication, const Delivery& delivery) override;
    void remember(const RoomName& room, PastEvent event);
    void forgetFirst(Room& room);
    void forgetRoom(QHash<RoomName, Room>::iterator room);
    void forgetOld();
    void tidyOrder();
    static qsizetype bytesOf(const PastEvent& event);

    Hub& m_hub;
    const NamespaceName m_nsp;
    const RoomHistoryBounds m_bounds;
    const Clock& m_clock;
    const QByteArrayList m_without;
    QHash<RoomName, Room> m_rooms;
    std::deque<std::pair<quint64, RoomName>>
        m_order; ///< oldest first; may name some that have gone
    size_t m_kept = 0;
    const quint64 m_start; ///< numbers of this process are above it
    quint64 m_last;
    quint64 m_floor; ///< up to here rooms that are not in m_rooms may have had events
    qsizetype m_bytes = 0;
};

} // namespace gatehouse::hub
