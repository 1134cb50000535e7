// SPDX-License-Identifier: Apache-2.0
#include "server/store/store.h"

#include "server/store/databasefile.h"
#include "server/store/datadirectory.h"
#include "server/store/dependencies.h"
#include "server/store/directorysql.h"
#include "server/store/import.h"
#include "server/store/importwrite.h"
#include "server/store/migrations.h"
#include "server/store/storagethread.h"
#include "server/store/taskreads.h"
#include "server/store/taskwrites.h"
#include "server/store/worksessions.h"

#include <QFile>
#include <QThread>

#include <sys/stat.h>

#include <future>
#include <utility>

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

ThreadOptions writerOptions(const StoreOptions& options)
{
    ThreadOptions thread;
    thread.busyTimeout = options.busyTimeout;
    thread.maxQueued = options.maxQueuedWrites;
    thread.maxQueuedBytes = options.maxQueuedBytes;
    thread.groupTime = options.groupTime;
    thread.maxGroupSize = size_t(std::max(options.maxGroupSize, 1));
    return thread;
}

ThreadOptions readerOptions(const StoreOptions& options)
{
    ThreadOptions thread;
    thread.busyTimeout = options.busyTimeout;
    thread.maxQueued = options.maxQueuedReads;
    thread.maxQueuedBytes = options.maxQueuedBytes;
    return thread;
}

Result<void> prepareSchema(const Place& place, Millis busyTimeout, Database::Missing missing)
{
    try {
        Database database(place, Database::Access::Write, busyTimeout, missing);
        migrate(database, builtInMigrations(), SystemClock().wall());
        return {};
    } catch (const Failure& failed) {
        return failure(failed.error.code, place.text() + u": "_s + failed.error.detail);
    }
}

/// A file that is not there is made complete before it gets its name; what is there and is no whole
/// database is refused. Before the first connection.
Result<void> prepareFile(const Place& place, Millis busyTimeout)
{
    if (place.isRemote())
        return {};
    if (Result<void> checked = checkDatabaseFile(place.file); !checked)
        return failure(checked.error().code, place.text() + u": "_s + checked.error().detail);
    if (QFile::exists(place.file))
        return {};
    return createDatabaseFile(place.file, [busyTimeout](const QString& path) {
        return prepareSchema(Place::inFile(path), busyTimeout, Database::Missing::Create);
    });
}

/// A completion that never fires twice and a job that ran are the same thing, so a rest of
/// callbacks that keep calling after close() is cut off instead of looping for ever.
constexpr int maxClosingRounds = 100;

qsizetype bytesOf(const work::NewTask& task)
{
    qsizetype characters = task.task.name.size() + task.task.description.size();
    for (const work::NewRun& run : task.runs)
        characters += run.input.size();
    return characters * qsizetype(sizeof(QChar));
}

qsizetype bytesOf(const QString& text)
{
    return text.size() * qsizetype(sizeof(QChar));
}

qsizetype bytesOf(const std::optional<QString>& text)
{
    return text ? bytesOf(*text) : 0;
}

/// Reads the directory for who waits in another thread: whatever ends it, even without a run, is
/// answered, and from the thread it ends in.
class StartJob final : public Job
{
public:
    std::future<Result<StartState>> answer() { return m_answer.get_future(); }

    JobOutcome run(Database& database) override
    {
        try {
            settle(StartState{readDirectory(database)});
            return JobOutcome::Done;
        } catch (const Failure& failed) {
            fail(failed.error);
            return JobOutcome::Broken;
        }
    }
    void fail(const Error& error) override
    {
        m_error = error;
        settle(tl::unexpected(error));
    }
    Error error() const override { return m_error; }
    void complete() override { }

private:
    void settle(Result<StartState> result)
    {
        if (!std::exchange(m_isSettled, true)) // a read that ended badly after it was read is fine
            m_answer.set_value(std::move(result));
    }

    std::promise<Result<StartState>> m_answer;
    Error m_error;
    bool m_isSettled = false;
};

/// Counts what was over a bound. Completions are called in the store's own thread.
template <class T>
work::Completion<T> counted(work::Completion<T> done, quint64& refusals)
{
    return [done = std::move(done), &refusals](Result<T> result) {
        if (!result && result.error().code == ErrorCode::TooLarge)
            ++refusals;
        done(std::move(result));
    };
}

void touchRow(int changed, const QString& what)
{
    if (changed == 0)
        refuse(ErrorCode::NotFound, what + u" not found"_s);
}

} // namespace

struct Store::Private
{
    Private(DataDirectory lockedDirectory, const Place& where, const StoreOptions& wanted)
        : directory(std::move(lockedDirectory)), place(where), options(wanted),
          writer(place, writerOptions(wanted), results),
          reader(place, readerOptions(wanted), results)
    {
    }

    template <class T>
    void submit(StorageThread& thread, typename TypedJob<T>::Work work, work::Completion<T> done,
        qsizetype bytes = 0)
    {
        JobPtr job = std::make_unique<TypedJob<T>>(std::move(work), std::move(done));
        job->bytes = bytes;
        enqueue(thread, std::move(job));
    }

    void enqueue(StorageThread& thread, JobPtr job)
    {
        Q_ASSERT(QThread::currentThread() == results.thread());
        if (thread.enqueue(job))
            return;
        job->fail({ErrorCode::Unavailable,
            closed ? u"the store is closed"_s : u"too many requests wait for the disk"_s});
        std::vector<JobPtr> refused;
        refused.push_back(std::move(job));
        results.deliver(std::move(refused));
    }

    template <class T>
    void write(typename TypedJob<T>::Work work, work::Completion<T> done, qsizetype bytes = 0)
    {
        submit<T>(writer, std::move(work), std::move(done), bytes);
    }

    template <class T>
    void read(typename TypedJob<T>::Work work, work::Completion<T> done)
    {
        ++reads;
        submit<T>(reader, std::move(work), std::move(done));
    }

    TaskBounds taskBounds() const
    {
        return {options.idempotencyLife, options.maxWaitingRuns, options.dependentsAtOnce};
    }

    DataDirectory directory;
    const Place place;
    StoreOptions options;
    Deliverer results;
    WriterThread writer;
    ReaderThread reader;
    bool closed = false;
    quint64 reads = 0;
};

Result<std::unique_ptr<Store>> Store::open(const QString& directory, const StoreOptions& options)
{
    Result<DataDirectory> locked = DataDirectory::lock(directory);
    if (!locked)
        return tl::unexpected(locked.error());
    const Result<Place> place = options.url.isEmpty() ? Place::inFile(locked->databasePath())
                                                      : Place::fromUrl(options.url);
    if (!place)
        return failure(place.error().code, u"storage.url: "_s + place.error().detail);
    const mode_t oldMask = ::umask(0077); // the file and its -wal and -shm are private
    Result<void> schema = prepareFile(*place, options.busyTimeout);
    if (schema)
        schema = prepareSchema(*place, options.busyTimeout, Database::Missing::Refuse);
    ::umask(oldMask);
    if (!schema)
        return tl::unexpected(schema.error());
    auto parts = std::make_unique<Private>(std::move(*locked), *place, options);
    if (Result<void> started = parts->writer.start(); !started)
        return tl::unexpected(started.error());
    if (Result<void> started = parts->reader.start(); !started)
        return tl::unexpected(started.error());
    return std::unique_ptr<Store>(new Store(std::move(parts)));
}

Store::Store(std::unique_ptr<Private> parts) : d(std::move(parts)) { }

Store::~Store()
{
    close();
}

void Store::close()
{
    if (d->closed)
        return;
    d->closed = true;
    d->writer.stop();
    d->reader.stop();
    for (int round = 0; round < maxClosingRounds && d->results.hasFinished(); ++round)
        d->results.deliverAll();
}

void Store::announceServer()
{
    d->directory.announceServer();
}

Result<StartState> Store::loadStartState()
{
    // A completion would need our event loop, which is not running yet.
    auto job = std::make_unique<StartJob>();
    std::future<Result<StartState>> answer = job->answer();
    ++d->reads;
    d->enqueue(d->reader, std::move(job));
    return answer.get();
}

void Store::applyImport(ImportData data, work::Completion<ImportReport> done)
{
    d->write<ImportReport>(
        [data = std::move(data)](Database& database) { return writeImport(database, data); },
        std::move(done));
}

void Store::removeExpired(
    Expiring kind, Millis before, qint64 after, int batch, work::Completion<Swept> done)
{
    d->write<Swept>(
        [=](Database& database) {
            return store::removeExpired(database, kind, before, after, batch);
        },
        std::move(done));
}

void Store::submitRead(JobPtr job)
{
    ++d->reads;
    d->enqueue(d->reader, std::move(job));
}

void Store::submitWrite(JobPtr job)
{
    d->enqueue(d->writer, std::move(job));
}

QString Store::directory() const
{
    return d->directory.path();
}

const Place& Store::place() const
{
    return d->place;
}

std::vector<LoopTurn> Store::takeTurns()
{
    return d->results.takeTurns();
}

WriterStats Store::takeWriterStats()
{
    return d->writer.takeStats();
}

bool Store::isFailing() const
{
    return d->writer.isFailing();
}

quint64 Store::reads() const
{
    return d->reads;
}

qsizetype Store::queuedWrites() const
{
    return qsizetype(d->writer.queued());
}

void Store::createTask(work::NewTask task, work::Completion<work::CreatedTask> done)
{
    const qsizetype bytes = bytesOf(task);
    d->write<work::CreatedTask>(
        [task = std::move(task), bounds = d->taskBounds()](
            Database& database) { return insertTask(database, task, bounds); },
        counted(std::move(done), m_refusedWaitingRuns), bytes);
}

void Store::updateRun(RunId run, work::RunPatch patch, work::Completion<work::RunUpdate> done)
{
    const qsizetype bytes = bytesOf(patch.result) + bytesOf(patch.log);
    d->write<work::RunUpdate>(
        [run, patch = std::move(patch), bounds = d->taskBounds()](
            Database& database) { return store::updateRun(database, run, patch, bounds); },
        std::move(done), bytes);
}

void Store::killTask(work::KillRequest request, work::Completion<work::TaskKill> done)
{
    d->write<work::TaskKill>(
        [request = std::move(request), bounds = d->taskBounds()](
            Database& database) { return store::killTask(database, request, bounds); },
        std::move(done));
}

void Store::endDependents(
    std::vector<work::FailedTask> failed, Millis at, work::Completion<work::EndedDependents> done)
{
    d->write<work::EndedDependents>(
        [failed = std::move(failed), at, bounds = d->taskBounds()](
            Database& database) { return store::endDependents(database, failed, at, bounds); },
        std::move(done));
}

void Store::confirmKills(std::vector<RunId> runs, work::Completion<void> done)
{
    d->write<void>(
        [runs = std::move(runs)](Database& database) { removePendingKills(database, runs); },
        std::move(done));
}

void Store::saveKilledLog(RunId run, QString log, work::Completion<void> done)
{
    const qsizetype bytes = bytesOf(log);
    d->write<void>([run, log = std::move(log)](
                       Database& database) { store::saveKilledLog(database, run, log); },
        std::move(done), bytes);
}

void Store::createWorkSession(work::WorkSession session, work::Completion<work::WorkSession> done)
{
    d->write<work::WorkSession>(
        [session = std::move(session), most = d->options.maxWorkSessions](
            Database& database) { return insertWorkSession(database, session, most); },
        counted(std::move(done), m_refusedWorkSessions));
}

void Store::removeWorkSession(WorkSessionId id, work::Completion<void> done)
{
    d->write<void>([id](Database& database) { deleteWorkSession(database, id); }, std::move(done));
}

void Store::appendRunLog(RunId run, QString text, work::Completion<void> done)
{
    const qsizetype bytes = bytesOf(text);
    d->write<void>(
        [run, text = std::move(text)](Database& database) { insertRunLog(database, run, text); },
        std::move(done), bytes);
}

void Store::saveNodeConfig(NodeId node, work::NodeConfig config, work::Completion<void> done)
{
    d->write<void>([node, config = std::move(config)](
                       Database& database) { writeNodeConfig(database, node, config); },
        std::move(done));
}

void Store::saveNodeSeen(NodeId node, Millis at, work::Completion<void> done)
{
    d->write<void>(
        [node, at](Database& database) {
            touchRow(database.change(u"UPDATE node SET last_seen = ? WHERE id = ?"_s, at, node),
                u"node"_s);
        },
        std::move(done));
}

void Store::savePublicKey(
    OrganizationId organization, QString publicKey, work::Completion<void> done)
{
    d->write<void>(
        [organization, publicKey = std::move(publicKey)](Database& database) {
            touchRow(database.change(u"UPDATE organization SET public_key = ? WHERE id = ?"_s,
                         publicKey, organization),
                u"organization"_s);
        },
        std::move(done));
}

void Store::savePasswordHash(UserId user, QByteArray hash, work::Completion<void> done)
{
    d->write<void>(
        [user, hash = QString::fromUtf8(hash)](Database& database) {
            touchRow(database.change(
                         u"UPDATE user_account SET password_hash = ? WHERE id = ?"_s, hash, user),
                u"user"_s);
        },
        std::move(done));
}

void Store::createAdmin(work::NewAdmin admin, work::Completion<work::AdminAccount> done)
{
    d->write<work::AdminAccount>(
        [admin = std::move(admin)](Database& database) { return insertAdmin(database, admin); },
        std::move(done));
}

void Store::saveAdminPasswordHash(AdminId admin, QByteArray hash, work::Completion<void> done)
{
    d->write<void>([admin, hash = std::move(hash)](
                       Database& database) { updateAdminPassword(database, admin, hash); },
        std::move(done));
}

void Store::changeAdmin(AdminChange change, Millis now, work::Completion<work::AdminAccount> done)
{
    d->write<work::AdminAccount>(
        [change = std::move(change), now](
            Database& database) { return writeAdminChange(database, change, now); },
        std::move(done));
}

void Store::appendAudit(work::AuditRecord record, work::Completion<work::AuditRecord> done)
{
    d->write<work::AuditRecord>(
        [record = std::move(record)](Database& database) { return insertAudit(database, record); },
        std::move(done));
}

void Store::saveSetting(QString key, QByteArray value, work::Completion<void> done)
{
    d->write<void>([key = std::move(key), value = std::move(value)](
                       Database& database) { writeSetting(database, key, value); },
        std::move(done));
}

void Store::takeSetting(QString key, work::Completion<QByteArray> done)
{
    d->write<QByteArray>(
        [key = std::move(key)](Database& database) { return store::takeSetting(database, key); },
        std::move(done));
}

void Store::loadDirectory(work::Completion<work::DirectoryContent> done)
{
    // In the writers' queue: what was written before is in it, what is written later comes later.
    d->write<work::DirectoryContent>(
        [](Database& database) { return readDirectory(database); }, std::move(done));
}

void Store::openRuns(work::Completion<std::vector<work::RunRef>> done)
{
    d->read<std::vector<work::RunRef>>(
        [](Database& database) { return readOpenRuns(database); }, std::move(done));
}

void Store::failedDependencies(work::Completion<std::vector<work::FailedTask>> done)
{
    d->read<std::vector<work::FailedTask>>(
        [](Database& database) { return readFailedDependencies(database); }, std::move(done));
}

void Store::pendingKills(work::Completion<std::vector<work::RunRef>> done)
{
    d->read<std::vector<work::RunRef>>(
        [](Database& database) { return readPendingKills(database); }, std::move(done));
}

void Store::runRef(RunId run, work::Completion<work::RunRef> done)
{
    d->read<work::RunRef>(
        [run](Database& database) { return readRunRef(database, run); }, std::move(done));
}

void Store::run(RunId run, work::Completion<work::RunRecord> done)
{
    d->read<work::RunRecord>(
        [run](Database& database) { return readRun(database, run); }, std::move(done));
}

void Store::runs(
    work::RunFilter filter, work::Paging paging, work::Completion<work::Page<work::RunRecord>> done)
{
    d->read<work::Page<work::RunRecord>>(
        [filter = std::move(filter), paging](
            Database& database) { return readRuns(database, filter, paging); },
        std::move(done));
}

void Store::task(TaskId task, work::Completion<work::TaskRecord> done)
{
    d->read<work::TaskRecord>(
        [task](Database& database) { return readTask(database, task); }, std::move(done));
}

void Store::tasks(work::TaskFilter filter, work::Paging paging,
    work::Completion<work::Page<work::TaskRecord>> done)
{
    d->read<work::Page<work::TaskRecord>>(
        [filter = std::move(filter), paging](
            Database& database) { return readTasks(database, filter, paging); },
        std::move(done));
}

void Store::workSession(WorkSessionId id, work::Completion<work::WorkSession> done)
{
    d->read<work::WorkSession>(
        [id](Database& database) { return readWorkSession(database, id); }, std::move(done));
}

void Store::workSessions(work::WorkSessionFilter filter, work::Paging paging,
    work::Completion<work::Page<work::WorkSession>> done)
{
    d->read<work::Page<work::WorkSession>>(
        [filter = std::move(filter), paging](
            Database& database) { return readWorkSessions(database, filter, paging); },
        std::move(done));
}

void Store::nodeConfig(NodeId node, work::Completion<work::NodeConfig> done)
{
    d->read<work::NodeConfig>(
        [node](Database& database) { return readNodeConfig(database, node); }, std::move(done));
}

void Store::audit(work::Paging paging, work::Completion<work::Page<work::AuditRecord>> done)
{
    d->read<work::Page<work::AuditRecord>>(
        [paging](Database& database) { return readAudit(database, paging); }, std::move(done));
}

void Store::setting(QString key, work::Completion<QByteArray> done)
{
    d->read<QByteArray>(
        [key = std::move(key)](Database& database) { return readSetting(database, key); },
        std::move(done));
}

} // namespace gatehouse::store
