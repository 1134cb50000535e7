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

} // namespace gatehouse::store
