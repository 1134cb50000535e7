// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QFrame>
#include <QString>

namespace gatehouse::gui {

/// One line of plain text that gives way: shortened with "…" when there is no room, whole in the
/// tool tip.
class ElidedLabel final : public QFrame
{
    Q_OBJECT

public:
    explicit ElidedLabel(QWidget* parent = nullptr);

    void setText(const QString& text);
    const QString& text() const { return m_text; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_text;
};

} // namespace gatehouse::gui
