// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/columnheader.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QPainter>

namespace gatehouse::gui {

namespace {

constexpr int padding = 8; // as CellDelegate's
constexpr int arrowSide = 12;
constexpr int arrowGap = 3;

} // namespace

ColumnHeader::ColumnHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent)
{
    setSectionsMovable(true);
    setSectionsClickable(true);
    setHighlightSections(false);
    setSortIndicatorShown(true);
    setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
}

QString ColumnHeader::title(int section) const
{
    return model()->headerData(section, Qt::Horizontal, Qt::DisplayRole).toString();
}

QFont ColumnHeader::titleFont() const
{
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    return bold;
}

int ColumnHeader::fullWidth(int section) const
{
    return QFontMetrics(titleFont()).horizontalAdvance(title(section)) + 2 * padding + arrowSide
        + arrowGap;
}

void ColumnHeader::paintSection(QPainter* painter, const QRect& rect, int section) const
{
    const Theme& theme = Theme::current();
    painter->save();
    painter->fillRect(rect, theme.base);
    painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme.border);
    QRect room = rect.adjusted(padding, 0, -padding, -1);
    const QVariant given = model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole);
    const auto alignment = given.isValid() ? given.value<Qt::Alignment>() : defaultAlignment();
    const bool isRight = alignment.testFlag(Qt::AlignRight);
    const bool isSorted = isSortIndicatorShown() && sortIndicatorSection() == section;
    painter->setFont(titleFont());
    const QFontMetrics metrics = painter->fontMetrics();
    const int free = room.width() - (isSorted ? arrowSide + arrowGap : 0);
    const QString text = metrics.elidedText(title(section), Qt::ElideRight, free);
    const int width = metrics.horizontalAdvance(text);
    const QColor ink = isSorted ? theme.text : theme.muted;
    if (isSorted) {
        const int left = isRight ? room.right() + 1 - width - arrowGap - arrowSide
                                 : room.left() + width + arrowGap;
        const QRectF arrow(left, room.center().y() - arrowSide / 2 + 1, arrowSide, arrowSide);
        const bool isAscending = sortIndicatorOrder() == Qt::AscendingOrder;
        paintIcon(*painter, arrow,
            isAscending ? QStringLiteral("chevron-up") : QStringLiteral("chevron-down"), ink);
    }
    painter->setPen(ink);
    painter->drawText(room, Qt::AlignVCenter | (isRight ? Qt::AlignRight : Qt::AlignLeft), text);
    painter->restore();
}

} // namespace gatehouse::gui
