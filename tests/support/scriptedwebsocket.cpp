// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scriptedwebsocket.h"

#include <QHostAddress>
#include <QSslConfiguration>

namespace gatehouse::test {

using protocol::WebSocketEvent;
using protocol::WebSocketOpcode;

namespace {

WireEvent::Kind kindOf(WebSocketEvent::Kind kind)
{
    switch (kind) {
    case WebSocketEvent::Kind::Text:
        return WireEvent::Kind::Text;
    case WebSocketEvent::Kind::Binary:
        return WireEvent::Kind::Binary;
    case WebSocketEvent::Kind::Ping:
        return WireEvent::Kind::Ping;
    case WebSocketEvent::Kind::Pong:
        return WireEvent::Kind::Pong;
    case WebSocketEvent::Kind::Close:
        return WireEvent::Kind::Close;
    case WebSocketEvent::Kind::Failed:
        return WireEvent::Kind::Failed;
    case WebSocketEvent::Kind::NeedMore:
        break;
    }
    return WireEvent::Kind::Nothing;
}

} // namespace

ScriptedWebSocket::ScriptedWebSocket() : m_socket(std::make_unique<QSslSocket>()) { }

ScriptedWebSocket::~ScriptedWebSocket() = default;

bool ScriptedWebSocket::open(
    quint16 port, const QByteArray& target, const protocol::HttpHeaders& headers)
{
    m_socket->connectToHost(QHostAddress(QHostAddress::LocalHost).toString(), port);
    return shakeHands("127.0.0.1:" + QByteArray::number(port), target, headers);
}

bool ScriptedWebSocket::openSecure(quint16 port, const QSslCertificate& trusted,
    const QByteArray& target, const protocol::HttpHeaders& headers)
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setCaCertificates({trusted});
    m_socket->setSslConfiguration(configuration);
    // By number: a bare system has no hosts file that knows the name in the certificate.
    m_socket->connectToHostEncrypted(
        QStringLiteral("127.0.0.1"), port, QStringLiteral("localhost"));
    if (!waitUntil([this] {
            return m_socket->isEncrypted()
                || m_socket->state() == QAbstractSocket::UnconnectedState;
        }))
        return false;
    return m_socket->isEncrypted()
        && shakeHands("localhost:" + QByteArray::number(port), target, headers);
}

bool ScriptedWebSocket::shakeHands(
    const QByteArray& host, const QByteArray& target, const protocol::HttpHeaders& headers)
{
    QByteArray request = "GET " + target + " HTTP/1.1\r\n";
    const protocol::HttpHeaders usual{{"Host", host}, {"Upgrade", "websocket"},
        {"Connection", "Upgrade"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
        {"Sec-WebSocket-Version", "13"}};
    for (const protocol::HttpHeader& header : usual.fields()) {
        if (!headers.has(header.name))
            request += header.name + ": " + header.value + "\r\n";
    }
    for (const protocol::HttpHeader& header : headers.fields())
        request += header.name + ": " + header.value + "\r\n";
    m_socket->write(request + "\r\n");
    waitUntil([this] {
        readAvailable();
        return m_bodyAt >= 0 || m_endSeen;
    });
    return m_handshake.status == 101;
}

void ScriptedWebSocket::sendText(QByteArrayView text)
{
    sendFrame(WebSocketOpcode::Text, text);
}

void ScriptedWebSocket::sendBinary(QByteArrayView octets)
{
    sendFrame(WebSocketOpcode::Binary, octets);
}

void ScriptedWebSocket::sendFrame(WebSocketOpcode opcode, QByteArrayView payload)
{
    m_maskKey = m_maskKey * 1'664'525 + 1'013'904'223;
    sendRaw(protocol::maskedWebSocketFrame(opcode, payload, m_maskKey));
}

void ScriptedWebSocket::sendRaw(QByteArrayView octets)
{
    m_socket->write(octets.data(), octets.size());
}

WireEvent ScriptedWebSocket::receive(Millis deadline)
{
    waitUntil(
        [this] {
            readAvailable();
            return !m_events.empty();
        },
        deadline);
    if (m_events.empty())
        return {};
    WireEvent event = std::move(m_events.front());
    m_events.pop_front();
    return event;
}

QByteArray ScriptedWebSocket::receiveText(Millis deadline)
{
    const WireEvent event = receive(deadline);
    return event.kind == WireEvent::Kind::Text ? event.payload : QByteArray();
}

QByteArray ScriptedWebSocket::receiveBinary(Millis deadline)
{
    const WireEvent event = receive(deadline);
    return event.kind == WireEvent::Kind::Binary ? event.payload : QByteArray();
}

bool ScriptedWebSocket::waitForEnd(Millis deadline)
{
    return waitUntil(
        [this] {
            readAvailable();
            return m_endSeen;
        },
        deadline);
}

bool ScriptedWebSocket::staysSilentFor(Millis duration)
{
    return holdsFor(
        [this] {
            readAvailable();
            return m_events.empty();
        },
        duration);
}

void ScriptedWebSocket::abort()
{
    m_socket->abort();
}

void ScriptedWebSocket::disconnectFromHost()
{
    m_socket->disconnectFromHost();
}

void ScriptedWebSocket::readAvailable()
{
    m_received += m_socket->readAll();
    if (m_bodyAt < 0) {
        if (parseHttpHead(m_received, m_handshake, m_bodyAt) && m_handshake.status == 101)
            m_received.remove(0, m_bodyAt);
    }
    if (m_handshake.status == 101)
        decode();
    else if (m_bodyAt >= 0)
        m_handshake.body = m_received.sliced(m_bodyAt);
    if (m_socket->state() == QAbstractSocket::UnconnectedState && !m_endSeen
        && m_socket->bytesAvailable() == 0) {
        m_endSeen = true;
        m_events.push_back({WireEvent::Kind::End, {}, 0});
    }
}

void ScriptedWebSocket::decode()
{
    QByteArray octets = std::exchange(m_received, {});
    std::span<char> input(octets.data(), static_cast<size_t>(octets.size()));
    while (true) {
        const WebSocketEvent event = m_decoder.next(input);
        if (event.kind == WebSocketEvent::Kind::NeedMore)
            return;
        if (event.kind == WebSocketEvent::Kind::Close)
            m_closeCode = event.code;
        m_events.push_back({kindOf(event.kind), event.payload.toByteArray(), event.code});
    }
}

} // namespace gatehouse::test
