// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/jsonframe.h"
#include "server/relay/peer.h"
#include "server/session/plainsocket.h"

#include <functional>
#include <memory>
#include <unordered_map>

namespace gatehouse::relay {

/// Clients on plain WebSockets as peers of a profile: their dialect says how events stand in their
/// frames. A frame that is no event is answered with the event `error`, code 400, and the
/// connection stays. Owned by the composition root, outlives the PlainServer; network thread only.
class PlainPeers final : public session::PlainHandler
{
public:
    /// Whether a connection may come in at all; null: everybody may.
    using Gatekeeper = std::function<bool(const session::Handshake& handshake)>;

    /// `handler` is not owned.
    PlainPeers(PeerHandler& handler, protocol::JsonDialect dialect,
        protocol::JsonEventLimits limits = {}, Gatekeeper gatekeeper = {});
    ~PlainPeers() override;

    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void socketOpened(session::PlainSocket& socket) override;
    void textReceived(session::PlainSocket& socket, QByteArrayView utf8) override;
    void socketClosed(session::PlainSocket& socket, const QByteArray& reason) override;

    quint64 badFrames() const { return m_badFrames; } ///< since the start

private:
    class PlainPeer;

    PeerHandler& m_handler;
    const protocol::JsonDialect m_dialect;
    const protocol::JsonEventLimits m_limits;
    const Gatekeeper m_gatekeeper;
    std::unordered_map<const session::PlainSocket*, std::unique_ptr<PlainPeer>> m_peers;
    quint64 m_badFrames = 0;
};

} // namespace gatehouse::relay
