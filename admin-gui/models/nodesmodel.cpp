// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/nodesmodel.h"

namespace gatehouse::gui {

namespace {

constexpr qint64 worryingFlaps = 5;

} // namespace

QVariant NodesModel::value(const model::NodeInfo& info, int column) const
{
    switch (column) {
    case NameColumn:
        return info.name;
    case StateColumn:
        return stateText(info);
    case SinceColumn:
        return info.since ? QVariant(*info.since) : QVariant();
    case OrganizationColumn:
        return info.organization;
    case CollaborationColumn:
        return info.collaboration;
    case LastSeenColumn:
        return info.lastSeen ? QVariant(*info.lastSeen) : QVariant();
    case FlapsColumn:
        return info.flaps;
    case AddressColumn:
        return info.address;
    case IdColumn:
        return info.id;
    }
    return {};
}

CellFormat NodesModel::format(int column) const
{
    switch (column) {
    case StateColumn:
        return CellFormat::Dot;
    case SinceColumn:
    case LastSeenColumn:
        return CellFormat::Age;
    case FlapsColumn:
    case IdColumn:
        return CellFormat::Count;
    default:
        return CellFormat::Text;
    }
}

Tone NodesModel::tone(const model::NodeInfo& info, int column) const
{
    if (column == StateColumn) {
        if (info.online)
            return Tone::Good;
        return info.lastSeen ? Tone::Bad : Tone::Dim;
    }
    if (column == FlapsColumn)
        return info.flaps >= worryingFlaps ? Tone::Warning : Tone::Dim;
    if (column == IdColumn || column == LastSeenColumn)
        return Tone::Dim;
    return Tone::Neutral;
}

QString NodesModel::stateText(const model::NodeInfo& info)
{
    return stateTexts().at(info.online ? 0 : (info.lastSeen ? 1 : 2));
}

QStringList NodesModel::stateTexts()
{
    return {tr("online"), tr("offline"), tr("never seen")};
}

QVariant NodesModel::iconName(const model::NodeInfo&) const
{
    return QStringLiteral("nodes");
}

QVariant NodesModel::sortValue(const model::NodeInfo& info, int column) const
{
    // What needs eyes comes first: offline nodes above online ones.
    if (column == StateColumn)
        return info.online ? 2 : (info.lastSeen ? 0 : 1);
    return value(info, column);
}

QString NodesModel::title(int column) const
{
    switch (column) {
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
