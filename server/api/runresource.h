// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"
#include "server/api/wirejson.h"

#include <functional>

namespace gatehouse::api {

/// Runs and their results: listing and reading them for users, nodes and containers; PATCH for the
/// node whose run it is.
class RunResource final : public Resource
{
public:
    RunResource(ApiServices& services, WireJson json) : Resource(services), m_json(std::move(json))
    {
    }
    void addTo(Router& router, const QString& base) override;

    /// Reads the body of PATCH run: status, started_at, finished_at, result, log. BadRequest for
    /// anything else, as vantage6 does.
    static Result<work::RunPatch> readPatch(const QJsonObject& body);

private:
    using ToJson = std::function<QJsonObject(const ApiCall&, const work::RunRecord&)>;

    void list(const ApiCallPtr& call, const ToJson& toJson);
    void get(const ApiCallPtr& call, const ToJson& toJson);
    QJsonObject runJson(const ApiCall& call, const work::RunRecord& record) const;
    void patch(const ApiCallPtr& call);
    void replyRun(const ApiCallPtr& call, RunId id);
    Result<work::RunFilter> filterOf(const ApiCall& call) const;
    Result<bool> limitToScope(const ApiCall& call, work::RunFilter& filter) const;

    WireJson m_json;
};

} // namespace gatehouse::api
