// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/ranklist.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QMouseEvent>
#include <QPainter>

namespace gatehouse::gui {

namespace {

constexpr int margin = 14;

} // namespace

RankList::RankList(QWidget* parent) : QFrame(parent)
{
    setProperty("card", true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
}

void RankList::setTitle(const QString& title)
{
    m_title = title;
    setAccessibleName(title);
    update();
}

void RankList::setEmptyText(const QString& text)
{
    m_emptyText = text;
    update();
}

void RankList::setRows(std::vector<Row> rows)
{
    if (rows == m_rows)
        return;
    m_rows = std::move(rows);
    update();
}

void RankList::setPlaces(int rows)
{
    m_places = rows;
    updateGeometry();
}

int RankList::rowHeight() const
{
    return fontMetrics().height() + 10;
}

int RankList::headHeight() const
{
    return margin + fontMetrics().height() + 6;
}

QSize RankList::sizeHint() const
{
    return {260, headHeight() + m_places * rowHeight() + 8};
}

void RankList::paintEvent(QPaintEvent* event)
{
    QFrame::paintEvent(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = Theme::current();
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(theme.text);
    painter.drawText(QRect(margin, margin - 2, width() - 2 * margin, fontMetrics().height()),
        Qt::AlignLeft, m_title);
    painter.setFont(font());
    if (m_rows.empty()) {
        painter.setPen(theme.muted);
        painter.drawText(
            QRect(margin, headHeight(), width() - 2 * margin, height() - headHeight() - margin),
            Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    int y = headHeight();
    for (const Row& row : m_rows) {
        if (y + rowHeight() > height())
            break;
        QRect room(margin, y, width() - 2 * margin, rowHeight());
        if (row.share >= 0) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(theme.hover);
            painter.drawRoundedRect(QRectF(room.left(), room.bottom() - 2, room.width(), 3), 1, 1);
            painter.setBrush(isEnabled() ? theme.series(0) : theme.faint);
            painter.drawRoundedRect(
                QRectF(room.left(), room.bottom() - 2, room.width() * row.share, 3), 1, 1);
        }
        if (!row.icon.isEmpty()) {
            paintIcon(
                painter, QRectF(room.left(), room.center().y() - 7, 15, 15), row.icon, theme.muted);
            room.setLeft(room.left() + 22);
        }
        const int valueWidth = fontMetrics().horizontalAdvance(row.value);
        painter.setPen(isEnabled() ? theme.ink(row.tone) : theme.faint);
        painter.drawText(room, Qt::AlignVCenter | Qt::AlignRight, row.value);
        painter.setPen(isEnabled() ? theme.text : theme.faint);
        room.setRight(room.right() - valueWidth - 10);
        painter.drawText(room, Qt::AlignVCenter | Qt::AlignLeft,
            fontMetrics().elidedText(row.text, Qt::ElideRight, room.width()));
        y += rowHeight();
    }
}

void RankList::mouseReleaseEvent(QMouseEvent* event)
{
    const int row = (int(event->position().y()) - headHeight()) / rowHeight();
    if (event->position().y() >= headHeight() && row < int(m_rows.size()))
        Q_EMIT rowClicked(m_rows[size_t(row)].key);
}

} // namespace gatehouse::gui
