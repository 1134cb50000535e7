// SPDX-License-Identifier: Apache-2.0
// Watchers of one guild's log who cost next to nothing, so that 200 of them at 5,000 events a
// second leave the machine to the server and its broker.
//
//   dashboard-watchers PORT WATCHERS TOKEN GUILD EVENTS
//
// in:  "pause": the first watcher reads no more; "resume": it does again
// out: {"event":"watching"}                     each is in its namespace and has asked to watch
//      {"event":"readers-over",…}               all but the first have heard of every event
//      {"event":"slow-over",…}                  the first has too
// with "received" and "missed", the smallest and the greatest of them, and "disorder", in all:
// events not after the one before.
#include "tests/bench/leanclient.h"

#include <QByteArray>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

using namespace gatehouse;
using gatehouse::bench::LeanClient;

namespace {

constexpr QByteArrayView EventHead = "2[\"log_pool\"";
constexpr QByteArrayView GapHead = "2[\"log_gap\"";
constexpr int AtATime = 32; ///< handshakes under way

/// The number after a key of the event, or -1.
qint64 numberAfter(QByteArrayView text, QByteArrayView key)
{
    const void* const found
        = ::memmem(text.data(), size_t(text.size()), key.data(), size_t(key.size()));
    qint64 number = -1;
    if (found) {
        const char* const from = static_cast<const char*>(found) + key.size();
        std::from_chars(from, text.data() + text.size(), number);
    }
    return number;
}

/// What one watcher has heard.
struct Heard
{
    qint64 last = -1;
    int received = 0;
    int missed = 0;
    int disorder = 0;

    int total() const { return received + missed; }

    void take(QByteArrayView packet)
    {
        if (packet.startsWith(EventHead)) {
            const qint64 number = numberAfter(packet, "\"n\":");
            disorder += number > last ? 0 : 1;
            last = number;
            ++received;
        } else if (packet.startsWith(GapHead)) {
            missed += int(numberAfter(packet, "\"missed\":"));
        }
    }
};

struct Watcher
{
    std::unique_ptr<LeanClient> client;
    Heard heard;
};

class Watchers
{
public:
    Watchers(bench::Entrance entrance, int count, QByteArray guild, int events)
        : m_entrance(std::move(entrance)), m_guild(std::move(guild)), m_events(events),
          m_epoll(::epoll_create1(EPOLL_CLOEXEC)), m_watchers(size_t(count))
    {
        listenTo(STDIN_FILENO, nullptr);
    }

    ~Watchers() { ::close(m_epoll); }
    Q_DISABLE_COPY_MOVE(Watchers)

    bool enter()
    {
        for (size_t begun = 0, ready = 0; ready < m_watchers.size();) {
            for (; begun < m_watchers.size() && begun - ready < AtATime; ++begun)
                begin(m_watchers[begun]);
            if (!turn())
                return false;
            ready = size_t(std::count_if(
                m_watchers.begin(), m_watchers.begin() + ptrdiff_t(begun), [](const Watcher& each) {
                    return each.client->state() == LeanClient::State::Ready;
                }));
        }
        const QByteArray spectate = "42[\"spectate\"," + m_guild + ']';
        for (Watcher& each : m_watchers)
            each.client->sendText(spectate);
        say("{\"event\":\"watching\"}");
        return true;
    }

    bool run()
    {
        while (!m_isOver) {
            if (!turn())
                return false;
        }
        return true;
    }

private:
    void listenTo(int descriptor, Watcher* watcher)
    {
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.ptr = watcher;
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, descriptor, &interest);
    }

    void begin(Watcher& watcher)
    {
        watcher.client = std::make_unique<LeanClient>(m_entrance);
        watcher.client->setPacketCallback(
            [this, &watcher](QByteArrayView packet) { hear(watcher, packet); });
        listenTo(watcher.client->descriptor(), &watcher);
    }

    bool turn()
    {
        std::array<epoll_event, 256> events;
        const int count = ::epoll_wait(m_epoll, events.data(), int(events.size()), 1000);
        for (int i = 0; i < count; ++i) {
            auto* const watcher = static_cast<Watcher*>(events[size_t(i)].data.ptr);
            if (!watcher) {
                obey();
                continue;
            }
            watcher->client->readAvailable();
            if (watcher->client->state() == LeanClient::State::Ended) {
                std::fprintf(
                    stderr, "a watcher ended: %s\n", watcher->client->lastError().constData());
                return false;
            }
        }
        return true;
    }

    void obey()
    {
        char octets[256];
        const ssize_t size = ::read(STDIN_FILENO, octets, sizeof octets);
        const QByteArrayView line(octets, std::max<ssize_t>(size, 0));
        if (line.isEmpty())
            m_isOver = true;
        const int slow = m_watchers.front().client->descriptor();
        if (line.startsWith("pause"))
            ::epoll_ctl(m_epoll, EPOLL_CTL_DEL, slow, nullptr);
        else if (line.startsWith("resume"))
            listenTo(slow, &m_watchers.front());
    }

    void hear(Watcher& watcher, QByteArrayView packet)
    {
        const bool wasComplete = watcher.heard.total() >= m_events;
        watcher.heard.take(packet);
        if (wasComplete || watcher.heard.total() < m_events)
            return;
        if (&watcher == &m_watchers.front())
            report("slow-over", m_watchers.begin(), m_watchers.begin() + 1);
        else if (++m_complete == m_watchers.size() - 1)
            report("readers-over", m_watchers.begin() + 1, m_watchers.end());
    }

    using Iterator = std::vector<Watcher>::const_iterator;

    static void report(const char* event, Iterator from, Iterator to)
    {
        Heard least = from->heard;
        Heard most = from->heard;
        int disorder = 0;
        for (; from != to; ++from) {
            least.received = std::min(least.received, from->heard.received);
            least.missed = std::min(least.missed, from->heard.missed);
            most.received = std::max(most.received, from->heard.received);
            most.missed = std::max(most.missed, from->heard.missed);
            disorder += from->heard.disorder;
        }
        say("{\"event\":\"" + QByteArray(event) + "\",\"received\":["
            + QByteArray::number(least.received) + ',' + QByteArray::number(most.received)
            + "],\"missed\":[" + QByteArray::number(least.missed) + ','
            + QByteArray::number(most.missed) + "],\"disorder\":" + QByteArray::number(disorder)
            + '}');
    }

    static void say(const QByteArray& line)
    {
        std::puts(line.constData());
        std::fflush(stdout);
    }

    const bench::Entrance m_entrance;
    const QByteArray m_guild;
    const int m_events;
    const int m_epoll;
    std::vector<Watcher> m_watchers; ///< the first is the slow one; never resized
    size_t m_complete = 0; ///< of the others
    bool m_isOver = false;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 6) {
        std::fputs("dashboard-watchers PORT WATCHERS TOKEN GUILD EVENTS\n", stderr);
        return 2;
    }
    const bench::Entrance entrance{.port = quint16(std::atoi(argv[1])),
        .headers = "Origin: https://archit.us\r\nCookie: token=" + QByteArray(argv[3]) + "\r\n"};
    Watchers watchers(entrance, std::atoi(argv[2]), argv[4], std::atoi(argv[5]));
    return watchers.enter() && watchers.run() ? 0 : 1;
}
