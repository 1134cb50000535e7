// SPDX-License-Identifier: Apache-2.0
#include "server/events/nodestopic.h"

#include "common/model/nodeinfo.h"

namespace gatehouse::events {

namespace {

QString keyOf(NodeId id)
{
    return QString::number(id.value);
}

} // namespace

void NodesTopic::start()
{
    m_directory.addObserver(this);
    m_presence.addObserver(this);
    m_known = keys();
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
    info.since = presence.since.count();
    if (const auto seen = presence.lastSeen ? presence.lastSeen : node->lastSeen)
        info.lastSeen = seen->count();
    info.sockets = presence.sockets;
    info.flaps = presence.flaps;
    info.address = presence.online ? presence.address : QString();
    for (const work::NodeConfigEntry& entry : presence.config)
        info.config.push_back({entry.key, entry.value});
    return json(info.toJson());
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
    for (const QString& key : m_known)
        touch(key);
    m_known = keys();
    for (const QString& key : m_known)
        touch(key);
}

} // namespace gatehouse::events
