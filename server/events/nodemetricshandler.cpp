// SPDX-License-Identifier: Apache-2.0
#include "server/events/nodemetricshandler.h"

#include "common/core/strictjson.h"
#include "server/events/noderefusals.h"
#include "server/work/presence.h"

#include <QHash>

#include <algorithm>
#include <cmath>

namespace gatehouse::events {

namespace {

/// Eight GPUs are a kilobyte.
constexpr qsizetype maxMetricsBytes = 8 * 1024;

const QHash<QByteArray, JsonKind>& kinds()
{
    static const QHash<QByteArray, JsonKind> all{{"cpu_percent", JsonKind::Number},
        {"memory_percent", JsonKind::Number}, {"num_algorithm_containers", JsonKind::Number},
        {"os", JsonKind::String}, {"platform", JsonKind::String}, {"cpu_count", JsonKind::Number},
        {"memory_total", JsonKind::Number}, {"memory_available", JsonKind::Number},
        {"gpu_count", JsonKind::Number}, {"gpu_load", JsonKind::Array},
        {"gpu_memory_used", JsonKind::Array}, {"gpu_memory_free", JsonKind::Array},
        {"gpu_temperature", JsonKind::Array}};
    return all;
}

/// One that no double can hold makes Qt refuse the whole object, there and in the console.
bool isNumber(QByteArrayView value)
{
    if (jsonKind(value) != JsonKind::Number)
        return false;
    bool isOk = false;
    const double number = value.toDouble(&isOk);
    return isOk && std::isfinite(number);
}

bool isUsable(const QByteArray& name, QByteArrayView value)
{
    const auto kind = kinds().constFind(name);
    if (kind == kinds().cend() || jsonKind(value) != *kind)
        return false;
    if (*kind == JsonKind::Number)
        return isNumber(value);
    if (*kind != JsonKind::Array)
        return true;
    JsonArrayWalker walker(value);
    while (walker.next()) {
        if (!isNumber(walker.value()))
            return false;
    }
    return true;
}

} // namespace

void NodeMetricsHandler::handle(
    const access::Principal& node, const SocketId& socket, const session::IncomingEvent& event)
{
    const auto data = firstObject(event.args);
    if (!data || data->size() > maxMetricsBytes) {
        m_refusals.refuse(node, 0, observe::Level::Warning,
            QStringLiteral("What node <%1> told of its machine was not taken: %2")
                .arg(node.name,
                    data ? QStringLiteral("it is too large") : QStringLiteral("it is no object")));
        return;
    }
    m_presence.setMetrics(node.nodeId(), socket, known(*data));
}

QByteArray NodeMetricsHandler::known(const QByteArray& object)
{
    QByteArray kept;
    JsonObjectWalker walker(object);
    while (walker.next()) {
        const QByteArray name = jsonText(walker.rawName()).value_or(QByteArray());
        if (!isUsable(name, walker.value()))
            continue;
        kept += kept.isEmpty() ? "{\"" : ",\"";
        kept += name + "\":" + walker.value().toByteArray();
    }
    return kept.isEmpty() ? QByteArray("{}") : kept + '}';
}

} // namespace gatehouse::events
