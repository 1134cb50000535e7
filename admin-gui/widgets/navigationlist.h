// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QListWidget>

namespace gatehouse::gui {

/// The pages of the window: icon, name, a count and, when something needs eyes, a dot.
class NavigationList final : public QListWidget
{
    Q_OBJECT

public:
    explicit NavigationList(QWidget* parent = nullptr);

    int addPage(const QString& icon, const QString& name);
    void setName(int row, const QString& name);
    void setCount(int row, const QString& count);
    void setTone(int row, Tone tone); ///< Neutral: no dot
    QSize sizeHint() const override { return {186, 300}; }
};

} // namespace gatehouse::gui
