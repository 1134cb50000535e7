// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminfeed.h"
#include "admin-gui/models/keyedrows.h"
#include "admin-gui/widgets/cellroles.h"

#include <QAbstractItemModel>

#include <functional>

namespace gatehouse::gui {

/// Tasks with their runs below them.
class TasksModel final : public QAbstractItemModel
{
    Q_OBJECT

public:
    enum Column {
        NameColumn,
        StatusColumn,
        ProgressColumn,
        CollaborationColumn,
        ByColumn,
        CreatedColumn,
        DurationColumn,
        IdColumn,
        ColumnCount
    };

    /// `now` tells UTC milliseconds, for the duration of what is still running.
    explicit TasksModel(std::function<qint64()> now, QObject* parent = nullptr);

    void reset(const std::vector<model::TaskInfo>& tasks);
    void apply(const Changes<model::TaskInfo>& changes);
    void refreshDurations(); ///< call once a second while somebody looks

    const model::TaskInfo* task(const QModelIndex& index) const; ///< also for a run's row
    const model::RunInfo* run(const QModelIndex& index) const; ///< null for a task's row
    const model::TaskInfo* find(const QString& key) const;
    QModelIndex indexOf(const QString& key) const;
    int openCount() const;
    int failedCount() const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void update(int row, const model::TaskInfo& task);
    QVariant taskValue(const model::TaskInfo& task, int column) const;
    QVariant runValue(const model::RunInfo& run, int column) const;

    std::function<qint64()> m_now;
    KeyedRows<model::TaskInfo> m_tasks;
};

} // namespace gatehouse::gui
