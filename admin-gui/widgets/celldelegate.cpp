// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/widgets/celldelegate.h"

#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/theme.h"

#include <QAbstractItemView>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

namespace gatehouse::gui {

namespace {

constexpr int padding = 8;
constexpr int iconSide = 16;
constexpr int dotSide = 8;

CellFormat formatOf(const QModelIndex& index)
{
    const QVariant format = index.data(FormatRole);
    return format.isValid() ? format.value<CellFormat>() : CellFormat::Text;
}

Tone toneOf(const QModelIndex& index)
{
    const QVariant tone = index.data(ToneRole);
    return tone.isValid() ? tone.value<Tone>() : Tone::Neutral;
}

void paintBadge(QPainter& painter, const QRect& room, const QString& text, const QColor& ink,
    const QColor& fill)
{
    const QFontMetrics metrics = painter.fontMetrics();
    const int width = std::min(metrics.horizontalAdvance(text) + 18, room.width());
    const int height = metrics.height() + 4;
    const QRectF pill(room.left(), room.center().y() - height / 2.0 + 0.5, width, height);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawRoundedRect(pill, height / 2.0, height / 2.0);
    painter.setPen(ink);
    painter.drawText(pill.adjusted(8, 0, -8, 0), Qt::AlignVCenter | Qt::AlignLeft,
        metrics.elidedText(text, Qt::ElideRight, width - 16));
}

} // namespace

CellDelegate::CellDelegate(Now now, QObject* parent)
    : QStyledItemDelegate(parent), m_now(std::move(now))
{
}

QString CellDelegate::textOf(const QModelIndex& index) const
{
    const QVariant value = index.data(Qt::DisplayRole);
    if (!value.isValid() || value.isNull())
        return {};
    switch (formatOf(index)) {
    case CellFormat::Text:
    case CellFormat::Badge:
    case CellFormat::Dot: {
        QString text = value.toString();
        return text.replace(u'\n', u' ');
    }
    case CellFormat::Count:
        return formatCount(value.toLongLong());
    case CellFormat::Bytes:
        return formatBytes(value.toDouble());
    case CellFormat::Moment:
        return formatMoment(value.toLongLong());
    case CellFormat::Age:
        return formatAge(m_now() - value.toLongLong());
    case CellFormat::Span:
        return formatSpan(value.toLongLong());
    }
    return {};
}

void CellDelegate::paint(
    QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& theme = Theme::current();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    if (selected)
        painter->fillRect(option.rect, theme.selection);
    else if (option.state.testFlag(QStyle::State_MouseOver))
        painter->fillRect(option.rect, theme.alternate);
    const CellFormat format = formatOf(index);
    const bool enabled = option.state.testFlag(QStyle::State_Enabled) && !m_dimmed;
    const Tone tone = toneOf(index);
    const QColor ink = enabled ? theme.ink(tone) : theme.faint;
    QRect room = option.rect.adjusted(padding, 0, -padding, 0);
    const QString icon = index.data(IconNameRole).toString();
    if (!icon.isEmpty()) {
        paintIcon(*painter,
            QRectF(room.left(), room.center().y() - iconSide / 2 + 1, iconSide, iconSide), icon,
            enabled ? theme.muted : theme.faint);
        room.setLeft(room.left() + iconSide + 6);
    }
    QFont font = option.font;
    if (const QVariant own = index.data(Qt::FontRole); own.isValid())
        font = own.value<QFont>();
    painter->setFont(font);
    const QString text = textOf(index);
    if (format == CellFormat::Badge && !text.isEmpty()) {
        paintBadge(*painter, room, text, ink, enabled ? theme.fill(tone) : theme.hover);
    } else {
        if (format == CellFormat::Dot && !text.isEmpty()) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(ink);
            painter->drawEllipse(
                QRectF(room.left(), room.center().y() - dotSide / 2.0 + 1, dotSide, dotSide));
            room.setLeft(room.left() + dotSide + 7);
        }
        painter->setPen(ink);
        painter->drawText(room,
            Qt::AlignVCenter | (isNumber(format) ? Qt::AlignRight : Qt::AlignLeft)
                | Qt::TextSingleLine,
            painter->fontMetrics().elidedText(text, Qt::ElideRight, room.width()));
    }
    painter->restore();
}

QSize CellDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const QFontMetrics metrics(option.font);
    int width = metrics.horizontalAdvance(textOf(index)) + 2 * padding;
    const CellFormat format = formatOf(index);
    if (format == CellFormat::Badge)
        width += 18;
    if (format == CellFormat::Dot)
        width += dotSide + 7;
    if (!index.data(IconNameRole).toString().isEmpty())
        width += iconSide + 6;
    return {width, metrics.height() + 12};
}

bool CellDelegate::helpEvent(QHelpEvent* event, QAbstractItemView* view,
    const QStyleOptionViewItem& option, const QModelIndex& index)
{
    if (event->type() != QEvent::ToolTip || !index.isValid())
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    const CellFormat format = formatOf(index);
    QString text = textOf(index);
    if (format == CellFormat::Age && index.data().isValid())
        text = formatMoment(index.data().toLongLong());
    else if (sizeHint(option, index).width() <= view->visualRect(index).width())
        text.clear();
    // A tool tip takes markup; escaped text shows as it is.
    QToolTip::showText(event->globalPos(),
        text.isEmpty()
            ? QString()
            : QString(QStringLiteral("<span>") % text.toHtmlEscaped() % QStringLiteral("</span>")),
        view, view->visualRect(index));
    return true;
}

} // namespace gatehouse::gui
