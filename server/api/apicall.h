// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/access/decision.h"
#include "server/access/rights.h"
#include "server/api/apioptions.h"
#include "server/api/apiservices.h"
#include "server/identity/identities.h"
#include "server/session/httphandler.h"
#include "server/session/originpolicy.h"

#include <QJsonArray>
#include <QJsonObject>

#include <memory>
#include <vector>

namespace gatehouse::api {

/// One request on its way through a resource, with who asks; shared with whatever answers it later.
/// Errors leave as vantage6 clients expect them, {"msg": text}, plus "code", the error's stable
/// name; a missing right is 401 there. What went wrong inside (500, 503) is written to the log
/// under the request's id, which is all the client is told. Network thread only.
class ApiCall
{
public:
    ApiCall(session::HttpExchangePtr exchange, std::vector<qint64> ids,
        const session::OriginPolicy& origins, const ApiOptions& options, ApiServices& services);

    const protocol::HttpRequest& request() const { return m_exchange->request(); }
    qint64 id() const { return m_ids.at(0); } ///< of the path's `{id}`

    /// Who asks. Anonymous where the route is for everybody.
    const identity::Identity& caller() const { return m_caller; }
    const access::Principal& principal() const { return m_caller.principal; }
    access::Rights rights() const; ///< as they are now
    void setCaller(identity::Identity caller) { m_caller = std::move(caller); }

    /// The body as strict JSON without doubled names, an object. Malformed or BadRequest.
    Result<QJsonObject> body() const;

    std::optional<QString> query(QLatin1StringView name) const;
    /// A query item that is a positive number; 0 when absent; BadRequest when anything else.
    Result<qint64> queryId(QLatin1StringView name) const;
    /// True if `include=a,b` or `include=a&include=b` names it.
    bool includes(QLatin1StringView what) const;

    void reply(int status, const QJsonObject& json, protocol::HttpHeaders headers = {}) const;
    void fail(const Error& error) const;
    /// With words of our own choice, which the client gets whatever the status is.
    void fail(int status, ErrorCode code, const QString& text) const;
    void deny(
        const access::Decision& decision) const; ///< 401 "You lack the permission to do that!"
    /// About something that does not exist: 404 where `reachesAll` allows, else the same as deny(),
    /// so that ids of others and unused ones look alike.
    void failNotFound(const access::Decision& reachesAll, const QString& text) const;

    /// Answers later than the first one are dropped.
    bool isAnswered() const { return m_isAnswered; }
    /// The answer has not come within ApiOptions::answerTimeout.
    void failOverdue() const;
    enum class WaitsFor : quint8 { Storage, PasswordCheck };
    void setWaitsFor(WaitsFor what) { m_waitsFor = what; } ///< what an overdue answer is blamed on
    /// 429, and when it is worth another try.
    void failLocked(const Error& error, Millis lockedFor) const;

    const ApiOptions& options() const { return m_options; }

private:
    void failInside(int status, const Error& error) const;

    session::HttpExchangePtr m_exchange;
    std::vector<qint64> m_ids;
    const session::OriginPolicy& m_origins;
    const ApiOptions& m_options;
    ApiServices& m_services;
    const Millis m_began; ///< monotonic
    mutable bool m_isAnswered = false;
    WaitsFor m_waitsFor = WaitsFor::Storage;
    identity::Identity m_caller;
};

using ApiCallPtr = std::shared_ptr<ApiCall>;

} // namespace gatehouse::api
