// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/clients/clientspage.h"

#include "admin-gui/models/identity.h"
#include "admin-gui/views/actions/adminactions.h"
#include "admin-gui/widgets/format.h"
#include "admin-gui/widgets/segmentedcontrol.h"

#include <QTreeView>

#include <algorithm>

namespace gatehouse::gui {

namespace {

/// The users of the federation get their tokens from this server, and lose them by other ways.
bool hasLoginOfAProfile(const model::ClientInfo& client)
{
    return client.kind == QStringLiteral("user")
        && std::any_of(client.sockets.begin(), client.sockets.end(),
            [](const model::ClientSocketInfo& socket) {
                return socket.nsp != QStringLiteral("/tasks");
            });
}

} // namespace

ClientsPage::ClientsPage(ClientsModel& clients, AdminActions& actions, Now now, QWidget* parent)
    : ItemPage(&clients, std::move(now), parent), m_clients(clients)
{
    setObjectName(QStringLiteral("clientsPage"));
    view()->setRootIsDecorated(false);
    // Who, kind, address, transport, connected, rooms, packets in and out, sent, queued, session.
    setColumns({{18, 5}, {8, 0, true}, {10, 2, false, 2}, {7, 1, false, 3}, {6, 0},
        {4, 0, false, 1}, {5, 0, false, 5}, {5, 0, false, 4}, {6, 0}, {6, 0}, {20, 1, true}});
    view()->sortByColumn(ClientsModel::WhoColumn, Qt::AscendingOrder);
    choices()->setChoices({tr("All"), tr("Users"), tr("Nodes"), tr("Others")});
    connect(choices(), &SegmentedControl::choiceChanged, this, &ClientsPage::applyChoice);
    setEmptyTexts(
        tr("Nobody is connected"), tr("Clients appear here the moment their session opens."));
    m_demote = addItemAction(QStringLiteral("demoteClient"), QStringLiteral("lock"),
        tr("Take login away\u2026"), tr("Refuse this client's token from now on"), true);
    connect(m_demote, &QAction::triggered, this, [this, &actions] {
        if (const model::ClientInfo* client = selected())
            actions.demoteClient(
                client->sessionId, identityText(client->kind, client->id, client->name));
    });
    m_disconnect = addItemAction(QStringLiteral("disconnectClient"), QStringLiteral("disconnect"),
        tr("Disconnect\u2026"), tr("Close this client's connection"), true);
    connect(m_disconnect, &QAction::triggered, this, [this, &actions] {
        if (const model::ClientInfo* client = selected())
            actions.disconnectClient(
                client->sessionId, identityText(client->kind, client->id, client->name));
    });
}

const model::ClientInfo* ClientsPage::selected() const
{
    const QModelIndex index = current();
    return index.isValid() ? &m_clients.itemAt(index.row()) : nullptr;
}

QModelIndex ClientsPage::indexOf(const QString& key) const
{
    const int row = m_clients.rowOf(key);
    return row < 0 ? QModelIndex() : m_clients.index(row, 0);
}

QString ClientsPage::count() const
{
    return m_clients.rowCount() > 0 ? formatCount(m_clients.rowCount()) : QString();
}

void ClientsPage::applyChoice(int choice)
{
    if (choice == 0) {
        rows()->setCondition({});
        return;
    }
    rows()->setCondition([this, choice](const QModelIndex& row) {
        const QString& kind = m_clients.itemAt(row.row()).kind;
        const bool user = kind == QStringLiteral("user");
        const bool node = kind == QStringLiteral("node");
        return choice == 1 ? user : choice == 2 ? node : !user && !node;
    });
}

Details ClientsPage::details() const
{
    const model::ClientInfo* client = selected();
    if (!client)
        return {};
    Details details;
    details.icon = kindIcon(client->kind);
    details.title = identityText(client->kind, client->id, client->name);
    details.subtitle = client->id > 0
        ? QString(kindText(client->kind) % u' ' % QString::number(client->id))
        : kindText(client->kind);
    details.badge = client->transport;
    details.tone = client->transport == QStringLiteral("websocket") ? Tone::Good : Tone::Busy;
    details.sections.push_back({tr("Connection"),
        {{tr("Connected"), age(client->connectedAt, now())}, {tr("Address"), client->address, true},
            {tr("User agent"), client->userAgent},
            {tr("Token ends"),
                client->tokenExpiresAt ? formatMoment(*client->tokenExpiresAt) : tr("no token")},
            {tr("Session"), client->sessionId, true}}});
    details.sections.push_back({tr("Traffic"),
        {{tr("Packets in"), formatCount(client->packetsIn)},
            {tr("Packets out"), formatCount(client->packetsOut)},
            {tr("Received"), formatBytes(double(client->bytesIn))},
            {tr("Sent"), formatBytes(double(client->bytesOut))},
            {tr("Queued"), formatBytes(double(client->queuedBytes))}}});
    for (const model::ClientSocketInfo& socket : client->sockets) {
        std::vector<Details::Row> lines{{tr("Socket"), socket.socketId, true}};
        QStringList rooms;
        for (const QString& room : socket.rooms)
            rooms.append(room);
        lines.push_back({tr("Rooms"), rooms.isEmpty() ? tr("none") : rooms.join(u'\n')});
        details.sections.push_back({tr("Namespace %1").arg(socket.nsp), std::move(lines)});
    }
    return details;
}

QString ClientsPage::selectionHint() const
{
    return tr("Select a client to see its connection, traffic and rooms.");
}

std::vector<Page::ItemAction> ClientsPage::selectionActions() const
{
    const model::ClientInfo* client = selected();
    if (!client)
        return {};
    return {{m_demote, hasLoginOfAProfile(*client)}, {m_disconnect}};
}

} // namespace gatehouse::gui
