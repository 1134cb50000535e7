// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/keyedtopic.h"
#include "server/hub/hub.h"

namespace gatehouse::events {

/// `rooms`: every room that has members.
class RoomsTopic final : public KeyedTopic, private hub::HubObserver
{
public:
    explicit RoomsTopic(hub::Hub& hub) : m_hub(hub) { }

    QLatin1StringView name() const override { return QLatin1StringView("rooms"); }
    void start() override;
    void stop() override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    void roomOpened(const NamespaceName& nsp, const RoomName& room) override;
    void roomClosed(const NamespaceName& nsp, const RoomName& room) override;
    void memberJoined(
        const NamespaceName& nsp, const RoomName& room, const hub::Subscriber&) override;
    void memberLeft(
        const NamespaceName& nsp, const RoomName& room, const hub::Subscriber&) override;
    void published(const hub::Publication& publication, const hub::Delivery&) override;

    hub::Hub& m_hub;
};

} // namespace gatehouse::events
