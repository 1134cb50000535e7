// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/clientsmodel.h"
#include "admin-gui/views/page/itempage.h"

namespace gatehouse::gui {

class AdminActions;

/// Who is connected, how, and what waits for them.
class ClientsPage final : public ItemPage
{
    Q_OBJECT

public:
    ClientsPage(ClientsModel& clients, AdminActions& actions, Now now, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("clients"); }
    QString title() const override { return tr("Clients"); }
    QString icon() const override { return QStringLiteral("clients"); }
    QString count() const override;
    Details details() const override;
    QString selectionHint() const override;

protected:
    std::vector<ItemAction> selectionActions() const override;
    QModelIndex indexOf(const QString& key) const override;

private:
    const model::ClientInfo* selected() const;
    void applyChoice(int choice);

    ClientsModel& m_clients;
    QAction* m_demote;
    QAction* m_disconnect;
};

} // namespace gatehouse::gui
