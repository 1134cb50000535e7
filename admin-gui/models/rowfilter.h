// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QSortFilterProxyModel>

#include <functional>

namespace gatehouse::gui {

/// Sorts by raw values and shows the rows in which every word of the filter occurs, in any column
/// and any case. In a tree, a row also stays for the sake of a matching row below or above it.
class RowFilter final : public QSortFilterProxyModel
{
    Q_OBJECT

public:
    /// A second condition besides the words, on a top-level source row.
    using Condition = std::function<bool(const QModelIndex& sourceRow)>;

    explicit RowFilter(QAbstractItemModel* source, QObject* parent = nullptr);

    void setWords(const QString& text);
    bool hasWords() const { return !m_words.isEmpty(); }
    void setCondition(Condition condition);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

private:
    bool matches(const QModelIndex& row, const QString& word) const;
    bool matchesHereOrAbove(const QModelIndex& row, const QString& word) const;

    QStringList m_words;
    Condition m_condition;
};

} // namespace gatehouse::gui
