// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/tablemodel.h"

namespace gatehouse::gui {

/// Connected clients, one row each.
class ClientsModel final : public TableModel<model::ClientInfo>
{
    Q_OBJECT

public:
    enum Column {
        WhoColumn,
        KindColumn,
        AddressColumn,
        TransportColumn,
        ConnectedColumn,
        RoomsColumn,
        PacketsInColumn,
        PacketsOutColumn,
        BytesOutColumn,
        QueuedColumn,
        SessionColumn,
        ColumnCount
    };

    using TableModel::TableModel;

protected:
    int columns() const override { return ColumnCount; }
    QString title(int column) const override;
    CellFormat format(int column) const override;
    QVariant value(const model::ClientInfo& info, int column) const override;
    Tone tone(const model::ClientInfo& info, int column) const override;
    QVariant iconName(const model::ClientInfo& info) const override;
};

} // namespace gatehouse::gui
