// SPDX-License-Identifier: Apache-2.0
#include "server/services/wantedtypes.h"

#include "server/services/typenames.h"

namespace gatehouse::services {

namespace {

constexpr qsizetype mostRouted = 10'000; ///< beyond it they are asked about again
constexpr Millis restTime{1'000};

} // namespace

void WantedTypes::refresh(const std::vector<bus::Service>& services)
{
    m_wanted.clear();
    m_isAll = false;
    const QByteArray prefix = topicOf({});
    for (const bus::Service& service : services) {
        for (const bus::Topic& topic : service.topics) {
            m_isAll |= topic == topicOfAll();
            if (topic.startsWith(prefix))
                m_wanted.insert(topic.sliced(prefix.size()));
        }
    }
}

void WantedTypes::setRouted(const QByteArray& type)
{
    if (m_routed.size() < mostRouted)
        m_routed.insert(type);
}

void WantedTypes::serviceWent(const bus::Service& service, Millis monotonicNow)
{
    m_routed.clear();
    const Millis until = monotonicNow + restTime;
    const QByteArray prefix = topicOf({});
    for (const bus::Topic& topic : service.topics) {
        if (topic == topicOfAll())
            m_restAllUntil = until;
        else if (topic.startsWith(prefix))
            m_restUntil.insert(topic.sliced(prefix.size()), until);
    }
}

bool WantedTypes::isResting(const QByteArray& type, Millis monotonicNow) const
{
    return monotonicNow < m_restAllUntil || monotonicNow < m_restUntil.value(type);
}

void WantedTypes::forgetRests(Millis monotonicNow)
{
    m_restUntil.removeIf([&](auto rest) { return monotonicNow >= rest.value(); });
}

} // namespace gatehouse::services
