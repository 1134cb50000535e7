// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"
#include "server/api/wirejson.h"

#include <functional>

namespace gatehouse::work {
class Journal;
}

namespace gatehouse::api {

/// Sessions of vantage6 v5: making them, listing and reading those one may use. Whoever may create
/// tasks in a collaboration may make a session there; its scope says who else may use it.
class WorkSessionResource final : public Resource
{
public:
    WorkSessionResource(ApiServices& services, WireJson json)
        : Resource(services), m_json(std::move(json))
    {
    }
    void addTo(Router& router, const QString& base) override;

private:
    void create(const ApiCallPtr& call);
    void list(const ApiCallPtr& call);
    void get(const ApiCallPtr& call);
    Result<work::WorkSession> readBody(const ApiCall& call, const QJsonObject& body) const;

    WireJson m_json;
};

/// Hands on a session the caller may use; answers 400, 404 or 401 itself. `found` has to guard
/// itself against outliving its resource.
void withWorkSession(const ApiCallPtr& call, work::Journal& journal, WorkSessionId id,
    std::function<void(const work::WorkSession&)> found);

} // namespace gatehouse::api
