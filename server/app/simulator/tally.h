// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>
#include <QtGlobal>

namespace gatehouse::app {

/// What the simulated clients have done so far; one for all of them.
struct Tally
{
    quint64 tasks = 0;
    quint64 runsFinished = 0;
    quint64 runsFailed = 0;
    quint64 runsKilled = 0;
    quint64 logLines = 0;
    quint64 eventsHeard = 0;
    quint64 reconnects = 0;
    QString lastProblem; ///< empty once shown
};

/// How wild the simulated clients are.
enum class Temper : quint8 {
    Calm, ///< one run in fifty fails
    Chaos, ///< connections flap, runs fail, tasks are killed
};

} // namespace gatehouse::app
