// SPDX-License-Identifier: Apache-2.0
#include "server/api/listscope.h"

#include <algorithm>

namespace gatehouse::api {

access::Decision mayViewTask(const ApiCall& call, const work::Task& task)
{
    return access::mayView(call.principal(), call.rights(), access::Resource::Task,
        {task.initOrganization, {task.collaboration}, task.initUser});
}

access::ViewScope listScope(const ApiCall& call, access::Resource resource)
{
    return access::viewScope(call.principal(), call.rights(), resource);
}

std::vector<CollaborationId> ownCollaborations(const ApiCall& call)
{
    if (call.principal().collaboration.isValid())
        return {call.principal().collaboration};
    return call.rights().collaborations;
}

std::vector<CollaborationId> narrowed(
    const std::vector<CollaborationId>& reach, CollaborationId wanted)
{
    if (!wanted.isValid())
        return reach;
    const bool isWithin = std::find(reach.begin(), reach.end(), wanted) != reach.end();
    return isWithin ? std::vector{wanted} : std::vector<CollaborationId>();
}

} // namespace gatehouse::api
