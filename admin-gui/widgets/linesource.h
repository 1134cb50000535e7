// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/cellroles.h"

#include <QObject>
#include <QString>

namespace gatehouse::gui {

/// One row of a LogView.
struct LogLine
{
    qint64 atMs = 0;
    Tone tone = Tone::Neutral;
    QChar letter; ///< the level, so that colour is never the only sign
    QString category;
    QString text;
    bool isMarker = false; ///< not a line but a remark about the stream: something is missing
};

/// Rows for a LogView, numbered for ever: new ones are appended, old ones fall out in front, and a
/// row never changes its number. GUI thread.
class LineSource : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    virtual qint64 firstRow() const = 0;
    virtual qint64 endRow() const = 0; ///< one past the newest
    virtual LogLine line(qint64 row) const = 0;

Q_SIGNALS:
    void rowsChanged(); ///< appended or fallen out
    void rowsReset(); ///< other rows altogether: the filter changed
};

} // namespace gatehouse::gui
