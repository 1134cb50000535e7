// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/nodesmodel.h"

namespace gatehouse::gui {

namespace {

constexpr qint64 worryingFlaps = 5;

QVariant valueOf(const model::NodeInfo& info, int column)
{
    switch (column) {
    case NodesModel::NameColumn:
        return info.name;
    case NodesModel::StateColumn:
        return NodesModel::stateText(info);
    case NodesModel::SinceColumn:
        return info.since > 0 ? QVariant(info.since) : QVariant();
    case NodesModel::OrganizationColumn:
        return info.organization;
    case NodesModel::CollaborationColumn:
        return info.collaboration;
    case NodesModel::LastSeenColumn:
        return info.lastSeen ? QVariant(*info.lastSeen) : QVariant();
    case NodesModel::FlapsColumn:
        return info.flaps;
    case NodesModel::AddressColumn:
        return info.address;
    case NodesModel::IdColumn:
        return info.id;
    }
    return {};
}

CellFormat formatOf(int column)
{
    switch (column) {
    case NodesModel::StateColumn:
        return CellFormat::Dot;
    case NodesModel::SinceColumn:
    case NodesModel::LastSeenColumn:
        return CellFormat::Age;
    case NodesModel::FlapsColumn:
    case NodesModel::IdColumn:
        return CellFormat::Count;
    default:
        return CellFormat::Text;
    }
}

Tone toneOf(const model::NodeInfo& info, int column)
{
    if (column == NodesModel::StateColumn) {
        if (info.online)
            return Tone::Good;
        return info.lastSeen ? Tone::Bad : Tone::Dim;
    }
    if (column == NodesModel::FlapsColumn)
        return info.flaps >= worryingFlaps ? Tone::Warning : Tone::Dim;
    if (column == NodesModel::IdColumn || column == NodesModel::LastSeenColumn)
        return Tone::Dim;
    return Tone::Neutral;
}

} // namespace

QString NodesModel::stateText(const model::NodeInfo& info)
{
    if (info.online)
        return tr("online");
    return info.lastSeen ? tr("offline") : tr("never seen");
}

int NodesModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant NodesModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const model::NodeInfo& info = itemAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return valueOf(info, index.column());
    case SortRole:
        // What needs eyes comes first: offline nodes above online ones.
        if (index.column() == StateColumn)
            return info.online ? 2 : (info.lastSeen ? 0 : 1);
        return valueOf(info, index.column());
    case FormatRole:
        return QVariant::fromValue(formatOf(index.column()));
    case ToneRole:
        return QVariant::fromValue(toneOf(info, index.column()));
    case KeyRole:
        return info.key();
    case IconNameRole:
        return index.column() == NameColumn ? QStringLiteral("nodes") : QVariant();
    default:
        return {};
    }
}

QVariant NodesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole) {
        const CellFormat format = formatOf(section);
        const bool number = format == CellFormat::Age || format == CellFormat::Count;
        return QVariant::fromValue(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case NameColumn:
        return tr("Node");
    case StateColumn:
        return tr("State");
    case SinceColumn:
        return tr("Since");
    case OrganizationColumn:
        return tr("Organization");
    case CollaborationColumn:
        return tr("Collaboration");
    case LastSeenColumn:
        return tr("Last seen");
    case FlapsColumn:
        return tr("Drops", "times the node went offline");
    case AddressColumn:
        return tr("Address");
    case IdColumn:
        return tr("ID");
    }
    return {};
}

} // namespace gatehouse::gui
