// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/events/federationeventhandler.h"
#include "server/events/federationoptions.h"
#include "server/work/entities.h"

namespace gatehouse::work {
class Presence;
}

namespace gatehouse::events {

class NodeRefusals;
class NodeWrites;

/// `node_info_update` from a node: replaces what is known about its configuration, in the presence
/// and in the journal.
class NodeInfoHandler final : public FederationEventHandler
{
public:
    NodeInfoHandler(work::Presence& presence, NodeWrites& writes, NodeRefusals& refusals,
        const FederationOptions& options);

    void handle(const access::Principal& node, const SocketId& socket,
        const session::IncomingEvent& event) override;

    /// The storage rule of vantage6: a list becomes one entry per element with its key, an object's
    /// inner names become keys (their lists taken apart too), everything else is one entry. Values
    /// become text.
    static work::NodeConfig entriesOf(const QByteArray& object);

private:
    work::Presence& m_presence;
    NodeWrites& m_writes;
    NodeRefusals& m_refusals;
    const FederationOptions& m_options;
};

} // namespace gatehouse::events
