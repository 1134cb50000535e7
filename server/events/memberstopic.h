// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/model/roominfo.h"
#include "server/events/keyedtopic.h"
#include "server/hub/hub.h"
#include "server/session/sessionsource.h"

#include <map>

namespace gatehouse::events {

/// `members`: every socket of every room, whatever it speaks.
class MembersTopic final : public KeyedTopic, private hub::HubObserver
{
public:
    /// `sources` are not owned.
    MembersTopic(hub::Hub& hub, std::vector<session::SessionSource*> sources, const Clock& clock)
        : m_hub(hub), m_sources(std::move(sources)), m_clock(clock)
    {
    }

    QLatin1StringView name() const override { return QLatin1StringView("members"); }
    void start() override;
    void stop() override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    void memberJoined(
        const NamespaceName& nsp, const RoomName& room, const hub::Subscriber& subscriber) override;
    void memberLeft(
        const NamespaceName& nsp, const RoomName& room, const hub::Subscriber& subscriber) override;
    model::MemberInfo infoOf(const NamespaceName& nsp, const RoomName& room, const SocketId& socket,
        Millis joinedAt) const;

    hub::Hub& m_hub;
    const std::vector<session::SessionSource*> m_sources;
    const Clock& m_clock;
    std::map<QString, model::MemberInfo> m_members; ///< while somebody watches
};

} // namespace gatehouse::events
