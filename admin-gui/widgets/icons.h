// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QIcon>
#include <QString>

class QPainter;
class QRectF;

namespace gatehouse::gui {

/// A line icon of the resources (":/icons/<name>.svg") in the colours of the theme at the time of
/// painting: text colour, faint when disabled, accent ink when checked.
QIcon themedIcon(const QString& name);

/// The same in one fixed colour.
QIcon themedIcon(const QString& name, const QColor& color);

void paintIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color);

} // namespace gatehouse::gui
