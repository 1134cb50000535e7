// SPDX-License-Identifier: Apache-2.0
// The WebSocket decoder: octets in any pieces give the same events, within the limits, and what was
// encoded reads back. Input: a control octet (role, limits, pieces), then the octets of the wire.
#include "common/protocol/websocketframe.h"
#include "tests/fuzz/target.h"

#include <QList>

#include <vector>

namespace gatehouse::fuzz {

using namespace protocol;
using Kind = WebSocketEvent::Kind;

namespace {

struct Event
{
    Kind kind = Kind::NeedMore;
    QByteArray payload;
    quint16 code = 0;

    friend bool operator==(const Event&, const Event&) = default;
};
using Events = std::vector<Event>;

struct Wire
{
    WebSocketRole role = WebSocketRole::Server;
    WebSocketLimits limits;
};

bool isLast(Kind kind)
{
    return kind == Kind::Close || kind == Kind::Failed;
}

bool isData(Kind kind)
{
    return kind == Kind::Text || kind == Kind::Binary;
}

void checkEvent(const Event& event, const WebSocketLimits& limits)
{
    if (isData(event.kind))
        require(event.payload.size() <= limits.maxMessageBytes, "a message is within its limit");
    else if (event.kind != Kind::Failed)
        require(event.payload.size() <= 125, "a control frame is small");
    if (event.kind == Kind::Text || event.kind == Kind::Close)
        require(isValidUtf8(event.payload), "text is UTF-8");
    if (event.kind == Kind::Close)
        require(event.code == WebSocketNoStatus || isSendableCloseCode(event.code),
            "the peer's close code may stand on the wire");
    if (event.kind == Kind::Failed)
        require(isSendableCloseCode(event.code) && !event.payload.isEmpty(),
            "a failure has a code to send and a reason");
}

/// One piece in an allocation of its own, until the decoder wants more.
void decodePiece(WebSocketDecoder& decoder, QByteArrayView octets, const Wire& wire, Events& events)
{
    std::vector<char> buffer(octets.begin(), octets.end());
    std::span<char> input(buffer);
    while (true) {
        const bool wasFinished = decoder.isFinished();
        const WebSocketEvent event = decoder.next(input);
        require(decoder.bufferedBytes() <= wire.limits.maxMessageBytes, "memory is bounded");
        if (event.kind == Kind::NeedMore)
            break;
        require(!wasFinished, "nothing comes after the end");
        require(decoder.isFinished() == isLast(event.kind), "a close or a failure is the end");
        events.push_back({event.kind, event.payload.toByteArray(), event.code});
        checkEvent(events.back(), wire.limits);
    }
    require(input.empty(), "all of the input is taken");
}

enum class Pieces : quint8 { Whole, Some, Octets };

Events decode(QByteArrayView octets, const Wire& wire, Pieces pieces, uchar seed = 0)
{
    WebSocketDecoder decoder(wire.role, wire.limits);
    PieceSizes sizes(seed);
    Events events;
    for (qsizetype at = 0; at < octets.size();) {
        const qsizetype wanted = pieces == Pieces::Whole ? octets.size()
            : pieces == Pieces::Octets                   ? 1
                                                         : sizes.next();
        const qsizetype size = qMin(wanted, octets.size() - at);
        decodePiece(decoder, octets.sliced(at, size), wire, events);
        at += size;
    }
    return events;
}

WebSocketOpcode opcodeOf(Kind kind)
{
    switch (kind) {
    case Kind::Text:
        return WebSocketOpcode::Text;
    case Kind::Ping:
        return WebSocketOpcode::Ping;
    case Kind::Pong:
        return WebSocketOpcode::Pong;
    default:
        return WebSocketOpcode::Binary;
    }
}

/// As the decoder's peer sends it.
QByteArray frame(const Wire& wire, WebSocketOpcode opcode, QByteArrayView payload, quint32 key)
{
    return wire.role == WebSocketRole::Server ? maskedWebSocketFrame(opcode, payload, key)
                                              : webSocketFrame(opcode, payload);
}

void checkRoundTrip(const Events& events, const Wire& wire, uchar seed)
{
    Events sent;
    QByteArray octets;
    for (const Event& event : events) {
        if (isLast(event.kind))
            break;
        sent.push_back(event);
        octets += frame(wire, opcodeOf(event.kind), event.payload, seed * 0x01234567U);
    }
    require(decode(octets, wire, Pieces::Some, seed) == sent, "what is encoded reads back");
    if (events.empty() || events.back().kind != Kind::Close || wire.role != WebSocketRole::Client)
        return;
    const QByteArray close = webSocketCloseFrame(events.back().code, events.back().payload);
    require(decode(close, wire, Pieces::Some, seed) == Events{events.back()},
        "a close frame reads back");
}

/// A message cut anywhere, also inside a character, with a ping between its fragments.
void checkFragments(QByteArrayView payload, Wire wire, uchar seed)
{
    const bool isText = isValidUtf8(payload);
    wire.limits = {.maxMessageBytes = qMax(payload.size(), qsizetype(1)), .maxFragments = 65'536};
    PieceSizes sizes(seed);
    QByteArray octets;
    Events expected;
    WebSocketOpcode opcode = isText ? WebSocketOpcode::Text : WebSocketOpcode::Binary;
    for (qsizetype at = 0; at < payload.size();) {
        const qsizetype size = qMin(sizes.next(), payload.size() - at);
        QByteArray fragment = frame(wire, opcode, payload.sliced(at, size), quint32(size));
        fragment[0] = char(uchar(fragment[0]) & 0x7FU);
        octets += fragment + frame(wire, WebSocketOpcode::Ping, "between", 7);
        expected.push_back({Kind::Ping, "between", 0});
        opcode = WebSocketOpcode::Continuation;
        at += size;
    }
    if (opcode == WebSocketOpcode::Continuation) {
        octets += frame(wire, opcode, {}, 1);
        expected.push_back({isText ? Kind::Text : Kind::Binary, payload.toByteArray(), 0});
    }
    require(decode(octets, wire, Pieces::Some, seed) == expected, "fragments are one message");
}

void checkCloseFrame(QByteArrayView reason, const Wire& wire)
{
    if (!isValidUtf8(reason) || wire.role != WebSocketRole::Client)
        return;
    const Events events = decode(webSocketCloseFrame(1000, reason), wire, Pieces::Whole);
    require(
        events.size() == 1 && events[0].kind == Kind::Close && reason.startsWith(events[0].payload),
        "a long reason is cut between characters");
}

} // namespace

void checkInput(QByteArrayView input)
{
    Input in(input);
    const uchar control = in.takeOctet();
    const QByteArray octets = in.rest();
    Wire wire;
    wire.role = control & 1U ? WebSocketRole::Client : WebSocketRole::Server;
    if (control & 2U)
        wire.limits = {.maxMessageBytes = 64, .maxFragments = 4};
    const Events events = decode(octets, wire, Pieces::Whole);
    require(decode(octets, wire, Pieces::Octets) == events, "single octets make no difference");
    require(decode(octets, wire, Pieces::Some, control) == events, "pieces make no difference");
    checkRoundTrip(events, wire, control);
    checkFragments(octets, wire, control);
    checkCloseFrame(octets, wire);
}

} // namespace gatehouse::fuzz
