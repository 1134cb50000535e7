// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/utf8.h"

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <optional>
#include <span>

/// WebSocket frames (RFC 6455 section 5): bytes <-> messages, no sockets. Extensions are not
/// negotiated, so reserved bits are errors.
namespace gatehouse::protocol {

enum class WebSocketOpcode : quint8 {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
};

/// Which end we are. Frames of a client are masked, frames of a server are not (section 5.1).
enum class WebSocketRole : quint8 { Server, Client };

struct WebSocketLimits
{
    qsizetype maxMessageBytes = 1'000'000; ///< one message, all its fragments together
    int maxFragments = 65'536; ///< of one message; they cost no memory of their own
};

/// Close codes with a meaning of their own for a codec (section 7.4.1).
enum WebSocketCloseCode : quint16 {
    WebSocketNormalClosure = 1000,
    WebSocketProtocolError = 1002,
    WebSocketNoStatus = 1005, ///< never on the wire: the peer's close frame had no code
    WebSocketInvalidPayload = 1007,
    WebSocketPolicyViolation = 1008,
    WebSocketMessageTooBig = 1009,
};

struct WebSocketEvent
{
    enum class Kind : quint8 {
        NeedMore, ///< the input is used up
        Text, ///< a whole message, valid UTF-8
        Binary, ///< a whole message
        Ping, ///< to be answered with a pong of the same payload
        Pong,
        Close, ///< `code` and, as payload, the reason (valid UTF-8); nothing comes after it
        Failed, ///< to be answered with a close frame of `code`; nothing comes after it
    };

    Kind kind = Kind::NeedMore;
    QByteArrayView payload; ///< for Failed a Latin-1 explanation
    quint16 code = 0;
};

/// Turns octets in any chunking into messages and control frames, in order. Text is checked as it
/// arrives, so a wrong octet fails before the frame is complete; sizes are checked when announced.
/// After Close or Failed the rest of the input is thrown away. A value, one per connection.
class WebSocketDecoder
{
public:
    explicit WebSocketDecoder(
        WebSocketRole role = WebSocketRole::Server, WebSocketLimits limits = {})
        : m_limits(limits), m_role(role)
    {
    }

    /// Takes octets from the front of `input` up to the end of the next event; call again until it
    /// says NeedMore. Unmasks in place: a message that lies in the input whole is not copied. The
    /// event's payload is valid until the next call or the end of the input's life.
    WebSocketEvent next(std::span<char>& input);

    /// Octets held for an unfinished message.
    qsizetype bufferedBytes() const { return m_message.size(); }
    bool isFinished() const { return m_finished; }
    /// Octets of a frame or a message have come, and more have to.
    bool isMidMessage() const
    {
        return m_headSize > 0 || m_inPayload || m_messageOpcode != WebSocketOpcode::Continuation;
    }

private:
    struct Header
    {
        WebSocketOpcode opcode = WebSocketOpcode::Continuation;
        bool isFinal = false;
        quint64 length = 0;
        std::array<uchar, 4> mask{};
    };

    // Each takes what it can; nothing means "go on", an event is for the caller.
    std::optional<WebSocketEvent> takeHeader(std::span<char>& input);
    std::optional<WebSocketEvent> takeControl(std::span<char>& input);
    std::optional<WebSocketEvent> takeData(std::span<char>& input);

    std::optional<WebSocketEvent> checkFirstOctet();
    std::optional<WebSocketEvent> checkSecondOctet();
    std::optional<WebSocketEvent> beginFrame();
    std::optional<WebSocketEvent> endFrame(QByteArrayView wholeMessage);
    qsizetype headerSize() const;
    WebSocketEvent control(QByteArrayView payload);
    WebSocketEvent closed(QByteArrayView payload);
    WebSocketEvent fail(quint16 code, const char* reason);
    void unmask(std::span<char> octets) const;
    void releaseDelivered();

    WebSocketLimits m_limits;
    QByteArray m_message; ///< what has come of a message that spans inputs or frames
    Header m_frame;
    quint64 m_received = 0; ///< payload octets of the current frame so far
    Utf8Validator m_utf8;
    std::array<char, 14> m_head{}; ///< header octets so far
    std::array<char, 125> m_control{}; ///< a control frame's payload that spans inputs
    int m_fragments = 0;
    quint8 m_headSize = 0;
    WebSocketRole m_role;
    WebSocketOpcode m_messageOpcode = WebSocketOpcode::Continuation; ///< Continuation: none is open
    bool m_inPayload = false;
    bool m_finished = false;
    bool m_delivered = false; ///< the last event was a view into m_message
};

/// One complete, unmasked frame, as servers send it.
QByteArray webSocketFrame(WebSocketOpcode opcode, QByteArrayView payload);

/// The same to where there is room for it; returns its end.
char* writeWebSocketFrame(char* at, WebSocketOpcode opcode, QByteArrayView payload);

/// Octets before the payload.
qsizetype webSocketHeaderBytes(qsizetype payloadBytes);

/// A close frame; without payload for WebSocketNoStatus. The reason is cut to the 123 octets that
/// fit, between characters.
QByteArray webSocketCloseFrame(quint16 code, QByteArrayView utf8Reason = {});

/// One complete frame as clients send it.
QByteArray maskedWebSocketFrame(WebSocketOpcode opcode, QByteArrayView payload, quint32 key);

/// The code may stand in a close frame: 1000-1003, 1007-1014 or 3000-4999.
bool isSendableCloseCode(quint16 code);

} // namespace gatehouse::protocol
