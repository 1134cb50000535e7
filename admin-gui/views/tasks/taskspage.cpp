// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/tasks/taskspage.h"

#include "admin-gui/models/identity.h"
#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QTreeView>

namespace gatehouse::gui {

TasksPage::TasksPage(TasksModel& tasks, AdminActions& actions, Now now, QWidget* parent)
    : ItemPage(&tasks, std::move(now), parent), m_tasks(tasks)
{
    setObjectName(QStringLiteral("tasksPage"));
    // Name, status, progress, collaboration, by, created, duration, id.
    setColumns({{20, 5}, {8, 0, false, 0, statusTexts()}, {6, 0, false, 2}, {11, 4, false, 4},
        {9, 2, false, 5}, {6, 0, false, 3}, {6, 0, false, 1}, {4, 0}});
    view()->sortByColumn(TasksModel::IdColumn, Qt::DescendingOrder);
    choices()->setChoices({tr("All"), tr("Open"), tr("Failed")});
    connect(choices(), &SegmentedControl::choiceChanged, this, &TasksPage::applyChoice);
    setEmptyTexts(tr("No tasks yet"), tr("A task appears here as soon as a user creates one."));
    m_kill = addItemAction(QStringLiteral("killTask"), QStringLiteral("kill"),
        tr("Kill task\u2026"), tr("Tell the nodes to stop this task"), true);
    connect(m_kill, &QAction::triggered, this, [this, &actions] {
        if (const model::TaskInfo* task = m_tasks.task(current()))
            actions.killTask(*task);
    });
}

QModelIndex TasksPage::indexOf(const QString& key) const
{
    return m_tasks.indexOf(key.section(u'/', 0, 0));
}

QString TasksPage::count() const
{
    const int open = m_tasks.openCount();
    return open > 0 ? tr("%1 open", "tasks").arg(formatCount(open)) : QString();
}

void TasksPage::applyChoice(int choice)
{
    if (choice == 0)
        rows()->setCondition({});
    else
        rows()->setCondition([this, choice](const QModelIndex& row) {
            const QString& status = m_tasks.task(row)->status;
            return choice == 1 ? isOpenStatus(status) : isFailedStatus(status);
        });
}

void TasksPage::refresh()
{
    m_tasks.refreshDurations();
    ItemPage::refresh();
}

QString TasksPage::span(const std::optional<qint64>& from, const std::optional<qint64>& to) const
{
    return from ? formatSpan(to.value_or(now()) - *from) : QStringLiteral("\u2013");
}

Details TasksPage::details() const
{
    const QModelIndex index = current();
    const model::TaskInfo* task = m_tasks.task(index);
    if (!task)
        return {};
    if (const model::RunInfo* run = m_tasks.run(index))
        return runDetails(*task, *run);
    Details details;
    details.icon = icon();
    details.title = task->name.isEmpty() ? tr("Task %1").arg(task->id) : task->name;
    details.subtitle = tr("Task %1").arg(task->id);
    details.badge = statusText(task->status);
    details.tone = statusTone(task->status);
    details.sections.push_back({tr("Task"),
        {{tr("Created"), age(task->createdAt, now())},
            {tr("Finished"), task->finishedAt ? age(*task->finishedAt, now()) : tr("not yet")},
            {tr("Duration"), span(task->createdAt, task->finishedAt)},
            {tr("Image"), task->image, true}}});
    details.sections.push_back({tr("Belongs to"),
        {{tr("Started by"), task->user}, {tr("Organization"), task->organization},
            {tr("Collaboration"), task->collaboration},
            {tr("Job"), QString::number(task->jobId), true},
            {tr("Parent task"), task->parentId ? QString::number(*task->parentId) : tr("none"),
                true}}});
    std::vector<Details::Row> lines;
    for (const model::RunInfo& run : task->runs) {
        lines.push_back({run.organization,
            run.startedAt ? QString(
                statusText(run.status) % QStringLiteral(", ") % span(run.startedAt, run.finishedAt))
                          : statusText(run.status)});
    }
    if (!lines.empty())
        details.sections.push_back({tr("Runs"), std::move(lines)});
    return details;
}

Details TasksPage::runDetails(const model::TaskInfo& task, const model::RunInfo& run) const
{
    Details details;
    details.icon = QStringLiteral("run");
    details.title = run.organization;
    details.subtitle = tr("Run %1 of task %2").arg(run.id).arg(task.id);
    details.badge = statusText(run.status);
    details.tone = statusTone(run.status);
    const auto moment
        = [this](const std::optional<qint64>& at) { return at ? age(*at, now()) : tr("not yet"); };
    details.sections.push_back({tr("Run"),
        {{tr("Node"), run.node}, {tr("Assigned"), moment(run.assignedAt)},
            {tr("Started"), moment(run.startedAt)}, {tr("Finished"), moment(run.finishedAt)},
            {tr("Waited"), span(run.assignedAt, run.startedAt)},
            {tr("Duration"), span(run.startedAt, run.finishedAt)}}});
    details.sections.push_back({tr("Task"),
        {{tr("Name"), task.name}, {tr("Status"), statusText(task.status)},
            {tr("Collaboration"), task.collaboration}, {tr("Image"), task.image, true}}});
    return details;
}

QString TasksPage::selectionHint() const
{
    return tr("Select a task or a run to see its times and where it runs.");
}

std::vector<Page::ItemAction> TasksPage::selectionActions() const
{
    const model::TaskInfo* task = m_tasks.task(current());
    if (!task)
        return {};
    return {{m_kill, isOpenStatus(task->status)}};
}

} // namespace gatehouse::gui
