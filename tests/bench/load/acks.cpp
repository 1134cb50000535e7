// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/measurement.h"
#include "tests/bench/load/wire.h"

#include <algorithm>

namespace gatehouse::bench {

namespace {

using namespace std::chrono_literals;

constexpr Microseconds Patience = 20s;

/// Clients that send an event for each ack that comes back.
class AckPlay final : public Link::Receiver
{
public:
    AckPlay(LinkPool& pool, const Setting& setting)
        : m_pool(pool), m_setting(setting), m_players(setting.members)
    {
        for (Player& player : m_players)
            player.sentAt.resize(setting.inFlight);
        m_filler.assign(setting.payloadBytes, 'x');
    }

    void play(double seconds)
    {
        const auto until = nowMicroseconds() + std::int64_t(seconds * 1e6);
        for (std::size_t i = 0; i < m_players.size(); ++i)
            send(i, m_setting.inFlight);
        while (m_underWay > 0 && m_pool.turn(Patience) > 0) {
            const bool goesOn = nowMicroseconds() < until;
            for (const std::size_t i : std::exchange(m_answered, {})) {
                const std::size_t count = std::exchange(m_players[i].free, 0);
                if (goesOn)
                    send(i, count);
            }
        }
        for (Player& player : m_players)
            player.free = 0;
    }

    void forgetCounts()
    {
        m_acks = 0;
        m_latencies = {};
    }
    std::uint64_t acks() const { return m_acks; }
    std::uint64_t lost() const { return m_underWay; }
    std::uint64_t wrong() const { return m_wrong; }
    const Latencies& latencies() const { return m_latencies; }

private:
    struct Player
    {
        std::uint64_t sent = 0;
        std::uint64_t acked = 0;
        std::size_t free = 0; ///< events it may send at the end of the turn
        std::vector<std::int64_t> sentAt;
    };

    void send(std::size_t index, std::size_t count)
    {
        Player& player = m_players[index];
        std::string frames;
        for (; count > 0; --count) {
            std::string text = "42" + std::to_string(player.sent) + R"(["x",{"t":)";
            const std::int64_t now = nowMicroseconds();
            text += std::to_string(now) + R"(,"d":")";
            text.append(m_filler, 0, m_setting.payloadBytes - text.size() - 3);
            text += "\"}]";
            player.sentAt[player.sent++ % player.sentAt.size()] = now;
            ++m_underWay;
            frames += clientFrame(text);
        }
        m_pool.link(index).sendFrames(frames);
    }

    void received(Link& link, std::string_view packet) override
    {
        if (link.index >= m_players.size() || !packet.starts_with('3'))
            return;
        Player& player = m_players[link.index];
        if (leadingNumber(packet.substr(1)) != player.acked || !packet.ends_with("[]"))
            ++m_wrong;
        m_latencies.add(nowMicroseconds() - player.sentAt[player.acked++ % player.sentAt.size()]);
        ++m_acks;
        --m_underWay;
        if (player.free++ == 0)
            m_answered.push_back(link.index);
    }

    LinkPool& m_pool;
    const Setting& m_setting;
    std::string m_filler;
    std::vector<Player> m_players;
    std::vector<std::size_t> m_answered;
    std::uint64_t m_underWay = 0;
    std::uint64_t m_acks = 0;
    std::uint64_t m_wrong = 0;
    Latencies m_latencies;
};

} // namespace

void measureAcks(Bench& bench, const Setting& setting)
{
    if (setting.idle > 0) {
        // What an idle client costs is asked of them, not of the few that play.
        const Arrival players = bench.pool.connect(setting.members, setting.window);
        bench.findings.addFault("players_missing", double(setting.members - players.ready));
        bench.connect(setting.idle, setting.window);
    } else {
        bench.connect(setting.members, setting.window);
    }
    if (!bench.findings.isFaultless())
        return;
    AckPlay play(bench.pool, setting);
    bench.pool.setReceiver(&play);
    play.play(setting.seconds / 4);
    bench.settle();
    play.forgetCounts();
    Meter meter(bench.server);
    play.play(setting.seconds);
    meter.stop();
    bench.pool.setReceiver(nullptr);
    meter.note(bench.findings, double(play.acks()));
    noteLatencies(bench.findings, play.latencies());
    bench.findings.add("deliveries", double(play.acks()));
    bench.findings.addFault("lost", double(play.lost()));
    bench.findings.addFault("wrong", double(play.wrong()));
}

} // namespace gatehouse::bench
