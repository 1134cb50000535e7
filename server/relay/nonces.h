// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>
#include <QHash>

#include <list>
#include <optional>

namespace gatehouse::relay {

/// Numbers that stand for a token for a short time and can be redeemed once. Bounded: beyond, the
/// oldest goes. Network thread only.
class Nonces
{
public:
    Nonces(Millis lifetime, qsizetype max, const Clock& clock)
        : m_lifetime(lifetime), m_max(max), m_clock(clock)
    {
    }

    void add(const QByteArray& nonce, QByteArray token); ///< a second one replaces the first
    std::optional<QByteArray> take(const QByteArray& nonce); ///< the token, once
    void removeToken(const QByteArray& token); ///< every nonce that stands for it
    void sweep(); ///< forgets those whose time is over

    qsizetype size() const { return m_entries.size(); }
    quint64 expired() const { return m_expired; }

private:
    struct Entry
    {
        QByteArray token;
        Millis until{}; ///< monotonic
        std::list<QByteArray>::iterator age;
    };

    void remove(QHash<QByteArray, Entry>::iterator at);

    const Millis m_lifetime;
    const qsizetype m_max;
    const Clock& m_clock;
    QHash<QByteArray, Entry> m_entries;
    std::list<QByteArray> m_ages; ///< oldest first, and so the first to end
    quint64 m_expired = 0;
};

} // namespace gatehouse::relay
