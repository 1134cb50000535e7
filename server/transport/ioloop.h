// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/epolldispatcher.h"
#include "server/transport/linkmail.h"

#include <memory>

namespace gatehouse::transport {

struct TransportContext;

/// What runs in an I/O thread: the connections given to it, on a TransportContext of their own.
/// Made and destroyed in that thread; knows the network thread only by its channel, and never
/// waits for it.
class IoLoop final : private TurnEnd
{
public:
    IoLoop(Channel& channel, std::shared_ptr<TransportContext> context);
    ~IoLoop() override; ///< cuts what is still in a closing handshake; there are no links any more
    Q_DISABLE_COPY_MOVE(IoLoop)

    /// The network thread may take a copy and give it to streams that come here.
    const std::shared_ptr<TransportContext>& context() const { return m_context; }

    void readMail(); ///< at each turn

    // For LinkEnd.
    void tell(const Inward::Event& event, QByteArrayView payload = {});
    void countReceived(quint64 weight) { m_received += weight; }
    bool isOverBound(); ///< what waits for the network thread, of all links

private:
    struct Work;
    void workOff(Outward& batch);
    void turnEnded() override;

    Channel& m_channel;
    std::shared_ptr<TransportContext> m_context;
    Inward m_batch;
    quint64 m_received = 0;
    quint64 m_seenDelivered = 0; ///< what Channel::delivered was at least
};

} // namespace gatehouse::transport
