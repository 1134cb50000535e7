// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socket.h"
#include "server/session/timerqueue.h"

#include <memory>
#include <unordered_map>

namespace gatehouse::session {

struct ServerCore;

/// The answers one socket waits for. Every callback added is called exactly once: with the answer,
/// or with an Error when it did not come, was too many, or the socket went. Owned by the socket.
class PendingAcks final : private Timer::Owner
{
public:
    explicit PendingAcks(ServerCore& core);
    ~PendingAcks();

    /// The id to send; nothing when too many are outstanding or the socket is gone (the callback is
    /// then called from the event loop).
    std::optional<quint64> add(Millis timeout, AckCallback callback);

    /// The same for an id that is given already, which is larger than any this object gives.
    void expect(quint64 id, Millis timeout, AckCallback callback);

    /// Unknown ids are ignored: an answer may cross with its timeout.
    void answered(quint64 id, AckReply reply);

    void close(); ///< everybody gets Unavailable

private:
    struct Entry;

    void timerDue(Timer& timer, Millis due) override;
    bool refuses(AckCallback& callback);
    void insert(quint64 id, Millis timeout, AckCallback callback, Error ifLate);
    void finish(quint64 id, Result<AckReply> result);

    ServerCore& m_core;
    std::unordered_map<quint64, std::unique_ptr<Entry>> m_entries;
    quint64 m_nextId = 0;
    bool m_isClosed = false;
};

} // namespace gatehouse::session
