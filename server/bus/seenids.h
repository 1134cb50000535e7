// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QSet>

#include <deque>

namespace gatehouse::bus {

/// The ids of the latest messages, to know a repeated one.
class SeenIds
{
public:
    explicit SeenIds(qsizetype limit) : m_limit(limit) { }

    /// False when it was there.
    bool insert(const QByteArray& id)
    {
        if (m_ids.contains(id))
            return false;
        m_ids.insert(id);
        m_order.push_back(id);
        if (qsizetype(m_order.size()) > m_limit) {
            m_ids.remove(m_order.front());
            m_order.pop_front();
        }
        return true;
    }

private:
    const qsizetype m_limit;
    QSet<QByteArray> m_ids;
    std::deque<QByteArray> m_order;
};

} // namespace gatehouse::bus
