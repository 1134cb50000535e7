// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"

#include <QHash>

namespace gatehouse::events {

/// How many log lines a client may cause with what it sends: so many in a window of time, the last
/// of which says that more are left out. A flood of one client then neither fills the disk nor
/// pushes the lines of others out of a bounded queue. Entries are kept for sockets that were logged
/// about, until forget(). Network thread only.
class LogBudget
{
public:
    enum class Verdict : quint8 { Log, LogAsLast, Silent };

    LogBudget(int lines, Millis window) : m_lines(lines), m_window(window) { }

    Verdict take(const SocketId& socket, Millis now) ///< `now` is monotonic
    {
        auto entry = m_spent.find(socket);
        if (entry == m_spent.end())
            entry = m_spent.insert(socket, {now, 0});
        if (now - entry->since >= m_window)
            *entry = {now, 0};
        if (entry->lines >= m_lines)
            return Verdict::Silent;
        return ++entry->lines == m_lines ? Verdict::LogAsLast : Verdict::Log;
    }

    void forget(const SocketId& socket) { m_spent.remove(socket); }
    qsizetype size() const { return m_spent.size(); }

private:
    struct Spent
    {
        Millis since{};
        int lines = 0;
    };

    const int m_lines;
    const Millis m_window;
    QHash<SocketId, Spent> m_spent;
};

} // namespace gatehouse::events
