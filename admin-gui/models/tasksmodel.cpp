// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/tasksmodel.h"

#include "admin-gui/models/identity.h"
#include "admin-gui/models/snapshot.h"

#include <QSet>

namespace gatehouse::gui {

namespace {

CellFormat formatOf(int column)
{
    switch (column) {
    case TasksModel::StatusColumn:
        return CellFormat::Badge;
    case TasksModel::CreatedColumn:
        return CellFormat::Age;
    case TasksModel::DurationColumn:
        return CellFormat::Span;
    case TasksModel::IdColumn:
        return CellFormat::Count;
    default:
        return CellFormat::Text;
    }
}

} // namespace

TasksModel::TasksModel(std::function<qint64()> now, QObject* parent)
    : QAbstractItemModel(parent), m_now(std::move(now))
{
}

void TasksModel::reset(const std::vector<model::TaskInfo>& tasks)
{
    apply(changesTo(tasks, m_tasks));
}

void TasksModel::apply(const Changes<model::TaskInfo>& changes)
{
    std::vector<const model::TaskInfo*> added;
    const auto flush = [this, &added] {
        if (added.empty())
            return;
        const int first = m_tasks.size();
        beginInsertRows({}, first, first + int(added.size()) - 1);
        for (const model::TaskInfo* task : added)
            m_tasks.append(task->key(), std::make_unique<model::TaskInfo>(*task));
        endInsertRows();
        added.clear();
    };
    QSet<QString> waiting;
    for (const auto& change : changes) {
        const QString key = change.item ? change.item->key() : change.key;
        if (waiting.contains(key)) { // the same task twice in one batch
            flush();
            waiting.clear();
        }
        const int row = m_tasks.placeOf(key);
        if (change.item && row >= 0) {
            update(row, *change.item);
        } else if (change.item) {
            added.push_back(&*change.item);
            waiting.insert(key);
        } else if (row >= 0) {
            beginRemoveRows({}, row, row);
            m_tasks.remove(row);
            endRemoveRows();
        }
    }
    flush();
}

void TasksModel::update(int row, const model::TaskInfo& task)
{
    model::TaskInfo& known = m_tasks.at(row);
    if (known == task)
        return;
    const QModelIndex top = index(row, 0);
    const int before = int(known.runs.size());
    const int after = int(task.runs.size());
    if (after < before) {
        beginRemoveRows(top, after, before - 1);
        known.runs.resize(size_t(after));
        endRemoveRows();
    }
    if (after > before) {
        beginInsertRows(top, before, after - 1);
        known = task;
        endInsertRows();
    } else {
        known = task;
    }
    Q_EMIT dataChanged(top, index(row, ColumnCount - 1));
    if (after > 0)
        Q_EMIT dataChanged(index(0, 0, top), index(after - 1, ColumnCount - 1, top));
}

void TasksModel::refreshDurations()
{
    for (int row = 0; row < m_tasks.size(); ++row) {
        const model::TaskInfo& task = m_tasks.at(row);
        if (task.finishedAt)
            continue;
        const QModelIndex top = index(row, 0);
        Q_EMIT dataChanged(
            index(row, DurationColumn), index(row, DurationColumn), {Qt::DisplayRole});
        if (!task.runs.empty()) {
            Q_EMIT dataChanged(index(0, DurationColumn, top),
                index(int(task.runs.size()) - 1, DurationColumn, top), {Qt::DisplayRole});
        }
    }
}

const model::TaskInfo* TasksModel::task(const QModelIndex& index) const
{
    if (!index.isValid())
        return nullptr;
    if (auto* owner = static_cast<model::TaskInfo*>(index.internalPointer()))
        return owner;
    return &m_tasks.at(index.row());
}

const model::RunInfo* TasksModel::run(const QModelIndex& index) const
{
    if (!index.isValid())
        return nullptr;
    const auto* owner = static_cast<const model::TaskInfo*>(index.internalPointer());
    return owner && size_t(index.row()) < owner->runs.size() ? &owner->runs[size_t(index.row())]
                                                             : nullptr;
}

const model::TaskInfo* TasksModel::find(const QString& key) const
{
    return m_tasks.find(key);
}

QModelIndex TasksModel::indexOf(const QString& key) const
{
    const int row = m_tasks.placeOf(key);
    return row < 0 ? QModelIndex() : index(row, 0);
}

int TasksModel::openCount() const
{
    int count = 0;
    for (int row = 0; row < m_tasks.size(); ++row)
        count += isOpenStatus(m_tasks.at(row).status) ? 1 : 0;
    return count;
}

int TasksModel::failedCount() const
{
    int count = 0;
    for (int row = 0; row < m_tasks.size(); ++row)
        count += isFailedStatus(m_tasks.at(row).status) ? 1 : 0;
    return count;
}

// A task's index has no pointer; a run's index points to its task, which KeyedRows keeps in place.
QModelIndex TasksModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    return parent.isValid() ? createIndex(row, column, &m_tasks.at(parent.row()))
                            : createIndex(row, column);
}

QModelIndex TasksModel::parent(const QModelIndex& index) const
{
    const auto* owner = static_cast<const model::TaskInfo*>(index.internalPointer());
    if (!index.isValid() || !owner)
        return {};
    return createIndex(m_tasks.placeOf(owner->key()), 0);
}

int TasksModel::rowCount(const QModelIndex& parent) const
{
    if (!parent.isValid())
        return m_tasks.size();
    if (parent.internalPointer() || parent.column() > 0)
        return 0;
    return int(m_tasks.at(parent.row()).runs.size());
}

int TasksModel::columnCount(const QModelIndex&) const
{
    return ColumnCount;
}

QVariant TasksModel::taskValue(const model::TaskInfo& task, int column) const
{
    switch (column) {
    case NameColumn:
        return task.name.isEmpty() ? tr("Task %1").arg(task.id) : task.name;
    case StatusColumn:
        return statusText(task.status);
    case ProgressColumn: {
        const auto done = std::ranges::count_if(
            task.runs, [](const model::RunInfo& run) { return !isOpenStatus(run.status); });
        return tr("%1 of %2", "finished runs of all runs").arg(done).arg(task.runs.size());
    }
    case CollaborationColumn:
        return task.collaboration;
    case ByColumn:
        return task.user;
    case CreatedColumn:
        return task.createdAt;
    case DurationColumn:
        return std::max<qint64>(task.finishedAt.value_or(m_now()) - task.createdAt, 0);
    case IdColumn:
        return task.id;
    }
    return {};
}

QVariant TasksModel::runValue(const model::RunInfo& run, int column) const
{
    switch (column) {
    case NameColumn:
        return run.organization;
    case StatusColumn:
        return statusText(run.status);
    case CollaborationColumn:
        return run.node;
    case CreatedColumn:
        return run.assignedAt ? QVariant(*run.assignedAt) : QVariant();
    case DurationColumn:
        if (!run.startedAt)
            return {};
        return std::max<qint64>(run.finishedAt.value_or(m_now()) - *run.startedAt, 0);
    case IdColumn:
        return run.id;
    default:
        return {};
    }
}

QVariant TasksModel::data(const QModelIndex& index, int role) const
{
    const model::TaskInfo* owner = task(index);
    if (!owner)
        return {};
    const model::RunInfo* one = run(index);
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
    case SortRole:
        return one ? runValue(*one, column) : taskValue(*owner, column);
    case FormatRole:
        return QVariant::fromValue(formatOf(column));
    case ToneRole:
        if (column == StatusColumn)
            return QVariant::fromValue(statusTone(one ? one->status : owner->status));
        return QVariant::fromValue(
            one || column == IdColumn || column == ProgressColumn ? Tone::Dim : Tone::Neutral);
    case KeyRole:
        return one ? QString(owner->key() % u'/' % QString::number(one->id)) : owner->key();
    case IconNameRole:
        return column == NameColumn ? (one ? QStringLiteral("run") : QStringLiteral("tasks"))
                                    : QVariant();
    default:
        return {};
    }
}

QVariant TasksModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return headerAlignment(formatOf(section));
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case NameColumn:
        return tr("Task");
    case StatusColumn:
        return tr("Status");
    case ProgressColumn:
        return tr("Runs done");
    case CollaborationColumn:
        return tr("Collaboration");
    case ByColumn:
        return tr("Started by");
    case CreatedColumn:
        return tr("Created");
    case DurationColumn:
        return tr("Duration");
    case IdColumn:
        return tr("ID");
    }
    return {};
}

} // namespace gatehouse::gui
