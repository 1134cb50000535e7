// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QHeaderView>

namespace gatehouse::gui {

/// The headings of a table: titles that are too long end in an ellipsis, and the arrow of the
/// sorted column stands beside its title on the side away from the numbers, so that a narrow column
/// keeps both readable.
class ColumnHeader final : public QHeaderView
{
    Q_OBJECT

public:
    explicit ColumnHeader(QWidget* parent = nullptr);

    /// What a column needs to show its title and the arrow in full.
    int fullWidth(int section) const;

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override;

private:
    QString title(int section) const;
    QFont titleFont() const;
};

} // namespace gatehouse::gui
