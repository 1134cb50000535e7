// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QObject>

#include <memory>
#include <vector>

namespace gatehouse::session {

class TurnQueue;

/// Something to do once at the end of the current turn of the event loop, however often it was
/// asked for.
class TurnWork
{
public:
    TurnWork() = default;
    virtual ~TurnWork();
    Q_DISABLE_COPY_MOVE(TurnWork)

    virtual void endOfTurn() = 0;

private:
    friend class TurnQueue;
    TurnQueue* m_queue = nullptr; ///< while scheduled
};

/// What has to wait until the stack is empty: one answer to a poll for all packets of a turn,
/// closing a session from inside a delivery, and destroying objects that are still being called.
/// Network thread only.
class TurnQueue final : public QObject
{
public:
    ~TurnQueue() override;

    void schedule(TurnWork& work);
    void destroyLater(std::shared_ptr<void> object);

    /// Works everything off at once; for shutting down, with nothing of ours on the stack.
    void finish();

    bool event(QEvent* event) override;

private:
    friend class TurnWork;

    void post();
    void run();

    std::vector<TurnWork*> m_works;
    std::vector<TurnWork*> m_current; ///< being worked off; cancelled ones become null
    std::vector<std::shared_ptr<void>> m_condemned;
    bool m_isPosted = false;
};

} // namespace gatehouse::session
