// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/claims.h"

#include <QFlags>

namespace gatehouse::api {

/// Whose access tokens a route takes. What they may see and do is asked later, thing by thing.
enum class Caller : quint8 {
    Anyone = 0, ///< no token is looked at
    User = 1,
    Node = 2,
    Container = 4,
};
Q_DECLARE_FLAGS(Callers, Caller)
Q_DECLARE_OPERATORS_FOR_FLAGS(Callers)

} // namespace gatehouse::api
