// SPDX-License-Identifier: Apache-2.0
#include "server/session/broadcastacks.h"

#include "server/session/servercore.h"
#include "server/session/socketimpl.h"

#include <QTimer>

namespace gatehouse::session {

namespace {

struct Collector
{
    BroadcastReplies result;
    qsizetype undecided = 0;
    qsizetype bytes = 0;
    BroadcastCallback callback;
};
using CollectorPtr = std::shared_ptr<Collector>;

void decideOne(const CollectorPtr& collector)
{
    if (--collector->undecided > 0)
        return;
    if (const auto callback = std::exchange(collector->callback, {}))
        callback(std::move(collector->result));
}

qsizetype bytesOf(const AckReply& reply)
{
    qsizetype bytes = reply.args.size();
    for (const QByteArray& attachment : reply.attachments)
        bytes += attachment.size();
    return bytes;
}

} // namespace

void publishWithAcks(
    ServerCore& core, hub::Publication publication, Millis timeout, BroadcastCallback callback)
{
    const quint64 id = core.nextBroadcastAck++;
    const std::vector<SocketId> recipients = core.hub.recipients(publication);
    const auto collector = std::make_shared<Collector>();
    collector->callback = std::move(callback);
    collector->result.asked = qsizetype(recipients.size());
    // One more until the event is out: nobody hears of the end from inside this call.
    collector->undecided = collector->result.asked + 1;
    for (const SocketId& recipient : recipients) {
        SocketImpl* socket = core.sockets.value(recipient);
        if (!socket) {
            decideOne(collector);
            continue;
        }
        socket->expectAck(id, timeout, [&core, collector, recipient](Result<AckReply> reply) {
            if (reply) {
                collector->bytes += bytesOf(*reply);
                if (collector->bytes <= core.options.maxBroadcastReplyBytes)
                    collector->result.replies.emplace_back(recipient, *std::move(reply));
                else
                    ++core.counters.refusedAcks;
            }
            decideOne(collector);
        });
    }
    publication.ackId = id;
    core.hub.publish(publication);
    QTimer::singleShot(0, &core.turn, [collector] { decideOne(collector); });
}

} // namespace gatehouse::session
