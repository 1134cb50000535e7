// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/nodesmodel.h"
#include "admin-gui/views/page/itempage.h"

namespace gatehouse::gui {

class AdminActions;

/// Data stations: online or not, since when, how they are set up.
class NodesPage final : public ItemPage
{
    Q_OBJECT

public:
    NodesPage(NodesModel& nodes, AdminActions& actions, Now now, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("nodes"); }
    QString title() const override { return tr("Nodes"); }
    QString icon() const override { return QStringLiteral("nodes"); }
    QString count() const override;
    Tone tone() const override;
    Details details() const override;
    QString selectionHint() const override;

protected:
    std::vector<ItemAction> selectionActions() const override;
    QModelIndex indexOf(const QString& key) const override;

private:
    const model::NodeInfo* selected() const;
    int onlineCount() const;
    void applyChoice(int choice);
    std::vector<Details::Row> machineRows(const model::NodeInfo& node) const;

    NodesModel& m_nodes;
    QAction* m_ping;
    QAction* m_renew;
};

} // namespace gatehouse::gui
