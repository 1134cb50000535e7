// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/leanclient.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gatehouse::bench {

namespace {

int connectTo(quint16 port)
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(descriptor);
        return -1;
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

} // namespace

LeanClient::LeanClient(Entrance entrance)
    : m_entrance(std::move(entrance)), m_descriptor(connectTo(m_entrance.port))
{
    if (m_descriptor < 0) {
        fail("cannot connect");
        return;
    }
    const QByteArray request
        = QByteArray("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                     "Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n")
        + m_entrance.headers + "\r\n";
    if (::send(m_descriptor, request.constData(), size_t(request.size()), MSG_NOSIGNAL)
        != request.size())
        fail("cannot send the handshake");
}

LeanClient::~LeanClient()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void LeanClient::setPacketCallback(std::function<void(QByteArrayView)> callback)
{
    m_callback = std::move(callback);
}

void LeanClient::readAvailable()
{
    static std::array<char, 65'536> buffer; // one thread, one client at a time
    const ssize_t count = ::recv(m_descriptor, buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0)
        return fail("connection ended by the server");
    std::span<char> input(buffer.data(), static_cast<size_t>(count));
    if (m_state == State::ShakingHands)
        takeHandshake(input);
    while (m_state != State::ShakingHands && m_state != State::Ended) {
        const auto event = m_decoder.next(input);
        if (event.kind == protocol::WebSocketEvent::Kind::NeedMore)
            return;
        if (event.kind == protocol::WebSocketEvent::Kind::Text)
            take(event.payload);
        else
            return fail("closed: " + event.payload.toByteArray());
    }
}

void LeanClient::takeHandshake(std::span<char>& input)
{
    const qsizetype before = m_head.size();
    m_head.append(input.data(), static_cast<qsizetype>(input.size()));
    const qsizetype end = m_head.indexOf("\r\n\r\n");
    if (end < 0)
        return;
    if (!m_head.startsWith("HTTP/1.1 101"))
        return fail(m_head.first(m_head.indexOf("\r\n")));
    input = input.subspan(static_cast<size_t>(end + 4 - before));
    m_head = QByteArray();
    m_state = State::Opening;
}

void LeanClient::take(QByteArrayView text)
{
    if (text == "2")
        return sendText("3");
    switch (m_state) {
    case State::Opening:
        sendText(QByteArray("40" + nspPrefix() + m_entrance.authJson));
        m_state = State::Entering;
        return;
    case State::Entering:
        if (text.startsWith(QByteArray("40" + nspPrefix())))
            m_state = State::Ready;
        else if (text.startsWith("44"))
            fail("refused: " + text.toByteArray());
        return;
    default:
        if (m_callback && text.startsWith('4'))
            m_callback(text.sliced(1));
    }
}

void LeanClient::sendText(QByteArrayView text)
{
    const QByteArray frame
        = protocol::maskedWebSocketFrame(protocol::WebSocketOpcode::Text, text, 0x12345678);
    if (::send(m_descriptor, frame.constData(), size_t(frame.size()), MSG_NOSIGNAL) != frame.size())
        fail("cannot send");
}

void LeanClient::fail(const QByteArray& error)
{
    m_error = error;
    m_state = State::Ended;
}

QByteArray LeanClient::nspPrefix() const
{
    return m_entrance.nsp == "/" ? QByteArray() : QByteArray(m_entrance.nsp + ',');
}

} // namespace gatehouse::bench
