// SPDX-License-Identifier: Apache-2.0
// bench-reference: the floor that scripts/bench measures against. A bare epoll loop that speaks
// just enough of the byte stream: one room, one send() per recipient and message, no check of
// anything, no bound, no timer. With a certificate the same over OpenSSL on the descriptor: one
// context, released buffers, session tickets.
#include "tests/bench/load/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

using namespace gatehouse::bench;

namespace {

constexpr std::size_t BufferBytes = 256 * 1024;
constexpr std::string_view Published = R"(42["pub",)";

struct Client
{
    int descriptor = -1;
    bool isUpgraded = false;
    SSL* tls = nullptr;
    std::unique_ptr<std::string> incomplete; ///< the front of a frame or a head
    std::unique_ptr<std::string> unsent;
};

class Reference
{
public:
    Reference(int listener, SSL_CTX* tls)
        : m_epoll(::epoll_create1(0)), m_listener(listener), m_tls(tls), m_buffer(BufferBytes)
    {
        epoll_event interest{};
        interest.events = EPOLLIN;
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, listener, &interest);
    }

    void run()
    {
        std::array<epoll_event, 512> events;
        for (;;) {
            const int count = ::epoll_wait(m_epoll, events.data(), int(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events[std::size_t(i)];
                if (event.data.ptr)
                    serve(static_cast<Client*>(event.data.ptr), event.events);
                else
                    acceptAll();
            }
            for (Client* client : m_gone)
                delete client;
            m_gone.clear();
        }
    }

private:
    void acceptAll()
    {
        for (;;) {
            const int descriptor
                = ::accept4(m_listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (descriptor < 0)
                return;
            const int on = 1;
            ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto* const client = new Client;
            client->descriptor = descriptor;
            if (m_tls) {
                client->tls = SSL_new(m_tls);
                SSL_set_fd(client->tls, descriptor);
                SSL_set_accept_state(client->tls);
            }
            epoll_event interest{};
            interest.events = EPOLLIN;
            interest.data.ptr = client;
            ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, descriptor, &interest);
        }
    }

    void serve(Client* client, std::uint32_t what)
    {
        if (client->descriptor < 0)
            return;
        if ((what & EPOLLOUT) && client->unsent) {
            const auto rest = std::move(client->unsent);
            watch(*client, EPOLLIN);
            send(*client, *rest);
        }
        if (what & ~std::uint32_t(EPOLLOUT))
            read(*client);
    }

    long receive(Client& client, char* into, std::size_t size)
    {
        if (!client.tls)
            return ::recv(client.descriptor, into, size, 0);
        const int count = SSL_read(client.tls, into, int(size));
        if (count > 0)
            return count;
        const int reason = SSL_get_error(client.tls, count);
        ERR_clear_error();
        errno = EAGAIN;
        return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? -1 : 0;
    }

    void read(Client& client)
    {
        std::size_t kept = 0;
        if (const auto incomplete = std::move(client.incomplete)) {
            kept = incomplete->size();
            std::memcpy(m_buffer.data(), incomplete->data(), kept);
        }
        const long count = receive(client, m_buffer.data() + kept, m_buffer.size() - kept);
        if (count == 0 || (count < 0 && errno != EAGAIN))
            return drop(client);
        char* at = m_buffer.data();
        std::size_t size = kept + std::size_t(std::max(count, 0L));
        if (!client.isUpgraded && size > 0) {
            const std::size_t head = headBytes({at, size});
            at += head;
            size -= head;
            if (head > 0)
                upgrade(client);
        }
        while (client.isUpgraded && client.descriptor >= 0) {
            const auto frame = takeFrame(at, size);
            if (!frame)
                break;
            at += frame->totalBytes;
            size -= frame->totalBytes;
            if (frame->opcode == CloseOpcode)
                return drop(client);
            answer(client, frame->payload);
        }
        if (client.descriptor >= 0 && size > 0)
            client.incomplete = std::make_unique<std::string>(at, size);
    }

    void upgrade(Client& client)
    {
        client.isUpgraded = true;
        send(client,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: "
                + std::string(acceptValue()) + "\r\n\r\n"
                + serverFrame(R"(0{"sid":"r","upgrades":[],"pingInterval":25000,)"
                              R"("pingTimeout":60000,"maxPayload":1000000})"));
    }

    void answer(Client& client, std::string_view text)
    {
        if (text.starts_with(Published)) {
            const std::string frame
                = serverFrame(R"(42["msg",)" + std::string(text.substr(Published.size())));
            for (Client* member : m_members)
                send(*member, frame);
        } else if (text.starts_with("42")) {
            const auto name = text.find('[');
            if (text.substr(name).starts_with(R"(["join")"))
                m_members.push_back(&client);
            send(client, serverFrame("43" + std::string(text.substr(2, name - 2)) + "[]"));
        } else if (text == "40") {
            send(client, serverFrame(R"(40{"sid":"r"})"));
        }
    }

    void send(Client& client, const std::string& octets)
    {
        if (client.unsent) {
            *client.unsent += octets;
            return;
        }
        long sent = 0;
        if (client.tls) {
            sent = SSL_write(client.tls, octets.data(), int(octets.size()));
            ERR_clear_error();
        } else {
            sent = ::send(client.descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
        }
        const auto taken = std::size_t(std::max(sent, 0L));
        if (taken == octets.size())
            return;
        client.unsent = std::make_unique<std::string>(octets.substr(taken));
        watch(client, EPOLLIN | EPOLLOUT);
    }

    void watch(Client& client, std::uint32_t events)
    {
        epoll_event interest{};
        interest.events = events;
        interest.data.ptr = &client;
        ::epoll_ctl(m_epoll, EPOLL_CTL_MOD, client.descriptor, &interest);
    }

    void drop(Client& client)
    {
        std::erase(m_members, &client);
        if (client.tls)
            SSL_free(client.tls);
        ::close(client.descriptor);
        client.descriptor = -1;
        m_gone.push_back(&client);
    }

    int m_epoll;
    int m_listener;
    SSL_CTX* m_tls;
    std::vector<char> m_buffer;
    std::vector<Client*> m_members;
    std::vector<Client*> m_gone; ///< until the turn is over, its events may name them
};

SSL_CTX* makeTls(const char* certificateFile, const char* keyFile)
{
    SSL_CTX* const tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_mode(tls,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
            | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(tls, certificateFile) != 1
        || SSL_CTX_use_PrivateKey_file(tls, keyFile, SSL_FILETYPE_PEM) != 1) {
        std::fputs("cannot read certificate or key\n", stderr);
        std::exit(2);
    }
    return tls;
}

int listenOn(std::uint16_t port)
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0
        || ::listen(listener, 4'096) != 0) {
        std::perror("listen");
        std::exit(2);
    }
    return listener;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2 && argc != 4) {
        std::fputs("bench-reference PORT [CERTIFICATE.pem KEY.pem]\n", stderr);
        return 2;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    SSL_CTX* const tls = argc == 4 ? makeTls(argv[2], argv[3]) : nullptr;
    const int listener = listenOn(static_cast<std::uint16_t>(std::atoi(argv[1])));
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("listening on 127.0.0.1 %u\n", unsigned(ntohs(address.sin_port)));
    std::fflush(stdout);
    Reference(listener, tls).run();
}
