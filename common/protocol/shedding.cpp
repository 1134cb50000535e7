// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/shedding.h"

#include <unordered_set>

namespace gatehouse::protocol {

std::vector<bool> chooseShed(std::span<const Sheddable> queue, qsizetype excess)
{
    std::vector<bool> goes(queue.size(), false);
    std::unordered_set<quint64> newer;
    for (size_t i = queue.size(); i-- > 0;) {
        if (!queue[i].shedding.isKeepLatest() || newer.insert(queue[i].shedding.tag()).second)
            continue;
        goes[i] = true;
        excess -= queue[i].cost;
    }
    for (size_t i = 0; i < queue.size() && excess > 0; ++i) {
        if (!queue[i].shedding.isOldestFirst())
            continue;
        goes[i] = true;
        excess -= queue[i].cost;
    }
    return goes;
}

} // namespace gatehouse::protocol
