// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QLatin1StringView>

namespace gatehouse::access {

struct Claims;

/// The claim of our own in tokens that were given for the password of an administrator's account.
/// Tokens minted on the command line have none and stand for themselves.
inline constexpr QLatin1StringView accountClaim{"gatehouse_account"};

/// What that claim says: stands for the account with this password, as a PHC string, and tells
/// nothing of it. Another password, or another account with the same id, has another mark.
QByteArray accountMark(const QByteArray& passwordHash);

QByteArray accountOf(const Claims& claims); ///< empty when the token stands for itself

} // namespace gatehouse::access
