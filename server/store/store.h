// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/store/adminaccounts.h"
#include "server/store/expiring.h"
#include "server/store/place.h"
#include "server/store/writerstats.h"
#include "server/work/journal.h"

#include <QString>

#include <memory>
#include <vector>

namespace gatehouse::store {

class Job;
using JobPtr = std::unique_ptr<Job>;
struct ImportData;
struct ImportReport;

struct StoreOptions
{
    Millis groupTime{5}; ///< writes that arrive this soon after the first share its commit
    int maxGroupSize = 1'000; ///< writes in one commit
    size_t maxQueuedWrites = 50'000; ///< more are refused with Unavailable
    qsizetype maxQueuedBytes = 256 << 20; ///< texts in waiting writes; beyond it the same
    size_t maxQueuedReads = 10'000; ///< more are refused with Unavailable
    /// How long SQLite waits for another process (a backup) to finish; how long PostgreSQL may take
    /// for a statement or to let go of a lock.
    Millis busyTimeout{4'000};
    QString url; ///< of a PostgreSQL database; empty: SQLite in the data directory
    Millis idempotencyLife{24 * 3'600'000}; ///< how long an idempotency key is remembered
    int maxWaitingRuns = 5'000; ///< of a collaboration, that wait for other tasks (v5)
    int dependentsAtOnce = 100; ///< runs that one write ends because what they wait for failed
    int maxWorkSessions = 1'000; ///< of a collaboration (v5)
};

/// What the server needs before it admits the first client.
struct StartState
{
    work::DirectoryContent directory;
};

/// The database of one data directory, a file in it or a PostgreSQL database by its address: a
/// writer thread that groups commits, a reader thread, each with its own connection. The directory
/// has mode 0700 and is locked against a second process. Owned by the composition root and used
/// from the thread that opened it, whose event loop delivers the completions.
class Store final : public work::Journal
{
public:
    /// Creates the directory and the schema when they are not there, migrates an older schema.
    /// Fails with one clear line: directory in use, not writable, schema of a newer version,
    /// changed migration, damaged file. Blocks; for the start of a program.
    static Result<std::unique_ptr<Store>> open(
        const QString& directory, const StoreOptions& options = {});

    /// As close(), when that has not been called.
    ~Store() override;
    Q_DISABLE_COPY_MOVE(Store)

    /// Takes no more calls, writes what is queued, calls every outstanding completion and joins
    /// the threads. Blocks. Calling it twice is harmless.
    void close();

    /// Lets `gatehouse import` write beside this process, which reads again at SIGHUP.
    void announceServer();

    /// Reads the directory. Blocks; for the start of a program.
    Result<StartState> loadStartState();

    /// Writes a checked import in one transaction: everything or nothing.
    void applyImport(ImportData data, work::Completion<ImportReport> done);

    /// One batch of what is older than `before` (see expiring.h).
    void removeExpired(
        Expiring kind, Millis before, qint64 after, int batch, work::Completion<Swept> done);

    /// A job of another part of this room, like any call below.
    void submitRead(JobPtr job);
    void submitWrite(JobPtr job);

    QString directory() const;
    const Place& place() const;
    /// Writes that wait for their commit, for /metrics.
    qsizetype queuedWrites() const;
    bool isFailing() const; ///< the last transaction was not kept (disk full, …) or one hangs
    quint64 reads() const; ///< asked for since the start, for /metrics
    quint64 refusedWaitingRuns() const { return m_refusedWaitingRuns; } ///< tasks, for /metrics
    quint64 refusedWorkSessions() const { return m_refusedWorkSessions; }
    /// The commit times are handed out once.
    WriterStats takeWriterStats();
    /// What completions did to the thread's loop, since the last asking.
    std::vector<LoopTurn> takeTurns();

    void createTask(work::NewTask task, work::Completion<work::CreatedTask> done) override;
    void updateRun(
        RunId run, work::RunPatch patch, work::Completion<work::RunUpdate> done) override;
    void killTask(work::KillRequest request, work::Completion<work::TaskKill> done) override;
    void endDependents(std::vector<work::FailedTask> failed, Millis at,
        work::Completion<work::EndedDependents> done) override;
    void confirmKills(std::vector<RunId> runs, work::Completion<void> done) override;
    void saveKilledLog(RunId run, QString log, work::Completion<void> done) override;
    void createWorkSession(
        work::WorkSession session, work::Completion<work::WorkSession> done) override;
    void removeWorkSession(WorkSessionId id, work::Completion<void> done) override;
    void appendRunLog(RunId run, QString text, work::Completion<void> done) override;
    void saveNodeConfig(NodeId node, work::NodeConfig config, work::Completion<void> done) override;
    void saveNodeSeen(NodeId node, Millis at, work::Completion<void> done) override;
    void savePublicKey(
        OrganizationId organization, QString publicKey, work::Completion<void> done) override;
    void savePasswordHash(UserId user, QByteArray hash, work::Completion<void> done) override;
    void createAdmin(work::NewAdmin admin, work::Completion<work::AdminAccount> done) override;
    void saveAdminPasswordHash(
        AdminId admin, QByteArray hash, work::Completion<void> done) override;
    /// By hand, while no server runs; beside one, changeAdminBeside() does the same.
    void changeAdmin(AdminChange change, Millis now, work::Completion<work::AdminAccount> done);
    void appendAudit(work::AuditRecord record, work::Completion<work::AuditRecord> done) override;
    void saveSetting(QString key, QByteArray value, work::Completion<void> done) override;
    void takeSetting(QString key, work::Completion<QByteArray> done) override;

    void loadDirectory(work::Completion<work::DirectoryContent> done) override;
    void openRuns(work::Completion<std::vector<work::RunRef>> done) override;
    void failedDependencies(work::Completion<std::vector<work::FailedTask>> done) override;
    void pendingKills(work::Completion<std::vector<work::RunRef>> done) override;
    void runRef(RunId run, work::Completion<work::RunRef> done) override;
    void run(RunId run, work::Completion<work::RunRecord> done) override;
    void runs(work::RunFilter filter, work::Paging paging,
        work::Completion<work::Page<work::RunRecord>> done) override;
    void task(TaskId task, work::Completion<work::TaskRecord> done) override;
    void tasks(work::TaskFilter filter, work::Paging paging,
        work::Completion<work::Page<work::TaskRecord>> done) override;
    void workSession(WorkSessionId id, work::Completion<work::WorkSession> done) override;
    void workSessions(work::WorkSessionFilter filter, work::Paging paging,
        work::Completion<work::Page<work::WorkSession>> done) override;
    void nodeConfig(NodeId node, work::Completion<work::NodeConfig> done) override;
    void audit(work::Paging paging, work::Completion<work::Page<work::AuditRecord>> done) override;
    void setting(QString key, work::Completion<QByteArray> done) override;

private:
    struct Private;
    explicit Store(std::unique_ptr<Private> parts);
    std::unique_ptr<Private> d;
    quint64 m_refusedWaitingRuns = 0;
    quint64 m_refusedWorkSessions = 0;
};

} // namespace gatehouse::store
