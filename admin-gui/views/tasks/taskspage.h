// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/tasksmodel.h"
#include "admin-gui/views/page/itempage.h"

namespace gatehouse::gui {

class AdminActions;

/// Tasks, their runs, states and durations.
class TasksPage final : public ItemPage
{
    Q_OBJECT

public:
    TasksPage(TasksModel& tasks, AdminActions& actions, Now now, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("tasks"); }
    QString title() const override { return tr("Tasks"); }
    QString icon() const override { return QStringLiteral("tasks"); }
    QString count() const override;
    Details details() const override;
    QString selectionHint() const override;
    void refresh() override;

protected:
    std::vector<ItemAction> selectionActions() const override;
    QModelIndex indexOf(const QString& key) const override;

private:
    void applyChoice(int choice);
    Details runDetails(const model::TaskInfo& task, const model::RunInfo& run) const;
    QString span(const std::optional<qint64>& from, const std::optional<qint64>& to) const;

    TasksModel& m_tasks;
    QAction* m_kill;
};

} // namespace gatehouse::gui
