// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QColor>
#include <QWidget>

namespace gatehouse::gui {

/// Top left of the window: which server this is, in its profile's colour, and how the connection
/// stands.
class ServerChip final : public QWidget
{
    Q_OBJECT

public:
    explicit ServerChip(QWidget* parent = nullptr);

    void setServer(const QString& name, const QColor& color);
    void setState(const QString& text, Tone tone);
    QSize sizeHint() const override { return {186, 62}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_name;
    QColor m_color;
    QString m_state;
    Tone m_tone = Tone::Dim;
};

} // namespace gatehouse::gui
