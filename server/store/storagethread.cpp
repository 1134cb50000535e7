// SPDX-License-Identifier: Apache-2.0
#include "server/store/storagethread.h"

#include "server/observe/log.h"

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
    Place place, Database::Access access, ThreadOptions options, Deliverer& results)
    : m_options(options), m_results(results), m_place(std::move(place)), m_access(access)
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
    if (const std::optional<Error> trouble = connect()) {
        opened(tl::unexpected(*trouble));
        return;
    }
    opened({});
    const std::function<JobPtr()> next = [this] { return take(); };
    while (true) {
        const Wake wake = waitUntil(
            m_database ? std::chrono::steady_clock::now() + m_options.idleProbe : m_nextTry);
        if (wake == Wake::Stop)
            break;
        m_busySince = std::chrono::steady_clock::now();
        serve(wake, next);
        m_busySince = Moment{};
    }
    m_database.reset();
}

void StorageThread::serve(Wake wake, const std::function<JobPtr()>& next)
{
    const bool isDue = std::chrono::steady_clock::now() >= m_nextTry;
    if (!m_database && (isDue || !m_place.isRemote())) // trying a file costs little
        reconnect();
    if (!m_database) {
        refuseQueued();
        return;
    }
    if (wake == Wake::Job ? work(*m_database, next) == Health::Good : !m_place.isRemote())
        return;
    if (!m_place.isRemote())
        reopen();
    else if (!m_database->isAlive())
        lose();
}

bool StorageThread::isStuck() const
{
    const Moment since = m_busySince;
    return since != Moment{} && std::chrono::steady_clock::now() - since > m_options.stuckAfter;
}

/// Waits for a job; for a server, or a file that is to be opened, not longer than until `moment`.
StorageThread::Wake StorageThread::waitUntil(Moment moment)
{
    std::unique_lock lock(m_mutex);
    const auto isDue = [this] { return m_stopping || !m_queue.empty(); };
    if (!m_place.isRemote() && m_database)
        m_wake.wait(lock, isDue);
    else if (!m_wake.wait_until(lock, moment, isDue))
        return Wake::Time;
    return m_queue.empty() ? Wake::Stop : Wake::Job;
}

std::optional<Error> StorageThread::connect()
{
    return attempt([this] {
        m_database = std::make_unique<Database>(m_place, m_access, m_options.busyTimeout);
    });
}

void StorageThread::reconnect()
{
    if (const std::optional<Error> trouble = connect()) {
        m_trouble = *trouble;
        m_retryDelay = m_place.isRemote() ? std::min(m_retryDelay * 2, m_options.longestRetry)
                                          : m_options.fileRetry;
        m_nextTry = std::chrono::steady_clock::now() + m_retryDelay;
        return;
    }
    connectionChanged(Health::Good);
}

void StorageThread::lose()
{
    m_database.reset();
    m_trouble = {ErrorCode::Unavailable, u"the database server is away"_s};
    m_retryDelay = m_options.firstRetry;
    m_nextTry = std::chrono::steady_clock::now();
    connectionChanged(Health::Trouble);
}

void StorageThread::reopen()
{
    m_database.reset();
    if (const std::optional<Error> trouble = connect()) {
        m_trouble = *trouble;
        m_nextTry = std::chrono::steady_clock::now() + m_options.fileRetry;
        connectionChanged(Health::Trouble);
    }
}

void StorageThread::refuseQueued()
{
    std::vector<JobPtr> refused;
    while (JobPtr job = take()) {
        job->fail({ErrorCode::Unavailable, u"storage: "_s + m_trouble.detail});
        refused.push_back(std::move(job));
    }
    m_results.deliver(std::move(refused));
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

WriterThread::WriterThread(Place place, ThreadOptions options, Deliverer& results)
    : StorageThread(std::move(place), Database::Access::Write, options, results)
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
    if (isStuck())
        return true;
    const std::lock_guard lock(m_statsMutex);
    return m_stats.isFailing;
}

StorageThread::Health WriterThread::work(Database& database, const std::function<JobPtr()>& next)
{
    std::vector<JobPtr> group;
    const auto began = std::chrono::steady_clock::now();
    const std::optional<Error> trouble = runGroup(database, next, group);
    if (trouble) {
        database.rollBack();
        for (const JobPtr& job : group)
            job->fail(*trouble);
    }
    {
        const std::lock_guard lock(m_statsMutex);
        m_stats.isFailing = trouble.has_value();
        if (trouble) {
            m_stats.errors += group.size();
        } else {
            ++m_stats.commits;
            m_stats.writes += group.size();
            if (m_stats.commitTimes.size() < maxCommitTimes)
                m_stats.commitTimes.push_back(std::chrono::steady_clock::now() - began);
        }
    }
    m_results.deliver(std::move(group));
    return trouble ? Health::Trouble : Health::Good;
}

void WriterThread::connectionChanged(Health health)
{
    const bool isFailing = health == Health::Trouble;
    const QString what = isRemote() ? u"the database server"_s : u"the database file"_s;
    if (isFailing)
        observe::log(observe::Level::Error, observe::category::db,
            what + u" is away; writes are refused until it is back"_s);
    else
        observe::log(observe::Level::Info, observe::category::db, what + u" is back"_s);
    const std::lock_guard lock(m_statsMutex);
    m_stats.isFailing = isFailing;
}

std::optional<Error> WriterThread::runGroup(
    Database& database, const std::function<JobPtr()>& next, std::vector<JobPtr>& group)
{
    group.push_back(next());
    const auto deadline = std::chrono::steady_clock::now() + m_options.groupTime;
    return attempt([&] {
        database.begin();
        while (true) {
            database.beginPart();
            const JobOutcome outcome = group.back()->run(database);
            if (outcome == JobOutcome::Broken)
                throw Failure{group.back()->error(), Failure::Kind::Broken};
            if (outcome == JobOutcome::Refused)
                database.undoPart();
            database.keepPart();
            if (group.size() >= m_options.maxGroupSize
                || std::chrono::steady_clock::now() >= deadline)
                break;
            JobPtr more = next();
            if (!more)
                break;
            group.push_back(std::move(more));
        }
        database.commit();
    });
}

ReaderThread::ReaderThread(Place place, ThreadOptions options, Deliverer& results)
    : StorageThread(std::move(place), Database::Access::Read, options, results)
{
}

ReaderThread::~ReaderThread()
{
    stop();
}

StorageThread::Health ReaderThread::work(Database& database, const std::function<JobPtr()>& next)
{
    std::vector<JobPtr> one;
    one.push_back(next());
    std::optional<JobOutcome> outcome; // none: it did not get to run
    const std::optional<Error> trouble = attempt([&] {
        database.begin();
        outcome = one.back()->run(database);
        database.commit();
    });
    if (trouble) {
        database.rollBack();
        if (outcome != JobOutcome::Broken) // what broke first is the better explanation
            one.back()->fail(*trouble);
    }
    m_results.deliver(std::move(one));
    return trouble || outcome == JobOutcome::Broken ? Health::Trouble : Health::Good;
}

} // namespace gatehouse::store
