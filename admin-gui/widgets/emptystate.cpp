// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/emptystate.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QAbstractItemView>
#include <QEvent>
#include <QPainter>

namespace gatehouse::gui {

EmptyState::EmptyState(QAbstractItemView* view) : QWidget(view->viewport()), m_view(view)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    view->viewport()->installEventFilter(this);
    QAbstractItemModel* model = view->model();
    connect(model, &QAbstractItemModel::rowsInserted, this, &EmptyState::follow);
    connect(model, &QAbstractItemModel::rowsRemoved, this, &EmptyState::follow);
    connect(model, &QAbstractItemModel::modelReset, this, &EmptyState::follow);
    connect(model, &QAbstractItemModel::layoutChanged, this, &EmptyState::follow);
    follow();
}

void EmptyState::setMessage(const QString& icon, const QString& title, const QString& hint)
{
    m_icon = icon;
    m_title = title;
    m_hint = hint;
    setAccessibleName(title);
    update();
}

bool EmptyState::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Resize || event->type() == QEvent::Show)
        follow();
    return QWidget::eventFilter(watched, event);
}

void EmptyState::follow()
{
    setGeometry(m_view->viewport()->rect());
    setVisible(m_view->model()->rowCount(m_view->rootIndex()) == 0);
}

void EmptyState::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = Theme::current();
    const int middle = height() * 2 / 5;
    paintIcon(painter, QRectF(width() / 2.0 - 20, middle - 62, 40, 40), m_icon, theme.faint);
    QFont title = font();
    title.setPointSizeF(title.pointSizeF() * 1.15);
    title.setWeight(QFont::DemiBold);
    painter.setFont(title);
    painter.setPen(theme.muted);
    const int titleHeight = painter.fontMetrics().height();
    painter.drawText(QRect(16, middle - 10, width() - 32, titleHeight), Qt::AlignCenter, m_title);
    painter.setFont(font());
    painter.setPen(theme.muted);
    painter.drawText(QRect(16, middle - 4 + titleHeight, width() - 32, height() - middle),
        Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, m_hint);
}

} // namespace gatehouse::gui
