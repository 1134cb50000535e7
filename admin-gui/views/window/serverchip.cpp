// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/window/serverchip.h"

#include "admin-gui/widgets/theme.h"

#include <QPainter>

namespace gatehouse::gui {

ServerChip::ServerChip(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ServerChip::setServer(const QString& name, const QColor& color)
{
    m_name = name;
    m_color = color;
    setAccessibleName(name);
    update();
}

void ServerChip::setState(const QString& text, Tone tone)
{
    m_state = text;
    m_tone = tone;
    setAccessibleDescription(text);
    update();
}

void ServerChip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = Theme::current();
    const QRectF box = QRectF(rect()).adjusted(8, 8, -8, -4);
    painter.setPen(QPen(theme.border, 1));
    painter.setBrush(theme.base);
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_color.isValid() ? m_color : theme.faint);
    painter.drawRoundedRect(QRectF(box.left() + 7, box.top() + 9, 4, box.height() - 18), 2, 2);
    const double left = box.left() + 20;
    const double width = box.right() - left - 8;
    const int lineHeight = fontMetrics().height();
    const double top = box.center().y() - lineHeight - 1;
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(theme.text);
    painter.drawText(QRectF(left, top, width, lineHeight), Qt::AlignLeft | Qt::AlignVCenter,
        painter.fontMetrics().elidedText(m_name, Qt::ElideMiddle, int(width)));
    painter.setFont(font());
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.ink(m_tone));
    const double below = top + lineHeight + 2;
    painter.drawEllipse(QRectF(left + 1, below + lineHeight / 2.0 - 3.5, 8, 8));
    painter.setPen(theme.muted);
    painter.drawText(QRectF(left + 15, below, width - 15, lineHeight),
        Qt::AlignLeft | Qt::AlignVCenter,
        fontMetrics().elidedText(m_state, Qt::ElideRight, int(width - 15)));
}

} // namespace gatehouse::gui
