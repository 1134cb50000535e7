// SPDX-License-Identifier: Apache-2.0
#include "server/relay/nonces.h"

namespace gatehouse::relay {

void Nonces::remove(QHash<QByteArray, Entry>::iterator at)
{
    m_ages.erase(at->age);
    m_entries.erase(at);
}

void Nonces::add(const QByteArray& nonce, QByteArray token)
{
    if (const auto known = m_entries.find(nonce); known != m_entries.end())
        remove(known);
    sweep();
    while (m_entries.size() >= m_max)
        remove(m_entries.find(m_ages.front()));
    m_entries.insert(nonce,
        Entry{std::move(token), m_clock.monotonic() + m_lifetime,
            m_ages.insert(m_ages.end(), nonce)});
}

std::optional<QByteArray> Nonces::take(const QByteArray& nonce)
{
    sweep();
    const auto at = m_entries.find(nonce);
    if (at == m_entries.end())
        return std::nullopt;
    QByteArray token = std::move(at->token);
    remove(at);
    return token;
}

void Nonces::removeToken(const QByteArray& token)
{
    for (auto at = m_entries.begin(); at != m_entries.end();) {
        if (at->token == token) {
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
        ++m_expired;
        remove(oldest);
    }
}

} // namespace gatehouse::relay
