// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/store/writerstats.h"
#include "server/work/journal.h"

#include <QObject>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace gatehouse::store {

enum class JobOutcome : quint8 { Done, Refused, Broken };

/// One journal call on its way through a storage thread and back. run() in that thread, complete()
/// in the thread of the caller.
class Job
{
public:
    virtual ~Job() = default;
    virtual JobOutcome run(Database& database) = 0;
    virtual void fail(const Error& error) = 0; ///< overrides what run() made
    virtual Error error() const = 0; ///< why run() was not Done
    virtual void complete() = 0;

    qsizetype bytes = 0; ///< what it holds on to while it waits, roughly
};
using JobPtr = std::unique_ptr<Job>;

template <class T>
class TypedJob final : public Job
{
public:
    using Work = std::function<T(Database&)>;

    TypedJob(Work work, work::Completion<T> done)
        : m_work(std::move(work)), m_done(std::move(done)),
          m_result(failure(ErrorCode::Internal, QStringLiteral("not run")))
    {
    }

    JobOutcome run(Database& database) override
    {
        try {
            if constexpr (std::is_void_v<T>) {
                m_work(database);
                m_result = {};
            } else {
                m_result = m_work(database);
            }
            return JobOutcome::Done;
        } catch (const Failure& failed) {
            m_result = tl::unexpected(failed.error);
            return failed.kind == Failure::Kind::Refused ? JobOutcome::Refused : JobOutcome::Broken;
        }
    }

    void fail(const Error& error) override { m_result = tl::unexpected(error); }
    Error error() const override { return m_result.error(); }

    void complete() override
    {
        if (m_done)
            m_done(std::move(m_result));
    }

private:
    Work m_work;
    work::Completion<T> m_done;
    Result<T> m_result;
};

/// Brings finished jobs back to the thread it was made in, in order: one posted event however many
/// finished. When they are many, what else waits in that thread's loop has its turn every
/// `turnTime`; a single completion that takes longer is the caller's.
class Deliverer final : public QObject
{
    Q_OBJECT

public:
    static constexpr std::chrono::milliseconds turnTime{2};

    void deliver(std::vector<JobPtr> jobs); ///< any thread
    // Own thread:
    void deliverAll(); ///< those there are when it is called, at once
    bool hasFinished() const;
    /// Each turn since the last asking; the first ones when nobody asks.
    std::vector<LoopTurn> takeTurns();

private:
    void deliverSome();
    void fetch();
    void post(); ///< with m_mutex held

    mutable std::mutex m_mutex;
    std::vector<JobPtr> m_finished; ///< guarded by m_mutex
    bool m_isPosted = false; ///< guarded by m_mutex
    // Of its own thread alone.
    std::deque<JobPtr> m_ready;
    std::vector<LoopTurn> m_turns;
};

} // namespace gatehouse::store
