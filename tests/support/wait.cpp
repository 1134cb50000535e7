// SPDX-License-Identifier: Apache-2.0
#include "tests/support/wait.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QTimer>

namespace gatehouse::test {

bool waitUntil(const std::function<bool()>& condition, Millis deadline)
{
    const QDeadlineTimer end(deadline, Qt::PreciseTimer);
    QTimer wakeUp;
    wakeUp.setTimerType(Qt::PreciseTimer);
    wakeUp.start(deadline);
    while (!condition()) {
        if (end.hasExpired())
            return false;
        QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
    return true;
}

bool holdsFor(const std::function<bool()>& condition, Millis duration)
{
    return !waitUntil([&] { return !condition(); }, duration);
}

} // namespace gatehouse::test
