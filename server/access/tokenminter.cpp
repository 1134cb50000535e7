// SPDX-License-Identifier: Apache-2.0
#include "server/access/tokenminter.h"

#include "server/access/accountmark.h"
#include "server/access/base64url.h"
#include "server/access/secrets.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QMessageAuthenticationCode>

namespace gatehouse::access {

namespace {

using L = QLatin1StringView;

QJsonValue idOrNull(qint64 id)
{
    return id > 0 ? QJsonValue(id) : QJsonValue(QJsonValue::Null);
}

} // namespace

TokenMinter::TokenMinter(QByteArray secret, MinterOptions options, const Clock& clock)
    : m_secret(std::move(secret)), m_options(options), m_clock(clock)
{
}

QByteArray TokenMinter::accessToken(TokenKind kind, qint64 id, const QStringList& roles,
    std::optional<std::chrono::seconds> lifetime) const
{
    return federationToken(
        TokenType::Access, kind, id, roles, lifetime.value_or(m_options.accessLifetime));
}

QByteArray TokenMinter::refreshToken(TokenKind kind, qint64 id, const QStringList& roles,
    std::optional<std::chrono::seconds> lifetime) const
{
    return federationToken(
        TokenType::Refresh, kind, id, roles, lifetime.value_or(m_options.refreshLifetime));
}

QByteArray TokenMinter::containerToken(const ContainerGrant& grant) const
{
    QJsonObject payload = registeredClaims(std::nullopt);
    payload.insert(L("type"), L("access"));
    payload.insert(L("fresh"), false);
    payload.insert(L("csrf"), QString::fromLatin1(randomUuid()));
    const L kindClaim = grant.session ? L("vantage6_client_type") : L("client_type");
    payload.insert(kindClaim, name(TokenKind::Container));
    payload.insert(L("roles"), QJsonArray());
    QJsonObject subject{{kindClaim, name(TokenKind::Container)}, {L("node_id"), grant.node.value},
        {L("organization_id"), grant.organization.value},
        {L("collaboration_id"), grant.collaboration.value},
        {L("study_id"), idOrNull(grant.study.value)}, {L("store_id"), idOrNull(grant.storeId)},
        {L("task_id"), grant.task.value}, {L("image"), grant.image},
        {L("databases"), grant.databases}};
    if (grant.session)
        subject.insert(L("session_id"), idOrNull(grant.session->value));
    payload.insert(L("sub"), subject);
    return sign(payload);
}

QByteArray TokenMinter::adminToken(qint64 id, const QString& name,
    std::optional<std::chrono::seconds> lifetime, const QByteArray& account) const
{
    return ownToken(
        TokenKind::Admin, id, name, lifetime.value_or(m_options.adminLifetime), account);
}

QByteArray TokenMinter::serviceToken(
    qint64 id, const QString& name, std::optional<std::chrono::seconds> lifetime) const
{
    return ownToken(TokenKind::Service, id, name, lifetime.value_or(m_options.serviceLifetime));
}

QByteArray TokenMinter::federationToken(TokenType type, TokenKind kind, qint64 id,
    const QStringList& roles, std::chrono::seconds lifetime) const
{
    Q_ASSERT(kind == TokenKind::User || kind == TokenKind::Node);
    QJsonObject payload = registeredClaims(lifetime);
    payload.insert(L("type"), type == TokenType::Access ? L("access") : L("refresh"));
    payload.insert(L("fresh"), false);
    payload.insert(L("csrf"), QString::fromLatin1(randomUuid()));
    payload.insert(L("client_type"), name(kind));
    payload.insert(L("roles"), QJsonArray::fromStringList(roles));
    payload.insert(L("sub"), id);
    return sign(payload);
}

QByteArray TokenMinter::ownToken(TokenKind kind, qint64 id, const QString& name,
    std::chrono::seconds lifetime, const QByteArray& account) const
{
    QJsonObject payload = registeredClaims(lifetime);
    payload.insert(L("type"), L("access"));
    payload.insert(ownKindClaim, access::name(kind));
    payload.insert(L("sub"), id);
    payload.insert(L("name"), name);
    if (!account.isEmpty())
        payload.insert(accountClaim, QString::fromLatin1(account));
    return sign(payload);
}

QJsonObject TokenMinter::registeredClaims(std::optional<std::chrono::seconds> lifetime) const
{
    const auto now = std::chrono::floor<std::chrono::seconds>(m_clock.wall());
    QJsonObject claims{{L("iat"), qint64(now.count())}, {L("nbf"), qint64(now.count())},
        {L("jti"), QString::fromLatin1(randomUuid())}};
    if (lifetime)
        claims.insert(L("exp"), qint64((now + *lifetime).count()));
    return claims;
}

QByteArray TokenMinter::sign(const QJsonObject& payload) const
{
    static const QByteArray header = encodeBase64Url(R"({"alg":"HS256","typ":"JWT"})");
    const QByteArray signedPart
        = header + '.' + encodeBase64Url(QJsonDocument(payload).toJson(QJsonDocument::Compact));
    return signedPart + '.'
        + encodeBase64Url(
            QMessageAuthenticationCode::hash(signedPart, m_secret, QCryptographicHash::Sha256));
}

} // namespace gatehouse::access
