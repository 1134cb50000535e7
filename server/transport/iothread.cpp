// SPDX-License-Identifier: Apache-2.0
#include "server/transport/iothread.h"

#include "server/transport/ioloop.h"
#include "server/transport/remotelink.h"
#include "server/transport/transportcontext.h"

#include <csignal>

namespace gatehouse::transport {

namespace {

/// A batch that has grown to this is handed over before the turn ends.
constexpr size_t HandOverWeight = 1 << 20;

/// Octets that wait for a thread; then the network thread waits for it.
constexpr quint64 MaxAhead = 64 << 20;

constexpr size_t EntryWeight = sizeof(Outward::Entry);
constexpr size_t LinkWeight = sizeof(SharedLink*);

} // namespace

void IoThread::Thread::run()
{
    serve();
    m_channel.answer.give(true); // to Stop
}

void IoThread::Thread::serve()
{
    EpollDispatcher* const dispatcher = EpollDispatcher::current();
    m_channel.outward.setReader(dispatcher);
    IoLoop loop(m_channel, std::make_shared<TransportContext>(m_options, m_clock));
    loop.context()->useRing();
    const auto turns
        = connect(dispatcher, &EpollDispatcher::awake, dispatcher, [&loop] { loop.readMail(); });
    started.set_value(&loop);
    exec();
    disconnect(turns);
}

Result<std::shared_ptr<IoThread>> IoThread::start(
    const TransportOptions& options, const Clock& clock, int number)
{
    std::shared_ptr<IoThread> thread(new IoThread(options, clock));
    if (!thread->begin(number))
        return failure(ErrorCode::Unavailable, QStringLiteral("cannot start an I/O thread"));
    return thread;
}

IoThread::IoThread(const TransportOptions& options, const Clock& clock)
    : m_thread(m_channel, options, clock)
{
}

bool IoThread::begin(int number)
{
    EpollDispatcher* const dispatcher = EpollDispatcher::current();
    Q_ASSERT(dispatcher);
    m_channel.inward.setReader(dispatcher);
    m_thread.setObjectName(QStringLiteral("io %1").arg(number));
    m_thread.setEventDispatcher(new EpollDispatcher);
    // Signals are for the threads that expect them; a new thread inherits what is blocked.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    m_thread.start();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!m_thread.isRunning())
        return false;
    m_loop = m_thread.started.get_future().get();
    m_turns
        = QObject::connect(dispatcher, &EpollDispatcher::awake, dispatcher, [this] { readMail(); });
    return true;
}

IoThread::~IoThread()
{
    if (!m_loop)
        return;
    QObject::disconnect(m_turns);
    ask(Outward::Stop{});
    m_thread.wait();
    for (const Inward& batch : m_channel.inward.takeAll())
        deliver(batch);
}

const std::shared_ptr<TransportContext>& IoThread::context() const
{
    return m_loop->context();
}

std::unique_ptr<session::WebSocketLink> IoThread::adopt(
    std::unique_ptr<ByteStream> stream, const WebSocketOptions& options, QByteArray greeting)
{
    auto link = std::make_unique<RemoteLink>(shared_from_this(), options);
    ++m_linkCount;
    tell(Outward::Adopt{&link->shared(), std::move(stream), &options, std::move(greeting)});
    return link;
}

void IoThread::forget(SharedLink& link)
{
    --m_linkCount;
    tell(Outward::Destroy{&link});
}

void IoThread::abortClosing(bool isForGood)
{
    tell(Outward::EndClosing{isForGood});
}

void IoThread::tell(Outward::Entry entry)
{
    if (m_batch.entries.empty()) {
        if (EpollDispatcher* dispatcher = EpollDispatcher::current())
            dispatcher->atTurnEnd(*this);
    }
    m_batch.entries.push_back(std::move(entry));
    m_batch.weight += EntryWeight;
}

void IoThread::send(SharedLink& link, const QByteArray& frames, protocol::Shedding shedding)
{
    auto* last
        = m_batch.entries.empty() ? nullptr : std::get_if<Outward::Send>(&m_batch.entries.back());
    const bool isTheSame = last && last->frames.constData() == frames.constData()
        && last->frames.size() == frames.size() && last->shedding == shedding;
    if (isTheSame) {
        ++last->count;
    } else {
        tell(Outward::Send{frames, shedding, 1});
        m_batch.weight += size_t(frames.size());
    }
    m_batch.links.push_back(&link);
    m_batch.weight += LinkWeight;
    if (m_batch.weight >= HandOverWeight)
        handOver();
}

void IoThread::handOver()
{
    if (m_batch.entries.empty())
        return;
    post();
    if (m_handedOver - m_channel.workedOff.load(std::memory_order_relaxed) > MaxAhead)
        catchUp();
}

void IoThread::post()
{
    m_handedOver += m_batch.weight;
    Outward next = Outward::after(m_batch);
    m_channel.outward.post(std::exchange(m_batch, std::move(next)));
}

bool IoThread::ask(Outward::Entry question)
{
    tell(std::move(question));
    post();
    return m_channel.answer.wait();
}

bool IoThread::flushOrDrop(SharedLink& link)
{
    return ask(Outward::FlushOrDrop{&link});
}

void IoThread::catchUp()
{
    ask(Outward::CatchUp{});
}

void IoThread::countHandled(SharedLink& link, const Inward::Event& event)
{
    constexpr auto Relaxed = std::memory_order_relaxed;
    link.handled.store(link.handled.load(Relaxed) + event.weight(), Relaxed);
    // Its answers are in the batch already.
    if (event.isHeld && link.remote)
        tell(Outward::GoOnReading{&link, link.handled.load(Relaxed)});
}

void IoThread::countDelivered(const Inward::Event& event)
{
    constexpr auto Relaxed = std::memory_order_relaxed;
    m_channel.delivered.store(m_channel.delivered.load(Relaxed) + event.weight(), Relaxed);
}

void IoThread::readMail()
{
    // Not from inside a receiver's own event loop: its batch comes first.
    if (m_isReading || !m_channel.inward.hasMail())
        return;
    const auto self = shared_from_this(); // a receiver may let go of the last link
    m_isReading = true;
    for (const Inward& batch : m_channel.inward.takeAll())
        deliver(batch);
    m_isReading = false;
    // A receiver's own event loop has used up the wake-up for what came meanwhile.
    if (m_channel.inward.hasMail())
        EpollDispatcher::current()->wakeUp();
}

void IoThread::deliver(const Inward& batch)
{
    const char* octets = batch.octets.data();
    for (const Inward::Event& event : batch.events) {
        const QByteArrayView payload(octets, event.octets);
        octets += event.octets;
        SharedLink* const link = event.link;
        if (event.kind == Inward::Kind::Gone) {
            delete link;
            continue;
        }
        const bool isWeighed
            = event.kind != Inward::Kind::Closed && event.kind != Inward::Kind::Drained;
        if (link->remote)
            link->remote->receive(event, payload);
        else if (isWeighed)
            countHandled(*link, event);
        if (isWeighed)
            countDelivered(event);
    }
}

} // namespace gatehouse::transport
