// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scriptedserver.h"

#include <QHostAddress>
#include <QTcpSocket>

#include <sys/socket.h>

namespace gatehouse::test {

ScriptedServer::ScriptedServer(QByteArray openPacket)
    : m_server(std::make_unique<QWebSocketServer>(
        QStringLiteral("scripted"), QWebSocketServer::NonSecureMode)),
      m_openPacket(std::move(openPacket))
{
    start();
}

ScriptedServer::ScriptedServer(const SelfSigned& identity)
    : m_server(std::make_unique<QWebSocketServer>(
        QStringLiteral("scripted"), QWebSocketServer::SecureMode)),
      m_openPacket(defaultOpenPacket())
{
    m_server->setSslConfiguration(identity.serverConfiguration());
    start();
}

ScriptedServer::~ScriptedServer()
{
    if (m_client)
        m_client->disconnect(this);
}

QByteArray ScriptedServer::defaultOpenPacket()
{
    return R"(0{"sid":"e1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})";
}

void ScriptedServer::start()
{
    connect(m_server.get(), &QWebSocketServer::newConnection, this, &ScriptedServer::accept);
    m_server->listen(QHostAddress(QHostAddress::LocalHost), m_port);
    m_port = m_server->serverPort();
}

QUrl ScriptedServer::url() const
{
    const bool isSecure = m_server->secureMode() == QWebSocketServer::SecureMode;
    QUrl url;
    url.setScheme(isSecure ? QStringLiteral("https") : QStringLiteral("http"));
    url.setHost(QStringLiteral("127.0.0.1"));
    url.setPort(m_port);
    return url;
}

void ScriptedServer::stopListening()
{
    m_server->close();
}

void ScriptedServer::listenAgain()
{
    m_server->listen(QHostAddress(QHostAddress::LocalHost), m_port);
}

bool ScriptedServer::isConnected() const
{
    return m_client && m_client->state() == QAbstractSocket::ConnectedState;
}

QNetworkRequest ScriptedServer::request() const
{
    return m_client ? m_client->request() : QNetworkRequest();
}

void ScriptedServer::send(QByteArrayView text)
{
    m_client->sendTextMessage(QString::fromUtf8(text));
}

void ScriptedServer::sendBinary(const QByteArray& octets)
{
    m_client->sendBinaryMessage(octets);
}

void ScriptedServer::close(QWebSocketProtocol::CloseCode code, const QString& reason)
{
    m_client->close(code, reason);
}

void ScriptedServer::abort()
{
    m_client->abort();
}

void ScriptedServer::reset()
{
    // Lingering for no time makes the kernel answer with a reset instead of an end of stream.
    const linger none{.l_onoff = 1, .l_linger = 0};
    for (const QTcpSocket* socket : m_server->findChildren<QTcpSocket*>()) {
        if (socket->peerPort() == m_client->peerPort())
            ::setsockopt(
                int(socket->socketDescriptor()), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    m_client->abort();
}

QByteArray ScriptedServer::receive(Millis deadline)
{
    waitUntil([this] { return !m_received.empty(); }, deadline);
    if (m_received.empty())
        return {};
    QByteArray message = std::move(m_received.front());
    m_received.pop_front();
    return message;
}

void ScriptedServer::accept()
{
    m_client = m_server->nextPendingConnection();
    m_client->setParent(this);
    m_client->setOutgoingFrameSize(QWebSocket::maxOutgoingFrameSize());
    ++m_connectionCount;
    connect(m_client, &QWebSocket::textMessageReceived, this,
        [this](const QString& text) { m_received.push_back(text.toUtf8()); });
    connect(m_client, &QWebSocket::binaryMessageReceived, this,
        [this](const QByteArray& octets) { m_received.push_back(octets); });
    if (!m_openPacket.isEmpty())
        send(m_openPacket);
}

} // namespace gatehouse::test
