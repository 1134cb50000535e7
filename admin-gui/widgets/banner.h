// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace gatehouse::gui {

/// A line above the page that says what is wrong and offers one way out. Never modal.
class Banner final : public QFrame
{
    Q_OBJECT

public:
    explicit Banner(QWidget* parent = nullptr);

    void setMessage(Tone tone, const QString& text, const QString& action);
    QString text() const;

Q_SIGNALS:
    void actionTriggered();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_text;
    QPushButton* m_action;
    Tone m_tone = Tone::Warning;
};

} // namespace gatehouse::gui
