// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QFrame>

#include <vector>

namespace gatehouse::gui {

/// A card with a heading and a short list: name, value and, where it says something, a bar.
class RankList final : public QFrame
{
    Q_OBJECT

public:
    struct Row
    {
        QString icon;
        QString text;
        QString value;
        double share = -1; ///< 0 to 1; negative: no bar
        Tone tone = Tone::Neutral; ///< of the value
        QString key;
        friend bool operator==(const Row&, const Row&) = default;
    };

    explicit RankList(QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void setEmptyText(const QString& text);
    void setRows(std::vector<Row> rows);
    void setPlaces(int rows); ///< room is kept for that many
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {180, sizeHint().height()}; }

Q_SIGNALS:
    void rowClicked(const QString& key);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    int rowHeight() const;
    int headHeight() const;

    QString m_title;
    QString m_emptyText;
    std::vector<Row> m_rows;
    int m_places = 5;
};

} // namespace gatehouse::gui
