// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/logstore.h"

#include "admin-gui/widgets/format.h"

namespace gatehouse::gui {

namespace {

constexpr qsizetype longestLine
    = 16'384; ///< characters; a ring bounded in lines only is not bounded
constexpr size_t mostCategories = 4096; ///< category names come from the server: bounded

} // namespace

LogStore::LogStore(qint64 capacity, QObject* parent) : LineSource(parent), m_capacity(capacity) { }

void LogStore::reset(const std::vector<model::LogEntry>& lines, const QString& epoch)
{
    if (epoch != m_epoch) {
        if (m_lastSeq > 0)
            addGap(0, lines.empty() ? row(m_endRow - 1).atMs : lines.front().atMs);
        m_lastSeq = 0;
        m_epoch = epoch;
    }
    append(lines); // skips what is known already
}

void LogStore::append(const std::vector<model::LogEntry>& lines)
{
    const qint64 endBefore = m_endRow;
    for (const model::LogEntry& entry : lines) {
        if (entry.seq <= m_lastSeq)
            continue;
        if (m_lastSeq > 0 && entry.seq > m_lastSeq + 1)
            addGap(entry.seq - m_lastSeq - 1, entry.atMs);
        add(entry);
        m_lastSeq = entry.seq;
    }
    while (m_endRow - m_firstRow > m_capacity && m_chunks.size() > 1) {
        m_chunks.pop_front();
        m_firstRow = m_chunks.front()->firstRow;
    }
    if (m_endRow != endBefore)
        Q_EMIT rowsChanged();
}

void LogStore::clear()
{
    m_chunks.clear();
    m_firstRow = m_endRow;
    m_missing = 0;
    m_lastSeq = 0;
    m_epoch.clear();
    Q_EMIT rowsReset();
}

LogChunk& LogStore::tail()
{
    if (m_chunks.empty() || qint64(m_chunks.back()->rows.size()) == LogChunk::capacity) {
        auto chunk = std::make_shared<LogChunk>();
        chunk->firstRow = m_endRow;
        chunk->rows.reserve(size_t(LogChunk::capacity));
        m_chunks.push_back(std::move(chunk));
    }
    return *m_chunks.back();
}

void LogStore::add(const model::LogEntry& entry)
{
    LogChunk& chunk = tail();
    QByteArray text = entry.text.left(longestLine).toUtf8();
    if (entry.text.size() > longestLine)
        text += "\u2026";
    chunk.rows.push_back(
        {entry.seq, entry.atMs, entry.nodeId, entry.taskId, entry.runId, quint32(chunk.text.size()),
            quint32(text.size()), categoryId(entry.category), entry.level, false});
    chunk.text += text;
    ++m_endRow;
}

void LogStore::addGap(quint64 missing, qint64 atMs)
{
    LogChunk& chunk = tail();
    chunk.rows.push_back(
        {missing, atMs, 0, 0, 0, quint32(chunk.text.size()), 0, 0, model::LogLevel::Info, true});
    m_missing += qint64(missing);
    ++m_endRow;
}

quint16 LogStore::categoryId(const QString& name)
{
    const auto found = m_categoryIds.constFind(name);
    if (found != m_categoryIds.constEnd())
        return *found;
    if (m_categories.size() >= mostCategories)
        return 0;
    const auto id = quint16(m_categories.size());
    m_categories.push_back(name);
    m_categoryIds.insert(name, id);
    return id;
}

const LogChunk& LogStore::chunkOf(qint64 number) const
{
    // Every chunk but the last is full.
    return *m_chunks[size_t((number - m_firstRow) / LogChunk::capacity)];
}

const LogChunk::Row& LogStore::row(qint64 number) const
{
    const LogChunk& chunk = chunkOf(number);
    return chunk.rows[size_t(number - chunk.firstRow)];
}

QString LogStore::textOf(qint64 number) const
{
    return chunkOf(number).textOf(row(number));
}

LogLine LogStore::line(qint64 number) const
{
    const LogChunk::Row& source = row(number);
    LogLine line;
    line.atMs = source.atMs;
    line.isMarker = source.isGap;
    if (source.isGap) {
        line.text = source.seq > 0 ? tr("%n line(s) missing here", nullptr, int(source.seq))
                                   : tr("The server was restarted");
        return line;
    }
    line.tone = toneOf(source.level);
    line.letter = letterOf(source.level);
    line.category = categoryName(source.category);
    if (line.category.startsWith(QStringLiteral("gh.")))
        line.category.remove(0, 3);
    line.text = textOf(number);
    return line;
}

QChar LogStore::letterOf(model::LogLevel level)
{
    static constexpr char16_t letters[] = {u'D', u'I', u'W', u'E', u'C'};
    return QChar(letters[size_t(level)]);
}

Tone LogStore::toneOf(model::LogLevel level)
{
    static constexpr Tone tones[] = {Tone::Dim, Tone::Neutral, Tone::Warning, Tone::Bad, Tone::Bad};
    return tones[size_t(level)];
}

} // namespace gatehouse::gui
