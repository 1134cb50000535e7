// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"

#include <functional>
#include <memory>

namespace gatehouse::session {

/// One HTTP request waiting for its answer. Shared by the connection that read it and the handler
/// that answers, possibly much later (a long poll). Network thread only.
class HttpExchange
{
public:
    virtual ~HttpExchange() = default;

    virtual const protocol::HttpRequest& request() const = 0;

    /// Answers; the first call counts. Safe, and without effect, when the peer has gone.
    virtual void respond(protocol::HttpResponse response) = 0;

    /// Ends the connection without an answer, as a server that goes down does. Without effect once
    /// answered.
    virtual void drop() = 0;

    virtual bool isPeerGone() const = 0;

    /// Called at most once, when the peer goes before it was answered. Not called after respond().
    virtual void setPeerGoneCallback(std::function<void()> callback) = 0;
};

using HttpExchangePtr = std::shared_ptr<HttpExchange>;

/// Takes every request below the path prefix it is registered for. Declared here, implemented by
/// session (polling) and api; called by transport.
class HttpHandler
{
public:
    virtual ~HttpHandler() = default;
    virtual void handleRequest(const HttpExchangePtr& exchange) = 0;

    /// Transport refuses a request by itself, for a body that is too large or comes too slowly:
    /// adds what an answer needs to be read by the page that asked. `request` has no body.
    virtual void completeRefusal(
        const protocol::HttpRequest& request, protocol::HttpResponse& response)
    {
        Q_UNUSED(request)
        Q_UNUSED(response)
    }
};

} // namespace gatehouse::session
