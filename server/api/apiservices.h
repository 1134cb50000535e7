// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/work/entities.h"

#include <functional>

namespace gatehouse::access {
class LoginLimiter;
class PasswordHasher;
class TokenMinter;
} // namespace gatehouse::access
namespace gatehouse::identity {
class Identities;
}
namespace gatehouse::observe {
class AuditSink;
class Metrics;
} // namespace gatehouse::observe
namespace gatehouse::work {
class Directory;
class Journal;
class Presence;
class TaskService;
} // namespace gatehouse::work

namespace gatehouse::api {

/// What the API works with. References outlive it.
struct ApiServices
{
    const identity::Identities& identities;
    access::TokenMinter& minter;
    access::PasswordHasher& hasher;
    access::LoginLimiter& limiter;
    work::Directory& directory;
    work::Presence& presence;
    work::TaskService& tasks;
    work::Journal& journal;
    observe::Metrics& metrics;
    observe::AuditSink& audit;
    const Clock& clock;
    /// Tells a node to kill everything it runs (FederationAnnouncer::killEverythingOn).
    std::function<void(const work::Node&)> killEverythingOn;
};

} // namespace gatehouse::api
