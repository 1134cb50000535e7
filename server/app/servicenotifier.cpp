// SPDX-License-Identifier: Apache-2.0
#include "server/app/servicenotifier.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <chrono>

namespace gatehouse::app {

namespace {

void notify(const QString& lines)
{
    sd_notify(0, lines.toUtf8().constData());
}

} // namespace

ServiceNotifier::ServiceNotifier()
{
    uint64_t interval = 0;
    if (sd_watchdog_enabled(0, &interval) > 0) {
        // Half of the allowed time, as sd_watchdog_enabled(3) advises.
        m_watchdog.setInterval(std::chrono::milliseconds(interval / 2'000));
        QObject::connect(&m_watchdog, &QTimer::timeout, &m_watchdog,
            [] { notify(QStringLiteral("WATCHDOG=1")); });
        m_watchdog.start();
    }
}

void ServiceNotifier::ready(const QString& status)
{
    notify(QStringLiteral("READY=1\nSTATUS=") + status);
}

void ServiceNotifier::reloading()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const qint64 microseconds = qint64(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
    notify(QStringLiteral("RELOADING=1\nMONOTONIC_USEC=") + QString::number(microseconds));
}

void ServiceNotifier::stopping(const QString& status)
{
    notify(QStringLiteral("STOPPING=1\nSTATUS=") + status);
}

} // namespace gatehouse::app
