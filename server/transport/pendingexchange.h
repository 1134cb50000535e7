// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/httphandler.h"

#include <functional>

namespace gatehouse::transport {

class HttpConnection;

/// The request an HttpConnection has handed to its handler. Shared by both; forgets the connection
/// when that ends. A handler that lets go of it without an answer has failed: 500.
class PendingExchange final : public session::HttpExchange
{
public:
    PendingExchange(HttpConnection& connection, protocol::HttpRequest request);
    ~PendingExchange() override;

    const protocol::HttpRequest& request() const override { return m_request; }
    void respond(protocol::HttpResponse response) override;
    void drop() override;
    bool isPeerGone() const override { return m_isPeerGone; }
    void setPeerGoneCallback(std::function<void()> callback) override;

    void peerLeft(); ///< from the connection, which must not be used any more

private:
    HttpConnection* m_connection; ///< null: answered, or the peer has gone
    protocol::HttpRequest m_request;
    std::function<void()> m_peerGone;
    bool m_isPeerGone = false;
};

} // namespace gatehouse::transport
