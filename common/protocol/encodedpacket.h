// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/enginedialect.h"
#include "common/protocol/shedding.h"

#include <QByteArray>
#include <QList>

#include <memory>

namespace gatehouse::protocol {

class EncodedPacket;
using EncodedPacketPtr = std::shared_ptr<const EncodedPacket>;

/// One Engine.IO packet (for a binary Socket.IO packet: the text and its attachments), encoded at
/// most once per transport and dialect and shared by everyone who receives it. Immutable in
/// meaning; encodings are made on first use, so one instance belongs to one thread.
class EncodedPacket
{
    enum class Start : quint8 { Text, Attachment };

public:
    /// `text` starts with the Engine.IO type digit: "2" is a ping, "42/tasks,[…]" an event.
    static EncodedPacketPtr create(QByteArray text, QList<QByteArray> attachments = {});

    /// A binary message alone, as Engine.IO knows it and Socket.IO never sends it.
    static EncodedPacketPtr createBinary(QByteArray octets);

    /// What a WebSocket of this dialect has to be sent for a packet: the packet itself, unless it
    /// has attachments and the client speaks Engine.IO 3.
    static EncodedPacketPtr forWebSocket(const EncodedPacketPtr& packet, EngineDialect dialect);

    /// For create(): nobody else can name a start.
    EncodedPacket(Start start, QByteArray text, QList<QByteArray> attachments);
    ~EncodedPacket();
    Q_DISABLE_COPY_MOVE(EncodedPacket)

    const QByteArray& text() const { return m_text; }
    const QList<QByteArray>& attachments() const { return m_attachments; }

    /// Complete, unmasked server frames: one text frame (unless binary alone), then one binary
    /// frame per attachment (RFC 6455 section 5.2).
    const QByteArray& webSocketFrames() const;

    /// The packets joined by 0x1E, attachments as "b" + base64 (Engine.IO 4, section "Payload").
    const QByteArray& pollingPayload() const;

    /// The same for Engine.IO 3, each packet behind its length in UTF-16 code units, attachments as
    /// "b4" + base64.
    const QByteArray& textPayload3() const;

    /// For an application/octet-stream payload of Engine.IO 3.
    const QByteArray& octetPayload3() const;

    /// What a queue counts for this packet, in octets: text plus attachments.
    qsizetype costBytes() const { return m_costBytes; }

    /// What a queue over its bound may do with it. Said before the packet is handed out.
    void setShedding(Shedding shedding) const { m_shedding = shedding; }
    Shedding shedding() const { return m_shedding; }

private:
    struct Version3;
    Version3& version3() const;
    EncodedPacketPtr withTypeOctets() const;
    EncodedPacketPtr withBase64Texts() const;

    const Start m_start;
    QByteArray m_text;
    QList<QByteArray> m_attachments;
    qsizetype m_costBytes = 0;
    mutable Shedding m_shedding;
    mutable QByteArray m_frames;
    mutable QByteArray m_payload;
    mutable std::unique_ptr<Version3> m_version3; ///< for as long as nobody old listens: null
};

} // namespace gatehouse::protocol
