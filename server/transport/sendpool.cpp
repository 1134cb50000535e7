// SPDX-License-Identifier: Apache-2.0
#include "server/transport/sendpool.h"

#include "server/transport/sendloop.h"
#include "server/transport/sendring.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace gatehouse::transport {

namespace {

// Who may touch a worker's sender: the worker in the first two, the pool's owner in the third.
constexpr int Starting = 0;
constexpr int Sending = 1;
constexpr int Resting = 2;
constexpr int Ending = 3;

std::unique_ptr<Sender> makeSender(bool wantsRing)
{
    QString why;
    if (wantsRing) {
        if (std::unique_ptr<Sender> ring = SendRing::create(why))
            return ring;
    }
    return std::make_unique<SendLoop>();
}

} // namespace

struct SendPool::Worker
{
    void run(bool wantsRing)
    {
        ::pthread_setname_np(::pthread_self(), "send");
        sender = makeSender(wantsRing); // here: a ring belongs to the thread that made it
        change(Resting);
        for (;;) {
            state.wait(Resting, std::memory_order_acquire);
            if (state.load(std::memory_order_acquire) == Ending)
                break;
            results = sender->sendAll();
            change(Resting);
        }
        sender.reset();
    }
    void change(int to)
    {
        state.store(to, std::memory_order_release);
        state.notify_one();
    }
    void waitUntilResting()
    {
        for (int now = state.load(std::memory_order_acquire); now != Resting;
             now = state.load(std::memory_order_acquire))
            state.wait(now, std::memory_order_acquire);
    }

    std::atomic<int> state{Starting};
    std::unique_ptr<Sender> sender;
    std::span<const qint32> results;
    std::thread thread;
};

SendPool::SendPool(size_t workers, bool wantsRings)
{
    // Signals are for the threads that expect them; a new thread inherits what is blocked.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < workers; ++i) {
        m_workers.push_back(std::make_unique<Worker>());
        Worker* worker = m_workers.back().get();
        worker->thread = std::thread([worker, wantsRings] { worker->run(wantsRings); });
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    for (const auto& worker : m_workers)
        worker->waitUntilResting();
}

SendPool::~SendPool()
{
    for (const auto& worker : m_workers) {
        worker->waitUntilResting();
        worker->change(Ending);
        worker->thread.join();
    }
}

Sender& SendPool::sender(size_t worker)
{
    return *m_workers[worker]->sender;
}

void SendPool::start(size_t worker)
{
    m_workers[worker]->change(Sending);
}

std::span<const qint32> SendPool::wait(size_t worker)
{
    m_workers[worker]->waitUntilResting();
    return m_workers[worker]->results;
}

} // namespace gatehouse::transport
