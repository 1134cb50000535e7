// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>
#include <QTimer>

namespace gatehouse::app {

/// Tells systemd how the service is (sd_notify): nothing happens where nobody listens. Feeds the
/// watchdog from the event loop, so that a loop that hangs is noticed. Network thread only.
class ServiceNotifier
{
public:
    ServiceNotifier();

    void ready(const QString& status);
    void reloading();
    void stopping(const QString& status);

private:
    QTimer m_watchdog;
};

} // namespace gatehouse::app
