// SPDX-License-Identifier: Apache-2.0
#include "server/access/claims.h"

#include "common/core/strictjson.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <array>
#include <cmath>

namespace gatehouse::access {

namespace {

using L = QLatin1StringView;

constexpr std::array<L, 5> kindNames{
    L("user"), L("node"), L("container"), L("service"), L("admin")};
constexpr double lastSecond = 253'402'300'799.0; // the end of the year 9999
constexpr qsizetype maxTextClaim = 256;

tl::unexpected<Error> invalid(const QString& why)
{
    return failure(ErrorCode::TokenInvalid, why);
}

bool isPlainText(const QString& text)
{
    return !text.isEmpty() && text.size() <= maxTextClaim
        && std::none_of(
            text.begin(), text.end(), [](QChar c) { return c.category() == QChar::Other_Control; });
}

/// A NumericDate (RFC 7519 section 2); fractions are cut to milliseconds.
Result<std::optional<Millis>> timeClaim(const QJsonObject& payload, L name)
{
    const QJsonValue value = payload.value(name);
    if (value.isUndefined())
        return std::nullopt;
    const double seconds = value.toDouble(-1);
    if (!value.isDouble() || !(seconds >= 0) || seconds > lastSecond)
        return invalid(QString(name) + QStringLiteral(" is not a time"));
    return Millis(qint64(std::floor(seconds * 1000)));
}

Result<QString> textClaim(const QJsonObject& payload, L name)
{
    const QJsonValue value = payload.value(name);
    if (value.isUndefined())
        return QString();
    if (!value.isString() || !isPlainText(value.toString()))
        return invalid(QString(name) + QStringLiteral(" is not a plain text"));
    return value.toString();
}

/// `aud` is a text or an array of texts.
Result<QByteArrayList> audienceClaim(const QJsonObject& payload)
{
    const QJsonValue value = payload.value(L("aud"));
    if (value.isUndefined())
        return QByteArrayList();
    const QJsonArray list = value.isArray() ? value.toArray() : QJsonArray{value};
    QByteArrayList audiences;
    for (const auto& item : list) {
        if (!item.isString())
            return invalid(QStringLiteral("aud is neither a text nor a list of texts"));
        audiences.append(item.toString().toUtf8());
    }
    return audiences;
}

Result<TokenType> tokenType(const QJsonObject& payload)
{
    const QJsonValue type = payload.value(L("type"));
    const QJsonValue keycloak = payload.value(L("typ"));
    if (!type.isUndefined() && !keycloak.isUndefined())
        return invalid(QStringLiteral("both type and typ"));
    if (type == L("refresh") || keycloak == L("Refresh"))
        return TokenType::Refresh;
    // Keycloak signs ID tokens with the same key: they are no access tokens.
    if ((type.isUndefined() || type == L("access"))
        && (keycloak.isUndefined() || keycloak == L("Bearer")))
        return TokenType::Access;
    return invalid(QStringLiteral("token of another type"));
}

Result<TokenKind> tokenKind(const QJsonObject& payload)
{
    const QJsonObject subject = payload.value(L("sub")).toObject();
    std::optional<QJsonValue> stated;
    for (const auto& [where, claim] :
        {std::pair(&payload, ownKindClaim), std::pair(&payload, L("client_type")),
            std::pair(&payload, L("vantage6_client_type")), std::pair(&subject, L("client_type")),
            std::pair(&subject, L("vantage6_client_type"))}) {
        const QJsonValue value = where->value(claim);
        if (value.isUndefined())
            continue;
        if (stated && *stated != value)
            return invalid(QStringLiteral("two kinds of client in one token"));
        stated = value;
    }
    const auto kind = stated ? tokenKindFromName(stated->toString()) : std::nullopt;
    if (!kind)
        return invalid(QStringLiteral("no known kind of client"));
    const bool ours = *kind == TokenKind::Admin || *kind == TokenKind::Service;
    if (ours != payload.contains(ownKindClaim))
        return invalid(QStringLiteral("kind of client in the wrong claim"));
    return *kind;
}

Result<void> readSubject(const QByteArray& text, Claims& claims)
{
    const QJsonValue subject = claims.payload.value(L("sub"));
    if (claims.kind == TokenKind::Container) {
        // vantage6 v4 also signs password-reset tokens, {"id": …}, as "container": not a container.
        claims.container = subject.toObject();
        const bool named = claims.container.contains(L("client_type"))
            || claims.container.contains(L("vantage6_client_type"));
        if (!named || claims.container.value(L("task_id")).toInteger() <= 0)
            return invalid(QStringLiteral("sub names no container"));
        return {};
    }
    const bool ours = claims.kind == TokenKind::Admin || claims.kind == TokenKind::Service;
    if (subject.isString() && !ours) {
        if (!isPlainText(subject.toString()))
            return invalid(QStringLiteral("sub is not a plain text"));
        claims.subject = subject.toString();
        return {};
    }
    const auto raw = rawMember(text, "sub");
    const auto number = raw ? jsonInteger(*raw) : std::nullopt;
    if (!number || *number <= 0)
        return invalid(QStringLiteral("sub is missing or of the wrong type"));
    claims.subjectId = *number;
    claims.subject = QString::number(*number);
    return {};
}

Result<void> readTimes(Claims& claims)
{
    const auto expires = timeClaim(claims.payload, L("exp"));
    const auto notBefore = timeClaim(claims.payload, L("nbf"));
    const auto issued = timeClaim(claims.payload, L("iat"));
    for (const auto* time : {&expires, &notBefore, &issued}) {
        if (!*time)
            return tl::unexpected(time->error());
    }
    if (!*expires && claims.kind != TokenKind::Container)
        return invalid(QStringLiteral("no exp"));
    claims.expiresAt = *expires;
    claims.notBefore = notBefore->value_or(Millis{0});
    claims.issuedAt = issued->value_or(Millis{0});
    return {};
}

Result<void> readTexts(Claims& claims)
{
    const auto issuer = textClaim(claims.payload, L("iss"));
    const auto tokenId = textClaim(claims.payload, L("jti"));
    for (const auto* text : {&issuer, &tokenId}) {
        if (!*text)
            return tl::unexpected(text->error());
    }
    claims.issuer = issuer->toUtf8();
    claims.tokenId = tokenId->toUtf8();
    auto audiences = audienceClaim(claims.payload);
    if (!audiences)
        return tl::unexpected(audiences.error());
    claims.audiences = std::move(*audiences);
    if (claims.kind == TokenKind::Admin || claims.kind == TokenKind::Service) {
        const auto given = textClaim(claims.payload, L("name"));
        if (!given)
            return tl::unexpected(given.error());
        claims.name = *given;
    }
    return {};
}

} // namespace

QLatin1StringView name(TokenKind kind)
{
    return kindNames[size_t(kind)];
}

std::optional<TokenKind> tokenKindFromName(QStringView name)
{
    for (size_t i = 0; i < kindNames.size(); ++i) {
        if (name == kindNames[i])
            return TokenKind(i);
    }
    return std::nullopt;
}

Result<Claims> readClaims(const QByteArray& payload)
{
    const JsonRules rules{.maxDepth = 16,
        .duplicateNames = DuplicateNames::Refuse,
        .loneSurrogates = LoneSurrogates::Refuse};
    if (const auto checked = checkJson(payload, rules); !checked)
        return invalid(QStringLiteral("payload: ") + checked.error().toError().detail);
    if (jsonKind(payload) != JsonKind::Object)
        return invalid(QStringLiteral("payload is not an object"));
    Claims claims;
    claims.payload = QJsonDocument::fromJson(payload).object();
    const auto type = tokenType(claims.payload);
    if (!type)
        return tl::unexpected(type.error());
    claims.type = *type;
    const auto kind = tokenKind(claims.payload);
    if (!kind)
        return tl::unexpected(kind.error());
    claims.kind = *kind;
    if (const auto read = readSubject(payload, claims); !read)
        return tl::unexpected(read.error());
    if (const auto read = readTimes(claims); !read)
        return tl::unexpected(read.error());
    if (const auto read = readTexts(claims); !read)
        return tl::unexpected(read.error());
    return claims;
}

} // namespace gatehouse::access
