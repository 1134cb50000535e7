// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::model {

/// One Socket.IO socket of a client: its life in one namespace.
struct ClientSocketInfo
{
    QString socketId;
    QString nsp;
    std::vector<QString> rooms;

    QJsonObject toJson() const;
    static std::optional<ClientSocketInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const ClientSocketInfo&, const ClientSocketInfo&) = default;
};

/// An item of the admin topic `clients`: one Engine.IO session, or one plain WebSocket. Times are
/// UTC milliseconds since 1970; counters run since the session began.
struct ClientInfo
{
    QString sessionId; ///< the key
    QString transport; ///< "polling", "websocket"; without Socket.IO "flat-json", "typed-json"
    QString address;
    QString userAgent; ///< as the client said; hostile text is possible
    qint64 connectedAt = 0;
    QString kind; ///< "anonymous", "user", "node", "service", "admin"
    qint64 id = 0; ///< 0 for anonymous
    QString name;
    std::optional<qint64> tokenExpiresAt;
    qint64 queuedBytes = 0; ///< waiting to be sent
    qint64 packetsIn = 0;
    qint64 packetsOut = 0;
    qint64 bytesIn = 0;
    qint64 bytesOut = 0;
    std::vector<ClientSocketInfo> sockets;

    QString key() const { return sessionId; }
    QJsonObject toJson() const;
    static std::optional<ClientInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const ClientInfo&, const ClientInfo&) = default;
};

} // namespace gatehouse::model
