// SPDX-License-Identifier: Apache-2.0
#include "server/events/nodestopic.h"

#include "common/model/nodeinfo.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace gatehouse::events {

namespace {

/// What happens without any event (a node falls silent) is noticed after this.
constexpr Millis lookInterval{5'000};
/// So often offline within this time is no good connection.
constexpr int flapsToMention = 3;
constexpr Millis flapWindow{600'000};

QString keyOf(NodeId id)
{
    return QString::number(id.value);
}

QJsonArray toJson(const std::deque<work::ConnectionEvent>& history)
{
    QJsonArray events;
    for (const work::ConnectionEvent& event : history) {
        events.append(QJsonObject{{QStringLiteral("at"), qint64(event.at.count())},
            {QStringLiteral("event"),
                event.opened ? QStringLiteral("connected") : QStringLiteral("disconnected")},
            {QStringLiteral("address"), event.address},
            {QStringLiteral("sockets"), event.sockets}});
    }
    return events;
}

} // namespace

void NodesTopic::start()
{
    m_directory.addObserver(this);
    m_presence.addObserver(this);
    takeKnown();
    m_lookedAt.reset();
    lookAround();
}

void NodesTopic::takeKnown()
{
    const std::vector<QString> all = keys();
    m_known = QSet<QString>(all.begin(), all.end());
}

void NodesTopic::stop()
{
    m_presence.removeObserver(this);
    m_directory.removeObserver(this);
    KeyedTopic::stop();
}

std::vector<QString> NodesTopic::keys() const
{
    std::vector<QString> all;
    for (const work::Node& node : m_directory.nodes())
        all.push_back(keyOf(node.id));
    return all;
}

std::optional<QByteArray> NodesTopic::item(const QString& key)
{
    const work::Node* node = m_directory.node(NodeId{key.toLongLong()});
    if (!node)
        return std::nullopt;
    const work::NodePresence presence = m_presence.presence(node->id);
    const work::Organization* organization = m_directory.organization(node->organization);
    const work::Collaboration* collaboration = m_directory.collaboration(node->collaboration);
    model::NodeInfo info;
    info.id = node->id.value;
    info.name = node->name;
    info.organizationId = node->organization.value;
    info.organization = organization ? organization->name : QString();
    info.collaborationId = node->collaboration.value;
    info.collaboration = collaboration ? collaboration->name : QString();
    info.online = presence.online;
    if (presence.since)
        info.since = presence.since->count();
    if (const auto seen = presence.lastSeen ? presence.lastSeen : node->lastSeen)
        info.lastSeen = seen->count();
    info.sockets = presence.sockets;
    info.flaps = presence.flaps;
    info.address = presence.online ? presence.address : QString();
    for (const work::NodeConfigEntry& entry : presence.config)
        info.config.push_back({entry.key, entry.value});
    if (presence.metricsAt) {
        info.metrics = QJsonDocument::fromJson(presence.metrics).object();
        info.metricsAt = presence.metricsAt->count();
    }
    const Findings findings = m_findings.value(node->id);
    QJsonObject item = info.toJson();
    item.insert(QStringLiteral("history"), toJson(m_presence.history(node->id)));
    item.insert(QStringLiteral("activeRuns"), findings.activeRuns);
    item.insert(QStringLiteral("pendingKills"), findings.pendingKills);
    item.insert(QStringLiteral("attention"), QJsonArray::fromStringList(findings.attention));
    return json(item);
}

void NodesTopic::prepare(Millis monotonicNow)
{
    if (m_lookedAt && monotonicNow - *m_lookedAt < lookInterval)
        return;
    m_lookedAt = monotonicNow;
    lookAround();
}

void NodesTopic::lookAround()
{
    const QHash<NodeId, int> activeRuns = m_tasks.activeRuns();
    for (const work::Node& node : m_directory.nodes()) {
        Findings fresh = findingsAbout(node, activeRuns.value(node.id));
        Findings& known = m_findings[node.id];
        if (known == fresh)
            continue;
        known = std::move(fresh);
        touch(keyOf(node.id));
    }
}

NodesTopic::Findings NodesTopic::findingsAbout(const work::Node& node, int activeRuns) const
{
    const work::NodePresence presence = m_presence.presence(node.id);
    const Millis now = m_clock.wall();
    const auto& history = m_presence.history(node.id);
    const auto flaps
        = std::count_if(history.begin(), history.end(), [now](const work::ConnectionEvent& event) {
              return !event.opened && event.sockets == 0 && now - event.at < flapWindow;
          });
    const bool isSilent = m_presence.isSilent(node.id, m_silentAfter);
    Findings findings{activeRuns, qsizetype(m_tasks.pendingKills().of(node.id).size()), {}};
    if (presence.sockets > 1)
        findings.attention += QStringLiteral("duplicate");
    if (isSilent)
        findings.attention += QStringLiteral("silent");
    if (flaps >= flapsToMention)
        findings.attention += QStringLiteral("flapping");
    if (activeRuns > 0 && !presence.online)
        findings.attention += QStringLiteral("orphaned-runs");
    if (activeRuns > 0 && isSilent)
        findings.attention += QStringLiteral("stuck-runs");
    return findings;
}

void NodesTopic::nodeOnline(const work::NodePresence& presence)
{
    touch(keyOf(presence.node));
}

void NodesTopic::nodeOffline(const work::NodePresence& presence)
{
    touch(keyOf(presence.node));
}

void NodesTopic::nodeChanged(const work::NodePresence& presence)
{
    touch(keyOf(presence.node));
}

void NodesTopic::nodeConfigChanged(const work::NodePresence& presence)
{
    touch(keyOf(presence.node));
}

void NodesTopic::directoryChanged()
{
    for (const QString& key : std::as_const(m_known))
        touch(key);
    takeKnown();
    for (const QString& key : std::as_const(m_known))
        touch(key);
}

/// An item shows the names of its organization and collaboration; nothing else of the directory.
void NodesTopic::directoryPartChanged(const work::DirectoryPart& part)
{
    for (const NodeId id : part.nodes) {
        if (m_directory.node(id))
            m_known.insert(keyOf(id));
        else
            m_known.remove(keyOf(id));
        touch(keyOf(id));
    }
    for (const CollaborationId id : part.collaborations) {
        for (const NodeId node : m_directory.nodesOf(id))
            touch(keyOf(node));
    }
    for (const OrganizationId id : part.organizations) {
        for (const CollaborationId collaboration : m_directory.collaborationsOf(id)) {
            if (const work::Node* node = m_directory.nodeOf(id, collaboration))
                touch(keyOf(node->id));
        }
    }
}

} // namespace gatehouse::events
