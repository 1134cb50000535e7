// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QObject>
#include <QSocketNotifier>

#include <memory>

namespace gatehouse::app {

/// Unix signals as Qt signals: SIGTERM and SIGINT ask to stop, SIGHUP to read again. Call block()
/// in main() before any thread starts, so that no thread is interrupted; the descriptor is read by
/// the event loop of the thread that made this object.
class SignalWatcher : public QObject
{
    Q_OBJECT

public:
    static void block();

    explicit SignalWatcher(QObject* parent = nullptr);
    ~SignalWatcher() override;

Q_SIGNALS:
    void stopRequested(int signalNumber);
    void reloadRequested();

private:
    void readSignals();

    int m_descriptor = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace gatehouse::app
