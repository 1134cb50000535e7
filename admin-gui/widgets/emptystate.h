// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

class QAbstractItemView;
class QLabel;

namespace gatehouse::gui {

/// Lies over an empty view and says why it is empty. Appears and goes with the view's rows.
class EmptyState final : public QWidget
{
    Q_OBJECT

public:
    explicit EmptyState(QAbstractItemView* view);

    void setMessage(const QString& icon, const QString& title, const QString& hint);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void follow();

    QAbstractItemView* m_view;
    QString m_icon;
    QString m_title;
    QString m_hint;
};

} // namespace gatehouse::gui
