// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/answers.h"
#include "server/relay/caller.h"
#include "server/relay/choices.h"
#include "server/relay/controls.h"
#include "server/relay/elevation.h"
#include "server/relay/memberships.h"
#include "server/relay/publications.h"
#include "server/relay/requests.h"

#include <QHash>
#include <QTimer>

#include <unordered_map>

namespace gatehouse::relay {

/// What a profile needs from the house.
struct ProfileServices
{
    hub::Hub& hub;
    bus::Bus& bus;
    access::ProfileVerifier* verifier = nullptr; ///< of the claim profile the rules name
    access::LoginLimiterOptions guesses; ///< bad tokens and nonces of one address
    const Clock& clock;
};

/// One profile at work: who its clients are, what becomes of their events. Everything it does is in
/// its rules. Owned by the composition root, destroyed after the sessions and before hub and bus.
/// Network thread only.
class Profile : public PeerHandler
{
public:
    Profile(Rules rules, ProfileServices services);
    ~Profile() override;
    Q_DISABLE_COPY_MOVE(Profile)

    const Rules& rules() const { return m_rules; }
    const RelayCounters& counters() const { return m_counters; }

    /// Whether a client with this request would be known from its first moment, by its cookie.
    bool recognizes(const session::Handshake& handshake);

    void peerConnected(Peer& peer) override;
    void eventReceived(Peer& peer, const PeerEvent& event) override;
    void peerGone(Peer& peer, const QByteArray& reason) override;

    /// Takes the elevation from every client with this token: it leaves its rooms, its requests end
    /// with 401, and it stays connected. Its token and nonces for it are good for nothing any more.
    /// False when the token is not good anyway.
    bool demote(const QByteArray& token);

    /// Whether that client is here and has a login, or one whose demotion did not end well.
    bool canDemote(const SocketId& id) const;
    /// Likewise for the token of such a client, however it had shown it. `done` is called when that
    /// is on disk and has gone to the other processes, or could not be: Unavailable, and it may be
    /// said again. Conflict: it has no login.
    void demoteClient(const SocketId& id, std::function<void(const Result<void>&)> done);

    /// Ends what has ended by now: tokens, nonces, memberships of those who are in rooms. The
    /// profile's own timer calls it; tests with a ManualClock do so themselves.
    void sweep();

private:
    void handle(const EventCallPtr& call);
    void decide(const EventCallPtr& call, const Standing* standing);
    void act(const EventCallPtr& call, const Standing* standing);
    void refuse(const EventCall& call, const Refusal& refusal);
    std::optional<Refusal> identify(EventCall& call);
    std::optional<Refusal> readScope(EventCall& call) const;
    void join(const EventCallPtr& call, const Standing* standing);
    void elevateByEvent(const EventCall& call);
    void publish(const EventCallPtr& call);
    void elevate(Client& client, Identity identity);
    ClientPtr clientOf(const SocketId& id) const; ///< null: there is none
    QByteArray demotableToken(const SocketId& id) const; ///< hash; empty: there is none
    void demotionEnded(const QByteArray& tokenHash);
    void loseIdentity(const ClientPtr& client, const Refusal& refusal);
    void sweepClient(const ClientPtr& client);
    void tellGap(Client& client);
    void recheckChoice(const ClientPtr& client, const Choice& choice);
    const EventRule* ruleFor(const QByteArray& event, const Facts& facts, bool& isKnown) const;

    const Rules m_rules;
    const ProfileServices m_services;
    RelayCounters m_counters;
    QHash<QByteArray, std::vector<const EventRule*>> m_rulesOf; ///< by event, in their order
    Caller m_caller;
    Answers m_answers;
    RoomScopes m_scopes;
    Choices m_choices;
    Memberships m_memberships;
    Elevation m_elevation;
    std::unordered_map<const Peer*, ClientPtr> m_clients;
    Requests m_requests;
    Publications m_publications;
    Controls m_controls;
    QTimer m_sweeper;
    const std::shared_ptr<char> m_alive = std::make_shared<char>();
};

} // namespace gatehouse::relay
