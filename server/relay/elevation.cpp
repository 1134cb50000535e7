// SPDX-License-Identifier: Apache-2.0
#include "server/relay/elevation.h"

#include "common/core/strictjson.h"

namespace gatehouse::relay {

namespace {

constexpr qsizetype maxCookies = 4; // of one name: those of parent domains come along
constexpr qsizetype maxNonce = 128;

/// A nonce is the same as number and as text.
std::optional<QByteArray> nonceText(QByteArrayView raw)
{
    if (raw.isEmpty() || raw.size() > maxNonce)
        return std::nullopt;
    if (jsonKind(raw) == JsonKind::Number)
        return jsonInteger(raw) ? std::optional(raw.toByteArray()) : std::nullopt;
    auto text = jsonKind(raw) == JsonKind::String ? jsonText(raw) : std::nullopt;
    return text && !text->isEmpty() ? text : std::nullopt;
}

} // namespace

QByteArrayList cookiesNamed(const protocol::HttpHeaders& headers, QByteArrayView name)
{
    QByteArrayList values;
    for (const protocol::HttpHeader& field : headers.fields()) {
        if (field.name.compare("cookie", Qt::CaseInsensitive) != 0)
            continue;
        for (const QByteArray& pair : field.value.split(';')) {
            const qsizetype at = pair.indexOf('=');
            if (at < 0 || QByteArrayView(pair).first(at).trimmed() != name)
                continue;
            QByteArray value = pair.mid(at + 1).trimmed();
            if (value.size() >= 2 && value.startsWith('"') && value.endsWith('"'))
                value = value.mid(1, value.size() - 2);
            values.append(value);
        }
    }
    return values;
}

Elevation::Elevation(const Rules& rules, access::ProfileVerifier* verifier,
    access::LoginLimiterOptions guesses, const Clock& clock, RelayCounters& counters)
    : m_rules(rules), m_verifier(verifier), m_guesses(std::move(guesses), clock),
      m_nonces(rules.nonceLifetime, rules.maxNonces, clock), m_counters(counters)
{
}

tl::expected<Identity, Refusal> Elevation::refuse(
    const QString& address, const Error& error, bool isGuess)
{
    ++m_counters.refusedElevations;
    if (isGuess)
        m_guesses.recordFailure(address);
    return tl::unexpected(refusalOf(error));
}

tl::expected<Identity, Refusal> Elevation::byToken(const QString& address, const QByteArray& token)
{
    if (!m_verifier)
        return refuse(address, {ErrorCode::TokenMissing, {}}, false);
    if (const auto allowed = m_guesses.check(address); !allowed)
        return refuse(address, allowed.error(), false);
    auto claims = m_verifier->verify(token);
    if (!claims) {
        // An old token is nobody's guess; browsers keep their cookies longer than they are good.
        const bool isGuess = claims.error().code == ErrorCode::TokenForged;
        return refuse(address, claims.error(), isGuess);
    }
    return identityOf(*std::move(claims), access::ProfileVerifier::hashOf(token), m_rules.bits);
}

tl::expected<Identity, Refusal> Elevation::byCookie(const session::Handshake& handshake)
{
    const QByteArrayList tokens = m_rules.cookie.isEmpty()
        ? QByteArrayList()
        : cookiesNamed(handshake.headers, m_rules.cookie).mid(0, maxCookies);
    if (tokens.isEmpty())
        return tl::unexpected(refusalOf({ErrorCode::TokenMissing, {}}));
    std::optional<Refusal> first;
    for (const QByteArray& token : tokens) {
        auto identity = byToken(handshake.peerAddress, token);
        if (identity)
            return identity;
        if (!first)
            first = identity.error();
    }
    return tl::unexpected(*first);
}

tl::expected<Identity, Refusal> Elevation::byNonce(const QString& address, QByteArrayView nonce)
{
    if (const auto allowed = m_guesses.check(address); !allowed)
        return refuse(address, allowed.error(), false);
    const auto text = nonceText(nonce);
    const auto token = text ? m_nonces.take(*text) : std::nullopt;
    m_counters.nonces = quint64(m_nonces.size());
    if (!token) {
        return refuse(address,
            {ErrorCode::TokenInvalid, QStringLiteral("unknown, used or expired nonce")}, true);
    }
    if (m_redeemed)
        m_redeemed(*text, access::ProfileVerifier::hashOf(*token));
    return byToken(address, *token);
}

std::optional<QByteArray> Elevation::redeemedElsewhere(
    const QByteArray& nonce, const QByteArray& tokenHash)
{
    const auto token = m_nonces.takenElsewhere(nonce, tokenHash);
    m_counters.nonces = quint64(m_nonces.size());
    return token;
}

tl::expected<Identity, Refusal> Elevation::byQuery(const session::Handshake& handshake)
{
    const QString& item = m_rules.nonceQuery;
    if (item.isEmpty() || !handshake.query.hasQueryItem(item))
        return tl::unexpected(refusalOf({ErrorCode::TokenMissing, {}}));
    const QString value = handshake.query.queryItemValue(item, QUrl::FullyDecoded);
    return byNonce(handshake.peerAddress, protocol::jsonString(value.toUtf8()));
}

tl::expected<void, Refusal> Elevation::recheck(const Identity& identity)
{
    const auto good = m_verifier ? m_verifier->recheck(identity.claims, identity.tokenHash)
                                 : failure(ErrorCode::TokenMissing);
    if (!good)
        return tl::unexpected(refusalOf(good.error()));
    return {};
}

bool Elevation::registerNonce(QByteArrayView nonce, const QByteArray& token)
{
    const auto text = nonceText(nonce);
    if (!text || !m_verifier || !m_verifier->verify(token))
        return false;
    m_nonces.add(*text, token);
    m_counters.nonces = quint64(m_nonces.size());
    return true;
}

bool Elevation::revoke(const QByteArray& token)
{
    m_nonces.removeToken(token);
    return m_verifier && m_verifier->revoke(token);
}

void Elevation::sweep()
{
    m_nonces.sweep();
    m_counters.nonces = quint64(m_nonces.size());
    m_counters.expiredNonces = m_nonces.expired();
}

} // namespace gatehouse::relay
