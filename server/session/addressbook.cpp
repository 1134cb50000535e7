// SPDX-License-Identifier: Apache-2.0
#include "server/session/addressbook.h"

#include "common/core/networkkey.h"

namespace gatehouse::session {

namespace {

/// Sweeping this few is not worth it.
constexpr qsizetype leastSwept = 1'024;

} // namespace

AddressBook::AddressBook(const AddressLimits& limits, const Clock& clock)
    : m_limits(limits), m_clock(clock), m_sweepAt(leastSwept)
{
}

AddressBook::Verdict AddressBook::admitHandshake(const QString& address)
{
    const std::shared_ptr<Entry> entry = entryOf(networkKey(address));
    if (m_limits.maxSessions > 0 && entry->sessions >= m_limits.maxSessions)
        return Verdict::TooManySessions;
    if (!entry->bucket.take(1, m_limits.handshakes, m_clock))
        return Verdict::TooManyHandshakes;
    return Verdict::Admitted;
}

std::shared_ptr<AddressBook::Entry> AddressBook::entryOf(const QString& key)
{
    if (const auto found = m_entries.constFind(key); found != m_entries.cend())
        return *found;
    if (m_entries.size() >= m_sweepAt)
        forgetIdle();
    const auto entry = std::make_shared<Entry>(m_limits.handshakes);
    m_entries.insert(key, entry);
    return entry;
}

// Each sweep looks at everything, so the next one waits until there is twice as much.
void AddressBook::forgetIdle()
{
    m_entries.removeIf([this](const auto& item) {
        Entry& entry = *item.value();
        return entry.sessions == 0 && entry.bucket.isFull(m_limits.handshakes, m_clock);
    });
    m_sweepAt = std::max(leastSwept, 2 * m_entries.size());
}

AddressBook::Place::Place(AddressBook& book, const QString& address)
    : m_book(book), m_entry(book.entryOf(networkKey(address)))
{
    ++m_entry->sessions;
}

AddressBook::Place::~Place()
{
    setIdentified();
    --m_entry->sessions;
}

std::optional<SessionId> AddressBook::Place::setUnidentified(const SessionId& id)
{
    const int most = m_book.m_limits.maxUnidentified;
    if (most == 0 || m_serial != 0)
        return std::nullopt;
    m_serial = ++m_book.m_lastSerial;
    m_entry->unidentified.emplace(m_serial, id);
    if (m_entry->unidentified.size() <= size_t(most))
        return std::nullopt;
    return m_entry->unidentified.begin()->second;
}

void AddressBook::Place::setIdentified()
{
    if (m_serial != 0)
        m_entry->unidentified.erase(std::exchange(m_serial, 0));
}

} // namespace gatehouse::session
