// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/snapshot.h"
#include "admin-gui/widgets/cellroles.h"

#include <QAbstractTableModel>

namespace gatehouse::gui {

/// A table of one topic's items; a subclass says what its columns are. A batch of changes is at
/// most one insertion, a few removals and one dataChanged.
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

    int columnCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : columns();
    }
    QVariant data(const QModelIndex& index, int role) const override
    {
        if (!index.isValid())
            return {};
        const Item& item = itemAt(index.row());
        const int column = index.column();
        switch (role) {
        case Qt::DisplayRole:
            return value(item, column);
        case SortRole:
            return sortValue(item, column);
        case FormatRole:
            return QVariant::fromValue(format(column));
        case ToneRole:
            return QVariant::fromValue(tone(item, column));
        case KeyRole:
            return item.key();
        case IconNameRole:
            return column == 0 ? iconName(item) : QVariant();
        default:
            return {};
        }
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override
    {
        if (orientation != Qt::Horizontal)
            return {};
        if (role == Qt::TextAlignmentRole)
            return headerAlignment(format(section));
        return role == Qt::DisplayRole ? QVariant(title(section)) : QVariant();
    }

    void reset(const std::vector<Item>& items) { apply(changesTo(items, m_rows)); }

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

protected:
    virtual int columns() const = 0;
    virtual QString title(int column) const = 0;
    virtual CellFormat format(int column) const = 0;
    virtual QVariant value(const Item& item, int column) const = 0; ///< raw, as CellFormat says
    virtual QVariant sortValue(const Item& item, int column) const { return value(item, column); }
    virtual Tone tone(const Item& item, int column) const = 0;
    virtual QVariant iconName(const Item& item) const = 0; ///< of the first column

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
