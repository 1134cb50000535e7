// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/navigationlist.h"

#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QPainter>
#include <QStyledItemDelegate>

namespace gatehouse::gui {

namespace {

constexpr int countRole = Qt::UserRole + 20;

class PageDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override
    {
        return {160, QFontMetrics(option.font).height() + 18};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
        const QModelIndex& index) const override
    {
        const Theme& theme = Theme::current();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        const QRectF box = QRectF(option.rect).adjusted(8, 1.5, -8, -1.5);
        painter->setPen(Qt::NoPen);
        if (selected || option.state.testFlag(QStyle::State_MouseOver)) {
            painter->setBrush(selected ? theme.accentFill : theme.hover);
            painter->drawRoundedRect(box, 6, 6);
        }
        const QColor ink = selected ? theme.accentInk : theme.text;
        const QRectF icon(box.left() + 10, box.center().y() - 9, 18, 18);
        paintIcon(*painter, icon, index.data(IconNameRole).toString(),
            selected ? theme.accentInk : theme.muted);
        const Tone tone = index.data(ToneRole).value<Tone>();
        if (tone != Tone::Neutral) {
            painter->setBrush(theme.ink(tone));
            painter->drawEllipse(QRectF(icon.right() - 3, icon.top() - 2, 7, 7));
        }
        const QString count = index.data(countRole).toString();
        QFont small = option.font;
        small.setPointSizeF(small.pointSizeF() * 0.92);
        const int countWidth = QFontMetrics(small).horizontalAdvance(count);
        painter->setFont(small);
        painter->setPen(selected ? theme.accentInk : theme.muted);
        painter->drawText(box.adjusted(0, 0, -10, 0), Qt::AlignVCenter | Qt::AlignRight, count);
        QFont font = option.font;
        font.setWeight(selected ? QFont::DemiBold : QFont::Normal);
        painter->setFont(font);
        painter->setPen(ink);
        const QRectF room = box.adjusted(38, 0, -18 - countWidth, 0);
        painter->drawText(room, Qt::AlignVCenter | Qt::AlignLeft,
            painter->fontMetrics().elidedText(
                index.data().toString(), Qt::ElideRight, int(room.width())));
        painter->restore();
    }
};

} // namespace

NavigationList::NavigationList(QWidget* parent) : QListWidget(parent)
{
    setObjectName(QStringLiteral("navigation"));
    setItemDelegate(new PageDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setStyleSheet(QStringLiteral("QListWidget { background: transparent; }"));
}

int NavigationList::addPage(const QString& icon, const QString& name)
{
    auto* entry = new QListWidgetItem(name, this);
    entry->setData(IconNameRole, icon);
    entry->setData(ToneRole, QVariant::fromValue(Tone::Neutral));
    return count() - 1;
}

void NavigationList::setName(int row, const QString& name)
{
    item(row)->setText(name);
}

void NavigationList::setCount(int row, const QString& count)
{
    if (item(row)->data(countRole).toString() != count)
        item(row)->setData(countRole, count);
}

void NavigationList::setTone(int row, Tone tone)
{
    if (item(row)->data(ToneRole).value<Tone>() != tone)
        item(row)->setData(ToneRole, QVariant::fromValue(tone));
}

} // namespace gatehouse::gui
