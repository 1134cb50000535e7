// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>
#include <variant>
#include <vector>

namespace gatehouse::model {

/// The bus of the server that tells it. Numbers are of now, the last two since its start.
struct BusInfo
{
    QString link; ///< "up", "connecting", "blocked"
    QString node; ///< this server on the bus
    qint64 pendingRequests = 0; ///< of this server to services
    qint64 unansweredCalls = 0; ///< of services to this server
    qint64 waiting = 0; ///< messages on their way out
    qint64 outboxMessages = 0;
    qint64 unroutable = 0;
    qint64 deadLettered = 0;

    static QString key() { return QStringLiteral("bus"); }
    QJsonObject toJson() const;
    static std::optional<BusInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const BusInfo&, const BusInfo&) = default;
};

/// How a service is connected to the server that tells it.
struct ServiceConnection
{
    qint64 id = 0; ///< of its token
    QString sessionId; ///< the key in the topic `clients`
    bool isRegistered = false; ///< false: the bus has not bound all it wants
    qint64 calls = 0; ///< to it, not answered
    qint64 requests = 0; ///< of it, not answered

    friend bool operator==(const ServiceConnection&, const ServiceConnection&) = default;
};

/// A service some server has announced on the bus.
struct ServiceInfo
{
    QString name;
    QString node; ///< where it is connected
    std::vector<QString> types; ///< it wants; "*" alone: all
    std::vector<QString> queues; ///< it serves
    std::optional<ServiceConnection> here; ///< only of those connected to this server

    QString key() const { return QString(u"service " + name); }
    QJsonObject toJson() const;
    static std::optional<ServiceInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const ServiceInfo&, const ServiceInfo&) = default;
};

/// A type of message that somebody wants, or that nobody has handled.
struct ServiceTypeInfo
{
    QString type;
    bool isWanted = false;
    std::vector<QString> wantedBy; ///< services that name it; one that wants all does not
    qint64 held = 0; ///< wait for somebody
    qint64 dead = 0; ///< nobody came for them, since the server's start

    QString key() const { return QString(u"type " + type); }
    QJsonObject toJson() const;
    static std::optional<ServiceTypeInfo> fromJson(const QJsonObject& object);
    friend bool operator==(const ServiceTypeInfo&, const ServiceTypeInfo&) = default;
};

/// An item of the admin topic `services`: its key says of which kind it is.
struct ServicesItem
{
    std::variant<BusInfo, ServiceInfo, ServiceTypeInfo> what;

    QString key() const;
    QJsonObject toJson() const;
    static std::optional<ServicesItem> fromJson(const QJsonObject& object);
    friend bool operator==(const ServicesItem&, const ServicesItem&) = default;
};

} // namespace gatehouse::model
