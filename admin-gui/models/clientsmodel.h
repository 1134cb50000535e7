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

    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
};

} // namespace gatehouse::gui
