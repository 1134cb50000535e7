// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/logstore.h"

#include <QRegularExpression>

#include <atomic>

namespace gatehouse::gui {

/// Which lines to show. Empty: all.
struct LogCriteria
{
    model::LogLevel lowest = model::LogLevel::Debug;
    QString text; ///< case does not matter
    bool isRegex = false;

    bool isEmpty() const { return lowest == model::LogLevel::Debug && text.isEmpty(); }
    /// Compiled; escaped when it is not a regex. Invalid for a broken regex.
    QRegularExpression pattern() const;
    friend bool operator==(const LogCriteria&, const LogCriteria&) = default;
};

/// The lines of a LogStore that meet the criteria. Old lines are searched on a worker thread, a
/// chunk at a time and in order; new lines as they come. A text is looked for in the category and
/// in the text; "task:42", "node:3" and "run:7" look at the line's ids.
class LogFilter final : public LineSource
{
    Q_OBJECT

public:
    explicit LogFilter(LogStore* store, QObject* parent = nullptr); ///< not owned
    ~LogFilter() override;

    void setCriteria(const LogCriteria& criteria);
    const LogCriteria& criteria() const { return m_criteria; }
    bool isSearching() const { return m_searching; }
    qint64 matchCount() const { return endRow() - firstRow(); }

    qint64 firstRow() const override;
    qint64 endRow() const override;
    LogLine line(qint64 row) const override;

Q_SIGNALS:
    void searchFinished();

private:
    struct Test;

    void handleStoreRows();
    void handleStoreReset();
    void restart();
    void searchNext();
    void takeMatches(std::vector<qint64> rows, qint64 searchedEnd);
    void searchHere(qint64 end);
    void dropOld();
    static Test makeTest(const LogCriteria& criteria, const LogStore& store);

    LogStore* m_store;
    LogCriteria m_criteria;
    std::shared_ptr<const Test> m_test;
    std::deque<qint64> m_matches; ///< row numbers of the store
    qint64 m_dropped = 0; ///< matches that fell out in front
    qint64 m_searchedEnd = 0; ///< rows of the store before this were looked at
    size_t m_categoriesKnown = 0; ///< of the store, when m_test was made
    bool m_searching = false;
    std::shared_ptr<std::atomic<int>> m_generation; ///< outlives us in a running worker
};

} // namespace gatehouse::gui
