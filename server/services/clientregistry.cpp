// SPDX-License-Identifier: Apache-2.0
#include "server/services/clientregistry.h"

#include "common/protocol/socketiopacket.h"

namespace gatehouse::services {

QByteArray ServiceClient::nameJson() const
{
    return name.isEmpty() ? QByteArray("null") : protocol::jsonString(name);
}

QByteArray ServiceClient::sender() const
{
    return '[' + address + ',' + nameJson() + ']';
}

ServiceClient& ClientRegistry::add(session::PlainSocket& socket)
{
    const session::Handshake& handshake = socket.handshake();
    const QString host = handshake.peerAddress;
    const qint64 port = handshake.peerPort != 0 ? qint64(handshake.peerPort) : ++m_lastPort;
    const QByteArray address
        = '[' + protocol::jsonString(host.toUtf8()) + ',' + QByteArray::number(port) + ']';
    auto& client = m_clients[&socket];
    client = std::make_unique<ServiceClient>(ServiceClient{socket, host, port, address, {}});
    m_byAddress.insert({host, port}, client.get());
    m_bySession.insert(socket.sessionId(), client.get());
    m_order.emplace(++m_lastNumber, client.get());
    m_numbers.emplace(client.get(), m_lastNumber);
    return *client;
}

void ClientRegistry::remove(const session::PlainSocket& socket)
{
    const auto found = m_clients.find(&socket);
    if (found == m_clients.end())
        return;
    const ServiceClient* client = found->second.get();
    if (byAddress(client->host, client->port) == client)
        m_byAddress.remove({client->host, client->port});
    if (!client->name.isEmpty())
        m_byName.remove(client->name);
    m_bySession.remove(socket.sessionId());
    m_order.erase(m_numbers.at(client));
    m_numbers.erase(client);
    m_clients.erase(found);
}

ServiceClient* ClientRegistry::find(const session::PlainSocket& socket) const
{
    const auto found = m_clients.find(&socket);
    return found == m_clients.end() ? nullptr : found->second.get();
}

ServiceClient* ClientRegistry::find(const SessionId& id) const
{
    return m_bySession.value(id);
}

ServiceClient* ClientRegistry::byName(const QByteArray& name) const
{
    return m_byName.value(name);
}

ServiceClient* ClientRegistry::byAddress(const QString& host, qint64 port) const
{
    return m_byAddress.value({host, port});
}

std::vector<const ServiceClient*> ClientRegistry::all() const
{
    std::vector<const ServiceClient*> clients;
    clients.reserve(m_order.size());
    for (const auto& [number, client] : m_order)
        clients.push_back(client);
    return clients;
}

const QByteArray& ClientRegistry::bind(ServiceClient& client, const QByteArray& wanted)
{
    Q_ASSERT(client.name.isEmpty());
    QByteArray name = wanted;
    for (int count = 1; m_byName.contains(name); ++count)
        name = wanted + '_' + QByteArray::number(count);
    client.name = name;
    m_byName.insert(name, &client);
    return client.name;
}

} // namespace gatehouse::services
