// SPDX-License-Identifier: Apache-2.0
#include "server/transport/handshaker.h"

#include <QCoreApplication>
#include <QEvent>
#include <QPointer>
#include <QTcpSocket>
#include <QWebSocket>

#include <cstring>

namespace gatehouse::transport {

namespace {

/// A connected socket without a connection: gives out one request and takes in the answer.
class MemorySocket final : public QTcpSocket
{
public:
    explicit MemorySocket(QByteArray request) : m_request(std::move(request))
    {
        setOpenMode(ReadWrite);
        setSocketState(ConnectedState);
    }

    const QByteArray& answer() const { return m_answer; }
    void disconnectSilently() { setSocketState(UnconnectedState); }

    qint64 bytesAvailable() const override
    {
        return QIODevice::bytesAvailable() + m_request.size() - m_read;
    }
    bool canReadLine() const override { return true; }

protected:
    qint64 readData(char* data, qint64 maxOctets) override
    {
        const qsizetype octets = std::min<qsizetype>(maxOctets, m_request.size() - m_read);
        if (octets > 0) // Qt asks for nothing with no place for it
            std::memcpy(data, m_request.constData() + m_read, size_t(octets));
        m_read += octets;
        return octets;
    }
    qint64 writeData(const char* data, qint64 octets) override
    {
        m_answer.append(data, octets);
        return octets;
    }

private:
    QByteArray m_request;
    qsizetype m_read = 0;
    QByteArray m_answer;
};

QByteArray composedHead(const QByteArray& key)
{
    return "GET / HTTP/1.1\r\n"
           "Host: localhost\r\n"
           "Upgrade: websocket\r\n"
           "Connection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: "
        + key + "\r\n\r\n";
}

/// Qt names any origin in each answer and cannot be asked not to. Who may come from where is the
/// acceptor's decision, and browsers do not look at these fields on a WebSocket.
QByteArray withoutCrossOriginFields(const QByteArray& answer)
{
    QByteArray rest;
    rest.reserve(answer.size());
    for (QByteArrayView left = answer; !left.isEmpty();) {
        const qsizetype end = left.indexOf('\n');
        const QByteArrayView line = end < 0 ? left : left.first(end + 1);
        if (!line.startsWith("Access-Control-"))
            rest += line;
        left = left.sliced(line.size());
    }
    return rest;
}

} // namespace

Handshaker::Handshaker() : m_server(QString(), QWebSocketServer::NonSecureMode)
{
    m_server.setMaxPendingConnections(1);
}

QByteArray Handshaker::answerTo(const QByteArray& key)
{
    const QPointer<MemorySocket> socket(new MemorySocket(composedHead(key)));
    m_server.handleConnection(socket);
    // Qt reads the request in a queued call.
    QCoreApplication::sendPostedEvents(&m_server, QEvent::MetaCall);
    const std::unique_ptr<QWebSocket> webSocket(m_server.nextPendingConnection());
    const QByteArray answer = socket && webSocket ? socket->answer() : QByteArray();
    // While it has a socket the QWebSocket would say goodbye, and a connected one would be aborted,
    // all of which is told from object to object.
    if (socket)
        socket->disconnectSilently();
    delete socket;
    return withoutCrossOriginFields(answer);
}

} // namespace gatehouse::transport
