// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/job.h"
#include "server/store/writerstats.h"

#include <QString>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace gatehouse::store {

struct ThreadOptions
{
    Millis busyTimeout{4'000};
    Millis firstRetry{100}; ///< after a database server went away; doubles up to longestRetry
    Millis longestRetry{5'000};
    Millis fileRetry{200}; ///< a file that could not be opened anew
    Millis idleProbe{1'000}; ///< a server nobody asks anything is asked this often if it lives
    size_t maxQueued = 50'000;
    qsizetype maxQueuedBytes = 256 << 20;
    Millis groupTime{5};
    size_t maxGroupSize = 1'000;
    Millis stuckAfter{5'000}; ///< longer under way is as good as failing
};

/// A thread with a database connection of its own and a bounded queue of jobs. stop() runs what is
/// queued and joins; the destructor does so too. Finished jobs go to the deliverer. When a database
/// server goes away, jobs fail at once with Unavailable until it is back; the thread keeps trying.
/// A file is opened anew after any trouble with it: what SQLite holds in memory of it after a
/// failed write or flush is not to be trusted. What the kernel holds cannot be made to go: pages it
/// could not flush may be clean to it, and are read again from there. A file that has left its
/// place is waited for, never made.
class StorageThread
{
public:
    StorageThread(Place place, Database::Access access, ThreadOptions options, Deliverer& results);
    virtual ~StorageThread();
    Q_DISABLE_COPY_MOVE(StorageThread)

    /// Opens the connection in the new thread and waits for it.
    Result<void> start();
    /// False: full or stopped; the job is still the caller's.
    bool enqueue(JobPtr& job);
    void stop();
    size_t queued() const;
    /// What the thread does just now has gone on for too long: the database does not answer.
    bool isStuck() const; ///< any thread

protected:
    enum class Health : quint8 { Good, Trouble }; ///< Trouble: with the storage, not with a job

    /// Runs at least one job. `next` hands out queued ones, null when there is none just now.
    virtual Health work(Database& database, const std::function<JobPtr()>& next) = 0;
    virtual void connectionChanged(Health) { } ///< in the storage thread
    bool isRemote() const { return m_place.isRemote(); }

    const ThreadOptions m_options;
    Deliverer& m_results;

private:
    enum class Wake : quint8 { Job, Time, Stop };
    using Moment = std::chrono::steady_clock::time_point;

    void loop(const std::function<void(Result<void>)>& opened);
    Wake waitUntil(Moment moment);
    void serve(Wake wake, const std::function<JobPtr()>& next);
    std::optional<Error> connect();
    void reconnect();
    void lose();
    void reopen();
    void refuseQueued();
    JobPtr take();

    const Place m_place;
    const Database::Access m_access;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<JobPtr> m_queue;
    qsizetype m_queuedBytes = 0;
    bool m_stopping = false;
    std::atomic<Moment> m_busySince{Moment{}}; ///< the zero moment: waits for a job
    std::thread m_thread;
    // Of the storage thread alone.
    std::unique_ptr<Database> m_database; ///< null while it cannot be had
    Error m_trouble; ///< why
    Moment m_nextTry{};
    Millis m_retryDelay{};
};

/// Writes in groups: what has queued up meanwhile shares one transaction, each job in a savepoint
/// of its own. Jobs are delivered only after COMMIT has returned, so what they acknowledge is on
/// disk. Storage trouble fails the whole group: none of it was kept.
class WriterThread final : public StorageThread
{
public:
    WriterThread(Place place, ThreadOptions options, Deliverer& results);
    ~WriterThread() override;

    WriterStats takeStats(); ///< from any thread
    bool isFailing(); ///< or stuck; from any thread

private:
    Health work(Database& database, const std::function<JobPtr()>& next) override;
    void connectionChanged(Health health) override;
    std::optional<Error> runGroup(
        Database& database, const std::function<JobPtr()>& next, std::vector<JobPtr>& group);

    std::mutex m_statsMutex;
    WriterStats m_stats; ///< guarded by m_statsMutex
};

/// Runs each job in a read transaction of its own, so that it sees one state.
class ReaderThread final : public StorageThread
{
public:
    ReaderThread(Place place, ThreadOptions options, Deliverer& results);
    ~ReaderThread() override;

private:
    Health work(Database& database, const std::function<JobPtr()>& next) override;
};

} // namespace gatehouse::store
