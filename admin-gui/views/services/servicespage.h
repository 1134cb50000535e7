// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/servicesmodel.h"
#include "admin-gui/views/page/itempage.h"

namespace gatehouse::gui {

class AdminActions;

/// Who is on the bus, what is wanted there and what waits. Without a selection the inspector shows
/// the bus itself.
class ServicesPage final : public ItemPage
{
    Q_OBJECT

public:
    ServicesPage(
        ServicesModel& services, AdminActions& actions, Now now, QWidget* parent = nullptr);

    QString name() const override { return QStringLiteral("services"); }
    QString title() const override { return tr("Services"); }
    QString icon() const override { return QStringLiteral("service"); }
    QString count() const override;
    Tone tone() const override;
    Details details() const override;
    QString selectionHint() const override;

protected:
    std::vector<ItemAction> selectionActions() const override;
    QModelIndex indexOf(const QString& key) const override;

private:
    const ServicesRow* selected() const;
    void applyChoice(int choice);
    Details busDetails() const;
    Details serviceDetails(const model::ServiceInfo& service) const;
    Details typeDetails(const model::ServiceTypeInfo& type) const;

    ServicesModel& m_services;
    QAction* m_showClient;
    QAction* m_disconnect;
};

} // namespace gatehouse::gui
