// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/model/roominfo.h"
#include "server/events/keyedtopic.h"
#include "server/hub/hub.h"

#include <map>

namespace gatehouse::session {
class SocketIoServer;
}

namespace gatehouse::events {

/// `members`: every socket of every room.
class MembersTopic final : public KeyedTopic, private hub::HubObserver
{
public:
    MembersTopic(hub::Hub& hub, const session::SocketIoServer& server, const Clock& clock)
        : m_hub(hub), m_server(server), m_clock(clock)
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
    const session::SocketIoServer& m_server;
    const Clock& m_clock;
    std::map<QString, model::MemberInfo> m_members; ///< while somebody watches
};

} // namespace gatehouse::events
