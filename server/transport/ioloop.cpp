// SPDX-License-Identifier: Apache-2.0
#include "server/transport/ioloop.h"

#include "server/transport/linkend.h"
#include "server/transport/transportcontext.h"

#include <QThread>

namespace gatehouse::transport {

namespace {

/// Of all links together, handed over and neither worked off nor kept for a link whose peer does
/// not take its answers. Each may then have one message more.
constexpr quint64 MaxUndeliveredBytes = 16 << 20;

/// From that many links on a message is copied, so that the threads do not fight for its counter.
constexpr size_t CopyFrom = 4;

} // namespace

/// One overload for each kind of entry.
struct IoLoop::Work
{
    void operator()(Outward::Adopt& adopt) const
    {
        adopt.link->end = std::make_unique<LinkEnd>(
            loop, *adopt.link, *adopt.options, std::move(adopt.stream), std::move(adopt.greeting));
    }
    void operator()(Outward::Send& send)
    {
        const QByteArray frames = send.count >= CopyFrom
            ? QByteArray(send.frames.constData(), send.frames.size())
            : std::exchange(send.frames, {});
        for (size_t i = 0; i < send.count; ++i)
            (*nextLink++)->end->take(frames, send.shedding);
    }
    void operator()(const Outward::Close& close) const
    {
        close.link->end->closeLink(close.code, close.reason);
    }
    void operator()(const Outward::TellDrained& tell) const { tell.link->end->tellDrained(); }
    void operator()(const Outward::GoOnReading& go) const { go.link->end->goOnReading(go.handled); }
    void operator()(const Outward::FlushOrDrop& flush) const
    {
        loop.m_channel.answer.give(flush.link->end->flushOrDropLink());
    }
    void operator()(const Outward::CatchUp&) const { loop.m_channel.answer.give(true); }
    void operator()(const Outward::Destroy& destroy) const
    {
        destroy.link->end.reset();
        loop.tell({destroy.link, Inward::Kind::Gone, false, 0, 0, {}});
    }
    void operator()(const Outward::EndClosing& end) const
    {
        if (end.isForGood)
            loop.m_context->closing.finish();
        else
            loop.m_context->closing.abortAll();
    }
    void operator()(const Outward::Stop&) const { QThread::currentThread()->quit(); }

    IoLoop& loop;
    std::vector<SharedLink*>::const_iterator nextLink;
};

IoLoop::IoLoop(Channel& channel, std::shared_ptr<TransportContext> context)
    : m_channel(channel), m_context(std::move(context))
{
}

IoLoop::~IoLoop()
{
    m_context->closing.finish();
    if (!m_batch.events.empty())
        turnEnded();
    Q_ASSERT(m_context.use_count() == 1);
}

void IoLoop::readMail()
{
    if (!m_channel.outward.hasMail())
        return;
    for (Outward& batch : m_channel.outward.takeAll())
        workOff(batch);
}

void IoLoop::workOff(Outward& batch)
{
    Work work{*this, batch.links.cbegin()};
    for (Outward::Entry& entry : batch.entries)
        std::visit(work, entry);
    std::atomic<quint64>& workedOff = m_channel.workedOff;
    workedOff.store(
        workedOff.load(std::memory_order_relaxed) + batch.weight, std::memory_order_relaxed);
}

void IoLoop::tell(const Inward::Event& event, QByteArrayView payload)
{
    if (m_batch.events.empty())
        EpollDispatcher::current()->atTurnEnd(*this);
    m_batch.events.push_back(event);
    m_batch.octets.insert(m_batch.octets.end(), payload.begin(), payload.end());
}

void IoLoop::turnEnded()
{
    Inward next = Inward::after(m_batch);
    m_channel.inward.post(std::exchange(m_batch, std::move(next)));
}

bool IoLoop::isOverBound()
{
    if (m_received - m_seenDelivered < MaxUndeliveredBytes)
        return false;
    m_seenDelivered = m_channel.delivered.load(std::memory_order_relaxed);
    return m_received - m_seenDelivered >= MaxUndeliveredBytes;
}

} // namespace gatehouse::transport
