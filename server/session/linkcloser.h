// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/websocketlink.h"

#include <unordered_map>

namespace gatehouse::session {

class TurnQueue;

/// WebSockets that say goodbye: what was queued and the close frame still have to go out, but no
/// session cares any more. Owns them until they are closed. Network thread only.
class LinkCloser
{
public:
    explicit LinkCloser(TurnQueue& turn);
    ~LinkCloser();
    Q_DISABLE_COPY_MOVE(LinkCloser)

    void close(std::unique_ptr<WebSocketLink> link, CloseCode code, QLatin1StringView reason);
    bool isEmpty() const { return m_closing.empty(); }

private:
    class Closing;

    TurnQueue& m_turn;
    std::unordered_map<Closing*, std::unique_ptr<Closing>> m_closing;
};

} // namespace gatehouse::session
