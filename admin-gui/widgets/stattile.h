// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"
#include "admin-gui/widgets/timeseries.h"

#include <QFrame>

class QLabel;

namespace gatehouse::gui {

class Sparkline;

/// One big number with its name, a small remark and the last minutes of its series.
class StatTile final : public QFrame
{
    Q_OBJECT

public:
    explicit StatTile(QWidget* parent = nullptr);

    void setName(const QString& name);
    void setValue(const QString& value);
    void setRemark(const QString& remark, Tone tone = Tone::Dim);
    void setSeries(const TimeSeries* series, int color);
    void refresh();

Q_SIGNALS:
    void clicked();

protected:
    void mouseReleaseEvent(QMouseEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void paintRemark();

    QLabel* m_name;
    QLabel* m_value;
    QLabel* m_remark;
    Sparkline* m_line;
    Tone m_tone = Tone::Dim;
};

} // namespace gatehouse::gui
