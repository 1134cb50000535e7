// SPDX-License-Identifier: Apache-2.0
#include "server/services/senttypes.h"

#include <algorithm>

namespace gatehouse::services {

namespace {

/// What the outbox had for so long with the broker there, it has tried: it is on its way no more,
/// or a queue behind some exchange does not take it, for good perhaps.
constexpr Millis keptTime{60'000};
constexpr qsizetype mostKept = 10'000; ///< types told apart

} // namespace

void SentTypes::settled(const QByteArray& type)
{
    const auto sent = m_types.find(type);
    if (--sent->open == 0 && sent->keptUntil == Millis{0})
        m_types.erase(sent);
}

void SentTypes::kept(const QByteArray& type, Millis now)
{
    if (m_types.size() < mostKept || m_types.contains(type))
        m_types[type].keptUntil = now + keptTime;
    else
        keptOfAnyType(now);
}

void SentTypes::keptOfAnyType(Millis now)
{
    m_allKeptUntil = now + keptTime;
}

bool SentTypes::mayBeInOutbox(const QByteArray& type, Millis now) const
{
    return now < std::max(m_allKeptUntil, m_types.value(type).keptUntil);
}

bool SentTypes::isAnyKept() const
{
    return m_allKeptUntil > Millis{0}
    || std::any_of(m_types.cbegin(), m_types.cend(),
        [](const Sent& sent) { return sent.keptUntil > Millis{0}; });
}

void SentTypes::forgetKept(Millis now, bool isOutboxEmpty)
{
    if (isOutboxEmpty || now >= m_allKeptUntil)
        m_allKeptUntil = {};
    m_types.removeIf([&](auto sent) {
        if (isOutboxEmpty || now >= sent->keptUntil)
            sent->keptUntil = {};
        return sent->open == 0 && sent->keptUntil == Millis{0};
    });
}

} // namespace gatehouse::services
