// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QMutex>
#include <QObject>

#include <deque>
#include <functional>

namespace gatehouse::bus {

/// What a worker thread has for the network thread: calls, made there in order. Lives on the
/// network thread; a worker that finds it full stops reading until there is room, so what is in it
/// has a bound.
class Uplink : public QObject
{
public:
    /// Any thread.
    void post(std::function<void()> call, qint64 bytes = 0);
    bool isFull() const;

private:
    static constexpr size_t maxCalls = 4'096;
    static constexpr qint64 maxBytes = 128 * 1024 * 1024;
    static constexpr int perTurn = 256;

    struct Item
    {
        std::function<void()> call;
        qint64 bytes = 0;
    };

    void schedule();
    void run();

    mutable QMutex m_mutex;
    std::deque<Item> m_items;
    qint64 m_bytes = 0;
    bool m_isScheduled = false;
};

} // namespace gatehouse::bus
