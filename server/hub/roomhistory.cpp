// SPDX-License-Identifier: Apache-2.0
#include "server/hub/roomhistory.h"

#include <algorithm>

namespace gatehouse::hub {

RoomHistory::RoomHistory(Hub& hub, NamespaceName nsp, RoomHistoryBounds bounds, const Clock& clock,
    QByteArrayList without)
    : m_hub(hub), m_nsp(std::move(nsp)), m_bounds(bounds), m_clock(clock),
      m_without(std::move(without)),
      // Numbers of this run are above those of the last one, so that what a client remembers from
      // before a restart never names a later event.
      m_start(quint64(std::max<qint64>(0, clock.wall().count())) * 1'000), m_last(m_start),
      m_floor(m_start)
{
    if (m_bounds.maxEvents > 0)
        m_hub.addObserver(this);
}

RoomHistory::~RoomHistory()
{
    m_hub.removeObserver(this);
}

void RoomHistory::published(const Publication& publication, const Delivery&)
{
    const bool isKept = publication.nsp == m_nsp && publication.urgency == Urgency::Reliable
        && !publication.ackId && publication.attachments.isEmpty()
        && !m_without.contains(publication.event);
    if (!isKept || publication.rooms.empty())
        return;
    PastEvent event{++m_last, m_clock.wall(), publication.event, publication.args, false};
    if (event.args.size() > m_bounds.maxEventBytes) {
        event.args.clear();
        event.isCut = true;
    }
    for (const RoomName& room : publication.rooms)
        remember(room, event);
    forgetOld();
    tidyOrder();
}

void RoomHistory::remember(const RoomName& name, PastEvent event)
{
    auto known = m_rooms.find(name);
    if (known == m_rooms.end())
        known = m_rooms.insert(name, {{}, m_floor});
    Room& room = *known;
    m_bytes += bytesOf(event);
    ++m_kept;
    m_order.emplace_back(event.number, name);
    room.events.push_back(std::move(event));
    if (qsizetype(room.events.size()) > m_bounds.maxEvents)
        forgetFirst(room); // its place in the order is skipped later
}

void RoomHistory::forgetFirst(Room& room)
{
    m_bytes -= bytesOf(room.events.front());
    --m_kept;
    room.forgotten = room.events.front().number;
    room.events.pop_front();
}

/// What the room has forgotten is remembered for all rooms, or it would take memory for ever.
void RoomHistory::forgetRoom(QHash<RoomName, Room>::iterator room)
{
    m_floor = std::max(m_floor, room->forgotten);
    m_rooms.erase(room);
}

void RoomHistory::forgetOld()
{
    const Millis oldest = m_clock.wall() - m_bounds.maxAge;
    while (!m_order.empty()) {
        const auto& [number, name] = m_order.front();
        const auto room = m_rooms.find(name);
        const bool isThere = room != m_rooms.end() && !room->events.empty()
            && room->events.front().number == number;
        if (isThere) {
            if (room->events.front().at >= oldest && m_bytes <= m_bounds.maxBytes)
                return;
            forgetFirst(*room);
        }
        if (room != m_rooms.end() && room->events.empty())
            forgetRoom(room);
        m_order.pop_front();
    }
}

/// A busy room forgets by number what an old event of a quiet room keeps in the order.
void RoomHistory::tidyOrder()
{
    if (m_order.size() < 2 * m_kept + 1'000)
        return;
    std::erase_if(m_order, [this](const std::pair<quint64, RoomName>& place) {
        const auto room = m_rooms.constFind(place.second);
        return room == m_rooms.cend() || room->events.empty()
            || room->events.front().number > place.first;
    });
}

RoomHistory::Answer RoomHistory::after(
    const RoomName& name, quint64 number, qsizetype maxBytes) const
{
    Answer answer;
    const auto room = m_rooms.constFind(name);
    const bool isThere = room != m_rooms.cend();
    const quint64 from = number == 0 ? m_start : number;
    // A number of the future is of a clock that was ahead, or made up.
    answer.isComplete
        = m_bounds.maxEvents > 0 && from <= m_last && from >= (isThere ? room->forgotten : m_floor);
    if (!isThere)
        return answer;
    const Millis oldest = m_clock.wall() - m_bounds.maxAge;
    qsizetype bytes = 0;
    for (auto event = room->events.rbegin(); event != room->events.rend(); ++event) {
        if (event->number <= number)
            break;
        bytes += bytesOf(*event);
        if (bytes > maxBytes || event->at < oldest) {
            answer.isComplete = false;
            break;
        }
        answer.events.push_back(*event);
    }
    std::reverse(answer.events.begin(), answer.events.end());
    return answer;
}

qsizetype RoomHistory::bytesOf(const PastEvent& event)
{
    constexpr qsizetype bookkeeping = 96;
    return bookkeeping + event.event.size() + event.args.size();
}

} // namespace gatehouse::hub
