// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/stattile.h"

#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/sparkline.h"
#include "admin-gui/widgets/theme.h"

#include <QEvent>
#include <QMouseEvent>
#include <QVBoxLayout>

namespace gatehouse::gui {

StatTile::StatTile(QWidget* parent) : QFrame(parent)
{
    setProperty("card", true);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_name = plainLabel(this);
    m_name->setProperty("ink", QStringLiteral("muted"));
    m_value = plainLabel(this);
    QFont big = font();
    big.setPointSizeF(font().pointSizeF() * 2.1);
    big.setWeight(QFont::DemiBold);
    m_value->setFont(big);
    m_remark = plainLabel(this);
    m_line = new Sparkline(this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(14, 11, 14, 10);
    layout->setSpacing(2);
    layout->addWidget(m_name);
    layout->addWidget(m_value);
    layout->addWidget(m_remark);
    layout->addSpacing(4);
    layout->addWidget(m_line);
}

void StatTile::setName(const QString& name)
{
    m_name->setText(name);
    setAccessibleName(name);
}

void StatTile::setValue(const QString& value)
{
    m_value->setText(value);
    setAccessibleDescription(value);
}

void StatTile::setRemark(const QString& remark, Tone tone)
{
    m_remark->setText(remark);
    if (m_tone != tone) {
        m_tone = tone;
        paintRemark();
    }
}

void StatTile::setSeries(const TimeSeries* series, int color)
{
    m_line->setSeries(series, color);
    paintRemark();
}

void StatTile::refresh()
{
    m_line->update();
}

void StatTile::paintRemark()
{
    QPalette colors = m_remark->palette();
    colors.setColor(QPalette::WindowText, Theme::current().ink(m_tone));
    m_remark->setPalette(colors);
}

void StatTile::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && rect().contains(event->position().toPoint()))
        Q_EMIT clicked();
}

void StatTile::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::StyleChange)
        paintRemark();
    QFrame::changeEvent(event);
}

} // namespace gatehouse::gui
