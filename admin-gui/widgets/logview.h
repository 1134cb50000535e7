// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/linesource.h"

#include <QAbstractScrollArea>
#include <QRegularExpression>

class QToolButton;

namespace gatehouse::gui {

/// Shows a LineSource of any length: only visible rows are read and painted. Follows the newest
/// line until paused; scrolling up pauses, scrolling back to the end or the pill goes on. While
/// paused the source keeps growing and the view stands still.
class LogView final : public QAbstractScrollArea
{
    Q_OBJECT

public:
    explicit LogView(QWidget* parent = nullptr);

    void setSource(LineSource* source); ///< not owned
    void setPaused(bool paused);
    bool isPaused() const { return m_paused; }
    qint64 newRows() const; ///< arrived since the pause
    void setHighlight(const QRegularExpression& pattern);
    void setEmptyMessage(const QString& title, const QString& hint);
    void setDimmed(bool dimmed); ///< what is shown may be out of date
    qint64 firstVisibleRow() const;

    QString selectedText() const;
    QString textOf(qint64 row) const;
    bool hasSelection() const { return m_anchor >= 0; }
    void selectAll();
    void copy() const;
    void findNext(const QRegularExpression& pattern, bool backwards);

Q_SIGNALS:
    void pausedChanged(bool paused);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void timerEvent(QTimerEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Columns;

    void handleRows();
    void handleReset();
    void updateScrollBars();
    void updatePill();
    void scrollToEnd();
    void showRow(qint64 row);
    qint64 shownEnd() const;
    qint64 rowAt(int y) const;
    int rowHeight() const;
    int visibleRows() const;
    bool isSelected(qint64 row) const;
    void extendSelection(qint64 row);
    void paintRow(QPainter& painter, const Columns& columns, qint64 row, int y);
    void paintMarker(QPainter& painter, const LogLine& line, int y) const;
    void paintText(QPainter& painter, const QString& text, int x, int y, const QColor& ink) const;

    LineSource* m_source = nullptr;
    QToolButton* m_pill;
    QRegularExpression m_highlight;
    QString m_emptyTitle;
    QString m_emptyHint;
    qint64 m_top = 0; ///< first visible row, while paused
    qint64 m_frozenEnd = 0; ///< end of what is shown, while paused
    qint64 m_anchor = -1; ///< selection; -1 for none
    qint64 m_cursor = -1;
    int m_widestText = 0;
    int m_dragTimer = 0;
    bool m_dimmed = false;
    bool m_paused = false;
    bool m_pausedByScrolling = false;
    bool m_adjusting = false; ///< we move the scroll bar ourselves
};

} // namespace gatehouse::gui
