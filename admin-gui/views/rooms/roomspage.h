// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/roomsmodel.h"
#include "admin-gui/views/page/itempage.h"

namespace gatehouse::gui {

class AdminActions;

/// Namespaces, rooms and who is in them, as it happens.
class RoomsPage final : public ItemPage
{
    Q_OBJECT

public:
    RoomsPage(RoomsModel& rooms, AdminActions& actions, Now now, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("rooms"); }
    QString title() const override { return tr("Rooms"); }
    QString icon() const override { return QStringLiteral("rooms"); }
    QString count() const override;
    Details details() const override;
    QString selectionHint() const override;
    void selectFirst() override;

protected:
    std::vector<ItemAction> selectionActions() const override;
    QModelIndex indexOf(const QString& key) const override;
    QString countText(int shown, int all) const override;

private:
    Details roomDetails(const model::RoomInfo& room) const;
    Details memberDetails(const model::MemberInfo& member) const;

    RoomsModel& m_rooms;
    QAction* m_send;
    QAction* m_disconnect;
    QAction* m_showClient;
};

} // namespace gatehouse::gui
