// SPDX-License-Identifier: Apache-2.0
#include "server/work/presencerecorder.h"

#include <QLoggingCategory>

namespace gatehouse::work {

namespace {

Q_LOGGING_CATEGORY(lcNode, "gh.node")

Completion<void> logFailure(NodeId node)
{
    return [node](Result<void> written) {
        if (!written)
            qCWarning(lcNode, "state of node %lld is not kept: %ls", node.value,
                qUtf16Printable(written.error().detail));
    };
}

} // namespace

PresenceRecorder::PresenceRecorder(Presence& presence, const Directory& directory, Journal& journal)
    : m_presence(presence), m_journal(journal)
{
    for (const Node& node : directory.nodes()) {
        if (node.lastSeen)
            presence.restoreLastSeen(node.id, *node.lastSeen);
    }
    presence.addObserver(this);
}

PresenceRecorder::~PresenceRecorder()
{
    m_presence.removeObserver(this);
}

void PresenceRecorder::nodeOnline(const NodePresence& node)
{
    saveSeen(node);
}

void PresenceRecorder::nodeOffline(const NodePresence& node)
{
    saveSeen(node);
}

void PresenceRecorder::nodeConfigChanged(const NodePresence& node)
{
    m_journal.saveNodeConfig(node.node, node.config, logFailure(node.node));
}

void PresenceRecorder::saveSeen(const NodePresence& node)
{
    if (node.lastSeen)
        m_journal.saveNodeSeen(node.node, *node.lastSeen, logFailure(node.node));
}

} // namespace gatehouse::work
