// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/peer.h"
#include "server/session/socketioserver.h"

#include <memory>
#include <unordered_map>

namespace gatehouse::relay {

/// A Socket.IO namespace whose sockets are peers of a profile. Admits everybody who may connect at
/// all; what they may do, the profile says. Owned by the composition root, outlives the sessions.
/// Network thread only.
class SocketNamespace : public session::NamespaceHandler
{
public:
    /// Neither is owned.
    SocketNamespace(PeerHandler& handler, session::SocketIoServer& sessions);
    ~SocketNamespace() override;

    void socketConnected(session::Socket& socket) override;
    void eventReceived(session::Socket& socket, const session::IncomingEvent& event) override;
    void socketDisconnected(session::Socket& socket, const QByteArray& reason) override;
    /// Rights may have changed meanwhile, so nobody gets his rooms back unasked: it starts anew.
    std::optional<std::vector<RoomName>> recoveryRequested(
        session::Socket& socket, const session::PastSocket& past) override;

private:
    class SocketPeer;

    PeerHandler& m_handler;
    session::SocketIoServer& m_sessions;
    std::unordered_map<const session::Socket*, std::unique_ptr<SocketPeer>> m_peers;
};

} // namespace gatehouse::relay
