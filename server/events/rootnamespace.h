// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socket.h"

namespace gatehouse::events {

/// The namespace `/`: everybody may connect, nothing ever happens (as in vantage6, where clients
/// connect to it by mistake and must not fail). Stateless.
class RootNamespace final : public session::NamespaceHandler
{
public:
    static NamespaceName name() { return {"/"}; }

    void eventReceived(session::Socket&, const session::IncomingEvent&) override { }
};

} // namespace gatehouse::events
