// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/bus/bus.h"

#include <QHash>
#include <QSet>

namespace gatehouse::services {

/// What announced services want, who listens without a word, and who has just gone. Owned by
/// TypedPublisher; network thread only.
class WantedTypes
{
public:
    void refresh(const std::vector<bus::Service>& services); ///< those announced now
    bool contains(const QByteArray& type) const { return m_isAll || m_wanted.contains(type); }

    /// Somebody listened to it the last time, announced or not.
    void setRouted(const QByteArray& type);
    void setUnrouted(const QByteArray& type) { m_routed.remove(type); }
    bool isRouted(const QByteArray& type) const { return m_routed.contains(type); }

    /// A broker unbinds what it wanted in its own time. Until then it takes messages of these types
    /// for queues in which nobody looks for them any more.
    void serviceWent(const bus::Service& service, Millis monotonicNow);
    bool isResting(const QByteArray& type, Millis monotonicNow) const;
    void forgetRests(Millis monotonicNow);
    bool isAnyResting() const { return !m_restUntil.isEmpty(); }

private:
    QSet<QByteArray> m_wanted;
    bool m_isAll = false; ///< somebody wants every type
    QSet<QByteArray> m_routed; ///< at most mostRouted
    QHash<QByteArray, Millis> m_restUntil; ///< by type; monotonic
    Millis m_restAllUntil{}; ///< likewise, after somebody who wanted every type
};

} // namespace gatehouse::services
