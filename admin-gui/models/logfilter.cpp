// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/logfilter.h"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>

#include <algorithm>

namespace gatehouse::gui {

namespace {

constexpr qint64 searchedAtOnce = 16'384; ///< rows the GUI thread looks at in one go
constexpr size_t chunksPerJob = 16; ///< 65,536 rows, some 20 ms of a worker

} // namespace

QRegularExpression LogCriteria::pattern() const
{
    return QRegularExpression(isRegex ? text : QRegularExpression::escape(text),
        QRegularExpression::CaseInsensitiveOption | QRegularExpression::DontCaptureOption);
}

/// The criteria in a form a worker can use: no QObject, no shared state that changes.
struct LogFilter::Test
{
    model::LogLevel lowest;
    QRegularExpression pattern;
    bool hasPattern = false;
    qint64 nodeId = 0;
    qint64 taskId = 0;
    qint64 runId = 0;
    std::vector<bool> categoryMatches; ///< by category id; later categories are looked at by text

    bool operator()(const LogChunk& chunk, const LogChunk::Row& row) const
    {
        if (row.isGap)
            return true;
        if (row.level < lowest)
            return false;
        if ((nodeId != 0 && row.nodeId != nodeId) || (taskId != 0 && row.taskId != taskId)
            || (runId != 0 && row.runId != runId))
            return false;
        if (!hasPattern)
            return true;
        if (row.category < categoryMatches.size() && categoryMatches[row.category])
            return true;
        return pattern.match(chunk.textOf(row)).hasMatch();
    }
};

LogFilter::Test LogFilter::makeTest(const LogCriteria& criteria, const LogStore& store)
{
    Test test;
    test.lowest = criteria.lowest;
    LogCriteria rest = criteria;
    if (!criteria.isRegex) {
        // Words like "task:42" are about ids, what is left over is the text.
        QStringList words;
        for (const QString& word : criteria.text.split(u' ', Qt::SkipEmptyParts)) {
            const qint64 id = word.section(u':', 1).toLongLong();
            if (id > 0 && word.startsWith(QStringLiteral("task:")))
                test.taskId = id;
            else if (id > 0 && word.startsWith(QStringLiteral("node:")))
                test.nodeId = id;
            else if (id > 0 && word.startsWith(QStringLiteral("run:")))
                test.runId = id;
            else
                words.append(word);
        }
        rest.text = words.join(u' ');
    }
    test.pattern = rest.pattern();
    test.pattern.optimize();
    test.hasPattern = !rest.text.isEmpty() && test.pattern.isValid();
    // Categories are few and named once; a line then needs no more than a look into a table.
    for (size_t i = 0; test.hasPattern && i < store.categoryCount(); ++i)
        test.categoryMatches.push_back(
            test.pattern.match(store.categoryName(quint16(i))).hasMatch());
    return test;
}

LogFilter::LogFilter(LogStore* store, QObject* parent)
    : LineSource(parent), m_store(store), m_generation(std::make_shared<std::atomic<int>>(0))
{
    connect(store, &LogStore::rowsChanged, this, &LogFilter::handleStoreRows);
    connect(store, &LogStore::rowsReset, this, &LogFilter::handleStoreReset);
}

LogFilter::~LogFilter()
{
    ++*m_generation;
}

void LogFilter::setCriteria(const LogCriteria& criteria)
{
    if (criteria == m_criteria)
        return;
    m_criteria = criteria;
    restart();
}

void LogFilter::restart()
{
    ++*m_generation;
    m_categoriesKnown = m_store->categoryCount();
    m_searching = false;
    m_matches.clear();
    m_dropped = 0;
    m_searchedEnd = m_store->firstRow();
    if (m_criteria.isEmpty()) {
        m_test.reset();
        Q_EMIT rowsReset();
        Q_EMIT searchFinished();
        return;
    }
    m_test = std::make_shared<const Test>(makeTest(m_criteria, *m_store));
    Q_EMIT rowsReset();
    searchNext();
}

/// Looks at what is left here when it is little, otherwise gives the next full chunks to a worker.
void LogFilter::searchNext()
{
    const qint64 left = m_store->endRow() - m_searchedEnd;
    if (left <= searchedAtOnce) {
        searchHere(m_store->endRow());
        m_searching = false;
        Q_EMIT rowsChanged();
        Q_EMIT searchFinished();
        return;
    }
    m_searching = true;
    std::vector<std::shared_ptr<const LogChunk>> chunks;
    for (const auto& chunk : m_store->chunks()) {
        const bool isFull = qint64(chunk->rows.size()) == LogChunk::capacity;
        if (isFull && chunk->firstRow + LogChunk::capacity > m_searchedEnd)
            chunks.push_back(chunk);
        if (chunks.size() == chunksPerJob)
            break;
    }
    QThreadPool::globalInstance()->start(
        [chunks = std::move(chunks), test = m_test, from = m_searchedEnd, generation = m_generation,
            mine = m_generation->load(), self = QPointer<LogFilter>(this)] {
            std::vector<qint64> rows;
            qint64 end = from;
            for (const auto& chunk : chunks) {
                if (*generation != mine)
                    return;
                for (size_t i = 0; i < chunk->rows.size(); ++i) {
                    const qint64 number = chunk->firstRow + qint64(i);
                    if (number >= from && (*test)(*chunk, chunk->rows[i]))
                        rows.push_back(number);
                }
                end = chunk->firstRow + qint64(chunk->rows.size());
            }
            // The application object outlives every filter; only its thread looks at `self`.
            QMetaObject::invokeMethod(
                QCoreApplication::instance(),
                [self, generation, mine, end, rows = std::move(rows)]() mutable {
                    if (self && *generation == mine)
                        self->takeMatches(std::move(rows), end);
                },
                Qt::QueuedConnection);
        });
}

void LogFilter::takeMatches(std::vector<qint64> rows, qint64 searchedEnd)
{
    m_matches.insert(m_matches.end(), rows.begin(), rows.end());
    m_searchedEnd = std::max(searchedEnd, m_store->firstRow());
    dropOld();
    Q_EMIT rowsChanged();
    searchNext();
}

void LogFilter::searchHere(qint64 end)
{
    for (const auto& chunk : m_store->chunks()) {
        const qint64 chunkEnd = chunk->firstRow + qint64(chunk->rows.size());
        for (qint64 number = std::max(m_searchedEnd, chunk->firstRow);
             number < std::min(chunkEnd, end); ++number) {
            if ((*m_test)(*chunk, chunk->rows[size_t(number - chunk->firstRow)]))
                m_matches.push_back(number);
        }
    }
    m_searchedEnd = end;
    dropOld();
}

void LogFilter::dropOld()
{
    while (!m_matches.empty() && m_matches.front() < m_store->firstRow()) {
        m_matches.pop_front();
        ++m_dropped;
    }
}

void LogFilter::handleStoreRows()
{
    if (!m_test) {
        Q_EMIT rowsChanged();
        return;
    }
    if (m_searching)
        return; // the search gets there
    if (m_store->categoryCount() != m_categoriesKnown) { // rare: a name seen for the first time
        m_categoriesKnown = m_store->categoryCount();
        m_test = std::make_shared<const Test>(makeTest(m_criteria, *m_store));
    }
    m_searchedEnd = std::max(m_searchedEnd, m_store->firstRow());
    searchNext();
}

void LogFilter::handleStoreReset()
{
    restart();
}

qint64 LogFilter::firstRow() const
{
    return m_test ? m_dropped : m_store->firstRow();
}

qint64 LogFilter::endRow() const
{
    return m_test ? m_dropped + qint64(m_matches.size()) : m_store->endRow();
}

LogLine LogFilter::line(qint64 row) const
{
    const qint64 number = m_test ? m_matches[size_t(row - m_dropped)] : row;
    // Between a chunk falling out and the matches following, a row may be gone already.
    return number >= m_store->firstRow() ? m_store->line(number) : LogLine();
}

} // namespace gatehouse::gui
