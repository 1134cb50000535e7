// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/transport/epolldispatcher.h"
#include "server/transport/linkmail.h"

#include <QObject>
#include <QThread>

#include <future>
#include <memory>

namespace gatehouse::transport {

class IoLoop;
struct TransportContext;
struct TransportOptions;
struct WebSocketCounters;

/// A thread that owns WebSockets, as the network thread sees it: gives it connections, and carries
/// what their RemoteLinks say and hear. Everything crosses in batches, one for each turn of the
/// sender's loop, behind one wake-up; a message to many links of the thread crosses once.
///
/// Network thread only, which has to run an EpollDispatcher. Held by the front door and by each of
/// its links; the thread ends with the last of them.
class IoThread final : public std::enable_shared_from_this<IoThread>, private TurnEnd
{
public:
    /// Unavailable when the system gives no thread. `clock` must outlive it.
    static Result<std::shared_ptr<IoThread>> start(
        const TransportOptions& options, const Clock& clock, int number);
    ~IoThread() override;
    Q_DISABLE_COPY_MOVE(IoThread)

    /// For a stream that is to be given to this thread, and for its options.
    const std::shared_ptr<TransportContext>& context() const;

    /// `stream` is not started; `options` are of context().
    std::unique_ptr<session::WebSocketLink> adopt(
        std::unique_ptr<ByteStream> stream, const WebSocketOptions& options, QByteArray greeting);
    size_t linkCount() const { return m_linkCount; }

    void abortClosing(bool isForGood); ///< see ClosingStreams

    // For RemoteLink.
    void tell(Outward::Entry entry);
    void send(SharedLink& link, const QByteArray& frames, protocol::Shedding shedding);
    bool flushOrDrop(SharedLink& link);
    void catchUp(); ///< waits until the thread has heard of everything
    void countHandled(SharedLink& link, const Inward::Event& event);
    void forget(SharedLink& link); ///< its RemoteLink is no more

private:
    /// The system's side of it.
    class Thread final : public QThread
    {
    public:
        Thread(Channel& channel, const TransportOptions& options, const Clock& clock)
            : m_channel(channel), m_options(options), m_clock(clock)
        {
        }
        std::promise<const IoLoop*> started;

    private:
        void run() override;
        void serve();

        Channel& m_channel;
        const TransportOptions& m_options; ///< until it has started
        const Clock& m_clock;
    };

    IoThread(const TransportOptions& options, const Clock& clock);
    bool begin(int number);

    void turnEnded() override { handOver(); }
    void handOver();
    void post();
    bool ask(Outward::Entry question);
    void readMail();
    void deliver(const Inward& batch);
    void countDelivered(const Inward::Event& event);

    Channel m_channel;
    Thread m_thread;
    const IoLoop* m_loop = nullptr; ///< of its context alone we know; null: there is no thread
    Outward m_batch;
    quint64 m_handedOver = 0; ///< weight of batches
    size_t m_linkCount = 0;
    bool m_isReading = false;
    QMetaObject::Connection m_turns;
};

} // namespace gatehouse::transport
