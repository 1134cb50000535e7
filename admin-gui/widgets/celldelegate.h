// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QStyledItemDelegate>

#include <functional>

namespace gatehouse::gui {

/// Dresses raw cells (cellroles.h): numbers, bytes, ages, pills and dots. Everything is drawn as
/// plain text.
class CellDelegate final : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using Now = std::function<qint64()>; ///< UTC milliseconds, for ages

    explicit CellDelegate(Now now, QObject* parent = nullptr);

    void setDimmed(bool dimmed) { m_dimmed = dimmed; } ///< what is shown may be out of date

    /// What a person reads in that cell; also for copying.
    QString textOf(const QModelIndex& index) const;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
        const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
        const QModelIndex& index) override;

private:
    Now m_now;
    bool m_dimmed = false;
};

} // namespace gatehouse::gui
