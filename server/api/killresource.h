// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"
#include "server/work/records.h"

namespace gatehouse::api {

/// Killing tasks, for users with event/SEND (federation.md section 7). Each is audited.
class KillResource final : public Resource
{
public:
    using Resource::Resource;
    void addTo(Router& router, const QString& base) override;

private:
    void killTask(const ApiCallPtr& call);
    void killFoundTask(const ApiCallPtr& call, const work::TaskRecord& record);
    void killNodeTasks(const ApiCallPtr& call);
    void audit(const ApiCall& call, const QString& action, const QString& target,
        const QString& outcome, const QJsonObject& before = {}, const QJsonObject& after = {});
};

} // namespace gatehouse::api
