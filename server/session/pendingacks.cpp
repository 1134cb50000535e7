// SPDX-License-Identifier: Apache-2.0
#include "server/session/pendingacks.h"

#include "server/session/servercore.h"

namespace gatehouse::session {

struct PendingAcks::Entry : Timer
{
    using Timer::Timer;

    quint64 id = 0;
    AckCallback callback;
    Error ifLate;
};

PendingAcks::PendingAcks(ServerCore& core) : m_core(core) { }

PendingAcks::~PendingAcks()
{
    close();
}

std::optional<quint64> PendingAcks::add(Millis timeout, AckCallback callback)
{
    if (refuses(callback))
        return std::nullopt;
    const quint64 id = m_nextId++;
    expect(id, timeout, std::move(callback));
    return id;
}

void PendingAcks::expect(quint64 id, Millis timeout, AckCallback callback)
{
    if (refuses(callback))
        return;
    insert(id, timeout, std::move(callback),
        {ErrorCode::Timeout, QStringLiteral("the client did not answer in time")});
}

/// Takes the callback and calls it from the event loop.
bool PendingAcks::refuses(AckCallback& callback)
{
    if (m_isClosed) {
        insert(m_nextId++, Millis{0}, std::move(callback),
            {ErrorCode::Unavailable, QStringLiteral("the client is gone")});
        return true;
    }
    if (qsizetype(m_entries.size()) >= m_core.options.maxPendingAcks) {
        ++m_core.counters.refusedAcks;
        insert(m_nextId++, Millis{0}, std::move(callback),
            {ErrorCode::RateLimited, QStringLiteral("too many answers outstanding")});
        return true;
    }
    return false;
}

void PendingAcks::insert(quint64 id, Millis timeout, AckCallback callback, Error ifLate)
{
    auto entry = std::make_unique<Entry>(m_core.timers, static_cast<Timer::Owner&>(*this));
    entry->id = id;
    entry->callback = std::move(callback);
    entry->ifLate = std::move(ifLate);
    entry->startIn(timeout);
    m_entries.emplace(id, std::move(entry));
}

void PendingAcks::answered(quint64 id, AckReply reply)
{
    finish(id, std::move(reply));
}

void PendingAcks::close()
{
    m_isClosed = true;
    while (!m_entries.empty()) {
        finish(m_entries.begin()->first,
            failure(ErrorCode::Unavailable, QStringLiteral("the client is gone")));
    }
}

void PendingAcks::timerDue(Timer& timer, Millis)
{
    const Entry& entry = static_cast<Entry&>(timer);
    finish(entry.id, tl::unexpected(entry.ifLate));
}

void PendingAcks::finish(quint64 id, Result<AckReply> result)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end())
        return;
    const auto entry = std::move(found->second);
    m_entries.erase(found);
    if (entry->callback)
        entry->callback(std::move(result));
}

} // namespace gatehouse::session
