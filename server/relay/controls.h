// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/relay/relaycounters.h"
#include "server/relay/rules.h"

#include <QHash>
#include <QTimer>

#include <functional>
#include <vector>

namespace gatehouse::relay {

/// What services may ask of a profile. Each says whether it was done.
struct ControlActions
{
    std::function<bool(QByteArrayView nonce, const QByteArray& token)> registerNonce;
    std::function<bool(const QByteArray& token)> demote;
    /// What was revoked outlasts the process from then on, or an error.
    std::function<void(std::function<void(const Result<void>&)>)> keepRevocations;
    /// A nonce was redeemed in another process.
    std::function<void(const QByteArray& nonce, const QByteArray& tokenHash)> redeemedElsewhere;
    /// What was revoked and is not over: hashes of tokens, and when each would have ended (wall
    /// clock).
    std::function<QHash<QByteArray, Millis>()> revocations;
    std::function<void(const QByteArray& tokenHash, Millis until)> revokedElsewhere;
};

/// Serves the control calls of a profile on the bus, {"method":…,"args":[…],"kwargs":{…}} answered
/// {"resp":{"message":…},"sc":n}. Processes on one bus share the calls among them, so what one was
/// told, it tells the others (topic "relay.NAME.control" of the bus's own exchange), and so it does
/// when a nonce is redeemed or an administrator demotes somebody; a profile without control calls
/// hears that too. A call is answered when the bus has taken that, and a demotion is on
/// disk. Whoever comes, or was away, asks the others what was revoked. Network thread only.
class Controls final : private bus::StateObserver
{
public:
    Controls(const Rules& rules, bus::Bus& bus, ControlActions actions, RelayCounters& counters);
    ~Controls() override;
    Q_DISABLE_COPY_MOVE(Controls)

    /// Tells the other processes that this nonce is used up.
    void tellRedeemed(const QByteArray& nonce, const QByteArray& tokenHash);
    /// Tells them that this token was revoked; by its hash, which needs no key to be believed.
    void tellRevoked(const QByteArray& tokenHash, bus::Published done = {});
    /// Keeps what is revoked here and tells the others of this token, also when the disk refuses.
    /// `done` gets the first error.
    void finishRevocation(
        const QByteArray& tokenHash, std::function<void(const Result<void>&)> done);

private:
    void hear(const bus::Message& told);
    void called(const QByteArray& queue, const bus::Message& call, bus::Reply reply);
    std::optional<QByteArray> tokenIn(const ControlRule& rule, QByteArrayView args) const;
    bool act(const ControlRule& rule, QByteArrayView args);
    void passOn(const ControlRule& rule, const bus::Message& call, bus::Reply reply);
    void busStateChanged(const bus::BusState& state) override;
    void askForRevocations();
    void tellRevocations();
    void hearRevocations(QByteArrayView args);

    const Rules& m_rules;
    bus::Bus& m_bus;
    const ControlActions m_actions;
    RelayCounters& m_counters;
    bool m_isBound = false;
    QTimer m_tellTimer; ///< several may ask at a time; one answer is for all
    std::vector<bus::Ticket> m_tickets;
    const std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace gatehouse::relay
