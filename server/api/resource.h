// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/apicall.h"
#include "server/api/router.h"

#include <memory>
#include <type_traits>

namespace gatehouse::api {

/// A group of routes about one noun. Owned by ApiHandler. Answers that come later are made through
/// guarded(): nothing is called once the resource is gone.
class Resource
{
public:
    explicit Resource(ApiServices& services)
        : m_services(services), m_alive(std::make_shared<bool>(true))
    {
    }
    virtual ~Resource() = default;
    Q_DISABLE_COPY_MOVE(Resource)

    /// Adds the routes; `base` is the API's path, "/api".
    virtual void addTo(Router& router, const QString& base) = 0;

protected:
    /// Wraps a completion so that it does nothing after this resource.
    template <class Function>
    auto guarded(Function function) const
    {
        return [alive = std::weak_ptr(m_alive), function = std::move(function)](auto&&... args) {
            if (!alive.expired())
                function(std::forward<decltype(args)>(args)...);
        };
    }

    ApiServices& services() const { return m_services; }

private:
    ApiServices& m_services;
    std::shared_ptr<bool> m_alive;
};

} // namespace gatehouse::api
