// SPDX-License-Identifier: Apache-2.0
#include "server/events/nodeinfohandler.h"

#include "common/core/strictjson.h"
#include "server/events/noderefusals.h"
#include "server/events/nodewrites.h"
#include "server/work/presence.h"

namespace gatehouse::events {

namespace {

/// Text as it is, everything else as its JSON text: 1 -> "1", true -> "true".
QString valueText(QByteArrayView json)
{
    if (const auto text = jsonText(json))
        return QString::fromUtf8(*text);
    return QString::fromUtf8(json);
}

void addValue(work::NodeConfig& entries, const QString& key, QByteArrayView json)
{
    if (jsonKind(json) != JsonKind::Array) {
        entries.push_back({key, valueText(json)});
        return;
    }
    JsonArrayWalker walker(json);
    while (walker.next())
        entries.push_back({key, valueText(walker.value())});
}

QString keyText(QByteArrayView rawName)
{
    return QString::fromUtf8(jsonText(rawName).value_or(QByteArray()));
}

} // namespace

NodeInfoHandler::NodeInfoHandler(work::Presence& presence, NodeWrites& writes,
    NodeRefusals& refusals, const FederationOptions& options)
    : m_presence(presence), m_writes(writes), m_refusals(refusals), m_options(options)
{
}

void NodeInfoHandler::handle(
    const access::Principal& node, const SocketId& socket, const session::IncomingEvent& event)
{
    const auto data = firstObject(event.args);
    const auto warn = [&](const QString& why) {
        m_refusals.refuse(node, 0, observe::Level::Warning,
            QStringLiteral("The configuration of node <%1> was not taken: %2").arg(node.name, why));
    };
    if (!data)
        return warn(QStringLiteral("it is no object"));
    if (data->size() > m_options.maxNodeInfoBytes)
        return warn(QStringLiteral("it is too large"));
    work::NodeConfig entries = entriesOf(*data);
    if (qsizetype(entries.size()) > m_options.maxNodeInfoEntries)
        return warn(QStringLiteral("it has too many entries"));
    if (m_presence.setConfig(node.nodeId(), socket, entries))
        m_writes.configured(node.nodeId(), std::move(entries));
}

work::NodeConfig NodeInfoHandler::entriesOf(const QByteArray& object)
{
    work::NodeConfig entries;
    JsonObjectWalker outer(object);
    while (outer.next()) {
        if (jsonKind(outer.value()) != JsonKind::Object) {
            addValue(entries, keyText(outer.rawName()), outer.value());
            continue;
        }
        JsonObjectWalker inner(outer.value());
        while (inner.next())
            addValue(entries, keyText(inner.rawName()), inner.value());
    }
    return entries;
}

} // namespace gatehouse::events
