// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QMetaType>
#include <QVariant>
#include <Qt>

namespace gatehouse::gui {

/// What a colour means. Never the only sign: a word or a shape says the same.
enum class Tone { Neutral, Good, Busy, Warning, Bad, Dim };

/// How CellDelegate writes the raw value of a cell.
enum class CellFormat {
    Text,
    Count, ///< a whole number, right-aligned, with group separators
    Bytes,
    Moment, ///< UTC milliseconds -> local date and time
    Age, ///< UTC milliseconds -> how long ago
    Span, ///< milliseconds -> "4 min 12 s"
    Badge, ///< text in a tinted pill
    Dot, ///< text after a coloured dot
};

/// Numbers stand at the right edge of their column, headings above them.
constexpr bool isNumber(CellFormat format)
{
    return format == CellFormat::Count || format == CellFormat::Bytes || format == CellFormat::Span
        || format == CellFormat::Age;
}

inline QVariant headerAlignment(CellFormat format)
{
    return QVariant::fromValue(
        Qt::AlignVCenter | (isNumber(format) ? Qt::AlignRight : Qt::AlignLeft));
}

/// Roles a model offers to CellDelegate and to sorting. Qt::DisplayRole holds the raw value: text,
/// or a number that CellFormat explains.
enum CellRole {
    SortRole = Qt::UserRole + 1, ///< comparable raw value
    FormatRole, ///< CellFormat
    ToneRole, ///< Tone
    KeyRole, ///< the item's key in its topic, the same for each column
    IconNameRole, ///< name of an icon in the resources
};

} // namespace gatehouse::gui

Q_DECLARE_METATYPE(gatehouse::gui::Tone)
Q_DECLARE_METATYPE(gatehouse::gui::CellFormat)
