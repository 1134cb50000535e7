// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>
#include <QHash>

#include <list>
#include <optional>

namespace gatehouse::relay {

/// Numbers that stand for a token for a short time and can be redeemed once, here or in another
/// process that knows of them. Those that were redeemed are remembered from then on, and longer, so
/// that what the others say about them means the same in whatever order it comes, after an outage
/// of the bus too. Bounded: beyond, the oldest goes. Network thread only.
class Nonces
{
public:
    Nonces(Millis lifetime, qsizetype max, const Clock& clock)
        : m_lifetime(lifetime), m_max(max), m_clock(clock)
    {
    }

    void add(const QByteArray& nonce, QByteArray token); ///< a second one replaces the first
    std::optional<QByteArray> take(const QByteArray& nonce); ///< the token, once
    /// Somebody redeemed it in another process, for the token of that hash. The token when it was
    /// redeemed here as well: each before it heard of the other.
    std::optional<QByteArray> takenElsewhere(const QByteArray& nonce, const QByteArray& tokenHash);
    void removeToken(const QByteArray& token); ///< every nonce that stands for it
    void sweep(); ///< forgets those whose time is over

    qsizetype size() const { return qsizetype(m_ages.size()); } ///< that can be redeemed
    quint64 expired() const { return m_expired; }

private:
    struct Entry
    {
        QByteArray token; ///< empty: redeemed elsewhere before it was heard of
        QByteArray usedHash{}; ///< of the token it was redeemed for; empty: not yet
        Millis until{}; ///< monotonic
        std::list<QByteArray>::iterator age;
    };

    std::list<QByteArray>& agesOf(const Entry& entry);
    void put(const QByteArray& nonce, Entry entry);
    void remove(QHash<QByteArray, Entry>::iterator at);
    void sweep(std::list<QByteArray>& ages);

    const Millis m_lifetime;
    const qsizetype m_max;
    const Clock& m_clock;
    QHash<QByteArray, Entry> m_entries;
    std::list<QByteArray> m_ages; ///< to be redeemed; oldest first, and so the first to end
    std::list<QByteArray> m_usedAges; ///< likewise, of those that were
    quint64 m_expired = 0;
};

} // namespace gatehouse::relay
