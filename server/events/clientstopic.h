// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/keyedtopic.h"
#include "server/hub/hub.h"
#include "server/session/sessionsource.h"

#include <QHash>

namespace gatehouse::events {

/// `clients`: every session, whatever it speaks. What happens to one is told at once; counters,
/// which move with every packet, are compared now and then.
class ClientsTopic final : public KeyedTopic,
                           private session::SessionObserver,
                           private hub::HubObserver
{
public:
    /// `sources` are not owned.
    ClientsTopic(
        std::vector<session::SessionSource*> sources, hub::Hub& hub, Millis countersInterval)
        : m_sources(std::move(sources)), m_hub(hub), m_countersInterval(countersInterval)
    {
    }

    QLatin1StringView name() const override { return QLatin1StringView("clients"); }
    void start() override;
    void stop() override;
    void prepare(Millis monotonicNow) override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    void sessionOpened(const SessionId& id) override;
    void sessionChanged(const SessionId& id) override;
    void sessionClosed(const SessionId& id, const QByteArray& reason) override;
    void memberJoined(
        const NamespaceName&, const RoomName&, const hub::Subscriber& subscriber) override;
    void memberLeft(
        const NamespaceName&, const RoomName&, const hub::Subscriber& subscriber) override;
    void touchOwner(const hub::Subscriber& subscriber);

    const std::vector<session::SessionSource*> m_sources;
    hub::Hub& m_hub;
    const Millis m_countersInterval;
    Millis m_comparedAt{};
    QHash<SessionId, quint64> m_traffic; ///< as of the last comparison
};

} // namespace gatehouse::events
