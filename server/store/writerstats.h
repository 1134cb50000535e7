// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

#include <chrono>
#include <vector>

namespace gatehouse::store {

/// What the writer has done since the start, and how long its latest commits took.
struct WriterStats
{
    quint64 commits = 0; ///< transactions committed and flushed
    quint64 writes = 0; ///< jobs that were part of them, refused ones included
    quint64 errors = 0; ///< jobs that failed with the storage
    bool isFailing = false; ///< the last transaction was not kept
    std::vector<std::chrono::duration<double>> commitTimes; ///< since the last asking, bounded
};

/// What answers of the storage did in one turn of their thread's loop.
struct LoopTurn
{
    std::chrono::duration<double> held{}; ///< the loop, times without a processor included
    std::chrono::duration<double> worked{}; ///< time of a processor
};

} // namespace gatehouse::store
