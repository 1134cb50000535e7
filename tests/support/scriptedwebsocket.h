// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/websocketframe.h"
#include "tests/support/httpcall.h"

#include <QSslCertificate>
#include <QSslSocket>

#include <deque>
#include <memory>

namespace gatehouse::test {

/// What came over a WebSocket, in order. End: the connection is gone.
struct WireEvent
{
    enum class Kind { Nothing, Text, Binary, Ping, Pong, Close, Failed, End };

    Kind kind = Kind::Nothing;
    QByteArray payload;
    quint16 code = 0;
};

/// A WebSocket client that does nothing by itself: it can send frames a real client would not, and
/// answers no ping and no close. Waits by turning the event loop, so the server may be in the same
/// thread.
class ScriptedWebSocket
{
public:
    ScriptedWebSocket();
    ~ScriptedWebSocket();
    ScriptedWebSocket(ScriptedWebSocket&&) = default;

    /// Shakes hands on 127.0.0.1; true for 101.
    bool open(quint16 port, const QByteArray& target = "/socket.io/?EIO=4&transport=websocket",
        const protocol::HttpHeaders& headers = {});

    /// The same over TLS, trusting one certificate.
    bool openSecure(quint16 port, const QSslCertificate& trusted,
        const QByteArray& target = "/socket.io/?EIO=4&transport=websocket",
        const protocol::HttpHeaders& headers = {});

    const HttpReply& handshake() const { return m_handshake; }

    void sendText(QByteArrayView text);
    void sendBinary(QByteArrayView octets);
    void sendFrame(protocol::WebSocketOpcode opcode, QByteArrayView payload);
    void sendRaw(QByteArrayView octets);

    /// The next event; Nothing after the deadline.
    WireEvent receive(Millis deadline = Patience);

    /// The next event's text; a null array when it is anything but text.
    QByteArray receiveText(Millis deadline = Patience);
    QByteArray receiveBinary(Millis deadline = Patience);

    /// Skips everything up to the end of the connection; true when it came. `closeCode()` then says
    /// whether and why the server closed in words.
    bool waitForEnd(Millis deadline = Patience);
    std::optional<quint16> closeCode() const { return m_closeCode; }

    /// Nothing arrives for that long.
    bool staysSilentFor(Millis duration);

    void abort(); ///< resets the connection
    void disconnectFromHost(); ///< ends it in TCP only

    QTcpSocket& tcp() { return *m_socket; }

private:
    bool shakeHands(
        const QByteArray& host, const QByteArray& target, const protocol::HttpHeaders& headers);
    void readAvailable();
    void decode();

    std::unique_ptr<QSslSocket> m_socket; ///< plain until told to encrypt
    HttpReply m_handshake;
    QByteArray m_received;
    qsizetype m_bodyAt = -1;
    protocol::WebSocketDecoder m_decoder{
        protocol::WebSocketRole::Client, {.maxMessageBytes = 64 << 20}};
    std::deque<WireEvent> m_events;
    std::optional<quint16> m_closeCode;
    quint32 m_maskKey = 0x9e3779b9;
    bool m_endSeen = false;
};

} // namespace gatehouse::test
