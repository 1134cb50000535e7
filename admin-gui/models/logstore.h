// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/widgets/linesource.h"
#include "common/model/logentry.h"

#include <deque>
#include <memory>
#include <vector>

namespace gatehouse::gui {

/// Some thousand lines of the log in one piece: texts end to end as UTF-8, ids and times in rows.
/// Written by LogStore until full, then never changed, so that a worker may read it.
struct LogChunk
{
    static constexpr qint64 capacity = 4096;

    struct Row
    {
        quint64 seq;
        qint64 atMs;
        qint64 nodeId;
        qint64 taskId;
        qint64 runId;
        quint32 textStart;
        quint32 textBytes;
        quint16 category;
        model::LogLevel level;
        bool isGap; ///< a remark about missing lines; `seq` counts them
    };

    qint64 firstRow = 0;
    std::vector<Row> rows;
    QByteArray text;

    QString textOf(const Row& row) const
    {
        return QString::fromUtf8(text.constData() + row.textStart, row.textBytes);
    }
};

/// The newest lines of the live log, a million by default; the oldest fall out a chunk at a time.
/// Holes in the numbering become remarks, so that nobody takes the log for complete.
class LogStore final : public LineSource
{
    Q_OBJECT

public:
    explicit LogStore(qint64 capacity = 1'000'000, QObject* parent = nullptr);

    /// `epoch` names the server's life: its numbers do not go on from another one's.
    void reset(const std::vector<model::LogEntry>& lines, const QString& epoch);
    void append(const std::vector<model::LogEntry>& lines);
    void clear();

    qint64 firstRow() const override { return m_firstRow; }
    qint64 endRow() const override { return m_endRow; }
    LogLine line(qint64 row) const override;

    const LogChunk::Row& row(qint64 number) const;
    QString textOf(qint64 number) const;
    const QString& categoryName(quint16 category) const { return m_categories[category]; }
    size_t categoryCount() const { return m_categories.size(); }
    const std::deque<std::shared_ptr<LogChunk>>& chunks() const { return m_chunks; }
    qint64 missingLines() const { return m_missing; }

    static QChar letterOf(model::LogLevel level);
    static Tone toneOf(model::LogLevel level);

private:
    void add(const model::LogEntry& entry);
    void addGap(quint64 missing, qint64 atMs);
    LogChunk& tail();
    quint16 categoryId(const QString& name);
    const LogChunk& chunkOf(qint64 number) const;

    qint64 m_capacity;
    std::deque<std::shared_ptr<LogChunk>> m_chunks;
    qint64 m_firstRow = 0;
    qint64 m_endRow = 0;
    quint64 m_lastSeq = 0;
    qint64 m_missing = 0;
    QString m_epoch;
    std::vector<QString> m_categories;
    QHash<QString, quint16> m_categoryIds;
};

} // namespace gatehouse::gui
