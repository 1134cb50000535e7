// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/filterfield.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QAction>
#include <QKeyEvent>
#include <QStyle>

namespace gatehouse::gui {

FilterField::FilterField(const QString& icon, QWidget* parent) : QLineEdit(parent)
{
    auto* lens = addAction(themedIcon(icon), QLineEdit::LeadingPosition);
    lens->setEnabled(false); // decoration only, in the faint colour
    auto* clear = addAction(themedIcon(QStringLiteral("close")), QLineEdit::TrailingPosition);
    clear->setToolTip(tr("Clear"));
    clear->setVisible(false);
    connect(clear, &QAction::triggered, this, &QLineEdit::clear);
    m_pause.setSingleShot(true);
    m_pause.setInterval(150);
    connect(&m_pause, &QTimer::timeout, this, &FilterField::announce);
    connect(this, &QLineEdit::returnPressed, this, &FilterField::announce);
    connect(this, &QLineEdit::textChanged, this, [this, clear](const QString& text) {
        clear->setVisible(!text.isEmpty());
        m_pause.start();
    });
}

void FilterField::setInvalid(bool invalid)
{
    if (property("invalid").toBool() == invalid)
        return;
    setProperty("invalid", invalid);
    style()->unpolish(this);
    style()->polish(this);
}

void FilterField::announce()
{
    m_pause.stop();
    if (text() == m_announced)
        return;
    m_announced = text();
    Q_EMIT filterChanged(m_announced);
}

void FilterField::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && !text().isEmpty()) {
        clear();
        announce();
        return;
    }
    QLineEdit::keyPressEvent(event);
}

} // namespace gatehouse::gui
