// SPDX-License-Identifier: Apache-2.0
// What the database costs: status changes acknowledged after their flush, and what they cost the
// event loop, with 100 nodes that each wait for the answer before they say more; then how long a
// node waits for its open runs among a million finished ones; and what it costs others when a task
// fails for which thousands wait. On SQLite, in a folder that goes.
//     bench-storage [seconds] [nodes] [finished runs]
#include "server/store/await.h"
#include "server/store/database.h"
#include "server/store/import.h"
#include "server/store/store.h"
#include "server/work/directory.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <ctime>

using namespace gatehouse;
using namespace Qt::StringLiterals;

namespace {

struct Options
{
    int seconds = 10;
    int nodes = 100;
    int finishedRuns = 1'000'000;
    int waitingRuns = 5'000; ///< storage.waiting_runs
};

template <class T>
T required(Result<T> result)
{
    if (!result) {
        std::fprintf(stderr, "%s\n", qPrintable(result.error().detail));
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return *std::move(result);
}

QByteArray federation(int nodes)
{
    QJsonArray organizations;
    QJsonArray members;
    QJsonArray stations;
    for (int i = 0; i < nodes; ++i) {
        const QString name = u"station %1"_s.arg(i);
        organizations.append(QJsonObject{{u"name"_s, name}});
        members.append(name);
        stations.append(QJsonObject{{u"name"_s, name}, {u"organization"_s, name},
            {u"collaboration"_s, u"all"_s},
            {u"api_key"_s, u"11111111-1111-4111-8111-%1"_s.arg(i, 12, 10, QLatin1Char('0'))}});
    }
    return QJsonDocument(QJsonObject{{u"format"_s, u"gatehouse-import"_s}, {u"version"_s, 1},
                             {u"organizations"_s, organizations}, {u"nodes"_s, stations},
                             {u"collaborations"_s,
                                 QJsonArray{QJsonObject{{u"name"_s, u"all"_s},
                                     {u"encrypted"_s, false}, {u"organizations"_s, members}}}}})
        .toJson();
}

double percentile(std::vector<double>& sorted, double part)
{
    return sorted.empty()
        ? 0
        : sorted[std::min(sorted.size() - 1, size_t(part * double(sorted.size())))];
}

qint64 threadCpuNanoseconds()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return qint64(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// A heartbeat of the loop, one a millisecond: how late it is, is how long something held the loop,
/// other programs included; the CPU between two is what the loop did itself.
class LoopWatch
{
public:
    LoopWatch()
    {
        m_since.start();
        m_heart.setTimerType(Qt::PreciseTimer);
        m_heart.callOnTimeout([this] { beat(); });
        m_heart.start(1);
    }
    void say()
    {
        std::sort(m_gaps.begin(), m_gaps.end());
        std::sort(m_work.begin(), m_work.end());
        std::printf("  the loop held for (ms): 99 %% %.2f, 99.9 %% %.2f, longest %.2f\n",
            percentile(m_gaps, 0.99), percentile(m_gaps, 0.999), percentile(m_gaps, 1));
        std::printf("  its own work between two heartbeats (ms of CPU): longest %.2f\n",
            percentile(m_work, 1));
    }

private:
    void beat()
    {
        const qint64 now = threadCpuNanoseconds();
        m_gaps.push_back(std::max(0.0, double(m_since.nsecsElapsed()) / 1e6 - 1));
        m_work.push_back(double(now - m_cpu) / 1e6);
        m_since.restart();
        m_cpu = now;
    }

    QTimer m_heart;
    QElapsedTimer m_since;
    qint64 m_cpu = threadCpuNanoseconds();
    std::vector<double> m_gaps;
    std::vector<double> m_work;
};

/// Everything the server has between a node's PATCH and its answer, but HTTP.
class Bench
{
public:
    explicit Bench(const Options& options)
        : m_options(options), m_store(required(store::Store::open(m_folder.filePath(u"data"_s)))),
          m_presence(m_clock), m_tasks(*m_store, m_directory, m_presence, m_clock)
    {
        required(store::await<store::ImportReport>([&](auto done) {
            m_store->applyImport(
                required(store::readImport(federation(options.nodes))), std::move(done));
        }));
        m_directory.replace(required(m_store->loadStartState()).directory);
        required(store::await<void>([&](auto done) { m_tasks.start(std::move(done)); }));
        createTask();
    }
    ~Bench() { m_store->close(); }

    void statusChanges();
    void failure();
    void openRuns();

private:
    /// What the storage did to the loop since the last asking: each turn it took there with
    /// answers.
    void sayTurns()
    {
        std::vector<double> held;
        std::vector<double> worked;
        for (const store::LoopTurn& turn : m_store->takeTurns()) {
            held.push_back(turn.held.count() * 1'000);
            worked.push_back(turn.worked.count() * 1'000);
        }
        std::sort(held.begin(), held.end());
        std::sort(worked.begin(), worked.end());
        std::printf("  the loop held by answers of the storage at a time (ms, %zu times): median "
                    "%.2f, 99 %% %.2f, longest %.2f; of CPU: longest %.2f\n",
            held.size(), percentile(held, 0.5), percentile(held, 0.99), percentile(held, 1),
            percentile(worked, 1));
    }
    void createTask()
    {
        work::TaskRequest request;
        request.name = u"bench"_s;
        request.image = u"image"_s;
        request.collaboration = m_directory.collaborations().front().id;
        for (const work::Organization& organization : m_directory.organizations())
            request.organizations.push_back({organization.id, u"e30="_s});
        m_runs = required(store::await<work::CreatedTask>([&](auto done) {
            m_tasks.create(request, std::move(done));
        })).record.runs;
    }

    /// One node says the next status as soon as the last one is acknowledged.
    void say(size_t node)
    {
        if (m_isOver)
            return;
        work::RunPatch patch;
        patch.status = m_acknowledged % 2 ? work::RunStatus::Active : work::RunStatus::Initializing;
        const work::Run& run = m_runs[node];
        const NodeId id
            = m_directory.nodeOf(run.organization, m_directory.collaborations().front().id)->id;
        QElapsedTimer asked;
        asked.start();
        const auto answered = [this, node, asked](const Result<work::RunUpdate>& update) {
            if (!update)
                ++m_failed;
            else
                ++m_acknowledged;
            m_waits.push_back(double(asked.nsecsElapsed()) / 1e6);
            say(node);
        };
        QElapsedTimer call;
        call.start();
        m_tasks.patchRun(id, run.id, std::move(patch), answered);
        m_longestCall = std::max(m_longestCall, double(call.nsecsElapsed()) / 1e6);
    }

    const Options m_options;
    QTemporaryDir m_folder;
    SystemClock m_clock;
    std::unique_ptr<store::Store> m_store;
    work::Directory m_directory;
    work::Presence m_presence;
    work::TaskService m_tasks;
    std::vector<work::Run> m_runs;
    bool m_isOver = false;
    qint64 m_acknowledged = 0;
    qint64 m_failed = 0;
    double m_longestCall = 0;
    std::vector<double> m_waits; ///< ms from the word to its acknowledgement
};

void Bench::statusChanges()
{
    LoopWatch watch;
    QTimer::singleShot(m_options.seconds * 1'000, [&] {
        m_isOver = true;
        QCoreApplication::quit();
    });
    for (size_t node = 0; node < m_runs.size(); ++node)
        say(node);
    QElapsedTimer whole;
    whole.start();
    QCoreApplication::exec();
    const double seconds = double(whole.elapsed()) / 1'000;
    std::sort(m_waits.begin(), m_waits.end());
    std::printf("status changes: %.0f acknowledged per second, %d nodes, %lld failed\n",
        double(m_acknowledged) / seconds, m_options.nodes, static_cast<long long>(m_failed));
    std::printf("  acknowledged after (ms): median %.1f, 99 %% %.1f, longest %.1f\n",
        percentile(m_waits, 0.5), percentile(m_waits, 0.99), percentile(m_waits, 1));
    std::printf("  longest call into storage (ms): %.2f\n", m_longestCall);
    sayTurns();
    watch.say();
}

/// Nobody listens, so what is told of each run is not in it; the waits of another write are.
void Bench::failure()
{
    const work::Run first = m_runs.front();
    work::TaskRequest waiting;
    waiting.name = u"waits"_s;
    waiting.image = u"image"_s;
    waiting.collaboration = m_directory.collaborations().front().id;
    waiting.dependsOn = {first.task};
    for (const work::Run& run : m_runs)
        waiting.organizations.push_back({run.organization, u"e30="_s});
    const int tasks = m_options.waitingRuns / int(m_runs.size());
    for (int i = 0; i < tasks; ++i)
        required(store::await<work::CreatedTask>(
            [&](auto done) { m_tasks.create(waiting, std::move(done)); }));
    m_store->takeTurns();
    const qsizetype before = m_tasks.openRunCount();
    LoopWatch watch;
    QElapsedTimer whole;
    whole.start();
    required(store::await<work::TaskKill>(
        [&](auto done) { m_tasks.kill(first.task, std::move(done)); }));
    const double answered = double(whole.nsecsElapsed()) / 1e6;
    std::vector<double> waits;
    while (m_tasks.openRunCount() > 0) {
        QElapsedTimer asked;
        asked.start();
        required(store::await<void>(
            [&](auto done) { m_store->saveSetting(u"other"_s, "write", std::move(done)); }));
        waits.push_back(double(asked.nsecsElapsed()) / 1e6);
    }
    std::sort(waits.begin(), waits.end());
    std::printf("a task killed for which %lld runs wait: answered after %.1f ms, all ended after "
                "%.1f ms\n",
        static_cast<long long>(before) - static_cast<long long>(m_runs.size()), answered,
        double(whole.nsecsElapsed()) / 1e6);
    std::printf("  another's write meanwhile acknowledged after (ms): median %.1f, longest %.1f\n",
        percentile(waits, 0.5), percentile(waits, 1));
    sayTurns();
    watch.say();
}

void Bench::openRuns()
{
    const auto ask = [this] {
        std::vector<double> times;
        for (int i = 0; i < 500; ++i) {
            work::RunFilter filter;
            filter.node = m_directory.nodes()[size_t(i) % m_directory.nodes().size()].id;
            filter.state = work::RunState::Open;
            QElapsedTimer timer;
            timer.start();
            const auto page = required(store::await<work::Page<work::RunRecord>>(
                [&](auto done) { m_store->runs(filter, {}, std::move(done)); }));
            times.push_back(double(timer.nsecsElapsed()) / 1e6);
            if (page.total != 1)
                std::fprintf(
                    stderr, "%lld open runs instead of one\n", static_cast<long long>(page.total));
        }
        std::sort(times.begin(), times.end());
        std::printf("  median %.2f, 99 %% %.2f, longest %.2f ms\n", percentile(times, 0.5),
            percentile(times, 0.99), percentile(times, 1));
    };
    std::printf("open runs of a node, no finished runs:\n");
    ask();
    {
        store::Database database(m_store->place(), store::Database::Access::Write, Millis{10'000});
        database.execute(u"BEGIN"_s);
        database.change(
            u"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
            "?) INSERT INTO task (name, description, image, collaboration_id, job_id, "
            "created_at) SELECT 'old', '', 'image', ?, i + 10, i FROM n"_s,
            qint64(m_options.finishedRuns / m_options.nodes),
            m_directory.collaborations().front().id);
        database.change(
            u"INSERT INTO run (task_id, organization_id, collaboration_id, status, assigned_at, "
            "finished_at) SELECT task.id, member.organization_id, task.collaboration_id, "
            "'completed', 1, 2 FROM task JOIN member ON member.collaboration_id = "
            "task.collaboration_id WHERE task.name = 'old'"_s);
        database.execute(u"COMMIT"_s);
    }
    std::printf("the same among %d finished runs:\n", m_options.finishedRuns);
    ask();
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    Options options;
    if (argc > 1)
        options.seconds = std::max(1, std::atoi(argv[1]));
    if (argc > 2)
        options.nodes = std::max(1, std::atoi(argv[2]));
    if (argc > 3)
        options.finishedRuns = std::max(options.nodes, std::atoi(argv[3]));
    Bench bench(options);
    bench.statusChanges();
    bench.openRuns();
    bench.failure();
    return 0;
}
