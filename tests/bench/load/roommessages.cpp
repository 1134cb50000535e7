// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/roommessages.h"

#include "tests/bench/load/linkpool.h"
#include "tests/bench/load/wire.h"

#include <algorithm>

namespace gatehouse::bench {

namespace {

/// Added to every time: the same number of digits always, and exact in JavaScript.
constexpr std::uint64_t TimeBase = 1'000'000'000'000'000;
constexpr std::size_t TimeDigits = 16;
constexpr std::string_view SentHead = R"(42["pub",{"t":)";
constexpr std::string_view ReceivedHead = R"(2["msg",{"t":)";
constexpr std::string_view AfterTime = R"(,"d":")";
constexpr std::string_view Tail = "\"}]";

} // namespace

RoomMessages::RoomMessages(std::size_t members, std::size_t maxUnderWay, std::size_t payloadBytes)
    : m_members(members), m_payloadBytes(payloadBytes), m_ring(maxUnderWay + 1),
      m_isExcused(members)
{
}

std::string RoomMessages::next()
{
    m_lastTime = std::max(TimeBase + static_cast<std::uint64_t>(nowMicroseconds()), m_lastTime + 1);
    m_ring[m_sent % m_ring.size()] = {m_lastTime, m_members};
    ++m_sent;
    m_expected += m_members;
    std::string text(SentHead);
    text += std::to_string(m_lastTime);
    text += AfterTime;
    text.append(m_payloadBytes - std::min(m_payloadBytes, text.size() + Tail.size()), 'x');
    text += Tail;
    return clientFrame(text);
}

void RoomMessages::excuse(const Link& member)
{
    m_isExcused[member.index] = true;
    --m_members;
}

void RoomMessages::forgetCounts()
{
    m_expected = 0;
    m_delivered = 0;
    m_latencies = {};
}

void RoomMessages::received(Link& link, std::string_view packet)
{
    if (link.index >= m_isExcused.size() || !packet.starts_with(ReceivedHead)
        || m_isExcused[link.index])
        return;
    const std::uint64_t number = link.receivedCount++;
    Message& message = m_ring[number % m_ring.size()];
    const auto time = leadingNumber(packet.substr(ReceivedHead.size(), TimeDigits));
    ++m_delivered;
    const bool isRight = number < m_sent && time == message.time
        && packet.size() + 1 == m_payloadBytes && packet.ends_with(Tail);
    if (!isRight) {
        ++m_wrong;
        return;
    }
    m_latencies.add(nowMicroseconds() + std::int64_t(TimeBase) - std::int64_t(message.time));
    if (--message.missing == 0)
        ++m_completed;
}

} // namespace gatehouse::bench
