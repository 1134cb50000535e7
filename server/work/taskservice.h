// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/observerlist.h"
#include "common/core/result.h"
#include "server/work/directory.h"
#include "server/work/journal.h"
#include "server/work/pendingkills.h"
#include "server/work/presence.h"

#include <QHash>
#include <QTimer>

#include <deque>
#include <optional>
#include <vector>

namespace gatehouse::work {

/// Bounds of what a client may write. Sizes count characters of UTF-16.
struct TaskLimits
{
    qsizetype maxNameLength = 255;
    qsizetype maxDescriptionLength = 4'096;
    qsizetype maxImageLength = 1'024;
    qsizetype maxInputLength = 8 << 20; ///< per organization
    qsizetype maxResultLength = 64 << 20;
    qsizetype maxLogLength = 8 << 20;
    qsizetype maxLiveLogLength = 1 << 20; ///< per run, all its live lines; more is not kept
    size_t maxOrganizations = 1'000;
    size_t maxDatabases = 100;
    size_t maxDependencies = 100; ///< tasks one task depends on
    qsizetype maxDatabaseTextLength = 16'384; ///< label and parameters together
    size_t rememberedFinishedRuns = 10'000; ///< late events of these are still told apart
    SiblingPolicy siblings = SiblingPolicy::FailNotStarted;
};

struct TaskRequest
{
    QString name;
    QString description;
    QString image; ///< must not be empty
    CollaborationId collaboration;
    StudyId study;
    TaskId parent;
    OrganizationId initOrganization;
    UserId initUser;
    std::vector<TaskDatabase> databases;
    std::vector<NewRun> organizations; ///< at least one, each once
    std::optional<IdempotencyKey> idempotency;
    // vantage6 v5
    QString method;
    QString action;
    WorkSessionId session;
    std::vector<TaskId> dependsOn;
};

/// Hears what happened to tasks, synchronously, once it is on disk (live log lines: at once).
class TaskObserver
{
public:
    virtual ~TaskObserver() = default;
    virtual void taskCreated(const TaskRecord&) { }
    /// Every change of a run, also those of a kill and of failed siblings.
    virtual void runChanged(const RunChange&) { }
    /// After runChanged() of what made it so: its runs may start now.
    virtual void taskReady(const ReadyTask&) { }
    /// After runChanged() of each of its runs.
    virtual void runsKilled(const TaskKill&) { }
    /// A node has spoken of a killed run as if it went on: it has not heard of the kill.
    virtual void killedRunGoesOn(const RunRef&) { }
    virtual void runLogAppended(const RunRef&, const QString& text) { Q_UNUSED(text) }
};

/// What a node is told about a run that is not its own.
Error notYourRun(RunId run);

/// Creates tasks, moves runs and kills, and knows every open run, so that a node's event is checked
/// without asking the database. It does not decide who may do what: callers ask `access` first.
/// A completion may be called before the call returns. Owned by the composition root; network
/// thread only; must outlive the journal's last completion.
class TaskService
{
public:
    TaskService(Journal& journal, const Directory& directory, const Presence& presence,
        const Clock& clock, TaskLimits limits = {});
    ~TaskService();
    Q_DISABLE_COPY_MOVE(TaskService)

    void addObserver(TaskObserver* observer); ///< not owned
    void removeObserver(TaskObserver* observer);

    /// Fills the indices of open runs and pending kills, and goes on with ending what waits for
    /// failed tasks where an earlier process was interrupted. Call once before the first client is
    /// admitted.
    void start(Completion<void> done);

    /// NotFound: collaboration, study, parent. BadRequest: a bound, an organization that is no
    /// member, a name that is empty. Forbidden: a node's policy (allowed_users, allowed_orgs) does
    /// not let this user or organization compute there.
    void create(TaskRequest request, Completion<CreatedTask> done);

    /// NotFound; Forbidden: not this node's run; BadRequest: finished, or a wrong transition. Of a
    /// killed run the log alone is taken (v5), and nobody is told.
    void patchRun(NodeId by, RunId run, RunPatch patch, Completion<RunUpdate> done);

    /// NotFound; BadRequest: nothing left to kill; Conflict: as the journal says. Of what waits for
    /// the killed runs as much is in the answer as one write ends (EndedDependents); the rest
    /// follows in writes of its own. So it is for a run that fails.
    void kill(TaskId task, Completion<TaskKill> done,
        std::optional<IdempotencyKey> idempotency = std::nullopt);

    /// Kills whose nodes may not know of them yet.
    const PendingKills& pendingKills() const { return m_pendingKills; }
    void confirmKills(const std::vector<RunId>& runs) { m_pendingKills.confirm(runs); }

    /// A node has spoken of its run; `status` is none for words that are not in the list. An end it
    /// names confirms a kill; anything else about a killed run is told to observers.
    void heardOf(const RunRef& run, std::optional<RunStatus> status);

    /// A line of the live log. Kept up to the limit, told to observers in any case. A run that has
    /// finished only lately takes none, but its line is still told.
    Result<void> appendLog(NodeId by, RunId run, const QString& text);

    /// Null when it is neither open nor lately finished; findRun() then asks the database.
    const RunRef* knownRun(RunId run) const;
    void findRun(RunId run, Completion<RunRef> done); ///< NotFound
    /// Knows a run that another server keeps, as one that has lately finished: its events are told,
    /// nothing is stored.
    void remember(const RunRef& run);

    /// The node whose run it is; invalid when that organization has no node (any more).
    NodeId nodeOf(const RunRef& run) const;
    bool belongsTo(const RunRef& run, NodeId node) const
    {
        return node.isValid() && nodeOf(run) == node;
    }

    qsizetype openRunCount() const;
    qsizetype openTaskCount() const;
    std::vector<RunRef> openRunsOf(NodeId node) const; ///< ascending
    /// How many runs each node is working on (initializing or active); nodes with none are left
    /// out. One pass over all open runs.
    QHash<NodeId, int> activeRuns() const;

private:
    struct OpenRun
    {
        RunRef ref;
        qsizetype logLength = 0;
    };

    Result<void> check(const TaskRequest& request) const;
    Result<void> checkTexts(const TaskRequest& request) const;
    Result<void> checkMembers(const TaskRequest& request) const;
    Result<void> checkPolicies(const TaskRequest& request) const;
    bool allows(NodeId node, const TaskRequest& request) const;
    void write(TaskRequest request, JobId job, Completion<CreatedTask> done);
    void takeKilledLog(const RunRef& run, const QString& log, const Completion<RunUpdate>& done);
    void writePatch(RunId run, RunPatch patch, Completion<RunUpdate> done);
    void apply(const RunChange& change);
    void take(const EndedDependents& ended);
    void endDependents();
    void open(const RunRef& run);
    void close(const RunRef& run);
    template <class Tell>
    void tell(Tell tell);

    Journal& m_journal;
    const Directory& m_directory;
    const Presence& m_presence;
    const Clock& m_clock;
    const TaskLimits m_limits;
    PendingKills m_pendingKills;
    QHash<RunId, OpenRun> m_open;
    QHash<TaskId, int> m_openPerTask; ///< open runs of each task that has some
    QHash<RunId, RunRef> m_finished; ///< the latest ones
    std::deque<RunId> m_finishedOrder;
    ObserverList<TaskObserver> m_observers;
    bool m_logWritesFail = false;
    std::vector<FailedTask> m_failed; ///< for which others may still wait
    bool m_isEndingDependents = false; ///< a write is under way
    bool m_endingIsRefused = false; ///< said once
    QTimer m_endAgain; ///< after a failed one
};

} // namespace gatehouse::work
