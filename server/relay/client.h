// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/identity.h"
#include "server/relay/peer.h"
#include "server/relay/scope.h"

#include <QHash>

#include <memory>
#include <optional>
#include <vector>

namespace gatehouse::relay {

/// A room a client chose, what came with it, and why it may be there.
struct Choice
{
    Scope scope;
    std::vector<RoomName> rooms;
    const EventRule* rule = nullptr; ///< by which it came in
    QByteArray payload; ///< what it asked for
    std::optional<Identity> identity; ///< as whom
    Millis recheckAt{}; ///< monotonic
};

/// What the relay keeps about one connected peer. Owned by Profile; whoever waits for an answer
/// holds it weakly.
struct Client
{
    Peer& peer;
    QByteArray peerFacts; ///< {"id":"…","address":"…","port":n}
    std::optional<Identity> identity{};
    QByteArray identityFacts{}; ///< Identity::facts(), empty for nobody
    QByteArray unfinishedDemotion{}; ///< hash of the token it lost and that is not revoked for good
    QHash<QString, std::vector<Choice>> choices{}; ///< by room rule
    QHash<QString, quint64> choosing{}; ///< by room rule: number of the last choice begun
    quint64 missedEvents = 0; ///< that it was told about
    int requestsUnderWay = 0; ///< questions about memberships included
    bool isGone = false;
};
using ClientPtr = std::shared_ptr<Client>;

/// An acknowledgement a client was promised: given, or released when nobody is left to give it.
class OwedAnswer
{
public:
    OwedAnswer(const ClientPtr& client, quint64 ackId) : m_client(client), m_ackId(ackId)
    {
        client->peer.owesAnswer(ackId);
    }
    ~OwedAnswer()
    {
        if (const ClientPtr client = m_client.lock(); client && !client->isGone)
            client->peer.releaseAnswer(m_ackId);
    }
    Q_DISABLE_COPY_MOVE(OwedAnswer)

private:
    const std::weak_ptr<Client> m_client;
    const quint64 m_ackId;
};

/// An event of a client with everything that was found out about it; owns what its views show.
struct EventCall
{
    ClientPtr client;
    const EventRule* rule = nullptr;
    QByteArray payload; ///< first argument; empty when there was none
    std::optional<quint64> ackId{};
    std::optional<Scope> scope{};
    std::optional<Identity> identity{}; ///< of the event's own token, else the client's
    QByteArray identityFacts{};
    std::shared_ptr<OwedAnswer> owed{}; ///< ends with the call

    /// Before it waits for somebody else: a server that goes down waits with it.
    void beginWaiting()
    {
        ++client->requestsUnderWay;
        if (ackId && !owed)
            owed = std::make_shared<OwedAnswer>(client, *ackId);
    }

    Facts facts() const
    {
        Facts facts;
        facts.payload = payload;
        facts.peer = client->peerFacts;
        facts.principal = identityFacts;
        if (identity)
            facts.claims = identity->claims.payload;
        if (scope)
            facts.scope = scope->json;
        return facts;
    }
};
using EventCallPtr = std::shared_ptr<EventCall>;

} // namespace gatehouse::relay
