// SPDX-License-Identifier: Apache-2.0
#include "server/relay/nonces.h"

#include "server/access/claimprofile.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

/// What is told late about one that was redeemed, because the broker was away, still finds it.
constexpr Millis usedLifetime{3'600'000};

QByteArray hashOf(const QByteArray& token)
{
    return access::ProfileVerifier::hashOf(token);
}

} // namespace

std::list<QByteArray>& Nonces::agesOf(const Entry& entry)
{
    return entry.usedHash.isEmpty() ? m_ages : m_usedAges;
}

void Nonces::remove(QHash<QByteArray, Entry>::iterator at)
{
    agesOf(*at).erase(at->age);
    m_entries.erase(at);
}

void Nonces::put(const QByteArray& nonce, Entry entry)
{
    if (const auto known = m_entries.find(nonce); known != m_entries.end())
        remove(known);
    sweep();
    while (!m_entries.isEmpty() && m_entries.size() >= m_max) {
        const auto& longer = m_usedAges.size() > m_ages.size() ? m_usedAges : m_ages;
        remove(m_entries.find(longer.front()));
    }
    entry.until = m_clock.monotonic()
        + (entry.usedHash.isEmpty() ? m_lifetime : std::max(m_lifetime, usedLifetime));
    std::list<QByteArray>& ages = agesOf(entry);
    entry.age = ages.insert(ages.end(), nonce);
    m_entries.insert(nonce, std::move(entry));
}

void Nonces::add(const QByteArray& nonce, QByteArray token)
{
    const auto known = m_entries.constFind(nonce);
    if (known != m_entries.constEnd() && known->usedHash == hashOf(token))
        return; // that it was registered comes behind that it was redeemed
    put(nonce, Entry{.token = std::move(token), .age = {}});
}

std::optional<QByteArray> Nonces::take(const QByteArray& nonce)
{
    sweep();
    const auto at = m_entries.find(nonce);
    if (at == m_entries.end() || !at->usedHash.isEmpty())
        return std::nullopt;
    const QByteArray token = at->token;
    put(nonce, Entry{.token = token, .usedHash = hashOf(token), .age = {}});
    return token;
}

std::optional<QByteArray> Nonces::takenElsewhere(
    const QByteArray& nonce, const QByteArray& tokenHash)
{
    sweep();
    const auto at = m_entries.find(nonce);
    const bool isSame = at != m_entries.end() && hashOf(at->token) == tokenHash;
    if (isSame && !at->usedHash.isEmpty())
        return at->token;
    // Registered again for somebody else since: not what was redeemed.
    if (at != m_entries.end() && !isSame && at->usedHash.isEmpty())
        return std::nullopt;
    put(nonce, Entry{.token = {}, .usedHash = tokenHash, .age = {}});
    return std::nullopt;
}

void Nonces::removeToken(const QByteArray& token)
{
    for (auto at = m_entries.begin(); at != m_entries.end();) {
        if (at->token == token) {
            agesOf(*at).erase(at->age);
            at = m_entries.erase(at);
        } else {
            ++at;
        }
    }
}

void Nonces::sweep()
{
    sweep(m_ages);
    sweep(m_usedAges);
}

void Nonces::sweep(std::list<QByteArray>& ages)
{
    const Millis now = m_clock.monotonic();
    while (!ages.empty()) {
        const auto oldest = m_entries.find(ages.front());
        if (now < oldest->until)
            return;
        m_expired += oldest->usedHash.isEmpty() ? 1 : 0;
        remove(oldest);
    }
}

} // namespace gatehouse::relay
