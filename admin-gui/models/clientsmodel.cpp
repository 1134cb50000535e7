// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/clientsmodel.h"

#include "admin-gui/models/identity.h"

namespace gatehouse::gui {

namespace {

constexpr qint64 worryingQueueBytes = 256 * 1024;

qint64 roomCount(const model::ClientInfo& info)
{
    qint64 rooms = 0;
    for (const auto& socket : info.sockets)
        rooms += qint64(socket.rooms.size());
    return rooms;
}

} // namespace

QVariant ClientsModel::value(const model::ClientInfo& info, int column) const
{
    switch (column) {
    case WhoColumn:
        return identityText(info.kind, info.id, info.name);
    case KindColumn:
        return kindText(info.kind);
    case AddressColumn:
        return info.address;
    case TransportColumn:
        return info.transport;
    case ConnectedColumn:
        return info.connectedAt;
    case RoomsColumn:
        return roomCount(info);
    case PacketsInColumn:
        return info.packetsIn;
    case PacketsOutColumn:
        return info.packetsOut;
    case BytesOutColumn:
        return info.bytesOut;
    case QueuedColumn:
        return info.queuedBytes;
    case SessionColumn:
        return info.sessionId;
    }
    return {};
}

CellFormat ClientsModel::format(int column) const
{
    switch (column) {
    case ConnectedColumn:
        return CellFormat::Age;
    case RoomsColumn:
    case PacketsInColumn:
    case PacketsOutColumn:
        return CellFormat::Count;
    case BytesOutColumn:
    case QueuedColumn:
        return CellFormat::Bytes;
    default:
        return CellFormat::Text;
    }
}

Tone ClientsModel::tone(const model::ClientInfo& info, int column) const
{
    if (column == QueuedColumn && info.queuedBytes > worryingQueueBytes)
        return Tone::Warning;
    if (column == TransportColumn || column == SessionColumn
        || (column == QueuedColumn && info.queuedBytes == 0) || column == KindColumn)
        return Tone::Dim;
    return Tone::Neutral;
}

QVariant ClientsModel::iconName(const model::ClientInfo& info) const
{
    return kindIcon(info.kind);
}

QString ClientsModel::title(int column) const
{
    switch (column) {
    case WhoColumn:
        return tr("Client");
    case KindColumn:
        return tr("Kind");
    case AddressColumn:
        return tr("Address");
    case TransportColumn:
        return tr("Transport");
    case ConnectedColumn:
        return tr("Connected");
    case RoomsColumn:
        return tr("Rooms");
    case PacketsInColumn:
        return tr("In", "packets received");
    case PacketsOutColumn:
        return tr("Out", "packets sent");
    case BytesOutColumn:
        return tr("Sent");
    case QueuedColumn:
        return tr("Queued");
    case SessionColumn:
        return tr("Session");
    }
    return {};
}

} // namespace gatehouse::gui
