// SPDX-License-Identifier: Apache-2.0
#include "server/work/taskservice.h"

#include <QLoggingCategory>
#include <QSet>

#include <algorithm>

namespace gatehouse::work {

namespace {

using namespace Qt::StringLiterals;

Q_LOGGING_CATEGORY(lcTask, "gh.task")

/// After the storage has refused to end runs that nothing can start any more.
constexpr Millis retryPause{1'000};

Result<void> bounded(const QString& text, qsizetype limit, const QString& what)
{
    if (text.size() > limit)
        return failure(
            ErrorCode::TooLarge, u"%1 is longer than %2 characters"_s.arg(what).arg(limit));
    return {};
}

/// The first failure of a list of checks.
Result<void> firstFailure(std::initializer_list<Result<void>> results)
{
    for (const Result<void>& result : results) {
        if (!result)
            return result;
    }
    return {};
}

bool isLogAlone(const RunPatch& patch)
{
    return patch.log && !patch.status && !patch.startedAt && !patch.finishedAt && !patch.cleanupAt
        && !patch.result && !patch.blobStorageUsed;
}

Error finished()
{
    return {ErrorCode::BadRequest, u"Cannot update an already finished algorithm run"_s};
}

} // namespace

Error notYourRun(RunId run)
{
    return {ErrorCode::Forbidden, u"Run id=%1 does not belong to this node"_s.arg(run.value)};
}

TaskService::TaskService(Journal& journal, const Directory& directory, const Presence& presence,
    const Clock& clock, TaskLimits limits)
    : m_journal(journal), m_directory(directory), m_presence(presence), m_clock(clock),
      m_limits(limits), m_pendingKills(journal, directory)
{
    m_endAgain.setSingleShot(true);
    m_endAgain.callOnTimeout(&m_endAgain, [this] { endDependents(); });
}

TaskService::~TaskService() = default;

void TaskService::addObserver(TaskObserver* observer)
{
    m_observers.add(observer);
}

void TaskService::removeObserver(TaskObserver* observer)
{
    m_observers.remove(observer);
}

void TaskService::start(Completion<void> done)
{
    m_journal.openRuns([this, done = std::move(done)](Result<std::vector<RunRef>> runs) {
        if (!runs)
            return done(tl::unexpected(runs.error()));
        for (const RunRef& run : *runs)
            open(run);
        m_pendingKills.start([this, done](const Result<void>& started) {
            if (!started)
                return done(started);
            m_journal.failedDependencies([this, done](Result<std::vector<FailedTask>> failed) {
                if (!failed)
                    return done(tl::unexpected(failed.error()));
                m_failed = *std::move(failed);
                endDependents();
                done({});
            });
        });
    });
}

void TaskService::create(TaskRequest request, Completion<CreatedTask> done)
{
    if (Result<void> checked = check(request); !checked)
        return done(tl::unexpected(checked.error()));
    if (!request.parent.isValid())
        return write(std::move(request), {}, std::move(done));
    const TaskId parent = request.parent;
    m_journal.task(parent,
        [this, request = std::move(request), done = std::move(done)](
            Result<TaskRecord> found) mutable {
            if (!found)
                return done(tl::unexpected(found.error()));
            if (found->task.collaboration != request.collaboration)
                return done(failure(
                    ErrorCode::BadRequest, u"The parent task belongs to another collaboration"_s));
            write(std::move(request), found->task.job, std::move(done));
        });
}

void TaskService::patchRun(NodeId by, RunId run, RunPatch patch, Completion<RunUpdate> done)
{
    const Result<void> sizes = firstFailure(
        {bounded(patch.result.value_or(QString()), m_limits.maxResultLength, u"result"_s),
            bounded(patch.log.value_or(QString()), m_limits.maxLogLength, u"log"_s)});
    if (!sizes)
        return done(tl::unexpected(sizes.error()));
    if (const auto known = m_open.constFind(run); known != m_open.constEnd()) {
        if (!belongsTo(known->ref, by))
            return done(tl::unexpected(notYourRun(run)));
        return writePatch(run, std::move(patch), std::move(done));
    }
    findRun(run, [this, by, run, patch, done = std::move(done)](Result<RunRef> found) {
        if (!found)
            return done(tl::unexpected(found.error()));
        if (!belongsTo(*found, by))
            return done(tl::unexpected(notYourRun(run)));
        if (found->status == RunStatus::Killed && isLogAlone(patch))
            return takeKilledLog(*found, *patch.log, done);
        heardOf(*found, patch.status);
        done(tl::unexpected(finished()));
    });
}

/// A node sends it after it has ended the run: it knows of the kill.
void TaskService::takeKilledLog(
    const RunRef& run, const QString& log, const Completion<RunUpdate>& done)
{
    m_pendingKills.confirm({run.run});
    m_journal.saveKilledLog(run.run, log, [run, done](const Result<void>& saved) {
        if (!saved)
            return done(tl::unexpected(saved.error()));
        RunUpdate update;
        update.change.run = run;
        update.change.before = run.status;
        done(std::move(update));
    });
}

void TaskService::kill(
    TaskId task, Completion<TaskKill> done, std::optional<IdempotencyKey> idempotency)
{
    m_journal.killTask({task, m_clock.wall(), std::move(idempotency)},
        [this, done = std::move(done)](Result<TaskKill> killed) {
            if (killed && !killed->repeated) {
                for (const RunChange& change : killed->runs) {
                    m_pendingKills.add(change.run);
                    apply(change);
                }
                tell([&](TaskObserver& observer) { observer.runsKilled(*killed); });
                take(killed->dependents);
            }
            done(std::move(killed));
        });
}

void TaskService::heardOf(const RunRef& run, std::optional<RunStatus> status)
{
    if (!m_pendingKills.contains(run.run))
        return;
    if (status && hasFinished(*status))
        m_pendingKills.confirm({run.run});
    else
        tell([&](TaskObserver& observer) { observer.killedRunGoesOn(run); });
}

Result<void> TaskService::appendLog(NodeId by, RunId run, const QString& text)
{
    const RunRef* known = knownRun(run);
    if (!known)
        return failure(ErrorCode::NotFound, u"Run id=%1 is not open"_s.arg(run.value));
    if (!belongsTo(*known, by))
        return tl::unexpected(notYourRun(run));
    const RunRef ref = *known;
    const auto kept = m_open.find(run);
    if (kept != m_open.end() && kept->logLength + text.size() <= m_limits.maxLiveLogLength) {
        kept->logLength += text.size();
        m_journal.appendRunLog(run, text, [this](Result<void> written) {
            if (!written && !m_logWritesFail)
                qCWarning(lcTask, "live log lines are not kept: %ls",
                    qUtf16Printable(written.error().detail));
            m_logWritesFail = !written;
        });
    }
    tell([&](TaskObserver& observer) { observer.runLogAppended(ref, text); });
    return {};
}

const RunRef* TaskService::knownRun(RunId run) const
{
    if (const auto found = m_open.constFind(run); found != m_open.constEnd())
        return &found->ref;
    const auto found = m_finished.constFind(run);
    return found == m_finished.constEnd() ? nullptr : &*found;
}

void TaskService::findRun(RunId run, Completion<RunRef> done)
{
    if (const RunRef* known = knownRun(run))
        return done(*known);
    m_journal.runRef(run, std::move(done));
}

NodeId TaskService::nodeOf(const RunRef& run) const
{
    const Node* node = m_directory.nodeOf(run.organization, run.collaboration);
    return node ? node->id : NodeId{};
}

qsizetype TaskService::openRunCount() const
{
    return m_open.size();
}

qsizetype TaskService::openTaskCount() const
{
    return m_openPerTask.size();
}

std::vector<RunRef> TaskService::openRunsOf(NodeId node) const
{
    std::vector<RunRef> runs;
    const Node* wanted = m_directory.node(node);
    if (!wanted)
        return runs;
    for (const OpenRun& run : m_open) {
        if (run.ref.organization == wanted->organization
            && run.ref.collaboration == wanted->collaboration)
            runs.push_back(run.ref);
    }
    std::sort(
        runs.begin(), runs.end(), [](const RunRef& a, const RunRef& b) { return a.run < b.run; });
    return runs;
}

QHash<NodeId, int> TaskService::activeRuns() const
{
    QHash<NodeId, int> counts;
    for (const OpenRun& run : m_open) {
        const RunStatus status = run.ref.status;
        if (status != RunStatus::Active && status != RunStatus::Initializing)
            continue;
        if (const NodeId node = nodeOf(run.ref); node.isValid())
            ++counts[node];
    }
    return counts;
}

Result<void> TaskService::check(const TaskRequest& request) const
{
    if (Result<void> texts = checkTexts(request); !texts)
        return texts;
    if (Result<void> members = checkMembers(request); !members)
        return members;
    return checkPolicies(request);
}

Result<void> TaskService::checkTexts(const TaskRequest& request) const
{
    if (request.image.trimmed().isEmpty())
        return failure(ErrorCode::BadRequest, u"image must not be empty"_s);
    if (request.databases.size() > m_limits.maxDatabases)
        return failure(ErrorCode::TooLarge,
            u"more than %1 databases"_s.arg(qulonglong(m_limits.maxDatabases)));
    if (request.dependsOn.size() > m_limits.maxDependencies)
        return failure(ErrorCode::TooLarge,
            u"more than %1 dependencies"_s.arg(qulonglong(m_limits.maxDependencies)));
    const Result<void> texts
        = firstFailure({bounded(request.method, m_limits.maxNameLength, u"method"_s),
            bounded(request.name, m_limits.maxNameLength, u"name"_s),
            bounded(request.description, m_limits.maxDescriptionLength, u"description"_s),
            bounded(request.image, m_limits.maxImageLength, u"image"_s)});
    if (!texts)
        return texts;
    for (const TaskDatabase& database : request.databases) {
        if (database.label.isEmpty())
            return failure(ErrorCode::BadRequest, u"a database needs a label"_s);
        if (Result<void> size = bounded(database.label + database.parameters,
                m_limits.maxDatabaseTextLength, u"database"_s);
            !size)
            return size;
    }
    for (const NewRun& run : request.organizations) {
        if (Result<void> size = bounded(run.input, m_limits.maxInputLength, u"input"_s); !size)
            return size;
    }
    return {};
}

Result<void> TaskService::checkMembers(const TaskRequest& request) const
{
    if (!m_directory.collaboration(request.collaboration))
        return failure(ErrorCode::NotFound,
            u"Collaboration id=%1 not found"_s.arg(request.collaboration.value));
    const Study* study = m_directory.study(request.study);
    if (request.study.isValid() && (!study || study->collaboration != request.collaboration))
        return failure(ErrorCode::NotFound, u"Study id=%1 not found"_s.arg(request.study.value));
    if (request.organizations.empty())
        return failure(ErrorCode::BadRequest, u"No organizations provided"_s);
    if (request.organizations.size() > m_limits.maxOrganizations)
        return failure(ErrorCode::TooLarge,
            u"more than %1 organizations"_s.arg(qulonglong(m_limits.maxOrganizations)));
    QSet<OrganizationId> seen;
    for (const NewRun& run : request.organizations) {
        const OrganizationId id = run.organization;
        if (!m_directory.isMember(id, request.collaboration))
            return failure(ErrorCode::BadRequest,
                u"Organization id=%1 is not a member of collaboration id=%2"_s.arg(id.value).arg(
                    request.collaboration.value));
        if (study && !std::binary_search(study->members.begin(), study->members.end(), id))
            return failure(ErrorCode::BadRequest,
                u"Organization id=%1 is not a member of study id=%2"_s.arg(id.value).arg(
                    request.study.value));
        if (seen.contains(id))
            return failure(
                ErrorCode::BadRequest, u"Organization id=%1 is named twice"_s.arg(id.value));
        seen.insert(id);
    }
    return {};
}

Result<void> TaskService::checkPolicies(const TaskRequest& request) const
{
    for (const NewRun& run : request.organizations) {
        const Node* node = m_directory.nodeOf(run.organization, request.collaboration);
        if (!node)
            return failure(ErrorCode::BadRequest,
                u"Organization id=%1 has no node in collaboration id=%2"_s
                    .arg(run.organization.value)
                    .arg(request.collaboration.value));
        if (!allows(node->id, request))
            return failure(ErrorCode::Forbidden,
                u"Node id=%1 does not allow tasks of this user or organization"_s.arg(
                    node->id.value));
    }
    return {};
}

/// A node that names users or organizations lets nobody else compute (vantage6's allowed_users and
/// allowed_orgs: one match in either list is enough; entries are ids or names).
bool TaskService::allows(NodeId node, const TaskRequest& request) const
{
    const User* user = m_directory.user(request.initUser);
    const Organization* organization = m_directory.organization(request.initOrganization);
    bool limited = false;
    for (const NodeConfigEntry& entry : m_presence.config(node)) {
        if (entry.key == u"allowed_users") {
            limited = true;
            if (user
                && (entry.value == QString::number(user->id.value)
                    || entry.value == user->username))
                return true;
        } else if (entry.key == u"allowed_orgs") {
            limited = true;
            if (organization
                && (entry.value == QString::number(organization->id.value)
                    || entry.value == organization->name))
                return true;
        }
    }
    return !limited;
}

void TaskService::write(TaskRequest request, JobId job, Completion<CreatedTask> done)
{
    NewTask wanted;
    wanted.task.name = std::move(request.name);
    wanted.task.description = std::move(request.description);
    wanted.task.image = std::move(request.image);
    wanted.task.collaboration = request.collaboration;
    wanted.task.study = request.study;
    wanted.task.job = job;
    wanted.task.parent = request.parent;
    wanted.task.initOrganization = request.initOrganization;
    wanted.task.initUser = request.initUser;
    wanted.task.createdAt = m_clock.wall();
    wanted.task.databases = std::move(request.databases);
    wanted.task.method = std::move(request.method);
    wanted.task.action = std::move(request.action);
    wanted.task.session = request.session;
    wanted.task.dependsOn = std::move(request.dependsOn);
    wanted.runs = std::move(request.organizations);
    wanted.idempotency = std::move(request.idempotency);
    m_journal.createTask(
        std::move(wanted), [this, done = std::move(done)](Result<CreatedTask> created) {
            if (created && !created->repeated) {
                const Task& task = created->record.task;
                for (const Run& run : created->record.runs)
                    open({run.id, task.id, task.job, task.parent, run.organization,
                        task.collaboration, run.status, false});
                tell([&](TaskObserver& observer) { observer.taskCreated(created->record); });
            }
            done(std::move(created));
        });
}

void TaskService::writePatch(RunId run, RunPatch patch, Completion<RunUpdate> done)
{
    patch.at = m_clock.wall();
    patch.siblings = m_limits.siblings;
    m_journal.updateRun(
        run, std::move(patch), [this, done = std::move(done)](Result<RunUpdate> updated) {
            if (updated) {
                apply(updated->change);
                for (const RunChange& sibling : updated->siblings)
                    apply(sibling);
                take(updated->dependents);
                for (const ReadyTask& task : updated->ready)
                    tell([&](TaskObserver& observer) { observer.taskReady(task); });
            }
            done(std::move(updated));
        });
}

void TaskService::apply(const RunChange& change)
{
    if (change.run.finished)
        close(change.run);
    else if (const auto found = m_open.find(change.run.run); found != m_open.end())
        found->ref = change.run;
    tell([&](TaskObserver& observer) { observer.runChanged(change); });
}

void TaskService::take(const EndedDependents& ended)
{
    for (const RunChange& change : ended.runs)
        apply(change);
    m_failed.insert(m_failed.end(), ended.rest.begin(), ended.rest.end());
    endDependents();
}

/// The next write only when this one is done: others have their turn, here and at the disk.
void TaskService::endDependents()
{
    if (m_failed.empty() || std::exchange(m_isEndingDependents, true))
        return;
    std::vector<FailedTask> failed = std::exchange(m_failed, {});
    m_journal.endDependents(
        failed, m_clock.wall(), [this, failed](const Result<EndedDependents>& ended) {
            m_isEndingDependents = false;
            const bool wasRefused = std::exchange(m_endingIsRefused, !ended);
            if (ended)
                return take(*ended);
            if (!wasRefused)
                qCWarning(lcTask, "runs that wait for failed tasks are not ended yet: %ls",
                    qUtf16Printable(ended.error().detail));
            m_failed.insert(m_failed.end(), failed.begin(), failed.end());
            m_endAgain.start(retryPause);
        });
}

void TaskService::open(const RunRef& run)
{
    if (m_open.contains(run.run))
        return;
    m_open.insert(run.run, {run, 0});
    ++m_openPerTask[run.task];
}

void TaskService::close(const RunRef& run)
{
    if (m_open.remove(run.run) == 0)
        return;
    if (--m_openPerTask[run.task] == 0)
        m_openPerTask.remove(run.task);
    remember(run);
}

void TaskService::remember(const RunRef& run)
{
    if (!m_finished.contains(run.run))
        m_finishedOrder.push_back(run.run);
    m_finished.insert(run.run, run);
    while (m_finishedOrder.size() > m_limits.rememberedFinishedRuns) {
        m_finished.remove(m_finishedOrder.front());
        m_finishedOrder.pop_front();
    }
}

template <class Tell>
void TaskService::tell(Tell tell)
{
    m_observers.forEach(tell);
}

} // namespace gatehouse::work
