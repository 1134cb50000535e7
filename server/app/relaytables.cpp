// SPDX-License-Identifier: Apache-2.0
#include "server/app/relaytables.h"

#include <QDir>
#include <QSet>

#include <algorithm>

namespace gatehouse::app {

namespace {

QString resolved(const QString& path, const QString& base)
{
    return path.isEmpty() || base.isEmpty() ? path
                                            : QDir::cleanPath(QDir(base).absoluteFilePath(path));
}

QStringList resolved(QStringList paths, const QString& base)
{
    for (QString& path : paths)
        path = resolved(path, base);
    return paths;
}

void readAlgorithms(ConfigTable& table, access::ClaimProfile& profile)
{
    const QString key = QStringLiteral("algorithms");
    if (!table.has(key))
        return;
    profile.algorithms.clear();
    for (const QString& name : table.texts(key)) {
        if (const auto algorithm = access::algorithmFromName(name))
            profile.algorithms.push_back(*algorithm);
        else
            table.complain(
                key, QStringLiteral("\"%1\" is none of HS256, RS256, ES256, EdDSA").arg(name));
    }
    if (profile.algorithms.empty())
        table.complain(key, QStringLiteral("names none"));
}

ClaimSource readClaims(
    const QString& name, const ConfigNode& node, const QString& base, ConfigMistakes& mistakes)
{
    ConfigTable table(node, QStringLiteral("claims.") + name, mistakes);
    ClaimSource source;
    access::ClaimProfile& profile = source.profile;
    profile.name = name;
    readAlgorithms(table, profile);
    const auto claim = [&](const char* key, const QByteArray& fallback) {
        return table.textOr(QString::fromLatin1(key), QString::fromUtf8(fallback)).toUtf8();
    };
    profile.subject = claim("subject", profile.subject);
    if (profile.subject.isEmpty())
        table.complain(QStringLiteral("subject"), QStringLiteral("may not be empty"));
    profile.displayName = claim("name", profile.displayName);
    profile.expires = claim("expires", profile.expires);
    profile.issued = claim("issued", profile.issued);
    profile.lifetime = claim("lifetime", profile.lifetime);
    profile.permissions = claim("permissions", profile.permissions);
    profile.adminClaim = claim("platform_admin", profile.adminClaim);
    profile.admins = table.texts(QStringLiteral("platform_admins"));
    if (profile.issued.isEmpty() != profile.lifetime.isEmpty())
        table.complain(QStringLiteral("\"issued\" and \"lifetime\" go together"));
    const auto naive = table.choice(
        QStringLiteral("naive_times"), {QStringLiteral("utc"), QStringLiteral("local")});
    if (naive == QStringLiteral("local"))
        profile.naiveTime = access::ClaimProfile::NaiveTime::Local;
    profile.isEndlessAllowed = table.flagOr(QStringLiteral("allow_endless"), false);
    profile.leeway
        = table.durationOr(QStringLiteral("leeway"), profile.leeway, Millis{0}, Millis{600'000});
    profile.maxTokenBytes
        = table.sizeOr(QStringLiteral("token_size"), profile.maxTokenBytes, 256, 64 * 1024);

    source.secretFiles = resolved(table.texts(QStringLiteral("secret_files")), base);
    source.publicKeys = resolved(table.texts(QStringLiteral("public_keys")), base);
    source.jwksFile = resolved(table.textOr(QStringLiteral("jwks_file"), {}), base);
    source.issuer = table.textOr(QStringLiteral("issuer"), {});
    source.audience = table.textOr(QStringLiteral("audience"), {});
    if (source.secretFiles.isEmpty() && source.publicKeys.isEmpty() && source.jwksFile.isEmpty())
        table.complain(
            QStringLiteral("no key: \"secret_files\", \"public_keys\" or \"jwks_file\""));
    table.finish();
    return source;
}

} // namespace

const ClaimSource* RelayTables::claimSource(const QString& name) const
{
    const auto at = std::find_if(claims.begin(), claims.end(),
        [&](const ClaimSource& source) { return source.profile.name == name; });
    return at == claims.end() ? nullptr : &*at;
}

const QStringList& relayTableNames()
{
    static const QStringList names{QStringLiteral("claims"), QStringLiteral("relay")};
    return names;
}

RelayTables readRelayTables(const ConfigNode* claims, const ConfigNode* relays, const QString& base,
    ConfigMistakes& mistakes)
{
    RelayTables tables;
    const auto members = [](const ConfigNode* node) {
        return node && node->table() ? *node->table() : ConfigMembers();
    };
    for (const ConfigMember& member : members(claims))
        tables.claims.push_back(readClaims(member.name, member.node, base, mistakes));
    QSet<QByteArray> namespaces;
    for (const ConfigMember& member : members(relays)) {
        relay::Rules rules = relay::readRules(member.name, member.node, mistakes);
        if (!rules.claims.isEmpty() && !tables.claimSource(rules.claims))
            mistakes.add(member.place,
                QStringLiteral("relay.%1.claims: there is no [claims.%2]")
                    .arg(member.name, rules.claims));
        if (namespaces.contains(rules.nsp.value))
            mistakes.add(member.place,
                QStringLiteral("relay.%1.namespace: \"%2\" belongs to another profile")
                    .arg(member.name, QString::fromUtf8(rules.nsp.value)));
        namespaces.insert(rules.nsp.value);
        tables.relays.push_back(std::move(rules));
    }
    return tables;
}

} // namespace gatehouse::app
