// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/nodes/nodespage.h"

#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QLocale>
#include <QTreeView>

namespace gatehouse::gui {

using L = QLatin1StringView;

NodesPage::NodesPage(NodesModel& nodes, AdminActions& actions, Now now, QWidget* parent)
    : ItemPage(&nodes, std::move(now), parent), m_nodes(nodes)
{
    setObjectName(QStringLiteral("nodesPage"));
    view()->setRootIsDecorated(false);
    // Name, state, since, organization, collaboration, last seen, drops, address, id.
    setColumns({{21, 4}, {6, 0, false, 0, NodesModel::stateTexts()}, {6, 0}, {13, 3, false, 3},
        {12, 3, false, 2}, {6, 0, false, 4}, {4, 0, false, 1}, {10, 1, false, 5}, {3, 0, true}});
    view()->sortByColumn(NodesModel::NameColumn, Qt::AscendingOrder);
    choices()->setChoices({tr("All"), tr("Online"), tr("Offline")});
    connect(choices(), &SegmentedControl::choiceChanged, this, &NodesPage::applyChoice);
    setEmptyTexts(tr("No nodes yet"),
        tr("Nodes are registered with the server, not by connecting. "
           "Import an organization's nodes to see them here."));
    m_ping = addItemAction(QStringLiteral("pingNode"), QStringLiteral("ping"), tr("Ping\u2026"),
        tr("Measure how fast the node answers"), false);
    m_renew = addItemAction(QStringLiteral("renewToken"), QStringLiteral("renew"),
        tr("Renew token\u2026"), tr("Tell the node to sign in again"), false);
    connect(m_ping, &QAction::triggered, this, [this, &actions] {
        if (const model::NodeInfo* node = selected())
            actions.pingNode(*node);
    });
    connect(m_renew, &QAction::triggered, this, [this, &actions] {
        if (const model::NodeInfo* node = selected())
            actions.renewToken(*node);
    });
}

const model::NodeInfo* NodesPage::selected() const
{
    const QModelIndex index = current();
    return index.isValid() ? &m_nodes.itemAt(index.row()) : nullptr;
}

QModelIndex NodesPage::indexOf(const QString& key) const
{
    const int row = m_nodes.rowOf(key);
    return row < 0 ? QModelIndex() : m_nodes.index(row, 0);
}

int NodesPage::onlineCount() const
{
    int online = 0;
    for (int row = 0; row < m_nodes.rowCount(); ++row)
        online += m_nodes.itemAt(row).online ? 1 : 0;
    return online;
}

QString NodesPage::count() const
{
    if (m_nodes.rowCount() == 0)
        return {};
    return formatCount(onlineCount()) % u'/' % formatCount(m_nodes.rowCount());
}

Tone NodesPage::tone() const
{
    for (int row = 0; row < m_nodes.rowCount(); ++row) {
        const model::NodeInfo& node = m_nodes.itemAt(row);
        if (!node.online && node.lastSeen)
            return Tone::Bad;
    }
    return Tone::Neutral;
}

void NodesPage::applyChoice(int choice)
{
    if (choice == 0)
        rows()->setCondition({});
    else
        rows()->setCondition([this, online = choice == 1](const QModelIndex& row) {
            return m_nodes.itemAt(row.row()).online == online;
        });
}

/// Of a node's own word: what is no number is not shown.
std::vector<Details::Row> NodesPage::machineRows(const model::NodeInfo& node) const
{
    if (!node.metrics || !node.metricsAt)
        return {};
    const auto number = [&](QLatin1StringView name) {
        const QJsonValue value = node.metrics->value(name);
        return value.isDouble() && value.toDouble() >= 0 ? std::optional(value.toDouble())
                                                         : std::nullopt;
    };
    const auto percent
        = [](double value) { return tr("%1%").arg(QLocale().toString(value, 'f', 1)); };
    std::vector<Details::Row> rows;
    const auto add = [&](const QString& label, const std::optional<double>& value, auto text) {
        if (value)
            rows.push_back({label, text(*value)});
    };
    const auto count = [](double value) { return QLocale().toString(value, 'f', 0); };
    add(tr("Processor"), number(L("cpu_percent")), percent);
    add(tr("Processor cores"), number(L("cpu_count")), count);
    add(tr("Memory used"), number(L("memory_percent")), percent);
    add(tr("Memory free"), number(L("memory_available")), formatBytes);
    add(tr("Memory in total"), number(L("memory_total")), formatBytes);
    add(tr("GPUs"), number(L("gpu_count")), count);
    add(tr("Containers"), number(L("num_algorithm_containers")), count);
    const QString platform = node.metrics->value(L("platform")).toString();
    if (!platform.isEmpty())
        rows.push_back({tr("System"), platform.left(64)});
    if (!rows.empty())
        rows.push_back({tr("Reported"), age(*node.metricsAt, now())});
    return rows;
}

Details NodesPage::details() const
{
    const model::NodeInfo* node = selected();
    if (!node)
        return {};
    Details details;
    details.icon = icon();
    details.title = node->name;
    details.subtitle = node->organization;
    details.badge = NodesModel::stateText(*node);
    details.tone = node->online ? Tone::Good : (node->lastSeen ? Tone::Bad : Tone::Dim);
    details.sections.push_back({tr("Connection"),
        {{node->online ? tr("Online since") : tr("Offline since"),
             age(node->since.value_or(0), now())},
            {tr("Last seen"), node->lastSeen ? age(*node->lastSeen, now()) : tr("never")},
            {tr("Connections"), formatCount(node->sockets)},
            {tr("Dropped"), tr("%n time(s)", nullptr, int(node->flaps))},
            {tr("Address"), node->address, true}}});
    details.sections.push_back({tr("Belongs to"),
        {{tr("Organization"), node->organization}, {tr("Collaboration"), node->collaboration},
            {tr("Node ID"), QString::number(node->id), true}}});
    std::vector<Details::Row> config;
    for (const model::NodeSetting& setting : node->config)
        config.push_back({setting.key, setting.value, true});
    if (std::vector<Details::Row> machine = machineRows(*node); !machine.empty())
        details.sections.push_back({tr("Machine"), std::move(machine)});
    if (!config.empty())
        details.sections.push_back({tr("Configuration"), std::move(config)});
    return details;
}

QString NodesPage::selectionHint() const
{
    return tr("Select a node to see its connection and configuration.");
}

std::vector<Page::ItemAction> NodesPage::selectionActions() const
{
    const model::NodeInfo* node = selected();
    if (!node)
        return {};
    return {{m_ping, node->online}, {m_renew, node->online}};
}

} // namespace gatehouse::gui
