// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"
#include "server/api/wirejson.h"
#include "server/work/taskservice.h"

namespace gatehouse::api {

/// Tasks: listing, reading and creating them. Users create top-level tasks where their rules allow
/// it; algorithm containers create subtasks of their own task with the same image.
class TaskResource final : public Resource
{
public:
    TaskResource(ApiServices& services, WireJson json) : Resource(services), m_json(std::move(json))
    {
    }
    void addTo(Router& router, const QString& base) override;

private:
    void list(const ApiCallPtr& call);
    void get(const ApiCallPtr& call);
    void getStatus(const ApiCallPtr& call);
    void create(const ApiCallPtr& call);
    void createForUser(const ApiCallPtr& call, work::TaskRequest request);
    void createForContainer(const ApiCallPtr& call, work::TaskRequest request);
    void submit(const ApiCallPtr& call, work::TaskRequest request);

    /// Fetches a task the caller may see and hands it on; answers 404 or 401 itself.
    void withTask(const ApiCallPtr& call, std::function<void(const work::TaskRecord&)> found);
    void replyWithRuns(const ApiCallPtr& call, const work::TaskRecord& record);
    Result<work::TaskFilter> filterOf(const ApiCall& call) const;

    WireJson m_json;
};

} // namespace gatehouse::api
