// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/page/itempage.h"

#include "admin-gui/widgets/celldelegate.h"
#include "admin-gui/widgets/columnheader.h"
#include "admin-gui/widgets/emptystate.h"
#include "admin-gui/widgets/filterfield.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QMenu>
#include <QSettings>
#include <QShortcut>
#include <QTimer>
#include <QTreeView>
#include <QVBoxLayout>

namespace gatehouse::gui {

ItemPage::ItemPage(QAbstractItemModel* model, Now now, QWidget* parent)
    : Page(parent), m_now(std::move(now)), m_model(model)
{
    m_rows = new RowFilter(model, this);
    m_delegate = new CellDelegate(m_now, this);
    m_view = new QTreeView(this);
    m_view->setObjectName(QStringLiteral("rows"));
    m_header = new ColumnHeader(m_view);
    m_view->setHeader(m_header);
    // Before the view and its selection hear of it: they would go on to the next row.
    connect(m_rows, &QAbstractItemModel::rowsAboutToBeRemoved, this, &ItemPage::dropSelectionOf);
    m_view->setModel(m_rows);
    m_view->setItemDelegate(m_delegate);
    m_view->setUniformRowHeights(true);
    m_view->setAllColumnsShowFocus(true);
    m_view->setSortingEnabled(true);
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setSelectionMode(QAbstractItemView::SingleSelection);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setIndentation(20);
    m_view->viewport()->setAttribute(Qt::WA_Hover);
    m_view->viewport()->installEventFilter(this);
    m_empty = new EmptyState(m_view);

    m_heading = plainLabel(this);
    QFont large = m_heading->font();
    large.setPointSizeF(large.pointSizeF() * 1.45);
    large.setWeight(QFont::DemiBold);
    m_heading->setFont(large);
    m_counts = plainLabel(this);
    m_counts->setProperty("ink", QStringLiteral("muted"));
    m_counts->setObjectName(QStringLiteral("counts"));
    m_choices = new SegmentedControl(this);
    m_filter = new FilterField(QStringLiteral("search"), this);
    m_filter->setObjectName(QStringLiteral("filter"));
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setMinimumWidth(130);
    m_filter->setMaximumWidth(260);
    connect(m_filter, &FilterField::filterChanged, this, &ItemPage::applyFilter);

    auto* head = new QHBoxLayout;
    head->setContentsMargins(18, 14, 14, 12);
    head->setSpacing(10);
    head->addWidget(m_heading, 0, Qt::AlignBaseline);
    head->addWidget(m_counts, 0, Qt::AlignBaseline);
    head->addStretch(1);
    head->addWidget(m_choices);
    head->addWidget(m_filter, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(m_view, 1);
    setProperty("pane", QStringLiteral("base"));
    setAttribute(Qt::WA_StyledBackground);

    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
        &Page::detailsChanged);
    connect(m_view, &QWidget::customContextMenuRequested, this, &ItemPage::showContextMenu);
    for (auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(m_rows, signal, this, &ItemPage::showCountsSoon);
    connect(m_rows, &QAbstractItemModel::modelReset, this, &ItemPage::showCountsSoon);
    connect(model, &QAbstractItemModel::dataChanged, this, &Page::detailsChanged);
    connect(model, &QAbstractItemModel::dataChanged, this, &Page::summaryChanged);
    connect(model, &QAbstractItemModel::rowsInserted, this, &Page::summaryChanged);
    connect(model, &QAbstractItemModel::rowsRemoved, this, &Page::summaryChanged);
    auto* copy = new QShortcut(QKeySequence::Copy, m_view);
    copy->setContext(Qt::WidgetShortcut);
    connect(copy, &QShortcut::activated, this, &ItemPage::copyCells);
}

void ItemPage::setColumns(std::vector<ColumnSpec> columns)
{
    m_columns = std::move(columns);
    m_header->setStretchLastSection(
        false); // before hiding: it gives the last one its old size back
    m_header->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_header, &QWidget::customContextMenuRequested, this, &ItemPage::showColumnMenu);
    connect(m_header, &QHeaderView::sectionResized, this, [this] {
        if (!m_fitting && isVisible())
            m_fitsColumns = false; // somebody chose a width: leave all of them alone
    });
    fitColumns();
}

int ItemPage::widthOf(int column) const
{
    const ColumnSpec& spec = m_columns[size_t(column)];
    const QFontMetrics metrics = fontMetrics();
    int width = spec.characters * metrics.horizontalAdvance(u'n') + 18;
    for (const QString& text : spec.texts)
        width = std::max(width, metrics.horizontalAdvance(text) + 34); // a badge's or dot's room
    return std::max(width, m_header->fullWidth(column));
}

/// The columns there is room for, their least widths; 0 is a column that is not shown.
std::vector<int> ItemPage::fittingWidths(int room) const
{
    std::vector<int> widths(m_columns.size());
    int needed = 0;
    for (size_t i = 0; i < m_columns.size(); ++i) {
        widths[i] = m_columns[i].isHidden ? 0 : widthOf(int(i));
        needed += widths[i];
    }
    while (needed > room) {
        size_t least = m_columns.size();
        for (size_t i = 0; i < m_columns.size(); ++i) {
            if (widths[i] > 0 && m_columns[i].rank > 0
                && (least == m_columns.size() || m_columns[i].rank > m_columns[least].rank))
                least = i;
        }
        if (least == m_columns.size())
            break;
        needed -= std::exchange(widths[least], 0);
    }
    return widths;
}

/// Shares the room out: what every column needs at least, the rest by the columns' stretch. Where
/// it is too small the columns of the highest rank step back; the inspector has their values.
void ItemPage::fitColumns()
{
    if (!m_fitsColumns) {
        for (size_t i = 0; i < m_columns.size(); ++i)
            m_view->setColumnHidden(int(i), m_columns[i].isHidden);
        return;
    }
    const int room = m_view->viewport()->width();
    const std::vector<int> widths = fittingWidths(room);
    int left = room;
    int stretch = 0;
    for (size_t i = 0; i < widths.size(); ++i) {
        left -= widths[i];
        stretch += widths[i] > 0 ? m_columns[i].stretch : 0;
    }
    left = std::max(left, 0);
    const bool wasFitting = std::exchange(m_fitting, true);
    int given = 0;
    for (size_t i = widths.size(); i-- > 0;) { // the first column takes what rounding leaves
        m_view->setColumnHidden(int(i), widths[i] == 0);
        if (widths[i] == 0)
            continue;
        int share = stretch > 0 ? left * m_columns[i].stretch / stretch : 0;
        if (i == 0 && stretch > 0)
            share = left - given;
        given += share;
        m_header->resizeSection(int(i), widths[i] + share);
    }
    m_fitting = wasFitting;
}

bool ItemPage::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_view->viewport() && event->type() == QEvent::Resize)
        fitColumns();
    return Page::eventFilter(watched, event);
}

void ItemPage::showColumnMenu(const QPoint& position)
{
    QMenu menu(this);
    for (int i = 1; i < m_model->columnCount(); ++i) {
        QAction* action
            = menu.addAction(m_model->headerData(i, Qt::Horizontal, Qt::DisplayRole).toString());
        action->setCheckable(true);
        action->setChecked(!m_view->isColumnHidden(i));
        connect(action, &QAction::toggled, this, [this, i](bool shown) {
            m_columns[size_t(i)].isHidden = !shown;
            if (shown)
                m_columns[size_t(i)].rank = 0; // asked for by name: it stays, whatever the room
            fitColumns();
        });
    }
    menu.addSeparator();
    menu.addAction(tr("Fit columns"), this, [this] {
        m_fitsColumns = true;
        fitColumns();
    });
    menu.exec(m_header->mapToGlobal(position));
}

void ItemPage::setEmptyTexts(const QString& title, const QString& hint)
{
    m_emptyTitle = title;
    m_emptyHint = hint;
    m_heading->setText(this->title());
    m_view->setAccessibleName(this->title());
    showEmptyState();
    showCounts();
}

void ItemPage::showEmptyState()
{
    if (m_model->rowCount() > 0)
        m_empty->setMessage(QStringLiteral("search"), tr("Nothing matches"),
            tr("No row has all the words of the filter."));
    else
        m_empty->setMessage(icon(), m_emptyTitle, m_emptyHint);
}

/// Later: the proxy drops its row before the model has dropped its own. And once per batch.
void ItemPage::showCountsSoon()
{
    if (!std::exchange(m_countsDue, true))
        QTimer::singleShot(0, this, &ItemPage::showCounts);
}

void ItemPage::showCounts()
{
    m_countsDue = false;
    m_counts->setText(countText(m_rows->rowCount(), m_model->rowCount()));
    showEmptyState();
}

QString ItemPage::countText(int shown, int all) const
{
    return shown == all
        ? formatCount(all)
        : tr("%1 of %2", "rows shown of all rows").arg(formatCount(shown), formatCount(all));
}

void ItemPage::applyFilter(const QString& text)
{
    const QString key = m_view->currentIndex().data(KeyRole).toString();
    m_rows->setWords(text);
    if (m_rows->hasWords())
        m_view->expandAll();
    if (!key.isEmpty()) {
        if (const QModelIndex row = m_rows->mapFromSource(indexOf(key)); row.isValid())
            m_view->scrollTo(row);
    }
    showCounts();
}

QString ItemPage::filterText() const
{
    return m_filter->text();
}

void ItemPage::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

QModelIndex ItemPage::current() const
{
    const QModelIndex index = m_view->currentIndex();
    return index.isValid() ? m_rows->mapToSource(index) : QModelIndex();
}

void ItemPage::select(const QString& key)
{
    const QModelIndex source = indexOf(key);
    QModelIndex row = m_rows->mapFromSource(source);
    if (!row.isValid() && source.isValid()) {
        m_filter->clear();
        m_choices->choose(0);
        m_rows->setWords({});
        row = m_rows->mapFromSource(source);
    }
    if (!row.isValid())
        return;
    m_view->setCurrentIndex(row);
    m_view->scrollTo(row);
}

void ItemPage::dropSelectionOf(const QModelIndex& parent, int first, int last)
{
    for (QModelIndex at = m_view->currentIndex(); at.isValid(); at = at.parent()) {
        if (at.parent() == parent && at.row() >= first && at.row() <= last) {
            m_view->selectionModel()->clear();
            return;
        }
    }
}

void ItemPage::selectFirst()
{
    if (!m_view->currentIndex().isValid())
        m_view->setCurrentIndex(m_rows->index(0, 0));
}

void ItemPage::setDimmed(bool dimmed)
{
    m_delegate->setDimmed(dimmed);
    m_view->viewport()->update();
}

void ItemPage::refresh()
{
    m_view->viewport()->update();
    Q_EMIT detailsChanged();
}

void ItemPage::saveState(QSettings& settings) const
{
    settings.setValue(name() % QStringLiteral("/columns"), m_header->saveState());
    QVariantList hidden;
    QVariantList kept;
    for (size_t i = 0; i < m_columns.size(); ++i) {
        if (m_columns[i].isHidden)
            hidden.append(int(i));
        else if (m_columns[i].rank == 0)
            kept.append(int(i));
    }
    settings.setValue(name() % QStringLiteral("/hidden"), hidden);
    settings.setValue(name() % QStringLiteral("/kept"), kept);
    settings.setValue(name() % QStringLiteral("/fitsColumns"), m_fitsColumns);
}

void ItemPage::restoreState(const QSettings& settings)
{
    const QByteArray columns = settings.value(name() % QStringLiteral("/columns")).toByteArray();
    if (columns.isEmpty())
        return;
    const bool wasFitting = std::exchange(m_fitting, true);
    m_header->restoreState(columns);
    m_fitting = wasFitting;
    // The header remembers what was shown; what was wanted is more where there was too little room.
    const QVariantList hidden = settings.value(name() % QStringLiteral("/hidden")).toList();
    const QVariantList kept = settings.value(name() % QStringLiteral("/kept")).toList();
    for (size_t i = 0; i < m_columns.size(); ++i) {
        m_columns[i].isHidden = hidden.contains(int(i));
        if (kept.contains(int(i)))
            m_columns[i].rank = 0;
    }
    m_fitsColumns = settings.value(name() % QStringLiteral("/fitsColumns"), true).toBool();
    fitColumns();
}

QAction* ItemPage::addItemAction(const QString& name, const QString& icon, const QString& text,
    const QString& hint, bool dangerous)
{
    auto* action = new QAction(themedIcon(icon), text, this);
    action->setObjectName(name);
    action->setToolTip(hint);
    action->setProperty("iconName", icon);
    if (dangerous)
        action->setProperty("tone", QStringLiteral("danger"));
    return action;
}

void ItemPage::showContextMenu(const QPoint& position)
{
    const QModelIndex index = m_view->indexAt(position);
    if (!index.isValid())
        return;
    // What is offered is for the row it is offered on, whichever one the keyboard was at.
    if (index.siblingAtColumn(0) != m_view->currentIndex().siblingAtColumn(0))
        m_view->setCurrentIndex(index);
    QMenu menu(this);
    menu.addAction(themedIcon(QStringLiteral("copy")), tr("Copy cell"), this,
        [this, index = QPersistentModelIndex(index)] {
            if (index.isValid())
                QApplication::clipboard()->setText(m_delegate->textOf(index));
        });
    menu.addAction(tr("Copy row"), this, &ItemPage::copyCells);
    const std::vector<QAction*> actions = itemActions();
    if (!actions.empty())
        menu.addSeparator();
    for (QAction* action : actions)
        menu.addAction(action);
    menu.exec(m_view->viewport()->mapToGlobal(position));
}

void ItemPage::copyCells() const
{
    const QModelIndex row = m_view->currentIndex();
    if (!row.isValid())
        return;
    QStringList cells;
    for (int i = 0; i < m_rows->columnCount(row.parent()); ++i) {
        const int column = m_header->logicalIndex(i);
        if (!m_view->isColumnHidden(column))
            cells.append(m_delegate->textOf(row.siblingAtColumn(column)));
    }
    QApplication::clipboard()->setText(cells.join(u'\t'));
}

QString ItemPage::age(qint64 sinceMs, qint64 nowMs)
{
    if (sinceMs <= 0)
        return QStringLiteral("\u2013");
    const qint64 seconds = std::max<qint64>(nowMs - sinceMs, 0) / 1000;
    if (seconds == 0)
        return tr("%1 (just now)", "moment").arg(formatMoment(sinceMs));
    return tr("%1 (%2 ago)", "moment and how long ago")
        .arg(formatMoment(sinceMs), formatAge(seconds * 1000));
}

} // namespace gatehouse::gui
