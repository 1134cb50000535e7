// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QObject>
#include <QTimer>

#include <chrono>

namespace gatehouse::observe {

/// Resident memory of this process, from /proc/self/statm; 0 where there is none.
qint64 residentBytes();

/// Open file descriptors of this process, from /proc/self/fd; 0 where there is none.
qint64 openDescriptors();

/// How late the event loop is: a timer asks for a turn at fixed times and notes how long it took to
/// get one. Lives in the thread it measures.
class LoopLag : public QObject
{
    Q_OBJECT
public:
    explicit LoopLag(Millis interval = Millis{250}, QObject* parent = nullptr);

    /// The worst of the last `window` measurements.
    Millis worst() const;
    Millis last() const { return m_last; }

Q_SIGNALS:
    void measured(gatehouse::Millis lag);

private:
    void handleTurn();

    static constexpr size_t window = 8;
    QTimer m_timer;
    Millis m_interval;
    std::chrono::steady_clock::time_point m_due;
    std::array<Millis, window> m_recent{};
    size_t m_next = 0;
    Millis m_last{};
};

} // namespace gatehouse::observe
