// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QHash>

namespace gatehouse::services {

/// Of which types something has gone out of which it is not known what became of it: a question
/// about the type could overtake it. Owned by TypedPublisher; network thread only.
class SentTypes
{
public:
    void sent(const QByteArray& type) { ++m_open[type]; }
    void settled(const QByteArray& type)
    {
        if (const auto open = m_open.find(type); open != m_open.end() && --*open == 0)
            m_open.erase(open);
    }
    bool isOpen(const QByteArray& type) const { return m_open.contains(type); }

private:
    QHash<QByteArray, int> m_open;
};

} // namespace gatehouse::services
