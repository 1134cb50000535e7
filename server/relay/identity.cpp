// SPDX-License-Identifier: Apache-2.0
#include "server/relay/identity.h"

#include "common/protocol/socketiopacket.h"

namespace gatehouse::relay {

namespace {

access::Decision no(const QString& rule, const QString& reason)
{
    return {false, rule, reason};
}

} // namespace

access::Principal Identity::principal() const
{
    access::Principal principal;
    principal.kind = access::PrincipalKind::User;
    principal.id = claims.id;
    principal.name = claims.name;
    principal.expiresAt = claims.expiresAt;
    return principal;
}

QByteArray Identity::facts() const
{
    return R"({"id":)" + claims.rawSubject + R"(,"name":)"
        + protocol::jsonString(claims.name.toUtf8()) + '}';
}

Identity identityOf(
    access::ProfileClaims claims, QByteArray tokenHash, const QHash<QString, quint64>& bits)
{
    Identity identity{std::move(claims), std::move(tokenHash), 0};
    identity.bits = identity.claims.permissions;
    for (const QString& name : identity.claims.permissionNames)
        identity.bits |= bits.value(name);
    return identity;
}

quint64 bitsIn(const Rules& rules, const Identity& identity, const Standing* standing)
{
    quint64 bits = identity.bits;
    if (standing && standing->isMember)
        bits |= standing->bits | (standing->isAdmin ? rules.scopeAdminBits : 0);
    return bits;
}

QString bitNames(const Rules& rules, quint64 bits)
{
    QStringList names;
    for (auto it = rules.bits.begin(); it != rules.bits.end(); ++it) {
        if ((*it & bits) == *it)
            names.append(it.key());
    }
    names.sort();
    return names.join(QStringLiteral(" and "));
}

access::Decision mayUse(
    const Needs& needs, const Rules& rules, const Identity* identity, const Standing* standing)
{
    if (needs.level == Level::Open)
        return {true, QStringLiteral("open"), QStringLiteral("everybody may")};
    if (!identity)
        return no(QStringLiteral("elevated"), QStringLiteral("needs a valid token"));
    if (needs.platformAdmin && !identity->claims.isPlatformAdmin)
        return no(QStringLiteral("platform_admin"),
            QStringLiteral("is no administrator of the platform"));
    if (needs.level >= Level::Member && !(standing && standing->isMember))
        return no(QStringLiteral("member"), QStringLiteral("is no member"));
    if (needs.level >= Level::Admin && !standing->isAdmin)
        return no(QStringLiteral("admin"), QStringLiteral("is a member, but no administrator"));
    if (const quint64 lacking = needs.bits & ~bitsIn(rules, *identity, standing)) {
        const QString names = bitNames(rules, lacking);
        return no(names, QStringLiteral("does not have ") + names);
    }
    return {true, needs.text, QStringLiteral("is ") + needs.text};
}

} // namespace gatehouse::relay
