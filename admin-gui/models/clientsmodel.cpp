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

QVariant valueOf(const model::ClientInfo& info, int column)
{
    switch (column) {
    case ClientsModel::WhoColumn:
        return identityText(info.kind, info.id, info.name);
    case ClientsModel::KindColumn:
        return kindText(info.kind);
    case ClientsModel::AddressColumn:
        return info.address;
    case ClientsModel::TransportColumn:
        return info.transport;
    case ClientsModel::ConnectedColumn:
        return info.connectedAt;
    case ClientsModel::RoomsColumn:
        return roomCount(info);
    case ClientsModel::PacketsInColumn:
        return info.packetsIn;
    case ClientsModel::PacketsOutColumn:
        return info.packetsOut;
    case ClientsModel::BytesOutColumn:
        return info.bytesOut;
    case ClientsModel::QueuedColumn:
        return info.queuedBytes;
    case ClientsModel::SessionColumn:
        return info.sessionId;
    }
    return {};
}

CellFormat formatOf(int column)
{
    switch (column) {
    case ClientsModel::ConnectedColumn:
        return CellFormat::Age;
    case ClientsModel::RoomsColumn:
    case ClientsModel::PacketsInColumn:
    case ClientsModel::PacketsOutColumn:
        return CellFormat::Count;
    case ClientsModel::BytesOutColumn:
    case ClientsModel::QueuedColumn:
        return CellFormat::Bytes;
    default:
        return CellFormat::Text;
    }
}

Tone toneOf(const model::ClientInfo& info, int column)
{
    if (column == ClientsModel::QueuedColumn && info.queuedBytes > worryingQueueBytes)
        return Tone::Warning;
    if (column == ClientsModel::TransportColumn || column == ClientsModel::SessionColumn
        || (column == ClientsModel::QueuedColumn && info.queuedBytes == 0)
        || column == ClientsModel::KindColumn)
        return Tone::Dim;
    return Tone::Neutral;
}

} // namespace

int ClientsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant ClientsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const model::ClientInfo& info = itemAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
    case SortRole:
        return valueOf(info, index.column());
    case FormatRole:
        return QVariant::fromValue(formatOf(index.column()));
    case ToneRole:
        return QVariant::fromValue(toneOf(info, index.column()));
    case KeyRole:
        return info.key();
    case IconNameRole:
        return index.column() == WhoColumn ? kindIcon(info.kind) : QVariant();
    default:
        return {};
    }
}

QVariant ClientsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole) {
        const bool text = formatOf(section) == CellFormat::Text;
        return QVariant::fromValue(Qt::AlignVCenter | (text ? Qt::AlignLeft : Qt::AlignRight));
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
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
