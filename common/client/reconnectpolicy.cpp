// SPDX-License-Identifier: Apache-2.0
#include "common/client/reconnectpolicy.h"

#include <QtGlobal>

namespace gatehouse::client {

Millis ReconnectPolicy::delay(int attempt, double chance) const
{
    Millis step = first;
    for (int i = 0; i < attempt && step < longest; ++i)
        step *= 2;
    step = qMin(step, longest);
    const double spread = 1.0 + jitter * (2.0 * chance - 1.0);
    return Millis{qRound64(static_cast<double>(step.count()) * spread)};
}

} // namespace gatehouse::client
