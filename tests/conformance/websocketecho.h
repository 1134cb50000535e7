// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/conformance/fixture.h"

#include <map>

namespace gatehouse::conformance {

/// A bare WebSocket on "/" that returns every message, up to 16 MiB: for fuzzers of the frame
/// codec.
class WebSocketEcho final : public Fixture, public session::WebSocketAcceptor
{
public:
    WebSocketEcho();
    ~WebSocketEcho() override;

    transport::TransportOptions doorOptions() const override;
    void attach(transport::Server& door) override;

    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void linkOpened(const protocol::HttpRequest& request,
        std::unique_ptr<session::WebSocketLink> link) override;

private:
    class Connection;
    std::map<Connection*, std::unique_ptr<Connection>> m_connections;
};

} // namespace gatehouse::conformance
