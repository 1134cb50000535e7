// SPDX-License-Identifier: Apache-2.0
#include "server/events/clientstopic.h"

#include "common/model/clientinfo.h"

namespace gatehouse::events {

namespace {

QString keyOf(const SessionId& id)
{
    return QString::fromUtf8(id.value);
}

QString transportOf(const session::SessionView& view)
{
    if (!view.dialect.isEmpty())
        return view.dialect;
    return view.transport == session::TransportKind::Polling ? QStringLiteral("polling")
                                                             : QStringLiteral("websocket");
}

/// Differs whenever any shown counter differs: they only grow, the queue comes with packets.
quint64 trafficOf(const session::SessionView& view)
{
    return view.packetsIn + view.packetsOut + view.bytesIn + view.bytesOut;
}

} // namespace

void ClientsTopic::start()
{
    for (session::SessionSource* source : m_sources)
        source->addObserver(this);
    m_hub.addObserver(this);
}

void ClientsTopic::stop()
{
    m_hub.removeObserver(this);
    for (session::SessionSource* source : m_sources)
        source->removeObserver(this);
    m_traffic.clear();
    KeyedTopic::stop();
}

void ClientsTopic::prepare(Millis now)
{
    if (now - m_comparedAt < m_countersInterval)
        return;
    m_comparedAt = now;
    QHash<SessionId, quint64> traffic;
    for (const session::SessionSource* source : m_sources) {
        for (const session::SessionView& view : source->sessions()) {
            const quint64 total = trafficOf(view);
            if (m_traffic.value(view.id) != total)
                touch(keyOf(view.id));
            traffic.insert(view.id, total);
        }
    }
    m_traffic = std::move(traffic);
}

std::vector<QString> ClientsTopic::keys() const
{
    std::vector<QString> all;
    for (const session::SessionSource* source : m_sources) {
        for (const session::SessionView& view : source->sessions())
            all.push_back(keyOf(view.id));
    }
    return all;
}

std::optional<QByteArray> ClientsTopic::item(const QString& key)
{
    std::optional<session::SessionView> view;
    for (const session::SessionSource* source : m_sources) {
        if (!view)
            view = source->session({key.toUtf8()});
    }
    if (!view)
        return std::nullopt;
    model::ClientInfo info;
    info.sessionId = key;
    info.transport = transportOf(*view);
    info.address = view->peerAddress;
    info.userAgent = QString::fromUtf8(view->userAgent);
    info.connectedAt = view->connectedAt.count();
    info.kind = access::name(view->principal.kind);
    info.id = view->principal.id;
    info.name = view->principal.name;
    if (view->principal.expiresAt)
        info.tokenExpiresAt = view->principal.expiresAt->count();
    info.queuedBytes = view->queuedBytes;
    info.packetsIn = qint64(view->packetsIn);
    info.packetsOut = qint64(view->packetsOut);
    info.bytesIn = qint64(view->bytesIn);
    info.bytesOut = qint64(view->bytesOut);
    for (const auto& [socketId, nsp] : view->sockets) {
        model::ClientSocketInfo socket{
            QString::fromUtf8(socketId.value), QString::fromUtf8(nsp.value), {}};
        for (const RoomName& room : m_hub.roomsOf(nsp, socketId))
            socket.rooms.push_back(QString::fromUtf8(room.value));
        info.sockets.push_back(std::move(socket));
    }
    return json(info.toJson());
}

void ClientsTopic::sessionOpened(const SessionId& id)
{
    touch(keyOf(id));
}

void ClientsTopic::sessionChanged(const SessionId& id)
{
    touch(keyOf(id));
}

void ClientsTopic::sessionClosed(const SessionId& id, const QByteArray&)
{
    touch(keyOf(id));
}

void ClientsTopic::memberJoined(
    const NamespaceName&, const RoomName&, const hub::Subscriber& subscriber)
{
    touchOwner(subscriber);
}

void ClientsTopic::memberLeft(
    const NamespaceName&, const RoomName&, const hub::Subscriber& subscriber)
{
    touchOwner(subscriber);
}

void ClientsTopic::touchOwner(const hub::Subscriber& subscriber)
{
    for (const session::SessionSource* source : m_sources) {
        if (const auto owner = source->sessionOf(subscriber.socketId())) {
            touch(keyOf(*owner));
            return;
        }
    }
}

} // namespace gatehouse::events
