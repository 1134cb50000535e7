// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/encodedpacket.h"

#include "common/protocol/engineio.h"
#include "common/protocol/websocketframe.h"

namespace gatehouse::protocol {

EncodedPacketPtr EncodedPacket::create(QByteArray text, QList<QByteArray> attachments)
{
    return EncodedPacketPtr(
        new EncodedPacket(Start::Text, std::move(text), std::move(attachments)));
}

EncodedPacketPtr EncodedPacket::createBinary(QByteArray octets)
{
    return EncodedPacketPtr(new EncodedPacket(Start::Attachment, {}, {std::move(octets)}));
}

EncodedPacket::EncodedPacket(Start start, QByteArray text, QList<QByteArray> attachments)
    : m_start(start), m_text(std::move(text)), m_attachments(std::move(attachments)),
      m_costBytes(m_text.size())
{
    for (const QByteArray& attachment : m_attachments)
        m_costBytes += attachment.size();
}

const QByteArray& EncodedPacket::webSocketFrames() const
{
    if (!m_frames.isEmpty())
        return m_frames;
    qsizetype size = webSocketHeaderBytes(m_text.size()) + m_text.size();
    for (const QByteArray& attachment : m_attachments)
        size += webSocketHeaderBytes(attachment.size()) + attachment.size();
    m_frames.reserve(size);
    if (m_start == Start::Text)
        appendWebSocketFrame(m_frames, WebSocketOpcode::Text, m_text);
    for (const QByteArray& attachment : m_attachments)
        appendWebSocketFrame(m_frames, WebSocketOpcode::Binary, attachment);
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

} // namespace gatehouse::protocol
