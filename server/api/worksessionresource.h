// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"
#include "server/api/wirejson.h"

#include <functional>

namespace gatehouse::work {
class Journal;
}

namespace gatehouse::api {

/// Sessions of vantage6 v5: making them, listing and reading those one may use, removing one's own.
/// Whoever may create tasks in a collaboration may make a session there; its scope says who else
/// may use it. A container uses that of its task.
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
    void remove(const ApiCallPtr& call);
    Result<work::WorkSession> readBody(const ApiCall& call, const QJsonObject& body) const;

    WireJson m_json;
};

/// Hands on a session the caller may use; answers 400 without an id and 401 for one that is not
/// there or not the caller's to use, which look alike. `found` has to guard itself against
/// outliving its resource.
void withWorkSession(const ApiCallPtr& call, work::Journal& journal, WorkSessionId id,
    std::function<void(const work::WorkSession&)> found);

} // namespace gatehouse::api
