// SPDX-License-Identifier: Apache-2.0
// MessagePack packets: what is read is JSON with as many attachments as it names, and writing it
// gives what reads back as the same; JSON that is written keeps its meaning. Input: the octets of a
// packet; also taken as JSON.
#include "common/protocol/msgpackpacket.h"

#include "common/core/strictjson.h"
#include "common/core/utf8.h"
#include "common/protocol/msgpack.h"
#include "tests/fuzz/target.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cmath>

namespace gatehouse::fuzz {

using namespace protocol;

namespace {

constexpr SocketIoLimits limits;

bool takesAnId(PacketType type)
{
    return type != PacketType::Connect && type != PacketType::Disconnect
        && type != PacketType::ConnectError;
}

/// Written as text for every client and from there as MessagePack.
void checkPacket(const SocketIoPacket& packet)
{
    require(packet.nsp.value.startsWith('/') && isValidUtf8(packet.nsp.value)
            && packet.nsp.value.size() <= limits.maxNamespaceBytes,
        "a namespace has a name of bounded length");
    require(packet.attachments.size() <= limits.maxAttachments, "attachments are bounded");
    require(packet.payload.isEmpty()
            || checkJson(packet.payload,
                {.maxDepth = limits.maxDepth + 1, .loneSurrogates = LoneSurrogates::Refuse}),
        "a payload is JSON");
    // The decoder refuses these next; as text a bare number would run into the id before it.
    const bool isContainer = packet.payload.startsWith('[') || packet.payload.startsWith('{');
    if ((packet.ackId && !takesAnId(packet.type)) || !(packet.payload.isEmpty() || isContainer))
        return;
    const EncodedPacketPtr text = encode(packet);
    const auto again
        = parseMsgpackPacket(encodeMsgpackPacket(text->text(), text->attachments()), limits);
    require(again && again->type == packet.type && again->nsp == packet.nsp
            && again->ackId == packet.ackId,
        "a packet reads back");
    // A map that says it is a placeholder becomes what it names, once.
    if (packet.payload.count("_placeholder") == packet.attachments.size())
        require(again->payload == packet.payload && again->attachments == packet.attachments,
            "a payload reads back");
}

/// Numbers beyond a double are infinite in one reader and null in the other.
bool isSame(const QJsonValue& left, const QJsonValue& right)
{
    if (left.isArray() && right.isArray()) {
        const QJsonArray ours = left.toArray();
        const QJsonArray theirs = right.toArray();
        return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
            [](const QJsonValue& a, const QJsonValue& b) { return isSame(a, b); });
    }
    if (left.isObject() && right.isObject()) {
        const QJsonObject ours = left.toObject();
        const QJsonObject theirs = right.toObject();
        if (ours.keys() != theirs.keys())
            return false;
        for (auto member = ours.begin(); member != ours.end(); ++member) {
            if (!isSame(member.value(), theirs[member.key()]))
                return false;
        }
        return true;
    }
    return left == right;
}

void checkJsonToMsgpack(QByteArrayView json)
{
    if (!checkJson(json, {.maxDepth = 64, .loneSurrogates = LoneSurrogates::Refuse}))
        return;
    QByteArray octets;
    appendMsgpackValue(octets, json, {});
    MsgpackReader reader(octets, 64);
    QByteArray back;
    QList<QByteArray> attachments;
    const auto read = reader.value(back, attachments, limits.maxAttachments);
    require(read && reader.isAtEnd() && attachments.isEmpty(), "what we write is one value");
    require(checkJson(back, {.maxDepth = 64}).has_value(), "it reads back as JSON");
    const auto original = QJsonDocument::fromJson('[' + json.toByteArray() + ']');
    if (!original.isNull())
        require(isSame(original.array(), QJsonDocument::fromJson('[' + back + ']').array()),
            "its meaning stays");
}

} // namespace

void checkInput(QByteArrayView input)
{
    if (const auto packet = parseMsgpackPacket(input, limits))
        checkPacket(*packet);
    checkJsonToMsgpack(input);
}

} // namespace gatehouse::fuzz
