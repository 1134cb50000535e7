// SPDX-License-Identifier: Apache-2.0
#include "common/client/websocketsession.h"

#include "common/protocol/encodedpacket.h"

#include <QNetworkRequest>
#include <QPointer>
#include <QSslConfiguration>
#include <QSslError>
#include <QWebSocket>

namespace gatehouse::client {

namespace {

/// How long a closed socket may take to finish its closing handshake.
constexpr Millis ClosingTime{2'000};

QSslConfiguration sslConfiguration(const SocketIoClientOptions& options)
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setPeerVerifyMode(QSslSocket::VerifyPeer);
    if (options.authorities == Authorities::ExtraOnly)
        configuration.setCaCertificates(options.extraAuthorities);
    else
        configuration.addCaCertificates(options.extraAuthorities);
    return configuration;
}

} // namespace

/// Marks that the socket is on the stack below us: whoever destroys the session from here must not
/// destroy the socket at once.
class WebSocketSession::SocketCall
{
public:
    explicit SocketCall(WebSocketSession* session) : m_session(session)
    {
        ++session->m_socketCalls;
    }
    ~SocketCall()
    {
        if (m_session)
            --m_session->m_socketCalls;
    }
    Q_DISABLE_COPY_MOVE(SocketCall)

private:
    const QPointer<WebSocketSession> m_session;
};

WebSocketSession::WebSocketSession(const SocketIoClientOptions& options, QObject* parent)
    : QObject(parent), m_options(options),
      m_socket(new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this))
{
    const auto maxBytes = static_cast<quint64>(m_options.maxMessageBytes);
    m_socket->setMaxAllowedIncomingFrameSize(maxBytes);
    m_socket->setMaxAllowedIncomingMessageSize(maxBytes);
    // Never fragment: Qt would cut at any octet, and Qt receivers refuse text cut in a character.
    m_socket->setOutgoingFrameSize(QWebSocket::maxOutgoingFrameSize());
    m_socket->setSslConfiguration(sslConfiguration(m_options));
    connect(m_socket, &QWebSocket::textMessageReceived, this, &WebSocketSession::handleText);
    connect(m_socket, &QWebSocket::binaryMessageReceived, this, &WebSocketSession::handleBinary);
    connect(m_socket, &QWebSocket::sslErrors, this, &WebSocketSession::handleSslErrors);
    connect(m_socket, QOverload<QAbstractSocket::SocketError>::of(&QWebSocket::error), this,
        &WebSocketSession::handleSocketEnd);
    connect(m_socket, &QWebSocket::disconnected, this, &WebSocketSession::handleSocketEnd);
    m_watchdog.setSingleShot(true);
    connect(&m_watchdog, &QTimer::timeout, this, &WebSocketSession::checkSilence);
}

WebSocketSession::~WebSocketSession()
{
    if (!m_socket)
        return;
    m_socket->disconnect(this);
    if (m_socketCalls > 0) { // see SocketCall
        m_socket->setParent(nullptr);
        m_socket->abort();
        m_socket->deleteLater();
    }
}

void WebSocketSession::open()
{
    QNetworkRequest request(url());
    for (const protocol::HttpHeader& header : m_options.headers.fields())
        request.setRawHeader(header.name, header.value);
    m_watchdog.start(m_options.connectTimeout);
    m_socket->open(request);
}

QUrl WebSocketSession::url() const
{
    QUrl url = m_options.server;
    if (url.scheme() == u"https" || url.scheme() == u"wss")
        url.setScheme(QStringLiteral("wss"));
    else
        url.setScheme(QStringLiteral("ws"));
    url.setPath(m_options.path);
    QUrlQuery query = m_options.query;
    query.addQueryItem(QStringLiteral("EIO"), QStringLiteral("4"));
    query.addQueryItem(QStringLiteral("transport"), QStringLiteral("websocket"));
    url.setQuery(query);
    return url;
}

void WebSocketSession::send(const protocol::EncodedPacketPtr& packet)
{
    if (!m_isOpen)
        return;
    m_socket->sendTextMessage(QString::fromUtf8(packet->text()));
    for (const QByteArray& attachment : packet->attachments())
        m_socket->sendBinaryMessage(attachment);
}

void WebSocketSession::close()
{
    m_hasEnded = true;
    m_isOpen = false;
    m_watchdog.stop();
    if (!m_socket)
        return;
    QWebSocket* const socket = std::exchange(m_socket, nullptr);
    socket->disconnect(this);
    release(socket);
    if (m_socketHasEnded) {
        // Its state still says "connected" while it tells of its end, but there is nothing left to
        // write a goodbye to; Qt takes it down as soon as we return.
        socket->deleteLater();
        return;
    }
    if (socket->state() != QAbstractSocket::ConnectedState) {
        socket->abort();
        socket->deleteLater();
        return;
    }
    connect(socket, &QWebSocket::disconnected, socket, &QObject::deleteLater);
    QTimer::singleShot(ClosingTime, socket, &QObject::deleteLater);
    socket->close(QWebSocketProtocol::CloseCodeNormal);
}

void WebSocketSession::release(QWebSocket* socket)
{
    QObject* const owner = parent();
    if (m_socketCalls == 0 || !owner) {
        socket->setParent(owner);
        return;
    }
    // A slot further down may destroy our owner while the socket is still on the stack.
    socket->setParent(nullptr);
    const QPointer<QWebSocket> guarded(socket);
    QTimer::singleShot(0, owner, [guarded, owner] {
        if (guarded)
            guarded->setParent(owner);
    });
}

void WebSocketSession::handleBinary(const QByteArray& octets)
{
    const SocketCall call(this);
    m_sinceHeard.start();
    Q_EMIT attachmentReceived(octets);
}

void WebSocketSession::handleText(const QString& message)
{
    const SocketCall call(this);
    m_sinceHeard.start();
    const QByteArray text = message.toUtf8();
    const auto packet = protocol::parseEnginePacket(text);
    if (!packet)
        return end(QStringLiteral("parse error: %1").arg(packet.error().detail));
    if (!m_isOpen && packet->type != protocol::EnginePacketType::Open)
        return end(QStringLiteral("parse error: the first packet does not open a session"));
    switch (packet->type) {
    case protocol::EnginePacketType::Open:
        return handleOpenPacket(packet->data);
    case protocol::EnginePacketType::Ping:
        m_socket->sendTextMessage(QChar(u'3') + QString::fromUtf8(packet->data));
        return;
    case protocol::EnginePacketType::Message:
        Q_EMIT messageReceived(text.sliced(1));
        return;
    case protocol::EnginePacketType::Close:
        return end(QStringLiteral("transport close"));
    default:
        return; // pong, upgrade and noop ask for nothing
    }
}

void WebSocketSession::handleOpenPacket(QByteArrayView json)
{
    const auto handshake = protocol::parseEngineOpen(json);
    if (!handshake || m_isOpen) {
        return end(
            QStringLiteral("parse error: %1")
                .arg(handshake ? QStringLiteral("second open packet") : handshake.error().detail));
    }
    m_isOpen = true;
    m_longestSilence = handshake->pingInterval + handshake->pingTimeout;
    m_watchdog.start(m_longestSilence);
    Q_EMIT opened();
}

void WebSocketSession::checkSilence()
{
    if (!m_isOpen)
        return end(QStringLiteral("timeout"));
    const Millis silence{m_sinceHeard.elapsed()};
    if (silence >= m_longestSilence)
        return end(QStringLiteral("ping timeout"));
    m_watchdog.start(m_longestSilence - silence);
}

void WebSocketSession::handleSslErrors(const QList<QSslError>& errors)
{
    // Not ignored, so the socket ends by itself; this only keeps the better explanation.
    if (!errors.isEmpty())
        m_tlsProblem = errors.first().errorString();
}

void WebSocketSession::handleSocketEnd()
{
    const SocketCall call(this);
    m_socketHasEnded = true;
    if (!m_tlsProblem.isEmpty())
        return end(QStringLiteral("transport error: %1").arg(m_tlsProblem));
    if (m_socket->error() != QAbstractSocket::UnknownSocketError
        && m_socket->error() != QAbstractSocket::RemoteHostClosedError)
        return end(QStringLiteral("transport error: %1").arg(m_socket->errorString()));
    const QString reason = m_socket->closeReason();
    end(reason.isEmpty() ? QStringLiteral("transport close")
                         : QStringLiteral("transport close: %1").arg(reason));
}

void WebSocketSession::end(const QString& reason)
{
    if (m_hasEnded)
        return;
    close();
    Q_EMIT ended(reason);
}

} // namespace gatehouse::client
