// SPDX-License-Identifier: Apache-2.0
#include "server/events/servicestopic.h"

namespace gatehouse::events {

namespace {

constexpr Millis lookInterval{1'000};

} // namespace

void ServicesTopic::start()
{
    if (m_look)
        m_known = m_look();
}

void ServicesTopic::stop()
{
    m_known.clear();
    m_lookedAt.reset();
    KeyedTopic::stop();
}

void ServicesTopic::prepare(Millis monotonicNow)
{
    if (!m_look || (m_lookedAt && monotonicNow - *m_lookedAt < lookInterval))
        return;
    m_lookedAt = monotonicNow;
    const Items before = std::exchange(m_known, m_look());
    for (const auto& [key, item] : m_known) {
        const auto former = before.find(key);
        if (former == before.end() || former->second != item)
            touch(key);
    }
    for (const auto& [key, item] : before) {
        if (m_known.count(key) == 0)
            touch(key);
    }
}

std::vector<QString> ServicesTopic::keys() const
{
    std::vector<QString> all;
    for (const auto& [key, item] : m_known)
        all.push_back(key);
    return all;
}

std::optional<QByteArray> ServicesTopic::item(const QString& key)
{
    const auto found = m_known.find(key);
    return found == m_known.end() ? std::nullopt : std::optional(json(found->second));
}

} // namespace gatehouse::events
