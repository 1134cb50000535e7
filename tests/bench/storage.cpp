// SPDX-License-Identifier: Apache-2.0
// What the database costs: status changes acknowledged after their flush, and what they cost the
// event loop, with 100 nodes that each wait for the answer before they say more; then how long a
// node waits for its open runs among a million finished ones. On SQLite, in a folder that goes.
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
    void openRuns();

private:
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
    // A heartbeat of the loop: how late it is, is how long something held the loop.
    std::vector<double> gaps;
    std::vector<double> turns;
    QElapsedTimer since;
    since.start();
    qint64 cpu = threadCpuNanoseconds();
    QTimer heart;
    heart.setTimerType(Qt::PreciseTimer);
    QObject::connect(&heart, &QTimer::timeout, [&] {
        const qint64 now = threadCpuNanoseconds();
        gaps.push_back(std::max(0.0, double(since.nsecsElapsed()) / 1e6 - 1));
        turns.push_back(double(now - cpu) / 1e6);
        since.restart();
        cpu = now;
    });
    heart.start(1);
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
    std::sort(gaps.begin(), gaps.end());
    std::sort(turns.begin(), turns.end());
    std::sort(m_waits.begin(), m_waits.end());
    std::printf("status changes: %.0f acknowledged per second, %d nodes, %lld failed\n",
        double(m_acknowledged) / seconds, m_options.nodes, static_cast<long long>(m_failed));
    std::printf("  acknowledged after (ms): median %.1f, 99 %% %.1f, longest %.1f\n",
        percentile(m_waits, 0.5), percentile(m_waits, 0.99), percentile(m_waits, 1));
    std::printf("  the loop held for (ms): 99 %% %.2f, 99.9 %% %.2f, longest %.2f\n",
        percentile(gaps, 0.99), percentile(gaps, 0.999), percentile(gaps, 1));
    std::printf(
        "  its own work between two heartbeats (ms of CPU): longest %.2f; longest call into "
        "storage %.2f\n",
        percentile(turns, 1), m_longestCall);
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
    return 0;
}
