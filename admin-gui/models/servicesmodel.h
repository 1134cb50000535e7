// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/models/tablemodel.h"

namespace gatehouse::gui {

/// A row of the services' table: a service, or a type of message.
struct ServicesRow
{
    std::variant<model::ServiceInfo, model::ServiceTypeInfo> what;

    const model::ServiceInfo* service() const { return std::get_if<model::ServiceInfo>(&what); }
    const model::ServiceTypeInfo* type() const
    {
        return std::get_if<model::ServiceTypeInfo>(&what);
    }
    QString key() const
    {
        return std::visit([](const auto& item) { return item.key(); }, what);
    }
    friend bool operator==(const ServicesRow&, const ServicesRow&) = default;
};

/// Services on the bus and the types of messages they want or nobody handles, one row each; and how
/// the bus itself is.
class ServicesModel final : public TableModel<ServicesRow>
{
    Q_OBJECT

public:
    enum Column {
        NameColumn,
        KindColumn,
        StateColumn,
        WaitingColumn,
        DeadColumn,
        WantsColumn,
        NodeColumn,
        ColumnCount
    };

    using TableModel::TableModel;

    void resetItems(const std::vector<model::ServicesItem>& items);
    void applyItems(const Changes<model::ServicesItem>& changes);

    const std::optional<model::BusInfo>& bus() const { return m_bus; } ///< none: not known yet
    int serviceCount() const;
    bool isAnyTypeStuck() const; ///< messages wait and nobody comes for them

    static QString stateText(const ServicesRow& row);
    static Tone stateTone(const ServicesRow& row);
    static QStringList stateTexts(); ///< every one there is
    static QString linkText(const QString& link);
    static Tone linkTone(const QString& link);

Q_SIGNALS:
    void busChanged();

protected:
    int columns() const override { return ColumnCount; }
    QString title(int column) const override;
    CellFormat format(int column) const override;
    QVariant value(const ServicesRow& row, int column) const override;
    QVariant sortValue(const ServicesRow& row, int column) const override;
    Tone tone(const ServicesRow& row, int column) const override;
    QVariant iconName(const ServicesRow& row) const override;

private:
    void setBus(std::optional<model::BusInfo> bus);

    std::optional<model::BusInfo> m_bus;
};

} // namespace gatehouse::gui
