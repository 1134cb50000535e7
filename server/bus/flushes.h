// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QTimer>

#include <functional>
#include <map>
#include <utility>

namespace gatehouse::bus {

/// Those who wait until everything is sent, each for as long as he likes; each hears once that it
/// is, or that his time is over.
class Flushes
{
public:
    void add(Millis limit, std::function<void()> done)
    {
        const quint64 number = ++m_last;
        m_waiting.emplace(number, std::move(done));
        QTimer::singleShot(limit, &m_context, [this, number] {
            if (const auto late = m_waiting.extract(number))
                late.mapped()();
        });
    }

    bool isEmpty() const { return m_waiting.empty(); }

    void finish()
    {
        for (const auto& [number, done] : std::exchange(m_waiting, {}))
            done();
    }

private:
    std::map<quint64, std::function<void()>> m_waiting;
    quint64 m_last = 0;
    QObject m_context; ///< its timers go with it
};

} // namespace gatehouse::bus
