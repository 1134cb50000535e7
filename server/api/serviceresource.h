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
    static constexpr QLatin1StringView compatibleVersion5{"5.0.3"};

    ServiceResource(ApiServices& services, WireForm form) : Resource(services), m_form(form) { }
    void addTo(Router& router, const QString& base) override;

private:
    void health(const ApiCallPtr& call);

    const WireForm m_form;
};

} // namespace gatehouse::api
