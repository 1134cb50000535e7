// SPDX-License-Identifier: Apache-2.0
#include "server/events/taskstopic.h"

#include "common/model/taskinfo.h"
#include "server/work/directory.h"
#include "server/work/journal.h"

#include <algorithm>

namespace gatehouse::events {

namespace {

constexpr int maxReads = 50; ///< of changed tasks at once
constexpr int tasksPerRead = 200;

std::optional<qint64> milliseconds(std::optional<Millis> at)
{
    return at ? std::optional(qint64(at->count())) : std::nullopt;
}

/// Pages of the journal, cut to the bounds asked for. A task created meanwhile shifts the pages by
/// one, so that some task comes twice, which a reader takes as the same item again.
class TasksReader final : public SnapshotReader
{
public:
    TasksReader(const TasksTopic& topic, work::Journal& journal, int maxTasks)
        : m_topic(topic), m_journal(journal), m_left(maxTasks),
          m_alive(std::make_shared<bool>(true))
    {
    }

    void next(PageBounds bounds, Done done) override
    {
        if (m_buffer.empty() && !m_isAtEnd)
            return readMore(bounds, std::move(done));
        SnapshotPage page;
        qsizetype bytes = 0;
        while (
            !m_buffer.empty() && page.items.size() < bounds.maxItems && bytes < bounds.maxBytes) {
            bytes += m_buffer.front().size();
            page.items.append(m_buffer.front());
            m_buffer.pop_front();
        }
        page.isLast = m_buffer.empty() && m_isAtEnd;
        done(std::move(page));
    }

private:
    void readMore(PageBounds bounds, Done done)
    {
        m_journal.tasks({}, {m_page++, tasksPerRead},
            [this, alive = std::weak_ptr(m_alive), bounds, done = std::move(done)](
                const Result<work::Page<work::TaskRecord>>& page) {
                if (alive.expired())
                    return;
                if (!page)
                    return done(tl::unexpected<Error>(page.error()));
                for (const work::TaskRecord& record : page->items) {
                    if (m_left-- > 0)
                        m_buffer.push_back(m_topic.itemOf(record));
                }
                m_isAtEnd = m_left <= 0 || page->items.size() < size_t(tasksPerRead);
                next(bounds, done);
            });
    }

    const TasksTopic& m_topic;
    work::Journal& m_journal;
    int m_left;
    int m_page = 1;
    bool m_isAtEnd = false;
    std::deque<QByteArray> m_buffer;
    std::shared_ptr<bool> m_alive;
};

} // namespace

TasksTopic::TasksTopic(work::TaskService& tasks, work::Journal& journal,
    const work::Directory& directory, int maxInSnapshot)
    : m_tasks(tasks), m_journal(journal), m_directory(directory), m_maxInSnapshot(maxInSnapshot)
{
}

void TasksTopic::start()
{
    m_alive = std::make_shared<bool>(true);
    m_tasks.addObserver(this);
}

void TasksTopic::stop()
{
    m_tasks.removeObserver(this);
    m_alive.reset();
    m_stale.clear();
    m_reading.clear();
    m_ready.clear();
    KeyedTopic::stop();
}

std::unique_ptr<SnapshotReader> TasksTopic::read(const QJsonObject&)
{
    return std::make_unique<TasksReader>(*this, m_journal, m_maxInSnapshot);
}

std::optional<ChangeSet> TasksTopic::takeChanges(PageBounds bounds)
{
    return KeyedTopic::takeChanges(bounds);
}

void TasksTopic::prepare(Millis)
{
    const QSet<TaskId> stale = m_stale;
    for (const TaskId id : stale) {
        if (m_reading.size() >= maxReads)
            return;
        if (m_reading.contains(id))
            continue; // read again once this answer is in
        m_stale.remove(id);
        fetch(id);
    }
}

std::optional<QByteArray> TasksTopic::item(const QString& key)
{
    const auto found = m_ready.constFind(key);
    if (found == m_ready.cend())
        return std::nullopt;
    return m_ready.take(key);
}

QByteArray TasksTopic::itemOf(const work::TaskRecord& record) const
{
    const work::Task& task = record.task;
    const auto organizationName = [this](OrganizationId id) {
        const work::Organization* organization = m_directory.organization(id);
        return organization ? organization->name : QString();
    };
    const work::Collaboration* collaboration = m_directory.collaboration(task.collaboration);
    const work::User* user = m_directory.user(task.initUser);
    model::TaskInfo info;
    info.id = task.id.value;
    info.name = task.name;
    info.image = task.image;
    info.collaborationId = task.collaboration.value;
    info.collaboration = collaboration ? collaboration->name : QString();
    info.organizationId = task.initOrganization.value;
    info.organization = organizationName(task.initOrganization);
    info.userId = task.initUser.value;
    info.user = user ? user->username : QString();
    info.jobId = task.job.value;
    if (task.parent.isValid())
        info.parentId = task.parent.value;
    info.status = work::name(record.status);
    info.createdAt = task.createdAt.count();
    info.finishedAt = milliseconds(record.finishedAt);
    for (const work::Run& run : record.runs) {
        const work::Node* node = m_directory.nodeOf(run.organization, task.collaboration);
        info.runs.push_back(
            {run.id.value, run.organization.value, organizationName(run.organization),
                node ? node->id.value : 0, node ? node->name : QString(),
                QString(work::name(run.status)), milliseconds(run.assignedAt),
                milliseconds(run.startedAt), milliseconds(run.finishedAt)});
    }
    return json(info.toJson());
}

void TasksTopic::taskCreated(const work::TaskRecord& record)
{
    m_stale.insert(record.task.id);
}

void TasksTopic::runChanged(const work::RunChange& change)
{
    m_stale.insert(change.run.task);
}

void TasksTopic::fetch(TaskId id)
{
    m_reading.insert(id);
    m_journal.task(
        id, [this, alive = std::weak_ptr(m_alive), id](const Result<work::TaskRecord>& record) {
            if (alive.expired())
                return;
            m_reading.remove(id);
            const QString key = QString::number(id.value);
            if (record) {
                m_ready.insert(key, itemOf(*record));
                touch(key);
            } else if (record.error().code == ErrorCode::NotFound) {
                m_ready.remove(key);
                touch(key);
            } else {
                m_stale.insert(id); // the database is away; try again
            }
        });
}

} // namespace gatehouse::events
