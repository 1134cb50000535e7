// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/error.h"
#include "server/api/apioptions.h"
#include "server/api/apiservices.h"
#include "server/api/router.h"
#include "server/session/httphandler.h"
#include "server/session/originpolicy.h"

#include <QTimer>

#include <deque>
#include <memory>
#include <vector>

namespace gatehouse::api {

class Resource;

/// The HTTP API below `/api` (vantage6 v5: below `/hq`, in its words): enough for unmodified nodes
/// and for the federation's main path (federation.md section 8), and the console's login.
/// Registered with transport for those paths; owned by the composition root; network thread only.
/// Answers that wait for the disk or a password come later, at most ApiOptions::answerTimeout,
/// after which the client gets 503; they are dropped when the handler is gone by then.
class ApiHandler : public session::HttpHandler
{
public:
    explicit ApiHandler(ApiServices services, ApiOptions options = {});
    ~ApiHandler() override;

    void handleRequest(const session::HttpExchangePtr& exchange) override;
    void completeRefusal(
        const protocol::HttpRequest& request, protocol::HttpResponse& response) override;

    const Router& router() const { return m_router; }

private:
    void serve(const std::shared_ptr<ApiCall>& call, const ApiRoute& route, Callers callers);
    bool identify(ApiCall& call, Callers callers);
    void countRefusedToken(ErrorCode code);
    void watch(const std::shared_ptr<ApiCall>& call);
    void failOverdue();
    void dropAnswered();

    ApiServices m_services;
    const ApiOptions m_options;
    session::OriginPolicy m_origins;
    Router m_router;
    std::vector<std::unique_ptr<Resource>> m_resources;
    struct Waiting
    {
        std::weak_ptr<ApiCall> call;
        Millis until; ///< monotonic
    };
    std::deque<Waiting> m_waiting; ///< oldest first
    QTimer m_overdueTimer; ///< for the oldest one
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace gatehouse::api
