// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/bench/load/latencies.h"
#include "tests/bench/load/link.h"

#include <vector>

namespace gatehouse::bench {

/// Messages a publisher sends to a room, and the account of every delivery: each member gets each
/// message once, in order, with the time it was sent in it.
class RoomMessages final : public Link::Receiver
{
public:
    /// At most `maxUnderWay` messages are told apart at a time.
    RoomMessages(std::size_t members, std::size_t maxUnderWay, std::size_t payloadBytes);

    /// The frame of the next message.
    std::string next();

    /// A member that stops reading is not waited for.
    void excuse(const Link& member);

    std::uint64_t sent() const { return m_sent; }
    std::uint64_t completed() const { return m_completed; } ///< received by every member
    std::uint64_t underWay() const { return m_sent - m_completed; }
    std::uint64_t expected() const { return m_expected; }
    std::uint64_t delivered() const { return m_delivered; }
    std::uint64_t wrong() const { return m_wrong; } ///< not the message that was next, or altered
    const Latencies& latencies() const { return m_latencies; }
    void forgetCounts(); ///< between messages; what was sent so far is no longer counted

private:
    void received(Link& link, std::string_view packet) override;

    struct Message
    {
        std::uint64_t time = 0;
        std::size_t missing = 0; ///< deliveries
    };

    std::size_t m_members; ///< that are waited for
    std::size_t m_payloadBytes;
    std::vector<Message> m_ring;
    std::vector<bool> m_isExcused;
    std::uint64_t m_lastTime = 0;
    std::uint64_t m_sent = 0;
    std::uint64_t m_completed = 0;
    std::uint64_t m_expected = 0;
    std::uint64_t m_delivered = 0;
    std::uint64_t m_wrong = 0;
    Latencies m_latencies;
};

} // namespace gatehouse::bench
