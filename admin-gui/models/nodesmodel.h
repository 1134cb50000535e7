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

    static QString stateText(const model::NodeInfo& info);
    static QStringList stateTexts(); ///< every one there is

protected:
    int columns() const override { return ColumnCount; }
    QString title(int column) const override;
    CellFormat format(int column) const override;
    QVariant value(const model::NodeInfo& info, int column) const override;
    QVariant sortValue(const model::NodeInfo& info, int column) const override;
    Tone tone(const model::NodeInfo& info, int column) const override;
    QVariant iconName(const model::NodeInfo& info) const override;
};

} // namespace gatehouse::gui
