// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QObject>

#include <deque>
#include <functional>

namespace gatehouse::bus {

/// Things to do in a later turn of the event loop, in order. A turn does at most `perTurn` of them,
/// so that a flood on the bus leaves room for the sockets of the same thread. What is left when it
/// is destroyed is dropped.
class Later : public QObject
{
public:
    void post(std::function<void()> call);

private:
    static constexpr int perTurn = 256;

    void schedule();
    void run();

    std::deque<std::function<void()>> m_calls;
    bool m_isScheduled = false;
};

} // namespace gatehouse::bus
