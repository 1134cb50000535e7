// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QHash>

#include <deque>

namespace gatehouse::bus {

/// The ids of the latest messages, to know a repeated one and what was thought of it.
class SeenIds
{
public:
    explicit SeenIds(qsizetype limit) : m_limit(limit) { }

    bool contains(const QByteArray& id) const { return m_ids.contains(id); }

    /// None when it is empty.
    void insert(const QByteArray& id)
    {
        if (id.isEmpty() || m_ids.contains(id))
            return;
        m_ids.insert(id, false);
        m_order.push_back(id);
        if (qsizetype(m_order.size()) > m_limit) {
            m_ids.remove(m_order.front());
            m_order.pop_front();
        }
    }

    void setRejected(const QByteArray& id)
    {
        if (const auto at = m_ids.find(id); at != m_ids.end())
            *at = true;
    }
    bool isRejected(const QByteArray& id) const { return m_ids.value(id); }

private:
    const qsizetype m_limit;
    QHash<QByteArray, bool> m_ids; ///< true: rejected
    std::deque<QByteArray> m_order;
};

} // namespace gatehouse::bus
