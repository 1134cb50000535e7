// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/inspector.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/theme.h"

#include <QFontDatabase>
#include <QGraphicsOpacityEffect>
#include <QGridLayout>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace gatehouse::gui {

namespace {

constexpr int margin = 16;

QLabel* selectableLabel(QWidget* parent)
{
    QLabel* label = plainLabel(parent);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label->setCursor(Qt::IBeamCursor);
    return label;
}

/// Long ids have no spaces to wrap at.
QString wrappable(const QString& text)
{
    if (text.size() < 24 || text.contains(u' '))
        return text;
    QString result;
    for (qsizetype i = 0; i < text.size(); i += 12)
        result += text.mid(i, 12) % QChar(0x200b);
    return result;
}

} // namespace

Inspector::Inspector(QWidget* parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("inspector"));
    m_head = new QWidget(this);
    m_icon = plainLabel(m_head);
    m_icon->setFixedSize(22, 22);
    m_title = selectableLabel(m_head);
    m_title->setObjectName(QStringLiteral("inspectorTitle"));
    QFont font = m_title->font();
    font.setPointSizeF(font.pointSizeF() * 1.2);
    font.setWeight(QFont::DemiBold);
    m_title->setFont(font);
    m_subtitle = selectableLabel(m_head);
    m_subtitle->setProperty("ink", QStringLiteral("muted"));
    m_badge = plainLabel(m_head);
    auto* head = new QGridLayout(m_head);
    head->setContentsMargins(margin, 14, margin, 10);
    head->setHorizontalSpacing(10);
    head->setVerticalSpacing(3);
    head->addWidget(m_icon, 0, 0, Qt::AlignTop);
    head->addWidget(m_title, 0, 1);
    head->addWidget(m_subtitle, 1, 1);
    head->addWidget(m_badge, 2, 1, Qt::AlignLeft);
    head->setColumnStretch(1, 1);

    m_scroll = new QScrollArea(this);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_actionBox = new QWidget(this);
    m_actionLayout = new QVBoxLayout(m_actionBox);
    m_actionLayout->setContentsMargins(margin, 10, margin, 14);
    m_actionLayout->setSpacing(6);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_head);
    layout->addWidget(m_scroll, 1);
    layout->addWidget(m_actionBox);
    rebuild();
}

bool Inspector::sameShape(const Details& a, const Details& b)
{
    if (a.sections.size() != b.sections.size())
        return false;
    for (size_t i = 0; i < a.sections.size(); ++i) {
        const auto& left = a.sections[i];
        const auto& right = b.sections[i];
        if (left.title != right.title || left.rows.size() != right.rows.size())
            return false;
        for (size_t j = 0; j < left.rows.size(); ++j) {
            if (left.rows[j].label != right.rows[j].label)
                return false;
        }
    }
    return true;
}

void Inspector::setDetails(const Details& details)
{
    if (details == m_details)
        return;
    const bool reuse = m_body && sameShape(details, m_details) && !details.isEmpty();
    m_details = details;
    if (reuse)
        refill();
    else
        rebuild();
    update();
}

void Inspector::setDimmed(bool dimmed)
{
    if (m_dimmed == dimmed)
        return;
    m_dimmed = dimmed;
    for (QWidget* part : {m_head, static_cast<QWidget*>(m_scroll)}) {
        QGraphicsOpacityEffect* effect = nullptr;
        if (dimmed) {
            effect = new QGraphicsOpacityEffect(part);
            effect->setOpacity(0.5);
        }
        part->setGraphicsEffect(effect); // owns it, and drops the one before
    }
}

void Inspector::setHint(const QString& hint)
{
    m_hint = hint;
    update();
}

void Inspector::rebuild()
{
    m_values.clear();
    m_body = new QWidget;
    m_body->setProperty("pane", QStringLiteral("base"));
    auto* grid = new QGridLayout(m_body);
    grid->setContentsMargins(margin, 2, margin, margin);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(5);
    int row = 0;
    for (const Details::Section& section : m_details.sections) {
        if (!section.title.isEmpty()) {
            QLabel* title = plainLabel(m_body, section.title);
            QFont bold = title->font();
            bold.setWeight(QFont::DemiBold);
            title->setFont(bold);
            title->setContentsMargins(0, row == 0 ? 4 : 12, 0, 2);
            grid->addWidget(title, row++, 0, 1, 2);
        }
        for (const Details::Row& line : section.rows) {
            QLabel* label = plainLabel(m_body, line.label);
            label->setProperty("ink", QStringLiteral("muted"));
            label->setWordWrap(true);
            QLabel* value = selectableLabel(m_body);
            if (line.fixedWidth) {
                QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
                fixed.setPointSizeF(value->font().pointSizeF() * 0.95);
                value->setFont(fixed);
            }
            grid->addWidget(label, row, 0, Qt::AlignTop | Qt::AlignLeft);
            grid->addWidget(value, row++, 1, Qt::AlignTop);
            m_values.push_back(value);
        }
    }
    grid->setColumnStretch(0, 5);
    grid->setColumnStretch(1, 8);
    grid->setRowStretch(row, 1);
    m_scroll->setWidget(m_body);
    refill();
    m_head->setVisible(!m_details.isEmpty());
    m_scroll->setVisible(!m_details.isEmpty());
    m_actionBox->setVisible(!m_details.isEmpty() && !m_actions.empty());
}

void Inspector::refill()
{
    const Theme& theme = Theme::current();
    m_icon->setPixmap(themedIcon(m_details.icon, theme.muted).pixmap(22, 22));
    m_title->setText(m_details.title);
    m_subtitle->setText(m_details.subtitle);
    m_subtitle->setVisible(!m_details.subtitle.isEmpty());
    m_badge->setText(m_details.badge);
    m_badge->setVisible(!m_details.badge.isEmpty());
    m_badge->setStyleSheet(
        QStringLiteral(
            "QLabel { color: %1; background: %2; border-radius: 9px; padding: 2px 9px; }")
            .arg(theme.ink(m_details.tone).name(), theme.fill(m_details.tone).name()));
    size_t next = 0;
    for (const Details::Section& section : m_details.sections) {
        for (const Details::Row& line : section.rows) {
            QString text = line.fixedWidth ? wrappable(line.value) : line.value;
            if (text.isEmpty())
                text = QStringLiteral("\u2013");
            QLabel* value = m_values[next++];
            if (value->text() != text)
                value->setText(text);
        }
    }
}

void Inspector::setActions(const std::vector<QAction*>& actions)
{
    if (actions == m_actions)
        return;
    m_actions = actions;
    while (QLayoutItem* item = m_actionLayout->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (QAction* action : actions) {
        auto* button = new QPushButton(m_actionBox);
        button->setObjectName(action->objectName() % QStringLiteral("Button"));
        button->setProperty("tone", action->property("tone"));
        const auto follow = [button, action] {
            button->setText(u' ' % action->text()); // a little air after the icon
            button->setEnabled(action->isEnabled());
            button->setToolTip(action->toolTip());
            button->setIcon(action->property("tone").toString() == QStringLiteral("danger")
                    ? themedIcon(action->property("iconName").toString(), Theme::current().bad)
                    : themedIcon(action->property("iconName").toString()));
        };
        follow();
        connect(action, &QAction::changed, button, follow);
        connect(button, &QPushButton::clicked, action, &QAction::trigger);
        m_actionLayout->addWidget(button);
    }
    m_actionBox->setVisible(!m_details.isEmpty() && !m_actions.empty());
}

void Inspector::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = Theme::current();
    painter.fillRect(rect(), theme.base);
    if (!m_details.isEmpty())
        return;
    paintIcon(painter, QRectF(width() / 2.0 - 16, height() * 0.36 - 44, 32, 32),
        QStringLiteral("inspector"), theme.faint);
    painter.setPen(theme.muted);
    painter.drawText(QRectF(24, height() * 0.36, width() - 48, 120),
        Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, m_hint);
}

} // namespace gatehouse::gui
