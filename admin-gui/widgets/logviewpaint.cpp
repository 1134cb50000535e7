// SPDX-License-Identifier: Apache-2.0
// How LogView looks.
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/logview.h"
#include "admin-gui/widgets/theme.h"

#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace gatehouse::gui {

namespace {

constexpr int margin = 10;
constexpr int gap = 12;
constexpr int categoryChars = 10;

} // namespace

/// Left edges, in pixels, already scrolled.
struct LogView::Columns
{
    int time;
    int level;
    int category;
    int text;
};

void LogView::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    const Theme& theme = Theme::current();
    painter.fillRect(viewport()->rect(), theme.base);
    if (!m_source)
        return;
    if (m_source->firstRow() == shownEnd()) {
        const int middle = viewport()->height() * 2 / 5;
        paintIcon(painter, QRectF(viewport()->width() / 2.0 - 20, middle - 62, 40, 40),
            QStringLiteral("log"), theme.faint);
        painter.setFont(parentWidget() ? parentWidget()->font() : font());
        painter.setPen(theme.muted);
        painter.drawText(
            QRect(16, middle - 10, viewport()->width() - 32, 22), Qt::AlignCenter, m_emptyTitle);
        painter.setPen(theme.muted);
        painter.drawText(QRect(16, middle + 16, viewport()->width() - 32, 60),
            Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, m_emptyHint);
        return;
    }
    painter.setFont(font());
    const QFontMetrics metrics = painter.fontMetrics();
    const int digit = metrics.horizontalAdvance(u'0');
    Columns columns{};
    columns.time = margin - horizontalScrollBar()->value();
    columns.level = columns.time + digit * 12 + gap;
    columns.category = columns.level + digit + 10 + gap;
    columns.text = columns.category + digit * categoryChars + gap;
    const int widestBefore = m_widestText;
    int y = 4;
    const qint64 end = shownEnd();
    for (qint64 row = firstVisibleRow(); row < end && y < viewport()->height(); ++row) {
        paintRow(painter, columns, row, y);
        y += rowHeight();
    }
    if (m_widestText > widestBefore)
        QMetaObject::invokeMethod(this, &LogView::updateScrollBars, Qt::QueuedConnection);
}

void LogView::paintRow(QPainter& painter, const Columns& columns, qint64 row, int y)
{
    const Theme& theme = Theme::current();
    const LogLine line = m_source->line(row);
    const int height = rowHeight();
    if (isSelected(row))
        painter.fillRect(QRect(0, y, viewport()->width(), height), theme.selection);
    if (line.isMarker) {
        paintMarker(painter, line, y);
        return;
    }
    const QFontMetrics metrics = painter.fontMetrics();
    const int baseline = y + (height + metrics.ascent() - metrics.descent()) / 2;
    painter.setPen(theme.muted);
    painter.drawText(columns.time, baseline, formatClock(line.atMs));
    const QColor ink = !m_dimmed ? theme.ink(line.tone) : theme.faint;
    const int letter = metrics.horizontalAdvance(line.letter);
    if (line.tone == Tone::Warning || line.tone == Tone::Bad) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.fill(line.tone));
        painter.setRenderHint(QPainter::Antialiasing);
        painter.drawRoundedRect(QRectF(columns.level - 4, y + 1.5, letter + 8, height - 3), 3, 3);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
    painter.setPen(ink);
    painter.drawText(columns.level, baseline, line.letter);
    painter.setPen(theme.muted);
    const int categoryRoom = columns.text - columns.category - gap;
    painter.drawText(columns.category, baseline,
        metrics.elidedText(line.category, Qt::ElideRight, categoryRoom));
    QString text = line.text;
    text.replace(u'\n', QChar(0x23ce));
    const bool plain = line.tone == Tone::Neutral || line.tone == Tone::Busy;
    paintText(painter, text, columns.text, y, plain && !m_dimmed ? theme.text : ink);
    const int right
        = columns.text + horizontalScrollBar()->value() + metrics.horizontalAdvance(text) + margin;
    m_widestText = std::max(m_widestText, right);
}

void LogView::paintText(
    QPainter& painter, const QString& text, int x, int y, const QColor& ink) const
{
    const QFontMetrics metrics = painter.fontMetrics();
    const int height = rowHeight();
    if (!m_highlight.pattern().isEmpty() && m_highlight.isValid()) {
        auto matches = m_highlight.globalMatch(text);
        for (int i = 0; i < 64 && matches.hasNext(); ++i) {
            const QRegularExpressionMatch match = matches.next();
            if (match.capturedLength() == 0)
                continue;
            const int from = metrics.horizontalAdvance(text.left(match.capturedStart()));
            const int width = metrics.horizontalAdvance(match.captured());
            painter.fillRect(QRect(x + from, y + 1, width, height - 2), Theme::current().highlight);
        }
    }
    painter.setPen(ink);
    painter.drawText(x, y + (height + metrics.ascent() - metrics.descent()) / 2, text);
}

void LogView::paintMarker(QPainter& painter, const LogLine& line, int y) const
{
    const Theme& theme = Theme::current();
    const QRect box(0, y, viewport()->width(), rowHeight());
    painter.fillRect(box, theme.fill(Tone::Warning));
    painter.setPen(theme.ink(Tone::Warning));
    painter.drawText(box.adjusted(margin, 0, -margin, 0), Qt::AlignCenter, line.text);
}

} // namespace gatehouse::gui
