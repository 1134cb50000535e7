// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/banner.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>

namespace gatehouse::gui {

Banner::Banner(QWidget* parent) : QFrame(parent)
{
    setObjectName(QStringLiteral("banner"));
    m_text = plainLabel(this);
    m_text->setObjectName(QStringLiteral("bannerText"));
    m_text->setWordWrap(true);
    m_action = new QPushButton(this);
    m_action->setObjectName(QStringLiteral("bannerAction"));
    connect(m_action, &QPushButton::clicked, this, &Banner::actionTriggered);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(42, 7, 12, 7);
    layout->setSpacing(12);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_action);
}

void Banner::setMessage(Tone tone, const QString& text, const QString& action)
{
    m_tone = tone;
    m_text->setText(text);
    setAccessibleName(text);
    m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    update();
}

QString Banner::text() const
{
    return m_text->text();
}

void Banner::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = Theme::current();
    painter.fillRect(rect(), theme.fill(m_tone));
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme.border);
    paintIcon(painter, QRectF(14, (height() - 18) / 2.0, 18, 18),
        m_tone == Tone::Busy ? QStringLiteral("info") : QStringLiteral("warning"),
        theme.ink(m_tone));
}

} // namespace gatehouse::gui
