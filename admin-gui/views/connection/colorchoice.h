// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QColor>
#include <QWidget>

#include <vector>

namespace gatehouse::gui {

/// A row of colours of which one is chosen, by mouse or arrow keys.
class ColorChoice final : public QWidget
{
    Q_OBJECT

public:
    explicit ColorChoice(std::vector<QColor> colors, QWidget* parent = nullptr);

    QColor color() const { return m_colors[size_t(m_chosen)]; }
    void setColor(const QColor& color); ///< the first one when it is not among them
    QSize sizeHint() const override;

Q_SIGNALS:
    void colorChanged(const QColor& color);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void choose(int number);

    std::vector<QColor> m_colors;
    int m_chosen = 0;
};

} // namespace gatehouse::gui
