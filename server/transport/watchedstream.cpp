// SPDX-License-Identifier: Apache-2.0
#include "server/transport/watchedstream.h"

#include "server/transport/transportcontext.h"

#include <unistd.h>

namespace gatehouse::transport {

WatchedStream::WatchedStream(std::shared_ptr<TransportContext> context, int descriptor)
    : m_descriptor(descriptor), m_context(std::move(context))
{
}

WatchedStream::~WatchedStream()
{
    // Without a dispatcher the thread is at its end and watches nothing any more.
    if (EpollDispatcher* dispatcher = EpollDispatcher::current(); dispatcher && m_isStarted)
        dispatcher->watch(m_descriptor, nullptr, Interest::None);
    ::close(m_descriptor);
}

void WatchedStream::start()
{
    m_isStarted = true;
    updateInterest();
}

void WatchedStream::moveTo(std::shared_ptr<TransportContext> context)
{
    if (context == m_context)
        return;
    EpollDispatcher::current()->watch(m_descriptor, nullptr, Interest::None);
    m_isStarted = false;
    m_context = std::move(context);
}

void WatchedStream::setReading(bool isReading)
{
    if (std::exchange(m_isReading, isReading) != isReading)
        updateInterest();
}

bool WatchedStream::pauseReading(std::span<const char> unread)
{
    if (m_isBroken)
        return false;
    m_early = QByteArray(unread.data(), qsizetype(unread.size()));
    setReading(false);
    return true;
}

void WatchedStream::updateInterest()
{
    EpollDispatcher* dispatcher = EpollDispatcher::current();
    if (!dispatcher || !m_isStarted)
        return;
    Interest interest = m_isReading ? Interest::Reading : Interest::None;
    if (wantsWritable())
        interest = m_isReading ? Interest::Both : Interest::Writing;
    dispatcher->watch(m_descriptor, interest == Interest::None ? nullptr : this, interest);
    if (m_isReading && hasUnread())
        dispatcher->markReadable(m_descriptor);
}

bool WatchedStream::deliverEarly()
{
    if (!m_isReading || m_early.isEmpty())
        return false;
    QByteArray early = std::exchange(m_early, {});
    updateInterest();
    if (m_receiver)
        m_receiver->bytesReceived({early.data(), size_t(early.size())});
    return true;
}

void WatchedStream::end()
{
    EpollDispatcher::current()->watch(m_descriptor, nullptr, Interest::None);
    m_isStarted = false;
    m_isBroken = true;
    if (m_receiver)
        m_receiver->streamEnded();
}

} // namespace gatehouse::transport
