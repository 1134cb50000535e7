// SPDX-License-Identifier: Apache-2.0
#include "server/transport/closingstreams.h"

#include "server/transport/transportcontext.h"

namespace gatehouse::transport {

namespace {

/// Of what the peer still sends, so that nobody keeps us reading.
constexpr qsizetype MaxDiscardedBytes = 8 * 1024 * 1024;

} // namespace

class ClosingStreams::Closing final : public ListHook, private ByteStream::Receiver
{
public:
    Closing(TransportContext& context, std::unique_ptr<ByteStream> stream, QByteArray lastOctets)
        : m_stream(std::move(stream)), m_lastOctets(std::move(lastOctets)),
          m_deadline(context.wheel, [this, &context] {
              ++context.counters.closeTimeouts;
              delete this;
          })
    {
        m_stream->setReceiver(this);
        m_deadline.start(context.options.webSocket.close);
    }
    ~Closing()
    {
        // The stream may hold the last reference to the context we are listed in, whose own end
        // aborts everything listed.
        unlink();
    }
    Q_DISABLE_COPY_MOVE(Closing)

    void begin() { readyToWrite(); } ///< may destroy this

private:
    void bytesReceived(std::span<char> octets) override
    {
        m_discardedBytes += qsizetype(octets.size());
        if (m_discardedBytes > MaxDiscardedBytes)
            delete this;
    }

    void readyToWrite() override
    {
        // To the end or until it takes nothing: only then does the stream call us again.
        while (m_written < m_lastOctets.size()) {
            const QByteArrayView rest = QByteArrayView(m_lastOctets).sliced(m_written);
            const qsizetype taken = m_stream->write({&rest, 1});
            if (taken == 0)
                return;
            m_written += taken;
        }
        if (!std::exchange(m_isShutDown, true))
            m_stream->shutdownWrite();
    }

    void streamEnded() override { delete this; }

    std::unique_ptr<ByteStream> m_stream;
    QByteArray m_lastOctets;
    qsizetype m_written = 0;
    qsizetype m_discardedBytes = 0;
    bool m_isShutDown = false;
    Deadline m_deadline;
};

ClosingStreams::~ClosingStreams()
{
    abortAll();
}

void ClosingStreams::add(
    TransportContext& context, std::unique_ptr<ByteStream> stream, QByteArray lastOctets)
{
    auto* closing = new Closing(context, std::move(stream), std::move(lastOctets));
    closing->append(m_all);
    closing->begin();
    if (m_isFinished)
        abortAll();
}

void ClosingStreams::abortAll()
{
    while (!m_all.isEmpty())
        delete static_cast<Closing*>(m_all.next());
}

void ClosingStreams::finish()
{
    m_isFinished = true;
    abortAll();
}

} // namespace gatehouse::transport
