// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/keyedtopic.h"

#include <map>

namespace gatehouse::events {

/// `services`: who is on the bus, what is wanted, and what waits there. Looked at once a second
/// while somebody watches; who knows about it makes the items.
class ServicesTopic final : public KeyedTopic
{
public:
    using Items = std::map<QString, QJsonObject>; ///< by key, which each has as a member too
    using Look = std::function<Items()>;

    explicit ServicesTopic(Look look) : m_look(std::move(look)) { }

    QLatin1StringView name() const override { return QLatin1StringView("services"); }
    void start() override;
    void stop() override;
    void prepare(Millis monotonicNow) override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    const Look m_look; ///< may be null
    Items m_known; ///< as it was last seen
    std::optional<Millis> m_lookedAt;
};

} // namespace gatehouse::events
