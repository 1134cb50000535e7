// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"

namespace gatehouse::events {

inline NamespaceName federationNamespace()
{
    return {"/tasks"};
}

} // namespace gatehouse::events
