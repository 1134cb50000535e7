// SPDX-License-Identifier: Apache-2.0
#include "server/session/plaincore.h"

#include <algorithm>

namespace gatehouse::session {

PlainCore::PlainCore(PlainOptions o, hub::Hub& h, const Clock& c, PlainHandler& handlerOfAll)
    : options(std::move(o)), hub(h), clock(c), handler(handlerOfAll),
      origins(options.allowedOrigins), addresses(options.perAddress, c),
      timers(c, std::min(options.pingTimeout, Millis{1'000})), closingLinks(turn)
{
}

const protocol::EncodedPacketPtr& PlainCore::plainForm(const protocol::EncodedPacketPtr& packet)
{
    if (m_source != packet) {
        QByteArray frame = plainFrameOf(*packet, options.dialect);
        m_form = frame.isEmpty() ? nullptr : protocol::EncodedPacket::create(std::move(frame));
        if (m_form)
            m_form->setShedding(packet->shedding());
        m_source = packet;
    }
    return m_form;
}

QByteArray plainFrameOf(const protocol::EncodedPacket& packet, const protocol::JsonDialect& dialect)
{
    const QByteArrayView text = packet.text();
    const qsizetype array = text.indexOf('[');
    if (!text.startsWith("42") || array < 0 || !packet.attachments().isEmpty())
        return {};
    JsonArrayWalker walker(text.sliced(array));
    if (!walker.next())
        return {};
    const auto name = jsonText(walker.value());
    if (!name)
        return {};
    const QByteArrayView payload = walker.next() ? walker.value() : QByteArrayView();
    return protocol::encodeJsonEvent(dialect, *name, payload);
}

} // namespace gatehouse::session
