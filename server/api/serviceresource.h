// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/resource.h"

namespace gatehouse::api {

/// What vantage6 nodes and interfaces ask about the server itself, and the parts of it we do not
/// have: version, health, blob storage (off), VPN (none), ports of algorithm containers (none).
class ServiceResource final : public Resource
{
public:
    /// Clients compare this with their own version.
    static constexpr QLatin1StringView compatibleVersion{"4.14.0"};

    using Resource::Resource;
    void addTo(Router& router, const QString& base) override;

private:
    void health(const ApiCallPtr& call);
};

} // namespace gatehouse::api
