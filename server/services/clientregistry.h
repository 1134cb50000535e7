// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/plainsocket.h"

#include <QHash>

#include <memory>
#include <unordered_map>
#include <vector>

namespace gatehouse::services {

/// A client as services see it.
struct ServiceClient
{
    session::PlainSocket& socket;
    QString host;
    qint64 port = 0;
    QByteArray address; ///< ["host",port]
    QByteArray name; ///< empty: not logged in
    bool isInLog = false; ///< that something of it was refused

    QByteArray sender() const; ///< [["host",port],"name"], or null for the name
    QByteArray nameJson() const;
};

/// Clients by address and by name. An address is that of the connection; where it is not known
/// (behind a proxy, which tells no port) the port is a number above 65535 that nobody else has
/// there. Names are unique, compared octet by octet, and free again when their client has gone.
/// Network thread only.
class ClientRegistry
{
public:
    ServiceClient& add(session::PlainSocket& socket);
    void remove(const session::PlainSocket& socket);

    ServiceClient* find(const session::PlainSocket& socket) const;
    ServiceClient* find(const SessionId& id) const;
    ServiceClient* byName(const QByteArray& name) const;
    ServiceClient* byAddress(const QString& host, qint64 port) const;
    std::vector<const ServiceClient*> all() const; ///< in the order they came

    /// Gives the client that name, or the first of NAME_1, NAME_2, … that is free; once.
    const QByteArray& bind(ServiceClient& client, const QByteArray& wanted);

private:
    using Address = std::pair<QString, qint64>;

    std::unordered_map<const session::PlainSocket*, std::unique_ptr<ServiceClient>> m_clients;
    std::map<quint64, const ServiceClient*> m_order;
    std::unordered_map<const ServiceClient*, quint64> m_numbers;
    QHash<Address, ServiceClient*> m_byAddress;
    QHash<QByteArray, ServiceClient*> m_byName;
    QHash<SessionId, ServiceClient*> m_bySession;
    quint64 m_lastNumber = 0;
    qint64 m_lastPort = 65'535; ///< of those whose own is not known
};

} // namespace gatehouse::services
