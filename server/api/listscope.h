// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/access/policy.h"
#include "server/api/apicall.h"
#include "server/work/records.h"

namespace gatehouse::api {

/// May the caller see this task? Of an empty one: any task at all?
access::Decision mayViewTask(const ApiCall& call, const work::Task& task);

/// How far a list of this caller reaches.
access::ViewScope listScope(const ApiCall& call, access::Resource resource);

/// The collaborations a caller of collaboration scope sees: a node its own, a user those of the
/// organization.
std::vector<CollaborationId> ownCollaborations(const ApiCall& call);

/// Narrows an id a filter asks for: sets it where it is open, keeps it where it agrees. False: the
/// filter and the caller's reach have nothing in common, the list is empty.
template <class Tag>
bool narrow(Id<Tag>& filter, Id<Tag> reach)
{
    if (!filter.isValid())
        filter = reach;
    return filter == reach && reach.isValid();
}

/// The same for a collaboration: `wanted` is what the filter asks for, if anything.
std::vector<CollaborationId> narrowed(
    const std::vector<CollaborationId>& reach, CollaborationId wanted);

} // namespace gatehouse::api
