// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminfeed.h"
#include "admin-gui/models/keyedrows.h"
#include "admin-gui/widgets/cellroles.h"

#include <QAbstractTableModel>
#include <QSet>

namespace gatehouse::gui {

/// A table of one topic's items. A snapshot is compared with what is there, so that selection and
/// scroll position survive a reconnect; a batch of changes is at most one insertion, a few removals
/// and one dataChanged.
template <class Item>
class TableModel : public QAbstractTableModel
{
public:
    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : m_rows.size();
    }
    const Item& itemAt(int row) const { return m_rows.at(row); }
    const Item* find(const QString& key) const { return m_rows.find(key); }
    int rowOf(const QString& key) const { return m_rows.placeOf(key); }

    void reset(const std::vector<Item>& items)
    {
        QSet<QString> present;
        for (const Item& item : items)
            present.insert(item.key());
        Changes<Item> changes;
        for (int row = 0; row < m_rows.size(); ++row) {
            if (!present.contains(m_rows.keyAt(row)))
                changes.push_back({m_rows.keyAt(row), std::nullopt});
        }
        for (const Item& item : items)
            changes.push_back({item.key(), item});
        apply(changes);
    }

    void apply(const Changes<Item>& changes)
    {
        int firstChanged = m_rows.size();
        int lastChanged = -1;
        std::vector<const Item*> added;
        QHash<QString, size_t> addedAt;
        for (const Change<Item>& change : changes) {
            const QString key = change.item ? change.item->key() : change.key;
            const int row = m_rows.placeOf(key);
            if (!change.item) {
                if (const auto found = addedAt.constFind(key); found != addedAt.constEnd()) {
                    added[*found] = nullptr; // came and went within the batch
                    addedAt.erase(found);
                } else if (row >= 0) {
                    announce(firstChanged, lastChanged);
                    firstChanged = m_rows.size();
                    lastChanged = -1;
                    removeAt(row);
                }
            } else if (row >= 0) {
                if (!(m_rows.at(row) == *change.item)) {
                    m_rows.at(row) = *change.item;
                    firstChanged = std::min(firstChanged, row);
                    lastChanged = std::max(lastChanged, row);
                }
            } else if (const auto found = addedAt.constFind(key); found != addedAt.constEnd()) {
                added[*found] = &*change.item;
            } else {
                addedAt.insert(key, added.size());
                added.push_back(&*change.item);
            }
        }
        announce(firstChanged, lastChanged);
        std::erase(added, nullptr);
        append(added);
    }

private:
    void announce(int first, int last)
    {
        if (last >= first)
            Q_EMIT dataChanged(index(first, 0), index(last, columnCount() - 1));
    }
    void removeAt(int row)
    {
        beginRemoveRows({}, row, row);
        m_rows.remove(row);
        endRemoveRows();
    }
    void append(const std::vector<const Item*>& added)
    {
        if (added.empty())
            return;
        const int first = m_rows.size();
        beginInsertRows({}, first, first + int(added.size()) - 1);
        for (const Item* item : added)
            m_rows.append(item->key(), std::make_unique<Item>(*item));
        endInsertRows();
    }

    KeyedRows<Item> m_rows;
};

} // namespace gatehouse::gui
