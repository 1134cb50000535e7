// SPDX-License-Identifier: Apache-2.0
// Engine.IO 3: both framings of a POST body, and single packets of a WebSocket. What is accepted
// reads back when it is framed again, in either framing. Input: the body of a POST.
#include "common/core/strictjson.h"
#include "common/core/utf8.h"
#include "common/protocol/engineio3.h"
#include "common/protocol/socketio4.h"
#include "tests/fuzz/target.h"

#include <QString>

#include <algorithm>

namespace gatehouse::fuzz {

using namespace protocol;
using Packets = std::vector<EnginePacket>;

namespace {

bool isSame(const Packets& left, const Packets& right)
{
    return std::ranges::equal(left, right, [](const EnginePacket& a, const EnginePacket& b) {
        return a.type == b.type && a.content == b.content && a.data == b.data;
    });
}

void checkPackets(const Packets& packets)
{
    for (const EnginePacket& packet : packets) {
        if (packet.content == EngineContent::Text)
            require(isValidUtf8(packet.data), "text is UTF-8");
        else
            require(packet.type == EnginePacketType::Message, "binary is a message");
    }
}

/// Framed again, by a counter of UTF-16 units that is Qt's.
void checkAsText(const Packets& packets)
{
    QByteArray ours;
    QByteArray theirs;
    for (const EnginePacket& packet : packets) {
        const QByteArray text = packet.content == EngineContent::Binary
            ? encodeEngine3Base64(packet.data)
            : char(packet.type) + packet.data;
        appendEngine3Text(ours, text);
        theirs += QByteArray::number(QString::fromUtf8(text).size()) + ':' + text;
    }
    require(ours == theirs, "a length counts UTF-16 units");
    const auto again = splitEngine3Text(ours);
    require(again && isSame(*again, packets), "a text body reads back");
}

void checkAsOctets(const Packets& packets)
{
    QByteArray body;
    for (const EnginePacket& packet : packets) {
        const QByteArray octets = packet.content == EngineContent::Binary
            ? encodeEngine3Binary(packet.data)
            : char(packet.type) + packet.data;
        appendEngine3Octets(body, packet.content, octets);
    }
    const auto again = splitEngine3Octets(body);
    require(again && isSame(*again, packets), "an octet body reads back");
}

void checkBody(const Result<Packets>& packets)
{
    if (!packets || packets->empty())
        return;
    checkPackets(*packets);
    checkAsText(*packets);
    checkAsOctets(*packets);
}

void checkFrames(QByteArrayView octets)
{
    if (const auto packet = parseEngine3Text(octets); packet && isValidUtf8(octets))
        checkAsText({*packet});
    if (const auto message = parseEngine3Binary(octets))
        require(encodeEngine3Binary(*message) == octets, "a binary frame has one spelling");
}

void checkNamespaceQuery(QByteArrayView query)
{
    const QByteArray payload = connectPayloadFromQuery(query);
    require(payload.isEmpty()
            || (checkJson(payload).has_value() && jsonKind(payload) == JsonKind::Object),
        "a namespace's query becomes an object");
    if (checkJson(query)) {
        const QByteArray error = connectErrorOf4(query.toByteArray());
        require(checkJson(error).has_value(), "an error stays JSON");
    }
}

} // namespace

void checkInput(QByteArrayView input)
{
    checkBody(splitEngine3Text(input));
    checkBody(splitEngine3Octets(input));
    checkFrames(input);
    checkNamespaceQuery(input);
}

} // namespace gatehouse::fuzz
