// SPDX-License-Identifier: Apache-2.0
// idle-cost: what idle clients do to the cost of the others. Two clients take turns in sending an
// event and waiting for its ack; the server's CPU time per event is measured with nobody else and
// with thousands of idle Socket.IO clients connected, several times in one run.
#include "common/protocol/socketiopacket.h"
#include "tests/bench/clientpool.h"
#include "tests/bench/servedprocess.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace gatehouse;
using namespace gatehouse::bench;
using namespace Qt::StringLiterals;

namespace {

struct Settings
{
    QString program;
    QString jsonFile;
    int idle = 5'000;
    int events = 20'000;
    int rounds = 3;
    double limit = 1.5;
};

/// What one phase cost the server.
struct Cost
{
    double cpuMicroseconds = 0; ///< per event and its ack
    double wallMicroseconds = 0;
};

struct Round
{
    Cost alone;
    Cost amongIdle;

    double ratio() const { return amongIdle.cpuMicroseconds / alone.cpuMicroseconds; }
};

class IdleCost
{
public:
    IdleCost(Settings settings, ServedProcess& server)
        : m_settings(std::move(settings)), m_server(server)
    {
    }

    Result<std::vector<Round>> run()
    {
        if (const auto ready = connectPlayers(); !ready)
            return tl::unexpected<Error>(ready.error());
        if (const auto warm = play(m_settings.events / 4); !warm)
            return tl::unexpected<Error>(warm.error());
        std::vector<Round> rounds;
        for (int i = 0; i < m_settings.rounds; ++i) {
            Result<Round> round = playRound();
            if (!round)
                return tl::unexpected<Error>(round.error());
            std::printf("round %d: alone %6.2f us CPU per event, among %d idle clients %6.2f us, "
                        "ratio %.2f\n",
                i + 1, round->alone.cpuMicroseconds, m_settings.idle,
                round->amongIdle.cpuMicroseconds, round->ratio());
            std::fflush(stdout);
            rounds.push_back(*round);
        }
        return rounds;
    }

private:
    Result<void> connectPlayers()
    {
        const auto token = m_server.mintAdminToken();
        if (!token)
            return tl::unexpected<Error>(token.error());
        const Entrance entrance{
            m_server.port(), "/gh-admin", "{\"token\":" + protocol::jsonString(*token) + '}'};
        for (int i = 0; i < 2; ++i) {
            const auto player = m_pool.add(entrance);
            if (!player)
                return tl::unexpected<Error>(player.error());
            (*player)->setPacketCallback([this](QByteArrayView packet) {
                if (packet.startsWith("3/gh-admin,"))
                    ++m_acks;
            });
            m_players.push_back(*player);
        }
        return {};
    }

    Result<Round> playRound()
    {
        const auto alone = play(m_settings.events);
        if (!alone)
            return tl::unexpected<Error>(alone.error());
        const auto connected = m_pool.addMany(m_settings.idle, {m_server.port(), "/", {}});
        if (!connected)
            return tl::unexpected<Error>(connected.error());
        const auto amongIdle = play(m_settings.events);
        if (!amongIdle)
            return tl::unexpected<Error>(amongIdle.error());
        m_pool.removeAllBut(m_players);
        return Round{*alone, *amongIdle};
    }

    /// One event under way at a time, the players in turn.
    Result<Cost> play(int events)
    {
        if (const auto quiet = settle(); !quiet)
            return tl::unexpected<Error>(quiet.error());
        const auto cpuBefore = m_server.cpuTime();
        QElapsedTimer wall;
        wall.start();
        for (int i = 0; i < events; ++i) {
            const quint64 awaited = m_acks + 1;
            LeanClient* const player = m_players[size_t(i) % m_players.size()];
            player->sendText(QByteArray("42/gh-admin," + QByteArray::number(i)
                + R"(["echo",{"kind":"ping","n":)" + QByteArray::number(i) + "}]"));
            const auto answered = m_pool.runUntil([&] { return m_acks >= awaited; });
            if (!answered)
                return tl::unexpected<Error>(answered.error());
        }
        const auto cpu = m_server.cpuTime() - cpuBefore;
        return Cost{double(cpu.count()) / 1e3 / events, double(wall.nsecsElapsed()) / 1e3 / events};
    }

    /// Waits until the server has done what connecting and disconnecting left to do.
    Result<void> settle()
    {
        for (int i = 0; i < 100; ++i) {
            const auto before = m_server.cpuTime();
            if (const auto ran = m_pool.runFor(100); !ran)
                return ran;
            if (m_server.cpuTime() - before < std::chrono::milliseconds(5))
                return {};
        }
        return failure(ErrorCode::Timeout, QStringLiteral("the server does not come to rest"));
    }

    const Settings m_settings;
    ServedProcess& m_server;
    ClientPool m_pool;
    std::vector<LeanClient*> m_players;
    quint64 m_acks = 0;
};

double medianRatio(const std::vector<Round>& rounds)
{
    std::vector<double> ratios;
    for (const Round& round : rounds)
        ratios.push_back(round.ratio());
    std::sort(ratios.begin(), ratios.end());
    const size_t middle = ratios.size() / 2;
    return ratios.size() % 2 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
}

QJsonObject toJson(const Cost& cost)
{
    return {{u"cpuMicroseconds"_s, cost.cpuMicroseconds},
        {u"wallMicroseconds"_s, cost.wallMicroseconds}};
}

QJsonObject report(const Settings& settings, const std::vector<Round>& rounds)
{
    QJsonArray list;
    for (const Round& round : rounds) {
        list.append(QJsonObject{{u"alone"_s, toJson(round.alone)},
            {u"amongIdle"_s, toJson(round.amongIdle)}, {u"ratio"_s, round.ratio()}});
    }
    const double ratio = medianRatio(rounds);
    return {{u"benchmark"_s, u"idle-cost"_s}, {u"idleClients"_s, settings.idle},
        {u"eventsPerPhase"_s, settings.events}, {u"rounds"_s, list}, {u"ratio"_s, ratio},
        {u"limit"_s, settings.limit}, {u"passed"_s, ratio <= settings.limit}};
}

Settings readSettings(const QCoreApplication& application)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(
        u"Measures what idle clients do to the cost of an event and its ack."_s);
    parser.addHelpOption();
    parser.addOptions({
        {u"gatehouse"_s, u"The server's program."_s, u"file"_s,
            QCoreApplication::applicationDirPath() + u"/gatehouse"},
        {u"idle"_s, u"Idle clients."_s, u"n"_s, u"5000"_s},
        {u"events"_s, u"Events per phase."_s, u"n"_s, u"20000"_s},
        {u"rounds"_s, u"Rounds; the median counts."_s, u"n"_s, u"3"_s},
        {u"limit"_s, u"Largest ratio that passes."_s, u"x"_s, u"1.5"_s},
        {u"json"_s, u"Write the result here too."_s, u"file"_s},
    });
    parser.process(application);
    Settings settings;
    settings.program = parser.value(u"gatehouse"_s);
    settings.jsonFile = parser.value(u"json"_s);
    settings.idle = qMax(1, parser.value(u"idle"_s).toInt());
    settings.events = qMax(1, parser.value(u"events"_s).toInt());
    settings.rounds = qMax(1, parser.value(u"rounds"_s).toInt());
    settings.limit = parser.value(u"limit"_s).toDouble();
    return settings;
}

void raiseDescriptorLimit()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int fail(const Error& error)
{
    std::fprintf(stderr, "idle-cost: %s\n", qPrintable(error.detail));
    return 2;
}

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    const Settings settings = readSettings(application);
    raiseDescriptorLimit();
    const auto server = ServedProcess::start(settings.program);
    if (!server)
        return fail(server.error());
    const auto rounds = IdleCost(settings, **server).run();
    if (!rounds)
        return fail(rounds.error());
    const QByteArray json = QJsonDocument(report(settings, *rounds)).toJson();
    if (!settings.jsonFile.isEmpty()) {
        QFile file(settings.jsonFile);
        if (!file.open(QIODevice::WriteOnly) || file.write(json) != json.size())
            return fail({ErrorCode::Internal, file.errorString()});
    }
    const double ratio = medianRatio(*rounds);
    std::printf("%sratio %.2f, limit %.2f: %s\n", json.constData(), ratio, settings.limit,
        ratio <= settings.limit ? "passed" : "FAILED");
    return ratio <= settings.limit ? 0 : 1;
}
