// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QLabel>

namespace gatehouse::gui {

/// A label that never takes its text for markup: QLabel guesses by default, and names and texts
/// here come from clients.
inline QLabel* plainLabel(QWidget* parent, const QString& text = {})
{
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setText(text);
    return label;
}

} // namespace gatehouse::gui
