// SPDX-License-Identifier: Apache-2.0
#include "server/access/claimprofile.h"

#include "common/core/strictjson.h"
#include "server/access/signedtoken.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QTimeZone>

#include <algorithm>
#include <cmath>

namespace gatehouse::access {

namespace {

constexpr double lastSecond = 253'402'300'799.0; // the end of the year 9999
constexpr qsizetype maxText = 256;
// An endless token that was revoked is remembered for this long.
constexpr Millis endlessRevocation{Millis{1000} * 86'400 * 365};

tl::unexpected<Error> invalid(const QString& why)
{
    return failure(ErrorCode::TokenInvalid, why);
}

tl::unexpected<Error> invalidClaim(const QByteArray& claim, const char* why)
{
    return invalid(QString::fromUtf8(claim) + u' ' + QString::fromUtf8(why));
}

std::optional<double> numberOf(QByteArrayView raw)
{
    if (jsonKind(raw) != JsonKind::Number)
        return std::nullopt;
    bool ok = false;
    const double number = raw.toByteArray().toDouble(&ok);
    return ok && number >= 0 && number <= lastSecond ? std::optional(number) : std::nullopt;
}

Millis fromSeconds(double seconds)
{
    return Millis(qint64(std::floor(seconds * 1000)));
}

/// A number of seconds, or an ISO 8601 text; one without an offset is read as the profile says.
std::optional<Millis> timeOf(QByteArrayView raw, ClaimProfile::NaiveTime naive)
{
    if (const auto seconds = numberOf(raw))
        return fromSeconds(*seconds);
    const auto text = jsonKind(raw) == JsonKind::String ? jsonText(raw) : std::nullopt;
    if (!text)
        return std::nullopt;
    QDateTime time = QDateTime::fromString(QString::fromUtf8(*text), Qt::ISODateWithMs);
    if (!time.isValid())
        return std::nullopt;
    if (time.timeSpec() == Qt::LocalTime && naive == ClaimProfile::NaiveTime::Utc)
        time.setTimeSpec(Qt::UTC);
    const qint64 since = time.toMSecsSinceEpoch();
    return since >= 0 && since <= qint64(lastSecond) * 1000 ? std::optional(Millis(since))
                                                            : std::nullopt;
}

bool isPlain(QByteArrayView text)
{
    return !text.isEmpty() && text.size() <= maxText
        && std::none_of(
            text.begin(), text.end(), [](char c) { return uchar(c) < 0x20 || c == 0x7f; });
}

Result<void> readSubject(const ClaimProfile& profile, QByteArrayView payload, ProfileClaims& claims)
{
    const auto raw = rawMember(payload, profile.subject);
    if (!raw)
        return invalidClaim(profile.subject, "is missing");
    const JsonKind kind = jsonKind(*raw);
    const auto text = kind == JsonKind::String          ? jsonText(*raw)
        : kind == JsonKind::Number && jsonInteger(*raw) ? std::optional(raw->toByteArray())
                                                        : std::nullopt;
    if (!text || !isPlain(*text))
        return invalidClaim(profile.subject, "is neither a whole number nor a plain text");
    claims.subject = *text;
    claims.rawSubject = raw->toByteArray();
    bool isNumber = false;
    const qint64 id = text->toLongLong(&isNumber);
    if (kind == JsonKind::Number && id <= 0)
        return invalidClaim(profile.subject, "is no positive number");
    claims.id = isNumber && id > 0 && QByteArray::number(id) == *text ? id : 0;
    claims.name = QString::fromUtf8(*text);
    if (profile.displayName.isEmpty())
        return {};
    const auto rawName = rawMember(payload, profile.displayName);
    if (!rawName || jsonKind(*rawName) == JsonKind::Null)
        return {};
    const auto name = jsonKind(*rawName) == JsonKind::String ? jsonText(*rawName) : std::nullopt;
    if (!name || !isPlain(*name))
        return invalidClaim(profile.displayName, "is not a plain text");
    claims.name = QString::fromUtf8(*name);
    return {};
}

Result<void> readEnd(const ClaimProfile& profile, QByteArrayView payload, ProfileClaims& claims)
{
    const auto earlier = [&](Millis end) {
        claims.expiresAt = claims.expiresAt ? std::min(*claims.expiresAt, end) : end;
    };
    if (!profile.expires.isEmpty()) {
        if (const auto raw = rawMember(payload, profile.expires)) {
            const auto seconds = numberOf(*raw);
            if (!seconds)
                return invalidClaim(profile.expires, "is not a time");
            earlier(fromSeconds(*seconds));
        }
    }
    if (const auto raw = rawMember(payload, "nbf")) {
        const auto seconds = numberOf(*raw);
        if (!seconds)
            return invalidClaim("nbf", "is not a time");
        claims.notBefore = fromSeconds(*seconds);
    }
    const auto rawIssued
        = profile.issued.isEmpty() ? std::nullopt : rawMember(payload, profile.issued);
    const auto rawLifetime
        = profile.lifetime.isEmpty() ? std::nullopt : rawMember(payload, profile.lifetime);
    if (rawIssued && rawLifetime) {
        const auto issued = timeOf(*rawIssued, profile.naiveTime);
        if (!issued)
            return invalidClaim(profile.issued, "is not a time");
        const auto lifetime = numberOf(*rawLifetime);
        if (!lifetime)
            return invalidClaim(profile.lifetime, "is not a number of seconds");
        earlier(*issued + fromSeconds(*lifetime));
    }
    if (!claims.expiresAt && !profile.isEndlessAllowed)
        return invalid(QStringLiteral("token has no end"));
    return {};
}

Result<void> readPermissions(
    const ClaimProfile& profile, QByteArrayView payload, ProfileClaims& claims)
{
    claims.isPlatformAdmin = profile.admins.contains(QString::fromUtf8(claims.subject));
    if (!profile.adminClaim.isEmpty()) {
        const auto raw = rawMember(payload, profile.adminClaim);
        claims.isPlatformAdmin = claims.isPlatformAdmin || (raw && jsonBoolean(*raw) == true);
    }
    const auto raw
        = profile.permissions.isEmpty() ? std::nullopt : rawMember(payload, profile.permissions);
    if (!raw || jsonKind(*raw) == JsonKind::Null)
        return {};
    if (const auto bits = jsonInteger(*raw); bits && *bits >= 0) {
        claims.permissions = quint64(*bits);
        return {};
    }
    if (jsonKind(*raw) != JsonKind::Array)
        return invalidClaim(profile.permissions, "is neither a number nor a list of names");
    for (JsonArrayWalker items(*raw); items.next();) {
        const auto name
            = jsonKind(items.value()) == JsonKind::String ? jsonText(items.value()) : std::nullopt;
        if (!name)
            return invalidClaim(profile.permissions, "is neither a number nor a list of names");
        claims.permissionNames.append(QString::fromUtf8(*name));
    }
    return {};
}

} // namespace

Result<ProfileClaims> readProfileClaims(const ClaimProfile& profile, const QByteArray& payload)
{
    const JsonRules rules{.maxDepth = 16,
        .duplicateNames = DuplicateNames::Refuse,
        .loneSurrogates = LoneSurrogates::Refuse};
    if (const auto checked = checkJson(payload, rules); !checked)
        return invalid(QStringLiteral("payload: ") + checked.error().toError().detail);
    if (jsonKind(payload) != JsonKind::Object)
        return invalid(QStringLiteral("payload is not an object"));
    ProfileClaims claims;
    claims.payload = payload;
    for (const auto& read : {readSubject, readEnd, readPermissions}) {
        if (const auto done = read(profile, payload, claims); !done)
            return tl::unexpected(done.error());
    }
    return claims;
}

ProfileVerifier::ProfileVerifier(ClaimProfile profile, KeySet keys, const Clock& clock)
    : m_profile(std::move(profile)), m_keys(std::move(keys)), m_clock(clock)
{
}

QByteArray ProfileVerifier::hashOf(const QByteArray& token)
{
    return QCryptographicHash::hash(token, QCryptographicHash::Sha256);
}

bool ProfileVerifier::isOver(const std::optional<Millis>& expiresAt) const
{
    return expiresAt && m_clock.wall() >= *expiresAt + m_profile.leeway;
}

Result<ProfileClaims> ProfileVerifier::verify(const QByteArray& token)
{
    if (token.isEmpty())
        return failure(ErrorCode::TokenMissing);
    if (token.size() > m_profile.maxTokenBytes)
        return invalid(QStringLiteral("token is too long"));
    const QByteArray hash = hashOf(token);
    const auto known = m_cache.constFind(hash);
    auto claims = known != m_cache.constEnd() ? Result<ProfileClaims>(known->claims) : check(token);
    if (!claims)
        return claims;
    if (const auto good = recheck(*claims, hash); !good)
        return tl::unexpected(good.error());
    if (known == m_cache.constEnd())
        remember(hash, *claims);
    return claims;
}

Result<ProfileClaims> ProfileVerifier::check(const QByteArray& token) const
{
    const auto opened = openSignedToken(token, m_keys, m_profile.algorithms);
    if (!opened)
        return tl::unexpected(opened.error());
    const KeyBinding& binding = opened->key->binding();
    const auto textIs = [&](const char* claim, auto fits) {
        const auto raw = rawMember(opened->payload, claim);
        const auto text = raw && jsonKind(*raw) == JsonKind::String ? jsonText(*raw) : std::nullopt;
        return text && fits(*text);
    };
    auto claims = readProfileClaims(m_profile, opened->payload);
    if (!claims)
        return claims;
    claims->key = opened->key->fingerprint();
    if (!binding.issuer.isEmpty()
        && !textIs("iss", [&](const QByteArray& text) { return text == binding.issuer; }))
        return invalid(QStringLiteral("token of another issuer"));
    if (!binding.audiences.isEmpty()
        && !textIs("aud", [&](const QByteArray& text) { return binding.audiences.contains(text); }))
        return invalid(QStringLiteral("token for another audience"));
    return claims;
}

Result<void> ProfileVerifier::recheck(const ProfileClaims& claims, const QByteArray& tokenHash)
{
    if (isOver(claims.expiresAt))
        return failure(ErrorCode::TokenExpired, QStringLiteral("token has expired"));
    if (claims.notBefore > m_clock.wall() + m_profile.leeway)
        return invalid(QStringLiteral("token is not valid yet"));
    if (m_revoked.contains(tokenHash))
        return invalid(QStringLiteral("token was revoked"));
    if (!m_keys.holds(claims.key))
        return invalid(QStringLiteral("the token's key was withdrawn"));
    return {};
}

void ProfileVerifier::remember(const QByteArray& hash, const ProfileClaims& claims)
{
    if (m_profile.maxCachedTokens <= 0)
        return;
    while (m_cache.size() >= m_profile.maxCachedTokens) {
        m_cache.remove(m_ages.front());
        m_ages.pop_front();
    }
    m_cache.insert(hash, Remembered{claims, m_ages.insert(m_ages.end(), hash)});
}

bool ProfileVerifier::revoke(const QByteArray& token)
{
    const QByteArray hash = hashOf(token);
    if (m_revoked.contains(hash)) // whoever says so again may have got no answer before
        return true;
    const auto claims = verify(token);
    if (!claims)
        return false;
    revoke(*claims, hash);
    return true;
}

void ProfileVerifier::revoke(const ProfileClaims& claims, const QByteArray& tokenHash)
{
    addRevocation(tokenHash, claims.expiresAt.value_or(m_clock.wall() + endlessRevocation));
}

void ProfileVerifier::addRevocation(const QByteArray& tokenHash, Millis until)
{
    if (isOver(until) || m_revoked.contains(tokenHash))
        return;
    forgetEndedRevocations();
    m_revoked.insert(tokenHash, until);
    if (m_wasRevoked)
        m_wasRevoked();
}

void ProfileVerifier::keepRevocations(Kept done) const
{
    if (m_keeper)
        m_keeper(std::move(done));
    else
        done({});
}

void ProfileVerifier::setKeys(KeySet keys)
{
    m_keys = std::move(keys);
    m_cache.clear();
    m_ages.clear();
}

void ProfileVerifier::forgetEndedRevocations()
{
    if (m_revoked.size() < m_revocationsToSweep)
        return;
    m_revoked.removeIf([this](const auto& entry) { return isOver(*entry); });
    m_revocationsToSweep = std::max<qsizetype>(64, m_revoked.size() * 2);
}

} // namespace gatehouse::access
