// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/overview/overviewpage.h"

#include "admin-gui/views/page/windowlength.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/plainlabel.h"
#include "admin-gui/widgets/ranklist.h"
#include "admin-gui/widgets/segmentedcontrol.h"
#include "admin-gui/widgets/stattile.h"
#include "admin-gui/widgets/timechart.h"

#include <QGridLayout>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::gui {

namespace {

constexpr int listRows = 5;

} // namespace

OverviewPage::OverviewPage(ConsoleModels& models, std::function<qint64()> now, QWidget* parent)
    : Page(parent), m_models(models), m_now(std::move(now))
{
    setObjectName(QStringLiteral("overviewPage"));
    m_content = new QWidget;
    auto* heading = plainLabel(m_content, title());
    QFont large = heading->font();
    large.setPointSizeF(large.pointSizeF() * 1.45);
    large.setWeight(QFont::DemiBold);
    heading->setFont(large);
    m_uptime = plainLabel(m_content);
    m_uptime->setProperty("ink", QStringLiteral("muted"));
    auto* span = new SegmentedControl(m_content);
    span->setChoices(windowLengthNames());
    buildTiles();
    buildCharts();
    buildLists();
    connect(span, &SegmentedControl::choiceChanged, this, [this](int choice) {
        for (TimeChart* chart : m_charts)
            chart->setSeconds(windowLengthSeconds(choice));
    });

    auto* head = new QHBoxLayout;
    head->setSpacing(10);
    head->addWidget(heading, 0, Qt::AlignBaseline);
    head->addWidget(m_uptime, 0, Qt::AlignBaseline);
    head->addStretch(1);
    head->addWidget(span);
    auto* tiles = new QHBoxLayout;
    tiles->setSpacing(12);
    for (StatTile* tile : {m_clients, m_nodes, m_tasks, m_events})
        tiles->addWidget(tile, 1);
    auto* charts = new QGridLayout;
    charts->setSpacing(12);
    for (size_t i = 0; i < m_charts.size(); ++i)
        charts->addWidget(m_charts[i], int(i / 2), int(i % 2));
    auto* lists = new QHBoxLayout;
    lists->setSpacing(12);
    for (RankList* list : {m_rooms, m_darkNodes, m_troubles})
        lists->addWidget(list, 1);
    auto* layout = new QVBoxLayout(m_content);
    layout->setContentsMargins(18, 14, 18, 18);
    layout->setSpacing(12);
    layout->addLayout(head);
    layout->addLayout(tiles);
    layout->addLayout(charts, 1);
    layout->addLayout(lists);

    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(m_content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(scroll);

    connect(&models.overview, &OverviewModel::sampleAdded, this, &OverviewPage::showNumbers);
    showNumbers();
}

void OverviewPage::buildTiles()
{
    const auto tile = [this](const QString& name, OverviewModel::Metric metric, int color,
                          const QString& page) {
        auto* made = new StatTile(m_content);
        made->setName(name);
        made->setSeries(&m_models.overview.series(metric), color);
        connect(made, &StatTile::clicked, this,
            [this, page] { Q_EMIT jumpRequested(page, QString()); });
        return made;
    };
    m_clients = tile(tr("Clients"), OverviewModel::Clients, 0, QStringLiteral("clients"));
    m_nodes = tile(tr("Nodes online"), OverviewModel::NodesOnline, 2, QStringLiteral("nodes"));
    m_tasks = tile(tr("Open tasks"), OverviewModel::TasksOpen, 1, QStringLiteral("tasks"));
    m_events
        = tile(tr("Events sent per second"), OverviewModel::EventsOut, 3, QStringLiteral("rooms"));
}

void OverviewPage::buildCharts()
{
    const OverviewModel& overview = m_models.overview;
    const auto rate = [](double value) { return formatRate(value); };
    const auto bytes = [](double value) { return formatBytes(value); };
    m_charts[0] = new TimeChart(tr("Events per second"), rate, m_content);
    m_charts[0]->addSeries(&overview.series(OverviewModel::EventsOut), tr("out"));
    m_charts[0]->addSeries(&overview.series(OverviewModel::EventsIn), tr("in"));
    m_charts[1] = new TimeChart(tr("Traffic per second"), bytes, m_content);
    m_charts[1]->addSeries(&overview.series(OverviewModel::BytesOut), tr("out"));
    m_charts[1]->addSeries(&overview.series(OverviewModel::BytesIn), tr("in"));
    m_charts[2] = new TimeChart(
        tr("Loop lag"), [](double value) { return tr("%1 ms").arg(formatRate(value)); }, m_content);
    m_charts[2]->addSeries(&overview.series(OverviewModel::LoopLag), QString());
    m_charts[3] = new TimeChart(tr("Memory"), bytes, m_content);
    m_charts[3]->addSeries(&overview.series(OverviewModel::Resident), QString());
}

void OverviewPage::buildLists()
{
    m_rooms = new RankList(m_content);
    m_rooms->setTitle(tr("Largest rooms"));
    m_rooms->setEmptyText(tr("No rooms"));
    m_darkNodes = new RankList(m_content);
    m_darkNodes->setTitle(tr("Nodes offline"));
    m_darkNodes->setEmptyText(tr("Every node that was ever seen is online"));
    m_troubles = new RankList(m_content);
    m_troubles->setTitle(tr("Troubles since the start"));
    for (RankList* list : {m_rooms, m_darkNodes, m_troubles})
        list->setPlaces(listRows);
    connect(m_rooms, &RankList::rowClicked, this,
        [this](const QString& key) { Q_EMIT jumpRequested(QStringLiteral("rooms"), key); });
    connect(m_darkNodes, &RankList::rowClicked, this,
        [this](const QString& key) { Q_EMIT jumpRequested(QStringLiteral("nodes"), key); });
}

void OverviewPage::showNumbers()
{
    const OverviewModel& overview = m_models.overview;
    const model::OverviewInfo& now = overview.latest();
    const QString none = QStringLiteral("\u2013");
    const bool known = !overview.isEmpty();
    m_uptime->setText(
        known ? tr("up for %1").arg(formatSpan(now.uptimeMs / 1000 * 1000)) : QString());
    m_clients->setValue(known ? formatCount(now.clients) : none);
    m_clients->setRemark(known
            ? tr("%1 sockets in %2 rooms").arg(formatCount(now.sockets), formatCount(now.rooms))
            : QString());
    m_nodes->setValue(known ? tr("%1 of %2", "nodes online of all")
                                  .arg(formatCount(now.nodesOnline), formatCount(now.nodesTotal))
                            : none);
    const qint64 dark = now.nodesTotal - now.nodesOnline;
    m_nodes->setRemark(!known ? QString()
            : dark > 0        ? tr("%n offline", nullptr, int(dark))
                              : tr("all online"),
        dark > 0 ? Tone::Bad : Tone::Good);
    m_tasks->setValue(known ? formatCount(now.tasksOpen) : none);
    m_tasks->setRemark(known ? tr("%n run(s) active", nullptr, int(now.runsActive)) : QString());
    m_events->setValue(known ? formatRate(now.eventsOutPerSecond) : none);
    m_events->setRemark(
        known ? tr("%1 received per second").arg(formatRate(now.eventsInPerSecond)) : QString());
    for (StatTile* tile : {m_clients, m_nodes, m_tasks, m_events})
        tile->refresh();
    for (TimeChart* chart : m_charts)
        chart->update();
    showLists();
    Q_EMIT summaryChanged();
}

void OverviewPage::showLists()
{
    std::vector<RankList::Row> rooms;
    double largest = 1;
    for (const model::RoomInfo& room : m_models.rooms.largestRooms(listRows)) {
        largest = std::max(largest, double(room.members));
        rooms.push_back({QStringLiteral("rooms"), room.room, formatCount(room.members),
            double(room.members) / largest, Tone::Neutral, room.key()});
    }
    m_rooms->setRows(std::move(rooms));

    std::vector<const model::NodeInfo*> offline;
    for (int row = 0; row < m_models.nodes.rowCount(); ++row) {
        const model::NodeInfo& node = m_models.nodes.itemAt(row);
        if (!node.online && node.lastSeen)
            offline.push_back(&node);
    }
    std::ranges::sort(offline, std::ranges::greater(), &model::NodeInfo::since);
    std::vector<RankList::Row> nodes;
    for (const model::NodeInfo* node : offline) {
        if (nodes.size() == size_t(listRows))
            break;
        nodes.push_back({QStringLiteral("nodes"), node->name,
            formatAge(m_now() - node->since.value_or(*node->lastSeen)), -1, Tone::Bad,
            node->key()});
    }
    m_darkNodes->setRows(std::move(nodes));

    const model::OverviewInfo& now = m_models.overview.latest();
    const auto trouble = [](const QString& name, qint64 count) {
        return RankList::Row{QString(), name, formatCount(count), -1,
            count > 0 ? Tone::Warning : Tone::Dim, QString()};
    };
    m_troubles->setRows({trouble(tr("Slow clients closed"), now.slowConsumers),
        trouble(tr("Protocol errors"), now.protocolErrors),
        trouble(tr("Ping timeouts"), now.pingTimeouts),
        trouble(tr("Refused connections"), now.refusedConnections),
        trouble(tr("Log lines dropped"), now.logDropped)});
}

Tone OverviewPage::tone() const
{
    return m_models.overview.recentTroubles() > 0 ? Tone::Warning : Tone::Neutral;
}

std::vector<QWidget*> OverviewPage::instruments() const
{
    std::vector<QWidget*> all{
        m_clients, m_nodes, m_tasks, m_events, m_rooms, m_darkNodes, m_troubles};
    all.insert(all.end(), m_charts.begin(), m_charts.end());
    return all;
}

void OverviewPage::setDimmed(bool dimmed)
{
    for (QWidget* widget : instruments())
        widget->setEnabled(!dimmed);
}

void OverviewPage::refresh()
{
    showLists();
}

} // namespace gatehouse::gui
