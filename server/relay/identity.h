// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/claimprofile.h"
#include "server/access/decision.h"
#include "server/access/principal.h"
#include "server/relay/rules.h"

#include <optional>

namespace gatehouse::relay {

/// Who a client has proved to be.
struct Identity
{
    access::ProfileClaims claims;
    QByteArray tokenHash; ///< which token it was
    quint64 bits = 0; ///< of the claims, names included

    access::Principal principal() const;
    /// {"id":…,"name":…} for templates; the id as it stands in the token.
    QByteArray facts() const;
};

Identity identityOf(
    access::ProfileClaims claims, QByteArray tokenHash, const QHash<QString, quint64>& bits);

/// What the bus says about somebody and one scope.
struct Standing
{
    bool isMember = false;
    bool isAdmin = false;
    quint64 bits = 0;
};

/// The permission question of every event: may somebody who is `identity` (null: nobody) and has
/// this `standing` in the scope it is about (null: not asked, or there is none)? The rule names
/// what was missing first.
access::Decision mayUse(
    const Needs& needs, const Rules& rules, const Identity* identity, const Standing* standing);

/// The bits somebody has in a scope: those of the token and those the bus gives.
quint64 bitsIn(const Rules& rules, const Identity& identity, const Standing* standing);

/// The names of bits: "view_private_logs and manage_settings".
QString bitNames(const Rules& rules, quint64 bits);

} // namespace gatehouse::relay
