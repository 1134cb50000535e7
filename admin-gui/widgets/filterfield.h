// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QLineEdit>
#include <QTimer>

namespace gatehouse::gui {

/// A search field with a lens and a clear button that speaks after a short pause in typing; Escape
/// empties it.
class FilterField final : public QLineEdit
{
    Q_OBJECT

public:
    explicit FilterField(const QString& icon, QWidget* parent = nullptr);

    void setInvalid(bool invalid); ///< red frame: the text cannot be used

Q_SIGNALS:
    void filterChanged(const QString& text);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void announce();

    QTimer m_pause;
    QString m_announced;
};

} // namespace gatehouse::gui
