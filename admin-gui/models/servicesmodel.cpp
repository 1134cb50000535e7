// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/servicesmodel.h"

namespace gatehouse::gui {

namespace {

QString joined(const std::vector<QString>& texts)
{
    return QStringList(texts.begin(), texts.end()).join(QStringLiteral(", "));
}

std::optional<ServicesRow> asRow(const model::ServicesItem& item)
{
    if (const auto* service = std::get_if<model::ServiceInfo>(&item.what))
        return ServicesRow{*service};
    if (const auto* type = std::get_if<model::ServiceTypeInfo>(&item.what))
        return ServicesRow{*type};
    return std::nullopt;
}

} // namespace

void ServicesModel::resetItems(const std::vector<model::ServicesItem>& items)
{
    std::optional<model::BusInfo> bus;
    std::vector<ServicesRow> rows;
    for (const model::ServicesItem& item : items) {
        if (const auto* info = std::get_if<model::BusInfo>(&item.what))
            bus = *info;
        else if (auto row = asRow(item))
            rows.push_back(*std::move(row));
    }
    reset(rows);
    setBus(std::move(bus));
}

void ServicesModel::applyItems(const Changes<model::ServicesItem>& changes)
{
    Changes<ServicesRow> rows;
    std::optional<model::BusInfo> bus = m_bus;
    for (const Change<model::ServicesItem>& change : changes) {
        if (change.key == model::BusInfo::key()) {
            const auto* info
                = change.item ? std::get_if<model::BusInfo>(&change.item->what) : nullptr;
            bus = info ? std::optional(*info) : std::nullopt;
        } else {
            rows.push_back({change.key, change.item ? asRow(*change.item) : std::nullopt});
        }
    }
    apply(rows);
    setBus(std::move(bus));
}

void ServicesModel::setBus(std::optional<model::BusInfo> bus)
{
    if (m_bus == bus)
        return;
    m_bus = std::move(bus);
    Q_EMIT busChanged();
}

int ServicesModel::serviceCount() const
{
    int count = 0;
    for (int row = 0; row < rowCount(); ++row)
        count += itemAt(row).service() ? 1 : 0;
    return count;
}

bool ServicesModel::isAnyTypeStuck() const
{
    for (int row = 0; row < rowCount(); ++row) {
        const model::ServiceTypeInfo* type = itemAt(row).type();
        if (type && type->held > 0 && !type->isWanted)
            return true;
    }
    return false;
}

QString ServicesModel::stateText(const ServicesRow& row)
{
    const QStringList texts = stateTexts();
    if (const model::ServiceInfo* service = row.service())
        return !service->here || service->here->isRegistered ? texts[0] : texts[1];
    return row.type()->isWanted ? texts[2] : texts[3];
}

QStringList ServicesModel::stateTexts()
{
    return {tr("registered"), tr("registering"), tr("wanted"), tr("nobody wants it")};
}

Tone ServicesModel::stateTone(const ServicesRow& row)
{
    if (const model::ServiceInfo* service = row.service())
        return !service->here || service->here->isRegistered ? Tone::Good : Tone::Busy;
    if (row.type()->isWanted)
        return Tone::Good;
    return row.type()->held > 0 ? Tone::Warning : Tone::Dim;
}

QString ServicesModel::linkText(const QString& link)
{
    if (link == QStringLiteral("up"))
        return tr("up", "of the bus");
    return link == QStringLiteral("blocked") ? tr("blocked", "of the bus")
                                             : tr("connecting", "of the bus");
}

Tone ServicesModel::linkTone(const QString& link)
{
    if (link == QStringLiteral("up"))
        return Tone::Good;
    return link == QStringLiteral("blocked") ? Tone::Warning : Tone::Bad;
}

QVariant ServicesModel::value(const ServicesRow& row, int column) const
{
    const model::ServiceInfo* service = row.service();
    const model::ServiceTypeInfo* type = row.type();
    switch (column) {
    case NameColumn:
        return service ? service->name : type->type;
    case KindColumn:
        return service ? tr("service") : tr("type", "of message");
    case StateColumn:
        return stateText(row);
    case WaitingColumn:
        if (type)
            return type->held;
        return service->here ? QVariant(service->here->calls) : QVariant();
    case DeadColumn:
        return type ? QVariant(type->dead) : QVariant();
    case WantsColumn:
        if (type)
            return joined(type->wantedBy);
        return service->types == std::vector<QString>{QStringLiteral("*")} ? tr("everything")
                                                                           : joined(service->types);
    case NodeColumn:
        return service ? service->node : QString();
    }
    return {};
}

/// Services first: types are many.
QVariant ServicesModel::sortValue(const ServicesRow& row, int column) const
{
    if (column == NameColumn)
        return QString((row.service() ? u"0 " : u"1 ") + value(row, column).toString());
    if (column == WaitingColumn || column == DeadColumn)
        return value(row, column).toLongLong();
    return value(row, column);
}

CellFormat ServicesModel::format(int column) const
{
    switch (column) {
    case StateColumn:
        return CellFormat::Dot;
    case WaitingColumn:
    case DeadColumn:
        return CellFormat::Count;
    default:
        return CellFormat::Text;
    }
}

Tone ServicesModel::tone(const ServicesRow& row, int column) const
{
    const model::ServiceTypeInfo* type = row.type();
    if (column == StateColumn)
        return stateTone(row);
    if (column == WaitingColumn)
        return type && type->held > 0 && !type->isWanted ? Tone::Warning : Tone::Dim;
    if (column == DeadColumn)
        return type && type->dead > 0 ? Tone::Bad : Tone::Dim;
    return column == NameColumn ? Tone::Neutral : Tone::Dim;
}

QVariant ServicesModel::iconName(const ServicesRow& row) const
{
    return row.service() ? QStringLiteral("service") : QStringLiteral("send");
}

QString ServicesModel::title(int column) const
{
    switch (column) {
    case NameColumn:
        return tr("Service or type");
    case KindColumn:
        return tr("Kind");
    case StateColumn:
        return tr("State");
    case WaitingColumn:
        return tr("Waiting", "messages or calls nobody has dealt with");
    case DeadColumn:
        return tr("Dead", "letters");
    case WantsColumn:
        return tr("Wants, or wanted by");
    case NodeColumn:
        return tr("Server");
    }
    return {};
}

} // namespace gatehouse::gui
