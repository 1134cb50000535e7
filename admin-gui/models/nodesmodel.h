// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/tablemodel.h"

namespace gatehouse::gui {

/// All nodes, connected or not.
class NodesModel final : public TableModel<model::NodeInfo>
{
    Q_OBJECT

public:
    enum Column {
        NameColumn,
        StateColumn,
        SinceColumn,
        OrganizationColumn,
        CollaborationColumn,
        LastSeenColumn,
        FlapsColumn,
        AddressColumn,
        IdColumn,
        ColumnCount
    };

    using TableModel::TableModel;

    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    static QString stateText(const model::NodeInfo& info);
};

} // namespace gatehouse::gui
