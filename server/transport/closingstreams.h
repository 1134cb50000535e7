// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/bytestream.h"
#include "server/transport/listhook.h"

#include <QByteArray>

#include <memory>

namespace gatehouse::transport {

struct TransportContext;

/// Streams whose owner is done with them but whose last octets (a close frame) still have to reach
/// the peer: writes them, ends our direction, reads on until the peer ends too or time is up.
/// Closing a descriptor with unread data under way would reset the connection and could take the
/// last frame with it.
class ClosingStreams
{
public:
    ClosingStreams() = default;
    ~ClosingStreams();
    Q_DISABLE_COPY_MOVE(ClosingStreams)

    /// `context` is the one this object is part of.
    void add(TransportContext& context, std::unique_ptr<ByteStream> stream, QByteArray lastOctets);
    void abortAll();
    /// As abortAll(), and for what is added later: the transport goes down. Streams hold the
    /// context this object is part of, so one that stays would keep itself.
    void finish();

private:
    class Closing;
    ListHook m_all;
    bool m_isFinished = false;
};

} // namespace gatehouse::transport
