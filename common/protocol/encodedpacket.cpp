// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/encodedpacket.h"

#include "common/protocol/engineio3.h"
#include "common/protocol/websocketframe.h"

namespace gatehouse::protocol {

/// What clients of Engine.IO 3 get.
struct EncodedPacket::Version3
{
    EncodedPacketPtr webSocket;
    EncodedPacketPtr webSocketBase64;
    QByteArray textPayload;
    QByteArray octetPayload;
};

EncodedPacketPtr EncodedPacket::create(QByteArray text, QList<QByteArray> attachments)
{
    return std::make_shared<EncodedPacket>(Start::Text, std::move(text), std::move(attachments));
}

EncodedPacketPtr EncodedPacket::createBinary(QByteArray octets)
{
    return std::make_shared<EncodedPacket>(
        Start::Attachment, QByteArray(), QList<QByteArray>{std::move(octets)});
}

EncodedPacket::EncodedPacket(Start start, QByteArray text, QList<QByteArray> attachments)
    : m_start(start), m_text(std::move(text)), m_attachments(std::move(attachments)),
      m_costBytes(m_text.size())
{
    for (const QByteArray& attachment : std::as_const(m_attachments))
        m_costBytes += attachment.size();
}

EncodedPacket::~EncodedPacket() = default;

EncodedPacketPtr EncodedPacket::forWebSocket(const EncodedPacketPtr& packet, EngineDialect dialect)
{
    if (dialect == EngineDialect::V4 || packet->m_attachments.isEmpty())
        return packet;
    Version3& made = packet->version3();
    if (dialect == EngineDialect::V3) {
        if (!made.webSocket) {
            made.webSocket = packet->withTypeOctets();
            made.webSocket->setShedding(packet->shedding());
        }
        return made.webSocket;
    }
    if (!made.webSocketBase64) {
        made.webSocketBase64 = packet->withBase64Texts();
        made.webSocketBase64->setShedding(packet->shedding());
    }
    return made.webSocketBase64;
}

EncodedPacket::Version3& EncodedPacket::version3() const
{
    if (!m_version3)
        m_version3 = std::make_unique<Version3>();
    return *m_version3;
}

EncodedPacketPtr EncodedPacket::withTypeOctets() const
{
    QList<QByteArray> typed;
    typed.reserve(m_attachments.size());
    for (const QByteArray& attachment : m_attachments)
        typed.append(encodeEngine3Binary(attachment));
    return std::make_shared<EncodedPacket>(m_start, m_text, std::move(typed));
}

EncodedPacketPtr EncodedPacket::withBase64Texts() const
{
    auto packet = std::make_shared<EncodedPacket>(m_start, m_text, m_attachments);
    if (m_start == Start::Text)
        packet->m_frames = webSocketFrame(WebSocketOpcode::Text, m_text);
    for (const QByteArray& attachment : m_attachments)
        packet->m_frames += webSocketFrame(WebSocketOpcode::Text, encodeEngine3Base64(attachment));
    return packet;
}

const QByteArray& EncodedPacket::webSocketFrames() const
{
    if (!m_frames.isEmpty())
        return m_frames;
    const bool hasText = m_start == Start::Text;
    qsizetype size = hasText ? webSocketHeaderBytes(m_text.size()) + m_text.size() : 0;
    for (const QByteArray& attachment : m_attachments)
        size += webSocketHeaderBytes(attachment.size()) + attachment.size();
    m_frames = QByteArray(size, Qt::Uninitialized);
    char* at = m_frames.data();
    if (hasText)
        at = writeWebSocketFrame(at, WebSocketOpcode::Text, m_text);
    for (const QByteArray& attachment : m_attachments)
        at = writeWebSocketFrame(at, WebSocketOpcode::Binary, attachment);
    return m_frames;
}

const QByteArray& EncodedPacket::pollingPayload() const
{
    if (m_attachments.isEmpty())
        return m_text;
    if (m_payload.isEmpty()) {
        m_payload = m_text;
        for (const QByteArray& attachment : m_attachments)
            appendToEnginePayload(m_payload, encodeEngineBinary(attachment));
    }
    return m_payload;
}

const QByteArray& EncodedPacket::textPayload3() const
{
    QByteArray& payload = version3().textPayload;
    if (payload.isEmpty()) {
        if (m_start == Start::Text)
            appendEngine3Text(payload, m_text);
        for (const QByteArray& attachment : m_attachments)
            appendEngine3Text(payload, encodeEngine3Base64(attachment));
    }
    return payload;
}

const QByteArray& EncodedPacket::octetPayload3() const
{
    QByteArray& payload = version3().octetPayload;
    if (payload.isEmpty()) {
        if (m_start == Start::Text)
            appendEngine3Octets(payload, EngineContent::Text, m_text);
        for (const QByteArray& attachment : m_attachments) {
            appendEngine3Octets(payload, EngineContent::Binary, encodeEngine3Binary(attachment));
        }
    }
    return payload;
}

} // namespace gatehouse::protocol
