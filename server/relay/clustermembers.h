// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/clusterclient.h"

#include <QHash>
#include <QSet>

#include <map>

namespace gatehouse::relay {

/// The clients of one process, found by who they are, where they come from and what they are in.
/// Network thread only.
class ClusterMembers
{
public:
    using RoomKey = std::pair<NamespaceName, RoomName>;

    void put(ClusterClient client); ///< new or changed
    void remove(const SocketId& id);
    void clear();

    qsizetype size() const { return m_clients.size(); }
    const ClusterClient* find(const SocketId& id) const;
    const QHash<SocketId, ClusterClient>& all() const { return m_clients; }
    QSet<SocketId> ofPrincipal(const QByteArray& principal) const;
    QSet<SocketId> at(const ClientAddress& address) const;
    const std::map<RoomKey, qsizetype>& roomSizes() const { return m_rooms; }

private:
    void count(const ClusterClient& client, qsizetype step);

    QHash<SocketId, ClusterClient> m_clients;
    QHash<QByteArray, QSet<SocketId>> m_principals;
    QHash<ClientAddress, QSet<SocketId>> m_addresses;
    std::map<RoomKey, qsizetype> m_rooms;
};

} // namespace gatehouse::relay
