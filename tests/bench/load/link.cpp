// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/link.h"

#include "tests/bench/load/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::bench {

namespace {

sockaddr_in loopback(int host, std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + static_cast<std::uint32_t>(host));
    return address;
}

void setOption(int descriptor, int level, int option)
{
    const int on = 1;
    ::setsockopt(descriptor, level, option, &on, sizeof on);
}

} // namespace

Link::~Link()
{
    close();
}

bool Link::open(int sourceHost)
{
    close();
    m_error.clear();
    m_descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (m_descriptor < 0) {
        fail(std::string("socket: ") + std::strerror(errno));
        return false;
    }
    // The port is chosen when connecting, so that it may be used once per other end.
    setOption(m_descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    setOption(m_descriptor, IPPROTO_TCP, TCP_NODELAY);
    const sockaddr_in source = loopback(sourceHost, 0);
    const sockaddr_in server = loopback(1, m_target.port);
    m_state = LinkState::Connecting;
    if (::bind(m_descriptor, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0
        || (::connect(m_descriptor, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0
            && errno != EINPROGRESS)) {
        fail(std::string("connect: ") + std::strerror(errno));
        m_state = LinkState::Closed;
        return false;
    }
    return true;
}

void Link::close()
{
    if (m_tls)
        SSL_free(m_tls);
    m_tls = nullptr;
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    m_descriptor = -1;
    m_state = LinkState::Closed;
    m_tlsWantsWrite = false;
    m_incomplete.clear();
    m_unsent.clear();
}

bool Link::wantsWrite() const
{
    return m_state == LinkState::Connecting || m_tlsWantsWrite || !m_unsent.empty();
}

void Link::fail(std::string why)
{
    // Before the server's TCP has taken it, it is nobody's failure: nobody was there.
    const bool wasAccepted = m_state != LinkState::Connecting;
    const bool wasReady = m_state == LinkState::Ready;
    close();
    m_error = std::move(why);
    m_state = wasAccepted && !wasReady ? LinkState::Failed : LinkState::Closed;
}

void Link::connected()
{
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(m_descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
        return fail(std::string("connect: ") + std::strerror(error));
    if (!m_target.tls) {
        m_state = LinkState::Upgrading;
        return sendFrames(upgradeRequest());
    }
    m_tls = SSL_new(m_target.tls);
    SSL_set_fd(m_tls, m_descriptor);
    SSL_set_connect_state(m_tls);
    m_state = LinkState::Securing;
    secure();
}

void Link::secure()
{
    const int done = SSL_do_handshake(m_tls);
    m_tlsWantsWrite = false;
    if (done == 1) {
        m_state = LinkState::Upgrading;
        return sendFrames(upgradeRequest());
    }
    const int reason = SSL_get_error(m_tls, done);
    if (reason == SSL_ERROR_WANT_WRITE)
        m_tlsWantsWrite = true;
    else if (reason != SSL_ERROR_WANT_READ)
        fail("TLS handshake failed");
    ERR_clear_error();
}

void Link::writable()
{
    if (m_state == LinkState::Connecting)
        return connected();
    if (m_state == LinkState::Securing)
        return secure();
    const long sent = writeSome(m_unsent);
    if (sent < 0)
        return fail("cannot send");
    m_unsent.erase(0, static_cast<std::size_t>(sent));
}

long Link::writeSome(std::string_view octets)
{
    if (octets.empty())
        return 0;
    if (m_tls) {
        const int sent = SSL_write(m_tls, octets.data(), static_cast<int>(octets.size()));
        const int reason = sent > 0 ? SSL_ERROR_NONE : SSL_get_error(m_tls, sent);
        ERR_clear_error();
        if (sent > 0)
            return sent;
        return reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    const long sent = ::send(m_descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

void Link::sendText(std::string_view text)
{
    sendFrames(clientFrame(text));
}

void Link::sendFrames(std::string_view frames)
{
    if (m_descriptor < 0)
        return;
    if (!m_unsent.empty()) {
        m_unsent += frames;
        return;
    }
    const long sent = writeSome(frames);
    if (sent < 0)
        return fail("cannot send");
    m_unsent.assign(frames.substr(static_cast<std::size_t>(sent)));
}

long Link::readSome(std::span<char> into)
{
    if (!m_tls)
        return ::recv(m_descriptor, into.data(), into.size(), 0);
    const int count = SSL_read(m_tls, into.data(), static_cast<int>(into.size()));
    const int reason = count > 0 ? SSL_ERROR_NONE : SSL_get_error(m_tls, count);
    ERR_clear_error();
    if (count > 0)
        return count;
    errno = EAGAIN;
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

void Link::readable(std::span<char> scratch, Receiver& receiver)
{
    if (m_state == LinkState::Connecting)
        return; // the error that comes with it is writable()'s
    if (m_state == LinkState::Securing)
        return secure();
    bool mayHaveMore = true;
    while (mayHaveMore && m_descriptor >= 0) {
        const std::size_t kept = m_incomplete.size();
        std::memcpy(scratch.data(), m_incomplete.data(), kept);
        const long count = readSome(scratch.subspan(kept));
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0)
            return fail("ended by the server");
        mayHaveMore = m_tls != nullptr; // a TLS record may hide behind another
        std::size_t size = kept + static_cast<std::size_t>(count);
        char* at = scratch.data();
        if (m_state == LinkState::Upgrading) {
            const std::size_t head = takeUpgrade({at, size});
            at += head;
            size -= head;
        }
        while (m_descriptor >= 0 && m_state != LinkState::Upgrading) {
            const std::optional<Frame> frame = takeFrame(at, size);
            if (!frame)
                break;
            at += frame->totalBytes;
            size -= frame->totalBytes;
            if (frame->opcode == CloseOpcode)
                return fail("closed by the server");
            take(frame->payload, receiver);
        }
        if (m_descriptor >= 0)
            m_incomplete.assign(at, size);
    }
}

std::size_t Link::takeUpgrade(std::string_view octets)
{
    const std::size_t head = headBytes(octets);
    if (head == 0)
        return 0;
    if (!octets.starts_with("HTTP/1.1 101")
        || octets.substr(0, head).find(acceptValue()) == std::string_view::npos) {
        fail("upgrade refused: " + std::string(octets.substr(0, octets.find('\r'))));
        return head;
    }
    m_state = LinkState::Opening;
    return head;
}

void Link::take(std::string_view text, Receiver& receiver)
{
    if (text == "2")
        return sendText("3");
    switch (m_state) {
    case LinkState::Ready:
        if (text.starts_with('4'))
            receiver.received(*this, text.substr(1));
        return;
    case LinkState::Opening:
        if (!text.starts_with("0{"))
            return fail("no open packet");
        m_state = LinkState::Entering;
        return sendText("40");
    case LinkState::Entering:
        if (!text.starts_with("40"))
            return fail("no CONNECT");
        if (m_room.empty()) {
            m_state = LinkState::Ready;
            return;
        }
        m_state = LinkState::Joining;
        return sendText("420[\"join\",\"" + m_room + "\"]");
    case LinkState::Joining:
        if (text == "430[]")
            m_state = LinkState::Ready;
        return;
    default:
        return;
    }
}

} // namespace gatehouse::bench
