// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/logview.h"

#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFontDatabase>
#include <QMenu>
#include <QScrollBar>
#include <QToolButton>

#include <algorithm>

namespace gatehouse::gui {

namespace {

constexpr qint64 longestCopy = 200'000; ///< rows
constexpr int edgeScrollMs = 40;

} // namespace

LogView::LogView(QWidget* parent) : QAbstractScrollArea(parent)
{
    setObjectName(QStringLiteral("logView"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setCursor(Qt::IBeamCursor);
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    fixed.setPointSizeF(font().pointSizeF() * 0.95);
    setFont(fixed);
    m_pill = new QToolButton(viewport());
    m_pill->setObjectName(QStringLiteral("newRowsPill"));
    m_pill->setCursor(Qt::PointingHandCursor);
    m_pill->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_pill->hide();
    connect(m_pill, &QToolButton::clicked, this, [this] { setPaused(false); });
}

void LogView::setSource(LineSource* source)
{
    if (m_source)
        disconnect(m_source, nullptr, this, nullptr);
    m_source = source;
    connect(source, &LineSource::rowsChanged, this, &LogView::handleRows);
    connect(source, &LineSource::rowsReset, this, &LogView::handleReset);
    handleReset();
}

void LogView::setHighlight(const QRegularExpression& pattern)
{
    m_highlight = pattern;
    viewport()->update();
}

void LogView::setEmptyMessage(const QString& title, const QString& hint)
{
    m_emptyTitle = title;
    m_emptyHint = hint;
    viewport()->update();
}

void LogView::setDimmed(bool dimmed)
{
    m_dimmed = dimmed;
    viewport()->update();
}

void LogView::setPaused(bool paused)
{
    if (m_paused == paused)
        return;
    if (paused && m_source) {
        m_frozenEnd = m_source->endRow();
        m_top = firstVisibleRow();
    }
    m_paused = paused;
    m_pausedByScrolling = false;
    updateScrollBars();
    if (!paused)
        scrollToEnd();
    updatePill();
    viewport()->update();
    Q_EMIT pausedChanged(paused);
}

qint64 LogView::newRows() const
{
    return m_paused && m_source ? m_source->endRow() - m_frozenEnd : 0;
}

qint64 LogView::shownEnd() const
{
    if (!m_source)
        return 0;
    return m_paused ? std::max(m_frozenEnd, m_source->firstRow()) : m_source->endRow();
}

int LogView::rowHeight() const
{
    return fontMetrics().height() + 3;
}

int LogView::visibleRows() const
{
    return std::max(viewport()->height() / rowHeight(), 1);
}

qint64 LogView::firstVisibleRow() const
{
    if (!m_source)
        return 0;
    const qint64 first = m_source->firstRow();
    if (m_paused)
        return std::clamp(m_top, first, std::max(first, shownEnd() - 1));
    return std::max(first, shownEnd() - visibleRows());
}

void LogView::handleRows()
{
    if (m_anchor >= 0 && std::max(m_anchor, m_cursor) < m_source->firstRow())
        m_anchor = m_cursor = -1;
    updateScrollBars();
    updatePill();
    // A paused view changes only when the rows it shows fall out of the ring.
    if (!m_paused || m_top < m_source->firstRow())
        viewport()->update();
}

void LogView::handleReset()
{
    m_anchor = m_cursor = -1;
    m_widestText = 0;
    m_frozenEnd = m_source->endRow();
    m_top = std::max(m_source->firstRow(), m_frozenEnd - visibleRows());
    if (m_pausedByScrolling)
        setPaused(false);
    updateScrollBars();
    updatePill();
    viewport()->update();
}

void LogView::updateScrollBars()
{
    m_adjusting = true;
    const qint64 first = m_source ? m_source->firstRow() : 0;
    const auto rows = int(shownEnd() - first);
    const int page = visibleRows();
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setSingleStep(1);
    verticalScrollBar()->setRange(0, std::max(rows - page, 0));
    verticalScrollBar()->setValue(int(firstVisibleRow() - first));
    const int room = viewport()->width();
    horizontalScrollBar()->setPageStep(room);
    horizontalScrollBar()->setSingleStep(40);
    horizontalScrollBar()->setRange(0, std::max(m_widestText - room, 0));
    m_adjusting = false;
}

void LogView::scrollToEnd()
{
    m_adjusting = true;
    verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    m_adjusting = false;
}

void LogView::scrollContentsBy(int, int dy)
{
    viewport()->update();
    if (m_adjusting || dy == 0 || !m_source)
        return;
    const int value = verticalScrollBar()->value();
    const bool atEnd = value >= verticalScrollBar()->maximum();
    if (!m_paused && !atEnd) {
        setPaused(true);
        m_pausedByScrolling = true;
    }
    m_top = m_source->firstRow() + value;
    if (m_paused && m_pausedByScrolling && atEnd)
        setPaused(false);
}

void LogView::updatePill()
{
    const qint64 count = newRows();
    m_pill->setVisible(m_paused);
    if (!m_paused)
        return;
    const Theme& theme = Theme::current();
    m_pill->setIcon(themedIcon(QStringLiteral("follow"), theme.accentText));
    m_pill->setText(count > 0 ? tr("%1 new").arg(formatCount(count)) : tr("Paused"));
    m_pill->setToolTip(tr("Go on with the newest line"));
    m_pill->setStyleSheet(
        QStringLiteral(
            "QToolButton { background: %1; color: %2; border: none; border-radius: 13px; "
            "padding: 4px 12px; } QToolButton:hover { background: %3; }")
            .arg(theme.accent.name(), theme.accentText.name(), theme.accentHover.name()));
    m_pill->adjustSize();
    m_pill->move(
        (viewport()->width() - m_pill->width()) / 2, viewport()->height() - m_pill->height() - 14);
}

void LogView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    updateScrollBars();
    updatePill();
}

void LogView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::StyleChange || event->type() == QEvent::LanguageChange)
        updatePill();
    QAbstractScrollArea::changeEvent(event);
}

qint64 LogView::rowAt(int y) const
{
    const qint64 row = firstVisibleRow() + (y < 0 ? -1 : y / rowHeight());
    return std::clamp(row, m_source->firstRow(), std::max(shownEnd() - 1, m_source->firstRow()));
}

bool LogView::isSelected(qint64 row) const
{
    return m_anchor >= 0 && row >= std::min(m_anchor, m_cursor)
        && row <= std::max(m_anchor, m_cursor);
}

void LogView::extendSelection(qint64 row)
{
    m_cursor = row;
    viewport()->update();
}

void LogView::mousePressEvent(QMouseEvent* event)
{
    if (!m_source || event->button() != Qt::LeftButton || shownEnd() == m_source->firstRow())
        return;
    const int y = int(event->position().y());
    if (!m_paused) { // rows must not run away under the pointer
        setPaused(true);
        m_pausedByScrolling = true;
    }
    if (event->modifiers().testFlag(Qt::ShiftModifier) && m_anchor >= 0) {
        extendSelection(rowAt(y));
        return;
    }
    m_anchor = rowAt(y);
    extendSelection(m_anchor);
}

void LogView::mouseMoveEvent(QMouseEvent* event)
{
    if (!m_source || !event->buttons().testFlag(Qt::LeftButton) || m_anchor < 0)
        return;
    const int y = int(event->position().y());
    extendSelection(rowAt(y));
    const bool outside = y < 0 || y >= viewport()->height();
    if (outside && m_dragTimer == 0) {
        m_dragTimer = startTimer(edgeScrollMs);
    } else if (!outside && m_dragTimer != 0) {
        killTimer(m_dragTimer);
        m_dragTimer = 0;
    }
}

void LogView::mouseReleaseEvent(QMouseEvent*)
{
    if (m_dragTimer != 0)
        killTimer(m_dragTimer);
    m_dragTimer = 0;
}

void LogView::mouseDoubleClickEvent(QMouseEvent* event)
{
    mousePressEvent(event);
    copy();
}

void LogView::timerEvent(QTimerEvent* event)
{
    if (event->timerId() != m_dragTimer)
        return;
    const int y = viewport()->mapFromGlobal(QCursor::pos()).y();
    verticalScrollBar()->setValue(verticalScrollBar()->value() + (y < 0 ? -2 : 2));
    extendSelection(rowAt(std::clamp(y, 0, viewport()->height() - 1)));
}

void LogView::keyPressEvent(QKeyEvent* event)
{
    QScrollBar* bar = verticalScrollBar();
    if (event->matches(QKeySequence::Copy))
        copy();
    else if (event->matches(QKeySequence::SelectAll))
        selectAll();
    else if (event->key() == Qt::Key_Space)
        setPaused(!m_paused);
    else if (event->key() == Qt::Key_Home)
        bar->setValue(0);
    else if (event->key() == Qt::Key_End)
        bar->setValue(bar->maximum());
    else
        QAbstractScrollArea::keyPressEvent(event);
}

void LogView::contextMenuEvent(QContextMenuEvent* event)
{
    QMenu menu(this);
    QAction* copyAction = menu.addAction(
        themedIcon(QStringLiteral("copy")), tr("Copy lines"), this, [this] { copy(); });
    copyAction->setEnabled(hasSelection());
    menu.addAction(tr("Select all"), this, &LogView::selectAll);
    menu.addSeparator();
    menu.addAction(m_paused ? tr("Follow") : tr("Pause"), this, [this] { setPaused(!m_paused); });
    menu.exec(event->globalPos());
}

void LogView::selectAll()
{
    if (!m_source || shownEnd() == m_source->firstRow())
        return;
    m_anchor = m_source->firstRow();
    extendSelection(shownEnd() - 1);
}

QString LogView::textOf(qint64 row) const
{
    const LogLine line = m_source->line(row);
    if (line.isMarker)
        return QStringLiteral("--- ") % line.text % QStringLiteral(" ---");
    return formatClock(line.atMs) % u' ' % line.letter % u' ' % line.category % u' ' % line.text;
}

QString LogView::selectedText() const
{
    if (m_anchor < 0)
        return {};
    QString result;
    const qint64 first = std::max(std::min(m_anchor, m_cursor), m_source->firstRow());
    const qint64 last
        = std::min({std::max(m_anchor, m_cursor), m_source->endRow() - 1, first + longestCopy - 1});
    for (qint64 row = first; row <= last; ++row)
        result += textOf(row) % u'\n';
    return result;
}

void LogView::copy() const
{
    if (hasSelection())
        QApplication::clipboard()->setText(selectedText());
}

void LogView::showRow(qint64 row)
{
    if (!m_paused) {
        setPaused(true);
        m_pausedByScrolling = true;
    }
    verticalScrollBar()->setValue(int(row - m_source->firstRow()) - visibleRows() / 2);
    m_anchor = m_cursor = row;
    viewport()->update();
}

void LogView::findNext(const QRegularExpression& pattern, bool backwards)
{
    if (!m_source || !pattern.isValid() || pattern.pattern().isEmpty())
        return;
    const qint64 first = m_source->firstRow();
    const qint64 rows = shownEnd() - first;
    const qint64 start = m_cursor >= first ? m_cursor : firstVisibleRow() - 1;
    for (qint64 i = 1; i <= rows; ++i) {
        const qint64 offset = (start - first + (backwards ? -i : i) + 2 * rows) % rows;
        if (pattern.match(m_source->line(first + offset).text).hasMatch()) {
            showRow(first + offset);
            return;
        }
    }
}

} // namespace gatehouse::gui
