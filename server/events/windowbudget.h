// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QHash>

namespace gatehouse::events {

/// How much somebody may cause with what it sends (log lines, questions to the database): so many
/// in a window of time, the last of which can say that more are left out. A flood of one client
/// then neither fills the disk nor takes the place of others in a bounded queue. Entries are kept
/// for keys that have spent something, until forget(). Network thread only.
template <class Key>
class WindowBudget
{
public:
    enum class Verdict : quint8 { Granted, GrantedAsLast, Refused };

    WindowBudget(int perWindow, Millis window) : m_perWindow(perWindow), m_window(window) { }

    Verdict take(const Key& key, Millis now) ///< `now` is monotonic
    {
        auto entry = m_spent.find(key);
        if (entry == m_spent.end())
            entry = m_spent.insert(key, {now, 0});
        if (now - entry->since >= m_window)
            *entry = {now, 0};
        if (entry->count >= m_perWindow)
            return Verdict::Refused;
        return ++entry->count == m_perWindow ? Verdict::GrantedAsLast : Verdict::Granted;
    }

    void forget(const Key& key) { m_spent.remove(key); }
    qsizetype size() const { return m_spent.size(); }

private:
    struct Spent
    {
        Millis since{};
        int count = 0;
    };

    const int m_perWindow;
    const Millis m_window;
    QHash<Key, Spent> m_spent;
};

} // namespace gatehouse::events
