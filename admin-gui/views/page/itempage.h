// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/rowfilter.h"
#include "admin-gui/views/page/page.h"

#include <functional>

class QLabel;
class QTreeView;

namespace gatehouse::gui {

class CellDelegate;
class EmptyState;
class FilterField;
class SegmentedControl;

/// What the pages of rows share: heading, choices, filter field, view, empty state, selection by
/// key, context menu, column state.
class ItemPage : public Page
{
    Q_OBJECT

public:
    using Now = std::function<qint64()>; ///< UTC milliseconds by the server's clock

    ItemPage(QAbstractItemModel* model, Now now, QWidget* parent = nullptr);

    void focusFilter() override;
    void selectFirst() override;
    void setDimmed(bool dimmed) override;
    void refresh() override;
    void saveState(QSettings& settings) const override;
    void restoreState(const QSettings& settings) override;

    /// Selects the row of that key and scrolls to it; clears a filter that hides it.
    void select(const QString& key);
    QString filterText() const;

protected:
    QTreeView* view() const { return m_view; }
    RowFilter* rows() const { return m_rows; }
    SegmentedControl* choices() const { return m_choices; }
    QModelIndex current() const; ///< in the model; invalid without a selection
    virtual QModelIndex indexOf(const QString& key) const = 0;
    qint64 now() const { return m_now(); }

    void setColumnWidths(const std::vector<int>& characters); ///< 0 hides the column
    void setEmptyTexts(const QString& title, const QString& hint);
    QAction* addItemAction(const QString& name, const QString& icon, const QString& text,
        const QString& hint, bool dangerous);
    static QString age(qint64 sinceMs, qint64 nowMs); ///< "12:04:09, 4 min ago"; "–" for 0

private:
    void showCounts();
    void showEmptyState();
    void applyFilter(const QString& text);
    void showContextMenu(const QPoint& position);
    void copyCells() const;

    Now m_now;
    QAbstractItemModel* m_model;
    RowFilter* m_rows;
    CellDelegate* m_delegate;
    QTreeView* m_view;
    EmptyState* m_empty;
    QLabel* m_heading;
    QLabel* m_counts;
    FilterField* m_filter;
    SegmentedControl* m_choices;
    QString m_emptyTitle;
    QString m_emptyHint;
};

} // namespace gatehouse::gui
