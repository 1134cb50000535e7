// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/job.h"
#include "server/store/writerstats.h"

#include <QString>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace gatehouse::store {

struct ThreadOptions
{
    Millis busyTimeout{4'000};
    size_t maxQueued = 50'000;
    qsizetype maxQueuedBytes = 256 << 20;
    Millis groupTime{5};
    size_t maxGroupSize = 1'000;
};

/// A thread with a database connection of its own and a bounded queue of jobs. stop() runs what is
/// queued and joins; the destructor does so too. Finished jobs go to the deliverer.
class StorageThread
{
public:
    StorageThread(QString path, Database::Access access, ThreadOptions options, Deliverer& results);
    virtual ~StorageThread();
    Q_DISABLE_COPY_MOVE(StorageThread)

    /// Opens the connection in the new thread and waits for it.
    Result<void> start();
    /// False: full or stopped; the job is still the caller's.
    bool enqueue(JobPtr& job);
    void stop();
    size_t queued() const;

protected:
    /// Runs at least one job. `next` hands out queued ones, null when there is none just now.
    virtual void work(Database& database, const std::function<JobPtr()>& next) = 0;

    const ThreadOptions m_options;
    Deliverer& m_results;

private:
    void loop(const std::function<void(Result<void>)>& opened);
    JobPtr take();

    const QString m_path;
    const Database::Access m_access;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<JobPtr> m_queue;
    qsizetype m_queuedBytes = 0;
    bool m_stopping = false;
    std::thread m_thread;
};

/// Writes in groups: what has queued up meanwhile shares one transaction, each job in a savepoint
/// of its own. Jobs are delivered only after COMMIT has returned, so what they acknowledge is on
/// disk. Storage trouble fails the whole group: none of it was kept.
class WriterThread final : public StorageThread
{
public:
    WriterThread(QString path, ThreadOptions options, Deliverer& results);
    ~WriterThread() override;

    WriterStats takeStats(); ///< from any thread
    bool isFailing(); ///< from any thread

private:
    void work(Database& database, const std::function<JobPtr()>& next) override;
    std::optional<Error> runGroup(
        Database& database, const std::function<JobPtr()>& next, std::vector<JobPtr>& group);

    std::mutex m_statsMutex;
    WriterStats m_stats; ///< guarded by m_statsMutex
};

/// Runs each job in a read transaction of its own, so that it sees one state.
class ReaderThread final : public StorageThread
{
public:
    ReaderThread(QString path, ThreadOptions options, Deliverer& results);
    ~ReaderThread() override;

private:
    void work(Database& database, const std::function<JobPtr()>& next) override;
};

} // namespace gatehouse::store
