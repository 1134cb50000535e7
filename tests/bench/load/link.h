// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::bench {

/// Where the clients of a measurement connect to: 127.0.0.1, plain or TLS.
struct Target
{
    std::uint16_t port = 0;
    ssl_ctx_st* tls = nullptr; ///< not owned; null is plain TCP
};

enum class LinkState : std::uint8_t {
    Closed,
    Connecting, ///< TCP
    Securing, ///< TLS
    Upgrading, ///< HTTP
    Opening, ///< Engine.IO
    Entering, ///< Socket.IO
    Joining, ///< the room
    Ready,
    Failed, ///< before Ready, by a server that had accepted it
};

/// One Socket.IO client on one WebSocket: a descriptor and what of a frame is missing. Whoever owns
/// it waits for its descriptor. One thread; a failure closes it, `error` says why.
class Link
{
public:
    /// Joins the room after CONNECT; none if it is empty.
    Link(const Target& target, std::string room) : m_target(target), m_room(std::move(room)) { }
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Starts a connection from 127.0.0.`sourceHost` (1 to 254). False when not even that goes.
    bool open(int sourceHost);
    void close();

    int descriptor() const { return m_descriptor; }
    LinkState state() const { return m_state; }
    bool isUnderWay() const
    {
        return m_state != LinkState::Closed && m_state != LinkState::Ready
            && m_state != LinkState::Failed;
    }
    bool wantsWrite() const;
    const std::string& error() const { return m_error; }

    /// Called with each Socket.IO packet of a link that is ready, without the Engine.IO '4'.
    class Receiver
    {
    public:
        virtual void received(Link& link, std::string_view packet) = 0;

    protected:
        ~Receiver() = default;
    };

    void readable(std::span<char> scratch, Receiver& receiver);
    void writable();

    void sendText(std::string_view text);
    void sendFrames(std::string_view frames); ///< complete ones

    // What measurements keep about a client.
    std::uint32_t index = 0;
    std::uint64_t receivedCount = 0;

private:
    void connected();
    void secure();
    long readSome(std::span<char> into);
    long writeSome(std::string_view octets);
    std::size_t takeUpgrade(std::string_view octets);
    void take(std::string_view text, Receiver& receiver);
    void fail(std::string why);

    const Target& m_target;
    const std::string m_room;
    ssl_st* m_tls = nullptr;
    std::string m_incomplete; ///< the front of a frame, or of the HTTP head
    std::string m_unsent;
    std::string m_error;
    int m_descriptor = -1;
    LinkState m_state = LinkState::Closed;
    bool m_tlsWantsWrite = false;
};

} // namespace gatehouse::bench
