// SPDX-License-Identifier: Apache-2.0
#include "server/relay/clustermembers.h"

namespace gatehouse::relay {

namespace {

template <class Key>
void strike(QHash<Key, QSet<SocketId>>& index, const Key& key, const SocketId& id)
{
    const auto at = index.find(key);
    if (at == index.end())
        return;
    at->remove(id);
    if (at->isEmpty())
        index.erase(at);
}

} // namespace

void ClusterMembers::count(const ClusterClient& client, qsizetype step)
{
    for (const RoomName& room : client.rooms) {
        const auto at = m_rooms.try_emplace({client.nsp, room}, 0).first;
        at->second += step;
        if (at->second <= 0)
            m_rooms.erase(at);
    }
}

void ClusterMembers::put(ClusterClient client)
{
    remove(client.id);
    count(client, 1);
    if (!client.principal.isEmpty())
        m_principals[client.principal].insert(client.id);
    m_addresses[{client.host, client.port}].insert(client.id);
    const SocketId id = client.id;
    m_clients.insert(id, std::move(client));
}

void ClusterMembers::remove(const SocketId& id)
{
    const auto at = m_clients.constFind(id);
    if (at == m_clients.constEnd())
        return;
    count(*at, -1);
    strike(m_principals, at->principal, id);
    strike(m_addresses, ClientAddress{at->host, at->port}, id);
    m_clients.erase(at);
}

void ClusterMembers::clear()
{
    m_clients.clear();
    m_principals.clear();
    m_addresses.clear();
    m_rooms.clear();
}

const ClusterClient* ClusterMembers::find(const SocketId& id) const
{
    const auto at = m_clients.constFind(id);
    return at == m_clients.constEnd() ? nullptr : &*at;
}

QSet<SocketId> ClusterMembers::ofPrincipal(const QByteArray& principal) const
{
    return m_principals.value(principal);
}

QSet<SocketId> ClusterMembers::at(const ClientAddress& address) const
{
    return m_addresses.value(address);
}

} // namespace gatehouse::relay
