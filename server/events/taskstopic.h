// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/keyedtopic.h"
#include "server/work/taskservice.h"

#include <QHash>

#include <memory>

namespace gatehouse::work {
class Directory;
class Journal;
} // namespace gatehouse::work

namespace gatehouse::events {

/// `tasks`: the newest tasks with their runs, newest first. They are in the database, so snapshots
/// and changed items are read from the journal; a change is told when its item has been read.
class TasksTopic final : public KeyedTopic, private work::TaskObserver
{
public:
    TasksTopic(work::TaskService& tasks, work::Journal& journal, const work::Directory& directory,
        int maxInSnapshot);

    QLatin1StringView name() const override { return QLatin1StringView("tasks"); }
    void start() override;
    void stop() override;
    std::unique_ptr<SnapshotReader> read(const QJsonObject& options) override;
    std::optional<ChangeSet> takeChanges(PageBounds bounds) override;
    void prepare(Millis monotonicNow) override;
    std::vector<QString> keys() const override { return {}; } // see read()
    std::optional<QByteArray> item(const QString& key) override;

    QByteArray itemOf(const work::TaskRecord& record) const;

private:
    void taskCreated(const work::TaskRecord& record) override;
    void runChanged(const work::RunChange& change) override;
    void fetch(TaskId id);

    work::TaskService& m_tasks;
    work::Journal& m_journal;
    const work::Directory& m_directory;
    const int m_maxInSnapshot;
    QSet<TaskId> m_stale; ///< changed, to be read
    QSet<TaskId> m_reading;
    QHash<QString, QByteArray> m_ready; ///< read, to be told
    std::shared_ptr<bool> m_alive; ///< of this stretch between start() and stop()
};

} // namespace gatehouse::events
