// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/websocketlink.h"
#include "server/transport/connectioncaps.h"

#include <QObject>
#include <QWebSocketServer>

#include <memory>
#include <unordered_map>

class QTcpSocket;

namespace gatehouse::transport {

class ByteStream;
struct TransportContext;

/// Turns checked upgrade requests into WebSocketLinks. A QWebSocketServer shakes hands; what it
/// reads is not the client's head but a short one composed from the checked values, put back in
/// front of the socket's unread octets. So nothing it overlooks (a second Connection field, a
/// repeated header) or copies into its answer (Origin) comes from outside, and a number in the
/// composed path tells which socket a new QWebSocket belongs to.
///
/// The 101 Qt writes carries, besides what RFC 6455 asks for, "Server", "Access-Control-Allow-*"
/// with origin "*" and credentials "false", and "Date"; browsers do not look at these on a
/// WebSocket. After the handshake the QWebSocket is cut off from the socket's octets: our frame
/// codec reads.
class WebSocketDoor : public QObject
{
    Q_OBJECT

public:
    explicit WebSocketDoor(std::shared_ptr<TransportContext> context);
    ~WebSocketDoor() override;

    /// The socket's head has been read; what is unread came early and belongs to the WebSocket.
    void handOver(QTcpSocket* socket, std::unique_ptr<ConnectionCaps::Ticket> ticket,
        protocol::HttpRequest request, session::WebSocketAcceptor* acceptor);

    void abortPending();

private:
    struct Handshake;

    void handleNewConnection();
    void fail(quint64 number);
    void open(Handshake& handshake, QWebSocket* webSocket);
    /// Null: the connection broke while hands were shaken.
    std::unique_ptr<ByteStream> makeStream(
        Handshake& handshake, QTcpSocket* socket, QWebSocket* webSocket);

    std::shared_ptr<TransportContext> m_context;
    QWebSocketServer m_server;
    quint64 m_lastNumber = 0;
    std::unordered_map<quint64, std::unique_ptr<Handshake>> m_handshakes;
};

} // namespace gatehouse::transport
