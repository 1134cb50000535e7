// SPDX-License-Identifier: Apache-2.0
#include "server/store/storagethread.h"

#include <chrono>
#include <future>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

/// Kept until somebody asks; where nobody does, the first ones are enough.
constexpr size_t maxCommitTimes = 10'000;

/// Runs a step that may fail as a whole.
std::optional<Error> attempt(const std::function<void()>& step)
{
    try {
        step();
        return std::nullopt;
    } catch (const Failure& failed) {
        return failed.error;
    }
}

} // namespace

StorageThread::StorageThread(
    QString path, Database::Access access, ThreadOptions options, Deliverer& results)
    : m_options(options), m_results(results), m_path(std::move(path)), m_access(access)
{
}

StorageThread::~StorageThread()
{
    Q_ASSERT(!m_thread.joinable()); // the derived class stops it while work() can still be called
}

Result<void> StorageThread::start()
{
    std::promise<Result<void>> opened;
    m_thread = std::thread([this, &opened] {
        loop([&opened](Result<void> result) { opened.set_value(std::move(result)); });
    });
    Result<void> result = opened.get_future().get();
    if (!result)
        m_thread.join();
    return result;
}

bool StorageThread::enqueue(JobPtr& job)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping || m_queue.size() >= m_options.maxQueued
            || m_queuedBytes > m_options.maxQueuedBytes)
            return false;
        m_queuedBytes += job->bytes;
        m_queue.push_back(std::move(job));
    }
    m_wake.notify_one();
    return true;
}

void StorageThread::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_one();
    if (m_thread.joinable())
        m_thread.join();
}

size_t StorageThread::queued() const
{
    const std::lock_guard lock(m_mutex);
    return m_queue.size();
}

void StorageThread::loop(const std::function<void(Result<void>)>& opened)
{
    std::unique_ptr<Database> database;
    const std::optional<Error> trouble = attempt(
        [&] { database = std::make_unique<Database>(m_path, m_access, m_options.busyTimeout); });
    if (trouble) {
        opened(tl::unexpected(*trouble));
        return;
    }
    opened({});
    const std::function<JobPtr()> next = [this] { return take(); };
    while (true) {
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stopping || !m_queue.empty(); });
            if (m_queue.empty())
                return;
        }
        work(*database, next);
    }
}

JobPtr StorageThread::take()
{
    const std::lock_guard lock(m_mutex);
    if (m_queue.empty())
        return nullptr;
    JobPtr job = std::move(m_queue.front());
    m_queue.pop_front();
    m_queuedBytes -= job->bytes;
    return job;
}

WriterThread::WriterThread(QString path, ThreadOptions options, Deliverer& results)
    : StorageThread(std::move(path), Database::Access::Write, options, results)
{
}

WriterThread::~WriterThread()
{
    stop();
}

WriterStats WriterThread::takeStats()
{
    const std::lock_guard lock(m_statsMutex);
    WriterStats stats = m_stats;
    m_stats.commitTimes.clear();
    return stats;
}

bool WriterThread::isFailing()
{
    const std::lock_guard lock(m_statsMutex);
    return m_stats.isFailing;
}

void WriterThread::work(Database& database, const std::function<JobPtr()>& next)
{
    std::vector<JobPtr> group;
    const auto began = std::chrono::steady_clock::now();
    if (const std::optional<Error> trouble = runGroup(database, next, group)) {
        database.rollBack();
        for (const JobPtr& job : group)
            job->fail(*trouble);
        const std::lock_guard lock(m_statsMutex);
        m_stats.errors += group.size();
        m_stats.isFailing = true;
    } else {
        const std::lock_guard lock(m_statsMutex);
        ++m_stats.commits;
        m_stats.isFailing = false;
        m_stats.writes += group.size();
        if (m_stats.commitTimes.size() < maxCommitTimes)
            m_stats.commitTimes.push_back(std::chrono::steady_clock::now() - began);
    }
    m_results.deliver(std::move(group));
}

std::optional<Error> WriterThread::runGroup(
    Database& database, const std::function<JobPtr()>& next, std::vector<JobPtr>& group)
{
    group.push_back(next());
    const auto deadline = std::chrono::steady_clock::now() + m_options.groupTime;
    return attempt([&] {
        database.execute(u"BEGIN IMMEDIATE"_s);
        while (true) {
            database.change(u"SAVEPOINT job"_s);
            const JobOutcome outcome = group.back()->run(database);
            if (outcome == JobOutcome::Broken)
                throw Failure{group.back()->error(), Failure::Kind::Broken};
            if (outcome == JobOutcome::Refused)
                database.change(u"ROLLBACK TO job"_s);
            database.change(u"RELEASE job"_s);
            if (group.size() >= m_options.maxGroupSize
                || std::chrono::steady_clock::now() >= deadline)
                break;
            JobPtr more = next();
            if (!more)
                break;
            group.push_back(std::move(more));
        }
        database.execute(u"COMMIT"_s);
    });
}

ReaderThread::ReaderThread(QString path, ThreadOptions options, Deliverer& results)
    : StorageThread(std::move(path), Database::Access::Read, options, results)
{
}

ReaderThread::~ReaderThread()
{
    stop();
}

void ReaderThread::work(Database& database, const std::function<JobPtr()>& next)
{
    std::vector<JobPtr> one;
    one.push_back(next());
    const std::optional<Error> trouble = attempt([&] {
        database.execute(u"BEGIN"_s);
        one.back()->run(database);
        database.execute(u"COMMIT"_s);
    });
    if (trouble) {
        database.rollBack();
        one.back()->fail(*trouble);
    }
    m_results.deliver(std::move(one));
}

} // namespace gatehouse::store
