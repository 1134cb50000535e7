// SPDX-License-Identifier: Apache-2.0
// Engine.IO 4: what is accepted has one spelling, so encoding it again gives the same octets.
// Input: the body of a POST; also read as one packet and as the JSON of an open packet.
#include "common/core/utf8.h"
#include "common/protocol/encodedpacket.h"
#include "common/protocol/engineio.h"
#include "tests/fuzz/target.h"

namespace gatehouse::fuzz {

using namespace protocol;

namespace {

void checkPacket(const EnginePacket& packet)
{
    if (packet.content == EngineContent::Binary) {
        require(packet.type == EnginePacketType::Message, "binary is a message");
        require(EncodedPacket::createBinary(packet.data)->pollingPayload()
                == encodeEngineBinary(packet.data),
            "binary has one spelling");
        return;
    }
    require(isValidUtf8(packet.data), "text is UTF-8");
    require(!packet.data.contains(EnginePayloadSeparator), "a separator is never inside");
}

void checkPayload(QByteArrayView body)
{
    const auto packets = splitEnginePayload(body);
    if (!packets)
        return;
    require(qsizetype(packets->size()) == body.count(EnginePayloadSeparator) + 1,
        "every packet is there");
    QByteArray again;
    for (const EnginePacket& packet : *packets) {
        checkPacket(packet);
        const QByteArray text = packet.content == EngineContent::Binary
            ? encodeEngineBinary(packet.data)
            : char(packet.type) + packet.data;
        appendToEnginePayload(again, text);
    }
    require(again == body, "a payload has one spelling");
    require(!splitEnginePayload(body, {.maxPackets = qsizetype(packets->size()) - 1}),
        "one packet more than the limit is refused");
}

void checkSinglePacket(QByteArrayView text)
{
    const auto packet = parseEnginePacket(text);
    if (!packet)
        return;
    require(char(packet->type) == text.front() && packet->data == text.sliced(1),
        "a packet is its digit and the rest");
}

void checkOpenPacket(QByteArrayView json)
{
    const auto open = parseEngineOpen(json);
    if (!open)
        return;
    require(!open->sid.isEmpty() && open->pingInterval.count() > 0 && open->pingTimeout.count() > 0,
        "an open packet names what it must");
    const auto again = parseEngineOpen(encodeEngineOpen(*open).sliced(1));
    require(again && again->sid == open->sid && again->upgrades == open->upgrades
            && again->pingInterval == open->pingInterval && again->pingTimeout == open->pingTimeout
            && again->maxPayload == open->maxPayload,
        "an open packet reads back");
}

} // namespace

void checkInput(QByteArrayView input)
{
    checkPayload(input);
    checkSinglePacket(input);
    checkOpenPacket(input);
}

} // namespace gatehouse::fuzz
