// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/tokenbucket.h"

#include <QHash>
#include <QString>

#include <map>
#include <memory>
#include <optional>

namespace gatehouse::session {

/// What one client address may have open. 0 is no limit.
struct AddressLimits
{
    int maxSessions = 0;
    int maxUnidentified = 0; ///< sessions in a namespace that nobody identified in
    Rate handshakes; ///< new sessions
};

/// Who has how many sessions, by address (IPv6: by /64 network). Memory follows the open sessions;
/// addresses that only shook hands are forgotten once their bucket has filled again. Network thread
/// only; outlives its places.
class AddressBook
{
    struct Entry;

public:
    enum class Verdict : quint8 { Admitted, TooManySessions, TooManyHandshakes };

    /// A session's line in the book, for as long as it is open.
    class Place
    {
    public:
        Place(AddressBook& book, const QString& address);
        ~Place();
        Q_DISABLE_COPY_MOVE(Place)

        /// Nobody identified in this session so far. The session of this address that has been so
        /// for the longest, when there are too many now: it has to go.
        std::optional<SessionId> setUnidentified(const SessionId& id);
        void setIdentified();

    private:
        AddressBook& m_book;
        std::shared_ptr<Entry> m_entry;
        quint64 m_serial = 0; ///< among the unidentified; 0: not one of them
    };

    AddressBook(const AddressLimits& limits, const Clock& clock);
    Q_DISABLE_COPY_MOVE(AddressBook)

    /// Counts a handshake. Refused ones are not counted.
    Verdict admitHandshake(const QString& address);

    qsizetype addressCount() const { return m_entries.size(); }

private:
    struct Entry
    {
        explicit Entry(const Rate& handshakes) : bucket(handshakes) { }

        int sessions = 0;
        TokenBucket bucket;
        std::map<quint64, SessionId> unidentified; ///< oldest first
    };

    std::shared_ptr<Entry> entryOf(const QString& key);
    void forgetIdle();

    const AddressLimits& m_limits;
    const Clock& m_clock;
    QHash<QString, std::shared_ptr<Entry>> m_entries;
    qsizetype m_sweepAt = 0; ///< forget idle addresses when there are this many
    quint64 m_lastSerial = 0;
};

} // namespace gatehouse::session
