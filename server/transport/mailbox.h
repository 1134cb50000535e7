// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractEventDispatcher>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace gatehouse::transport {

/// Batches from one thread to another, in order. The reader is woken once for as many as wait, and
/// looks here at each turn of its loop.
template <class Batch>
class Mailbox
{
public:
    /// Whom to wake. Before the first post(); has to be there until the last is taken.
    void setReader(QAbstractEventDispatcher* reader) { m_reader = reader; }

    void post(Batch batch)
    {
        // Under the lock, since the batch may be the one after which the reader is no more.
        const std::lock_guard lock(m_mutex);
        m_batches.push_back(std::move(batch));
        m_hasMail.store(true, std::memory_order_relaxed);
        if (m_batches.size() == 1)
            m_reader->wakeUp();
    }

    /// By the reader. False may be a moment old; then the wake-up is still to come.
    bool hasMail() const { return m_hasMail.load(std::memory_order_relaxed); }

    std::vector<Batch> takeAll()
    {
        const std::lock_guard lock(m_mutex);
        m_hasMail.store(false, std::memory_order_relaxed);
        return std::exchange(m_batches, {});
    }

private:
    QAbstractEventDispatcher* m_reader = nullptr;
    std::mutex m_mutex;
    std::vector<Batch> m_batches;
    std::atomic<bool> m_hasMail{false};
};

/// The answer to a question that one thread asks another and waits for; one at a time.
class AnswerBox
{
public:
    void give(bool answer)
    {
        const std::lock_guard lock(m_mutex);
        m_answer = answer;
        m_isGiven = true;
        m_given.notify_one();
    }
    bool wait()
    {
        std::unique_lock lock(m_mutex);
        m_given.wait(lock, [this] { return m_isGiven; });
        m_isGiven = false;
        return m_answer;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_given;
    bool m_answer = false;
    bool m_isGiven = false;
};

} // namespace gatehouse::transport
