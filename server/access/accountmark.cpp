// SPDX-License-Identifier: Apache-2.0
#include "server/access/accountmark.h"

#include "server/access/base64url.h"
#include "server/access/claims.h"

#include <QCryptographicHash>

namespace gatehouse::access {

QByteArray accountMark(const QByteArray& passwordHash)
{
    constexpr qsizetype octets
        = 15; // of a hash of something salted: enough never to meet by chance
    const QByteArray named = "gatehouse account " + passwordHash;
    return encodeBase64Url(
        QCryptographicHash::hash(named, QCryptographicHash::Sha256).first(octets));
}

QByteArray accountOf(const Claims& claims)
{
    const QJsonValue claim = claims.payload.value(accountClaim);
    if (claim.isUndefined())
        return {};
    const QByteArray mark = claim.toString().toUtf8();
    return mark.isEmpty() ? QByteArray("no mark of ours") : mark;
}

} // namespace gatehouse::access
