// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/services/servicespage.h"

#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QTreeView>

namespace gatehouse::gui {

namespace {

QString lines(const std::vector<QString>& texts, const QString& none)
{
    return texts.empty() ? none : QStringList(texts.begin(), texts.end()).join(u'\n');
}

} // namespace

ServicesPage::ServicesPage(ServicesModel& services, AdminActions& actions, Now now, QWidget* parent)
    : ItemPage(&services, std::move(now), parent), m_services(services)
{
    setObjectName(QStringLiteral("servicesPage"));
    view()->setRootIsDecorated(false);
    // Name, kind, state, waiting, dead, wants or wanted by, server.
    setColumns({{20, 4}, {6, 0, true}, {8, 0, false, 0, ServicesModel::stateTexts()},
        {6, 0, false, 1}, {5, 0, false, 2}, {16, 6, false, 3}, {10, 1, false, 4}});
    view()->sortByColumn(ServicesModel::NameColumn, Qt::AscendingOrder);
    choices()->setChoices({tr("All"), tr("Services"), tr("Types"), tr("Unhandled")});
    connect(choices(), &SegmentedControl::choiceChanged, this, &ServicesPage::applyChoice);
    setEmptyTexts(tr("No services yet"),
        tr("Services appear here when they register, types when somebody wants or sends them."));
    m_showClient = addItemAction(QStringLiteral("showService"), QStringLiteral("clients"),
        tr("Show client"), tr("Go to this service's connection"), false);
    m_disconnect = addItemAction(QStringLiteral("disconnectService"), QStringLiteral("disconnect"),
        tr("Disconnect\u2026"), tr("Close this service's connection"), true);
    connect(m_showClient, &QAction::triggered, this, [this] {
        const ServicesRow* row = selected();
        if (row && row->service() && row->service()->here)
            Q_EMIT jumpRequested(QStringLiteral("clients"), row->service()->here->sessionId);
    });
    connect(m_disconnect, &QAction::triggered, this, [this, &actions] {
        const ServicesRow* row = selected();
        if (row && row->service() && row->service()->here)
            actions.disconnectClient(row->service()->here->sessionId, row->service()->name);
    });
    connect(&services, &ServicesModel::busChanged, this, &Page::summaryChanged);
    connect(&services, &ServicesModel::busChanged, this, &Page::detailsChanged);
}

const ServicesRow* ServicesPage::selected() const
{
    const QModelIndex index = current();
    return index.isValid() ? &m_services.itemAt(index.row()) : nullptr;
}

QModelIndex ServicesPage::indexOf(const QString& key) const
{
    const int row = m_services.rowOf(key);
    return row < 0 ? QModelIndex() : m_services.index(row, 0);
}

QString ServicesPage::count() const
{
    const int services = m_services.serviceCount();
    return services > 0 ? formatCount(services) : QString();
}

Tone ServicesPage::tone() const
{
    const auto& bus = m_services.bus();
    if (bus && bus->link != QStringLiteral("up"))
        return ServicesModel::linkTone(bus->link);
    return m_services.isAnyTypeStuck() ? Tone::Warning : Tone::Neutral;
}

void ServicesPage::applyChoice(int choice)
{
    if (choice == 0) {
        rows()->setCondition({});
        return;
    }
    rows()->setCondition([this, choice](const QModelIndex& index) {
        const ServicesRow& row = m_services.itemAt(index.row());
        if (choice == 1)
            return row.service() != nullptr;
        return row.type() && (choice == 2 || !row.type()->isWanted);
    });
}

Details ServicesPage::details() const
{
    const ServicesRow* row = selected();
    if (!row)
        return busDetails();
    return row->service() ? serviceDetails(*row->service()) : typeDetails(*row->type());
}

Details ServicesPage::busDetails() const
{
    const auto& bus = m_services.bus();
    if (!bus)
        return {};
    Details details;
    details.icon = QStringLiteral("connect");
    details.title = tr("Bus");
    details.subtitle = tr("what joins services and servers");
    details.badge = ServicesModel::linkText(bus->link);
    details.tone = ServicesModel::linkTone(bus->link);
    details.sections.push_back({tr("Under way"),
        {{tr("Requests"), formatCount(bus->pendingRequests)},
            {tr("Calls"), formatCount(bus->unansweredCalls)},
            {tr("Messages"), formatCount(bus->waiting)},
            {tr("In the outbox"), formatCount(bus->outboxMessages)}}});
    details.sections.push_back({tr("Since the start"),
        {{tr("Nobody there"), formatCount(bus->unroutable)},
            {tr("Dead letters"), formatCount(bus->deadLettered)}}});
    details.sections.push_back({tr("This server"), {{tr("Name"), bus->node, true}}});
    return details;
}

Details ServicesPage::serviceDetails(const model::ServiceInfo& service) const
{
    Details details;
    details.icon = icon();
    details.title = service.name;
    details.subtitle = tr("Service");
    details.badge = ServicesModel::stateText({service});
    details.tone = ServicesModel::stateTone({service});
    details.sections.push_back({tr("Wants"),
        {{tr("Types"),
             service.types == std::vector<QString>{QStringLiteral("*")}
                 ? tr("everything")
                 : lines(service.types, tr("none"))},
            {tr("Queues"), lines(service.queues, tr("none"))}}});
    std::vector<Details::Row> connection{{tr("Server"), service.node, true}};
    if (service.here) {
        connection.push_back({tr("Token"), QString::number(service.here->id), true});
        connection.push_back({tr("Session"), service.here->sessionId, true});
        details.sections.push_back({tr("Under way"),
            {{tr("Calls to it"), formatCount(service.here->calls)},
                {tr("Its requests"), formatCount(service.here->requests)}}});
    }
    details.sections.push_back({tr("Connection"), std::move(connection)});
    return details;
}

Details ServicesPage::typeDetails(const model::ServiceTypeInfo& type) const
{
    Details details;
    details.icon = QStringLiteral("send");
    details.title = type.type;
    details.subtitle = tr("Type of message");
    details.badge = ServicesModel::stateText({type});
    details.tone = ServicesModel::stateTone({type});
    details.sections.push_back({tr("Services"),
        {{tr("Wanted by"),
            lines(type.wantedBy, type.isWanted ? tr("who wants everything") : tr("nobody"))}}});
    details.sections.push_back({tr("Messages"),
        {{tr("Waiting"), formatCount(type.held)}, {tr("Dead letters"), formatCount(type.dead)}}});
    return details;
}

QString ServicesPage::selectionHint() const
{
    return tr("Select a service or a type to see what it wants and what waits.");
}

std::vector<Page::ItemAction> ServicesPage::selectionActions() const
{
    const ServicesRow* row = selected();
    if (!row || !row->service() || !row->service()->here)
        return {};
    return {{m_showClient}, {m_disconnect}};
}

} // namespace gatehouse::gui
