// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

#include <vector>

class QHBoxLayout;
class QToolButton;

namespace gatehouse::gui {

/// A few choices side by side of which one holds.
class SegmentedControl final : public QWidget
{
    Q_OBJECT

public:
    explicit SegmentedControl(QWidget* parent = nullptr);

    void setChoices(const QStringList& names);
    void setChoiceText(int choice, const QString& text);
    int choice() const { return m_choice; }
    void choose(int choice);

Q_SIGNALS:
    void choiceChanged(int choice);

private:
    QHBoxLayout* m_layout;
    std::vector<QToolButton*> m_buttons;
    int m_choice = 0;
};

} // namespace gatehouse::gui
