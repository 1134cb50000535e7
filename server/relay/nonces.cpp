// SPDX-License-Identifier: Apache-2.0
#include "server/relay/nonces.h"

#include "server/access/claimprofile.h"

namespace gatehouse::relay {

namespace {

QByteArray hashOf(const QByteArray& token)
{
    return access::ProfileVerifier::hashOf(token);
}

} // namespace

void Nonces::remove(QHash<QByteArray, Entry>::iterator at)
{
    m_used -= at->usedHash.isEmpty() ? 0 : 1;
    m_ages.erase(at->age);
    m_entries.erase(at);
}

void Nonces::put(const QByteArray& nonce, Entry entry)
{
    if (const auto known = m_entries.find(nonce); known != m_entries.end())
        remove(known);
    sweep();
    while (!m_entries.isEmpty() && m_entries.size() >= m_max)
        remove(m_entries.find(m_ages.front()));
    entry.until = m_clock.monotonic() + m_lifetime;
    entry.age = m_ages.insert(m_ages.end(), nonce);
    m_used += entry.usedHash.isEmpty() ? 0 : 1;
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
    at->usedHash = hashOf(at->token);
    ++m_used;
    return at->token;
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
            m_used -= at->usedHash.isEmpty() ? 0 : 1;
            m_ages.erase(at->age);
            at = m_entries.erase(at);
        } else {
            ++at;
        }
    }
}

void Nonces::sweep()
{
    const Millis now = m_clock.monotonic();
    while (!m_ages.empty()) {
        const auto oldest = m_entries.find(m_ages.front());
        if (now < oldest->until)
            return;
        m_expired += oldest->usedHash.isEmpty() ? 1 : 0;
        remove(oldest);
    }
}

} // namespace gatehouse::relay
