// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QHBoxLayout>
#include <QToolButton>

namespace gatehouse::gui {

SegmentedControl::SegmentedControl(QWidget* parent) : QWidget(parent)
{
    m_layout = new QHBoxLayout(this);
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void SegmentedControl::setChoices(const QStringList& names)
{
    for (int i = 0; i < names.size(); ++i) {
        auto* button = new QToolButton(this);
        button->setText(names.at(i));
        button->setCheckable(true);
        button->setChecked(i == m_choice);
        button->setProperty("segment", true);
        if (i == 0)
            button->setProperty("place", QStringLiteral("first"));
        else if (i == names.size() - 1)
            button->setProperty("place", QStringLiteral("last"));
        connect(button, &QToolButton::clicked, this, [this, i] { choose(i); });
        m_layout->addWidget(button);
        m_buttons.push_back(button);
    }
}

void SegmentedControl::setChoiceText(int choice, const QString& text)
{
    if (m_buttons[size_t(choice)]->text() != text)
        m_buttons[size_t(choice)]->setText(text);
}

void SegmentedControl::choose(int choice)
{
    const bool changed = choice != m_choice;
    m_choice = choice;
    for (size_t i = 0; i < m_buttons.size(); ++i)
        m_buttons[i]->setChecked(int(i) == choice);
    if (changed)
        Q_EMIT choiceChanged(choice);
}

} // namespace gatehouse::gui
