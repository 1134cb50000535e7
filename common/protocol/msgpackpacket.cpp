// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/msgpackpacket.h"

#include "common/protocol/msgpack.h"

#include <algorithm>

namespace gatehouse::protocol {

namespace {

tl::unexpected<Error> malformed(const char* detail)
{
    return failure(ErrorCode::Malformed, QLatin1StringView(detail));
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// The members of the map as they come.
class PacketReader
{
public:
    PacketReader(QByteArrayView octets, const SocketIoLimits& limits)
        : m_reader(octets, limits.maxDepth), m_limits(limits)
    {
    }

    Result<SocketIoPacket> read()
    {
        const auto members = m_reader.mapSize();
        if (!members)
            return tl::unexpected<Error>(members.error());
        for (quint32 i = 0; i < *members; ++i) {
            const auto name = m_reader.text();
            if (!name)
                return tl::unexpected<Error>(name.error());
            if (m_reader.takeUndefined())
                continue;
            if (const auto taken = member(*name); !taken)
                return tl::unexpected<Error>(taken.error());
        }
        if (!m_reader.isAtEnd())
            return malformed("something after the packet");
        if (!m_hasType || !m_hasNamespace)
            return malformed("packet without type or namespace");
        return std::move(m_packet);
    }

private:
    Result<void> member(const QByteArray& name)
    {
        if (name == "type")
            return type();
        if (name == "nsp")
            return nsp();
        if (name == "id")
            return id();
        if (name == "data") {
            m_packet.payload.clear();
            m_packet.attachments.clear();
            return m_reader.value(m_packet.payload, m_packet.attachments, m_limits.maxAttachments);
        }
        QByteArray ignored;
        QList<QByteArray> ignoredAttachments;
        return m_reader.value(ignored, ignoredAttachments, m_limits.maxAttachments);
    }

    Result<void> type()
    {
        const auto type = m_reader.integer();
        if (!type)
            return tl::unexpected<Error>(type.error());
        if (*type < 0 || *type > qint64(PacketType::ConnectError))
            return malformed("unknown packet type");
        m_packet.type = PacketType(*type);
        m_hasType = true;
        return {};
    }

    Result<void> nsp()
    {
        auto name = m_reader.text();
        if (!name)
            return tl::unexpected<Error>(name.error());
        const bool isPlain = std::all_of(name->begin(), name->end(),
            [](char c) { return uchar(c) >= 0x20 && c != 0x7F && c != ','; });
        if (!name->startsWith('/') || !isPlain || name->size() > m_limits.maxNamespaceBytes)
            return malformed("unusable namespace name");
        m_packet.nsp = {*std::move(name)};
        m_hasNamespace = true;
        return {};
    }

    Result<void> id()
    {
        const auto id = m_reader.integer();
        if (!id)
            return tl::unexpected<Error>(id.error());
        if (*id < 0)
            return malformed("negative ack id");
        m_packet.ackId = quint64(*id);
        return {};
    }

    MsgpackReader m_reader;
    const SocketIoLimits& m_limits;
    SocketIoPacket m_packet;
    bool m_hasType = false;
    bool m_hasNamespace = false;
};

PacketType plainType(char digit)
{
    const auto type = PacketType(digit - '0');
    if (type == PacketType::BinaryEvent)
        return PacketType::Event;
    return type == PacketType::BinaryAck ? PacketType::Ack : type;
}

} // namespace

Result<SocketIoPacket> parseMsgpackPacket(QByteArrayView octets, const SocketIoLimits& limits)
{
    auto packet = PacketReader(octets, limits).read();
    if (!packet || packet->attachments.isEmpty())
        return packet;
    if (packet->type == PacketType::Event)
        packet->type = PacketType::BinaryEvent;
    else if (packet->type == PacketType::Ack)
        packet->type = PacketType::BinaryAck;
    else
        return malformed("binary in a packet that takes none");
    return packet;
}

QByteArray encodeMsgpackPacket(QByteArrayView text, const QList<QByteArray>& attachments)
{
    Q_ASSERT(text.size() >= 2 && text.front() == '4');
    const auto type = qint64(plainType(text[1]));
    QByteArrayView rest = text.sliced(2);
    if (!attachments.isEmpty())
        rest = rest.sliced(rest.indexOf('-') + 1);
    QByteArrayView nsp("/");
    if (rest.startsWith('/')) {
        const qsizetype comma = rest.indexOf(',');
        nsp = rest.first(comma);
        rest = rest.sliced(comma + 1);
    }
    const auto payload = std::find_if_not(rest.begin(), rest.end(), isDigit);
    const QByteArrayView id = rest.first(payload - rest.begin());
    rest = rest.sliced(id.size());

    QByteArray out;
    out.reserve(text.size() + 32);
    appendMsgpackMap(out, 2 + (id.isEmpty() ? 0 : 1) + (rest.isEmpty() ? 0 : 1));
    appendMsgpackText(out, "type");
    appendMsgpackInteger(out, type);
    appendMsgpackText(out, "nsp");
    appendMsgpackText(out, nsp);
    if (!id.isEmpty()) {
        appendMsgpackText(out, "id");
        appendMsgpackInteger(out, id.toLongLong());
    }
    if (!rest.isEmpty()) {
        appendMsgpackText(out, "data");
        appendMsgpackValue(out, rest, attachments);
    }
    return out;
}

} // namespace gatehouse::protocol
