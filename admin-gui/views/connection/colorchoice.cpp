// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/connection/colorchoice.h"

#include "admin-gui/widgets/theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace gatehouse::gui {

namespace {

constexpr int step = 30;
constexpr int side = 20;

} // namespace

ColorChoice::ColorChoice(std::vector<QColor> colors, QWidget* parent)
    : QWidget(parent), m_colors(std::move(colors))
{
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize ColorChoice::sizeHint() const
{
    return {int(m_colors.size()) * step, 28};
}

void ColorChoice::setColor(const QColor& color)
{
    const auto found = std::ranges::find(m_colors, color);
    m_chosen = found == m_colors.end() ? 0 : int(found - m_colors.begin());
    update();
}

void ColorChoice::choose(int number)
{
    m_chosen = std::clamp(number, 0, int(m_colors.size()) - 1);
    update();
    Q_EMIT colorChanged(color());
}

void ColorChoice::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    for (size_t i = 0; i < m_colors.size(); ++i) {
        const QRectF dot(double(i) * step + 4, (height() - side) / 2.0, side, side);
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_colors[i]);
        painter.drawEllipse(dot);
        if (int(i) != m_chosen)
            continue;
        painter.setPen(QPen(hasFocus() ? Theme::current().accent : Theme::current().muted, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(dot.adjusted(-3, -3, 3, 3));
    }
}

void ColorChoice::mousePressEvent(QMouseEvent* event)
{
    choose(int(event->position().x()) / step);
}

void ColorChoice::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Left)
        choose(m_chosen - 1);
    else if (event->key() == Qt::Key_Right)
        choose(m_chosen + 1);
    else
        QWidget::keyPressEvent(event);
}

} // namespace gatehouse::gui
