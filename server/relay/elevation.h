// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/claimprofile.h"
#include "server/access/loginlimiter.h"
#include "server/relay/client.h"
#include "server/relay/nonces.h"
#include "server/relay/refusal.h"
#include "server/relay/relaycounters.h"

#include <tl/expected.hpp>

#include <functional>

namespace gatehouse::relay {

/// How clients prove who they are: a token in a cookie, in an event, or behind a nonce that a
/// service has registered. Addresses that guess are locked out for a while. Network thread only.
class Elevation
{
public:
    /// `verifier` may be null: then nobody can be elevated. Neither is owned. Several profiles may
    /// share a verifier, and so what was revoked.
    Elevation(const Rules& rules, access::ProfileVerifier* verifier,
        access::LoginLimiterOptions guesses, const Clock& clock, RelayCounters& counters);

    /// The first good one of the cookies of that name; a refusal says what was wrong with the
    /// first.
    tl::expected<Identity, Refusal> byCookie(const session::Handshake& handshake);
    tl::expected<Identity, Refusal> byToken(const QString& address, const QByteArray& token);
    /// `nonce` as a value of a checked JSON text: a whole number or a text.
    tl::expected<Identity, Refusal> byNonce(const QString& address, QByteArrayView nonce);
    tl::expected<Identity, Refusal> byQuery(const session::Handshake& handshake);

    /// Whether it still is good: its token has not ended, and nobody has revoked it.
    tl::expected<void, Refusal> recheck(const Identity& identity);

    /// Is told which nonces are redeemed here, and the hash of the token behind each.
    using Redeemed = std::function<void(const QByteArray& nonce, const QByteArray& tokenHash)>;
    void setRedeemed(Redeemed redeemed) { m_redeemed = std::move(redeemed); }
    /// It was redeemed in another process. The token when it was redeemed here as well, each before
    /// hearing of the other: one of the two is not who it should be.
    std::optional<QByteArray> redeemedElsewhere(
        const QByteArray& nonce, const QByteArray& tokenHash);

    /// False when the token is not good anyway.
    bool registerNonce(QByteArrayView nonce, const QByteArray& token);
    /// Refuses the token from now on; false when it is not good anyway.
    bool revoke(const QByteArray& token);
    /// The verifier that knows what was revoked; may be null.
    access::ProfileVerifier* verifier() const { return m_verifier; }

    void sweep(); ///< forgets nonces whose time is over

private:
    tl::expected<Identity, Refusal> refuse(
        const QString& address, const Error& error, bool isGuess);

    const Rules& m_rules;
    access::ProfileVerifier* m_verifier;
    access::LoginLimiter m_guesses;
    Nonces m_nonces;
    Redeemed m_redeemed;
    RelayCounters& m_counters;
};

/// The values of the cookies of that name in a `Cookie` header, in their order (RFC 6265).
QByteArrayList cookiesNamed(const protocol::HttpHeaders& headers, QByteArrayView name);

} // namespace gatehouse::relay
