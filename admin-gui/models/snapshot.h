// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminfeed.h"
#include "admin-gui/models/keyedrows.h"

#include <QSet>

namespace gatehouse::gui {

/// A whole snapshot as changes to the rows that are there: what is missing goes, all else is put.
/// So selection and scroll position survive a reconnect.
template <class Item>
Changes<Item> changesTo(const std::vector<Item>& snapshot, const KeyedRows<Item>& rows)
{
    QSet<QString> present;
    for (const Item& item : snapshot)
        present.insert(item.key());
    Changes<Item> changes;
    for (int row = 0; row < rows.size(); ++row) {
        if (!present.contains(rows.keyAt(row)))
            changes.push_back({rows.keyAt(row), std::nullopt});
    }
    for (const Item& item : snapshot)
        changes.push_back({item.key(), item});
    return changes;
}

} // namespace gatehouse::gui
