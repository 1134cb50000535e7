// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/page/itempage.h"

#include "admin-gui/widgets/celldelegate.h"
#include "admin-gui/widgets/emptystate.h"
#include "admin-gui/widgets/filterfield.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/icons.h"
#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QSettings>
#include <QShortcut>
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
    m_view->header()->setHighlightSections(false);
    m_view->header()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_view->header()->setSortIndicatorShown(true);
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
        connect(m_rows, signal, this, &ItemPage::showCounts);
    connect(m_rows, &QAbstractItemModel::modelReset, this, &ItemPage::showCounts);
    connect(model, &QAbstractItemModel::dataChanged, this, &Page::detailsChanged);
    connect(model, &QAbstractItemModel::dataChanged, this, &Page::summaryChanged);
    connect(model, &QAbstractItemModel::rowsInserted, this, &Page::summaryChanged);
    connect(model, &QAbstractItemModel::rowsRemoved, this, &Page::summaryChanged);
    auto* copy = new QShortcut(QKeySequence::Copy, m_view);
    copy->setContext(Qt::WidgetShortcut);
    connect(copy, &QShortcut::activated, this, &ItemPage::copyCells);
}

void ItemPage::setColumnWidths(const std::vector<int>& characters)
{
    const int unit = fontMetrics().averageCharWidth();
    for (size_t i = 0; i < characters.size(); ++i) {
        m_view->setColumnHidden(int(i), characters[i] == 0);
        if (characters[i] > 0)
            m_view->header()->resizeSection(int(i), characters[i] * unit + 16);
    }
    m_view->header()->setStretchLastSection(true);
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

void ItemPage::showCounts()
{
    const int shown = m_rows->rowCount();
    const int all = m_model->rowCount();
    m_counts->setText(shown == all
            ? formatCount(all)
            : tr("%1 of %2", "rows shown of all rows").arg(formatCount(shown), formatCount(all)));
    showEmptyState();
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
    settings.setValue(name() % QStringLiteral("/columns"), m_view->header()->saveState());
}

void ItemPage::restoreState(const QSettings& settings)
{
    const QByteArray columns = settings.value(name() % QStringLiteral("/columns")).toByteArray();
    if (!columns.isEmpty())
        m_view->header()->restoreState(columns);
}

QAction* ItemPage::addItemAction(const QString& name, const QString& icon, const QString& text,
    const QString& hint, bool dangerous)
{
    auto* action = new QAction(themedIcon(icon), text, this);
    action->setObjectName(name);
    action->setToolTip(hint);
    action->setProperty("icon", icon);
    if (dangerous)
        action->setProperty("tone", QStringLiteral("danger"));
    return action;
}

void ItemPage::showContextMenu(const QPoint& position)
{
    const QModelIndex index = m_view->indexAt(position);
    if (!index.isValid())
        return;
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
        const int column = m_view->header()->logicalIndex(i);
        if (!m_view->isColumnHidden(column))
            cells.append(m_delegate->textOf(row.siblingAtColumn(column)));
    }
    QApplication::clipboard()->setText(cells.join(u'\t'));
}

QString ItemPage::age(qint64 sinceMs, qint64 nowMs)
{
    if (sinceMs <= 0)
        return QStringLiteral("\u2013");
    return tr("%1 (%2 ago)", "moment and how long ago")
        .arg(formatMoment(sinceMs), formatSpan((nowMs - sinceMs) / 1000 * 1000));
}

} // namespace gatehouse::gui
