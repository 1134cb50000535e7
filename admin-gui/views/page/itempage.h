// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/rowfilter.h"
#include "admin-gui/views/page/page.h"

#include <functional>

class QLabel;
class QTreeView;

namespace gatehouse::gui {

class CellDelegate;
class ColumnHeader;
class EmptyState;
class FilterField;
class SegmentedControl;

/// What the pages of rows share: heading, choices, filter field, view, empty state, selection by
/// key, context menu, column state. A selected row that goes takes the selection with it: no action
/// ever moves on to a neighbour.
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

    struct ColumnSpec
    {
        int characters = 8; ///< at least; also at least the heading
        int stretch = 0; ///< share of the room that is left
        bool isHidden = false; ///< until somebody asks for it
        int rank = 0; ///< the highest goes first where the room is small; 0 stays
        QStringList texts{}; ///< what the cells may say in a badge or after a dot, shown in full
    };
    void setColumns(std::vector<ColumnSpec> columns);
    virtual QString countText(int shown, int all) const; ///< beside the heading
    bool eventFilter(QObject* watched, QEvent* event) override;
    void setEmptyTexts(const QString& title, const QString& hint);
    QAction* addItemAction(const QString& name, const QString& icon, const QString& text,
        const QString& hint, bool dangerous);
    static QString age(qint64 sinceMs, qint64 nowMs); ///< "12:04:09, 4 min ago"; "–" for 0

private:
    int widthOf(int column) const;
    std::vector<int> fittingWidths(int room) const;
    void fitColumns();
    void showColumnMenu(const QPoint& position);
    void showCountsSoon();
    void showCounts();
    void showEmptyState();
    void applyFilter(const QString& text);
    void showContextMenu(const QPoint& position);
    void dropSelectionOf(const QModelIndex& parent, int first, int last);
    void copyCells() const;

    Now m_now;
    QAbstractItemModel* m_model;
    RowFilter* m_rows;
    CellDelegate* m_delegate;
    QTreeView* m_view;
    ColumnHeader* m_header;
    EmptyState* m_empty;
    QLabel* m_heading;
    QLabel* m_counts;
    FilterField* m_filter;
    SegmentedControl* m_choices;
    std::vector<ColumnSpec> m_columns; ///< as wanted; the view may show fewer
    bool m_fitsColumns = true; ///< until somebody drags a column
    bool m_countsDue = false;
    bool m_fitting = false; ///< we resize them ourselves
    QString m_emptyTitle;
    QString m_emptyHint;
};

} // namespace gatehouse::gui
