// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/rowfilter.h"

#include "admin-gui/widgets/cellroles.h"

#include <algorithm>

namespace gatehouse::gui {

RowFilter::RowFilter(QAbstractItemModel* source, QObject* parent) : QSortFilterProxyModel(parent)
{
    setSortRole(SortRole);
    setDynamicSortFilter(true);
    setRecursiveFilteringEnabled(true);
    setSourceModel(source);
}

void RowFilter::setWords(const QString& text)
{
    m_words = text.split(u' ', Qt::SkipEmptyParts);
    invalidateFilter();
}

void RowFilter::setCondition(Condition condition)
{
    m_condition = std::move(condition);
    invalidateFilter();
}

bool RowFilter::matches(const QModelIndex& row, const QString& word) const
{
    for (int column = 0; column < sourceModel()->columnCount(row.parent()); ++column) {
        const QVariant value = row.siblingAtColumn(column).data(Qt::DisplayRole);
        if (value.toString().contains(word, Qt::CaseInsensitive))
            return true;
    }
    return false;
}

bool RowFilter::matchesHereOrAbove(const QModelIndex& row, const QString& word) const
{
    for (QModelIndex at = row; at.isValid(); at = at.parent()) {
        if (matches(at, word))
            return true;
    }
    return false;
}

bool RowFilter::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const QModelIndex index = sourceModel()->index(row, 0, parent);
    if (m_condition) {
        QModelIndex top = index;
        while (top.parent().isValid())
            top = top.parent();
        if (!m_condition(top))
            return false;
    }
    return std::ranges::all_of(
        m_words, [&](const QString& word) { return matchesHereOrAbove(index, word); });
}

bool RowFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const
{
    const QVariant a = left.data(SortRole);
    const QVariant b = right.data(SortRole);
    if (a.userType() == QMetaType::QString && b.userType() == QMetaType::QString)
        return a.toString().localeAwareCompare(b.toString()) < 0;
    return QVariant::compare(a, b) == QPartialOrdering::Less;
}

} // namespace gatehouse::gui
