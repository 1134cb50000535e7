// SPDX-License-Identifier: Apache-2.0
// Socket.IO packets: what the decoder lets through is whole, its placeholders name attachments that
// are there, and encoding it gives what a second decoder reads as the same. Input: the text of a
// packet; each part behind a 0x1E is an attachment, or text again when it starts with 't'.
#include "common/protocol/socketiopacket.h"

#include "common/core/strictjson.h"
#include "common/core/utf8.h"
#include "common/protocol/encodedpacket.h"
#include "common/protocol/engineio.h"
#include "common/protocol/placeholders.h"
#include "common/protocol/websocketframe.h"
#include "tests/fuzz/target.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <vector>

namespace gatehouse::fuzz {

using namespace protocol;

namespace {

bool isBinary(PacketType type)
{
    return type == PacketType::BinaryEvent || type == PacketType::BinaryAck;
}

bool isEvent(PacketType type)
{
    return type == PacketType::Event || type == PacketType::BinaryEvent;
}

bool isSame(const SocketIoPacket& left, const SocketIoPacket& right)
{
    return left.type == right.type && left.nsp == right.nsp && left.ackId == right.ackId
        && left.payload == right.payload && left.attachments == right.attachments;
}

/// Placeholders as a client's decoder meets them, by way of a document.
bool arePlaceholdersGood(const QJsonValue& value, qsizetype attachmentCount)
{
    if (value.isArray()) {
        const QJsonArray items = value.toArray();
        return std::all_of(items.begin(), items.end(),
            [&](const QJsonValue& item) { return arePlaceholdersGood(item, attachmentCount); });
    }
    if (!value.isObject())
        return true;
    const QJsonObject object = value.toObject();
    const QJsonValue number = object[u"num"];
    if (object[u"_placeholder"] == QJsonValue(true)
        && (!number.isDouble() || number.toInteger(-1) < 0
            || number.toInteger(-1) >= attachmentCount))
        return false;
    return std::all_of(object.begin(), object.end(),
        [&](const QJsonValue& member) { return arePlaceholdersGood(member, attachmentCount); });
}

struct Decoded
{
    std::vector<SocketIoPacket> packets;
    bool failed = false;
};

enum class Parts : quint8 { Attachments, AttachmentsAndTexts };

Decoded decode(
    const QByteArray& text, const QList<QByteArray>& parts, Parts language = Parts::Attachments)
{
    Decoded decoded;
    SocketIoDecoder decoder;
    auto result = decoder.addText(text);
    for (const QByteArray& part : parts) {
        if (result && result->has_value())
            decoded.packets.push_back(**result);
        if (!result)
            break;
        const bool isText = language == Parts::AttachmentsAndTexts && part.startsWith('t');
        result = isText ? decoder.addText(part.sliced(1)) : decoder.addBinary(part);
    }
    if (result && result->has_value())
        decoded.packets.push_back(**result);
    decoded.failed = !result;
    if (result)
        require(result->has_value() != decoder.isWaitingForAttachments(),
            "a packet comes out when nothing is missing");
    return decoded;
}

void checkEvent(const SocketIoPacket& packet)
{
    const auto parts = splitEvent(packet.payload);
    require(parts.has_value(), "a decoded event has a name");
    require(isValidUtf8(parts->name), "an event's name is UTF-8");
    require(checkJson(QByteArray('[' + parts->args + ']'), {.maxDepth = 65}).has_value(),
        "an event's arguments are JSON");
    qsizetype count = 0;
    for (JsonArrayWalker walker(packet.payload); walker.next();)
        ++count;
    qsizetype arguments = 0;
    const QByteArray list = '[' + parts->args + ']';
    for (JsonArrayWalker walker(list); walker.next();)
        ++arguments;
    require(count == arguments + 1, "no argument is lost");

    const EncodedPacketPtr again
        = encodeEvent(packet.nsp, parts->name, parts->args, packet.attachments, packet.ackId);
    const Decoded reread = decode(again->text().sliced(1), again->attachments());
    require(!reread.failed && reread.packets.size() == 1, "an event we make is an event");
    const auto rereadParts = splitEvent(reread.packets[0].payload);
    require(rereadParts && rereadParts->name == parts->name && rereadParts->args == parts->args,
        "name and arguments stay as they are");
}

void checkShape(const SocketIoPacket& packet)
{
    require(packet.nsp.value.startsWith('/') && packet.nsp.value.size() <= 128,
        "a namespace has a name of bounded length");
    require(packet.attachments.size() <= 10, "attachments are bounded");
    require(packet.payload.isEmpty() || checkJson(packet.payload).has_value(), "a payload is JSON");
    require(isBinary(packet.type) || packet.attachments.isEmpty(),
        "only binary packets have attachments");
    const QJsonDocument document = QJsonDocument::fromJson(packet.payload);
    if (isBinary(packet.type) && !document.isNull())
        require(arePlaceholdersGood(document.array(), packet.attachments.size()),
            "a placeholder names an attachment");
    if (isEvent(packet.type))
        checkEvent(packet);
}

/// The two encodings say the same.
void checkEncodings(const EncodedPacket& encoded)
{
    QByteArray octets = encoded.webSocketFrames();
    std::span<char> input(octets.data(), size_t(octets.size()));
    WebSocketDecoder decoder(WebSocketRole::Client, {.maxMessageBytes = 64 << 20});
    // The codec has no opinion on the text's UTF-8 when it sends, its reader has.
    if (isValidUtf8(encoded.text())) {
        WebSocketEvent event = decoder.next(input);
        require(event.kind == WebSocketEvent::Kind::Text && event.payload == encoded.text(),
            "the text is one frame");
        for (const QByteArray& attachment : encoded.attachments()) {
            event = decoder.next(input);
            require(event.kind == WebSocketEvent::Kind::Binary && event.payload == attachment,
                "each attachment is one frame");
        }
        require(decoder.next(input).kind == WebSocketEvent::Kind::NeedMore, "and nothing more");
    }
    const auto packets = splitEnginePayload(encoded.pollingPayload());
    if (encoded.text().contains(EnginePayloadSeparator) || !isValidUtf8(encoded.text()))
        return;
    require(packets && packets->size() == 1 + size_t(encoded.attachments().size()),
        "by polling it is as many packets");
    for (qsizetype i = 0; i < encoded.attachments().size(); ++i)
        require((*packets)[size_t(i) + 1].data == encoded.attachments()[i],
            "by polling the attachments are the same");
}

void checkPacket(const SocketIoPacket& packet)
{
    checkShape(packet);
    const EncodedPacketPtr encoded = encode(packet);
    require(encoded->text().startsWith('4'), "a Socket.IO packet is an Engine.IO message");
    const Decoded again = decode(encoded->text().sliced(1), encoded->attachments());
    require(!again.failed && again.packets.size() == 1 && isSame(again.packets[0], packet),
        "a packet reads back");
    checkEncodings(*encoded);
}

} // namespace

void checkInput(QByteArrayView input)
{
    Input in(input);
    const QByteArray text = in.takeUntil(EnginePayloadSeparator);
    QList<QByteArray> parts;
    while (!in.isAtEnd())
        parts.append(in.takeUntil(EnginePayloadSeparator));
    for (const SocketIoPacket& packet : decode(text, parts, Parts::AttachmentsAndTexts).packets)
        checkPacket(packet);
}

} // namespace gatehouse::fuzz
