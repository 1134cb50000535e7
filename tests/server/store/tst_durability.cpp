// SPDX-License-Identifier: Apache-2.0
#include "server/work/directory.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"
#include "tests/server/store/fixture.h"

#include <QCoreApplication>
#include <QProcess>
#include <QRandomGenerator>

#include <unistd.h>

#include <csignal>
#include <cstdio>

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;
using store::Store;

namespace {

void acknowledge(const QByteArray& line)
{
    const QByteArray text = line + '\n';
    if (::write(STDOUT_FILENO, text.constData(), size_t(text.size())) != text.size())
        std::abort();
}

/// Writes tasks and run changes without end and says on stdout what was acknowledged, one line
/// each: "t <task>" and "r <run>".
class Writer
{
public:
    Writer(const QString& directory, const QString& url)
    {
        store::StoreOptions options;
        options.url = url;
        m_store = Store::open(directory, options).value();
        const work::DirectoryContent content = m_store->loadStartState()->directory;
        m_collaboration = content.collaborations.front();
    }

    void start()
    {
        for (int i = 0; i < 20; ++i)
            createTask();
    }

private:
    void createTask()
    {
        work::NewTask wanted;
        wanted.task.image = u"image"_s;
        wanted.task.collaboration = m_collaboration.id;
        for (const OrganizationId organization : m_collaboration.members)
            wanted.runs.push_back({organization, QString(2'000, u'x')});
        m_store->createTask(wanted, [this](Result<work::CreatedTask> created) {
            acknowledge("t " + QByteArray::number(created.value().record.task.id.value));
            finish(created->record.runs.front().id);
            createTask();
        });
    }

    void finish(RunId run)
    {
        work::RunPatch patch;
        patch.status = work::RunStatus::Completed;
        patch.finishedAt = Millis{1};
        patch.result = u"result-%1"_s.arg(run.value);
        m_store->updateRun(run, patch, [this, run](Result<work::RunUpdate> updated) {
            updated.value();
            acknowledge("r " + QByteArray::number(run.value));
        });
    }

    std::unique_ptr<Store> m_store;
    work::Collaboration m_collaboration;
};

/// A task fails for which many others wait: says on stdout "f" once that is acknowledged, and is
/// killed when so many of them have ended.
class Failer : public work::TaskObserver
{
public:
    static constexpr int atOnce = 2;
    static constexpr int killedAt = 7;

    Failer(const QString& directory, const QString& url)
        : m_store(Store::open(directory, options(url)).value()), m_presence(m_clock),
          m_tasks(*m_store, m_directory, m_presence, m_clock)
    {
        m_directory.replace(m_store->loadStartState()->directory);
    }
    static store::StoreOptions options(const QString& url)
    {
        store::StoreOptions options;
        options.url = url;
        options.dependentsAtOnce = atOnce;
        return options;
    }

    void runChanged(const work::RunChange& change) override
    {
        if (change.cause == work::ChangeCause::DependencyFailed && ++m_ended == killedAt)
            ::kill(::getpid(), SIGKILL);
    }

    void start(RunId run)
    {
        m_tasks.addObserver(this);
        m_tasks.start([this, run](const Result<void>& started) {
            if (!started)
                std::abort();
            work::RunPatch end;
            end.status = work::RunStatus::Crashed;
            end.finishedAt = Millis{1};
            const NodeId node = m_tasks.nodeOf(*m_tasks.knownRun(run));
            m_tasks.patchRun(node, run, end, [](const Result<work::RunUpdate>& update) {
                update.value();
                acknowledge("f");
            });
        });
    }

private:
    SystemClock m_clock;
    std::unique_ptr<Store> m_store;
    work::Directory m_directory;
    work::Presence m_presence;
    work::TaskService m_tasks;
    int m_ended = 0;
};

} // namespace

/// kill -9 at any moment loses nothing acknowledged.
class TestDurability : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void whatWasAcknowledgedIsThereAfterKill9();
    void whatWaitedForAFailedTaskEndsAfterKill9();
};

void TestDurability::whatWasAcknowledgedIsThereAfterKill9()
{
    Fixture f;
    f.store.reset();
    QList<qint64> tasks;
    QList<qint64> runs;
    for (int round = 0; round < 5; ++round) {
        QProcess child;
        child.start(QCoreApplication::applicationFilePath(), {u"--write"_s, f.path(), f.url});
        QVERIFY(child.waitForStarted());
        QByteArray said;
        const qsizetype enough = 200 + QRandomGenerator::global()->bounded(6'000);
        while (said.size() < enough) {
            QVERIFY2(child.waitForReadyRead(10'000), child.readAllStandardError().constData());
            said += child.readAllStandardOutput();
        }
        ::kill(pid_t(child.processId()), SIGKILL);
        QVERIFY(child.waitForFinished());
        QCOMPARE(child.exitStatus(), QProcess::CrashExit);
        said += child.readAllStandardOutput();

        for (const QByteArray& line : said.left(said.lastIndexOf('\n')).split('\n'))
            (line.startsWith("t ") ? tasks : runs) += line.mid(2).toLongLong();
        f.reopen();
        for (const qint64 id : std::as_const(tasks)) {
            const Result<work::TaskRecord> task = f.task({id});
            QVERIFY2(task, qPrintable(u"task %1 is lost in round %2"_s.arg(id).arg(round)));
            QCOMPARE(task->runs.size(), size_t(2));
        }
        for (const qint64 id : std::as_const(runs)) {
            const Result<work::RunRecord> run = f.run({id});
            QVERIFY2(run, qPrintable(u"run %1 is lost in round %2"_s.arg(id).arg(round)));
            QCOMPARE(run->run.status, work::RunStatus::Completed);
            QCOMPARE(run->run.result, u"result-%1"_s.arg(id));
        }
        f.store.reset();
    }
    QVERIFY(!tasks.isEmpty());
    QVERIFY(!runs.isEmpty());
}

/// Ending what waits for it takes many transactions; the process is killed in the middle of them.
void TestDurability::whatWaitedForAFailedTaskEndsAfterKill9()
{
    constexpr int waiting = 20;
    Fixture f;
    const work::TaskRecord first = f.create();
    work::NewTask wanted = f.newTask();
    wanted.task.dependsOn = {first.task.id};
    for (int i = 0; i < waiting; ++i)
        QVERIFY(f.create(wanted));
    f.store.reset();
    {
        QProcess child;
        child.start(QCoreApplication::applicationFilePath(),
            {u"--fail"_s, f.path(), f.url, QString::number(first.runs[0].id.value)});
        QVERIFY2(child.waitForFinished(), child.readAllStandardError().constData());
        QCOMPARE(child.exitStatus(), QProcess::CrashExit);
        QCOMPARE(child.readAllStandardOutput(), QByteArray("f\n"));
    }
    f.reopen(Failer::options({}));
    const auto openRuns = [&f] {
        return await<std::vector<work::RunRef>>(
            [&f](auto done) { f.store->openRuns(std::move(done)); })
            .value()
            .size();
    };
    QCOMPARE(
        openRuns(), size_t(2 * waiting - (Failer::killedAt / Failer::atOnce + 1) * Failer::atOnce));
    work::RunFilter open;
    open.state = work::RunState::Open;
    QCOMPARE(f.runs(open).total, 0); // whoever asks gets none of them

    const SystemClock clock;
    work::Directory directory;
    directory.replace(f.directory);
    work::Presence presence(clock);
    work::TaskService tasks(*f.store, directory, presence, clock);
    QVERIFY(await<void>([&](work::Completion<void> done) { tasks.start(std::move(done)); }));
    QTRY_COMPARE_WITH_TIMEOUT(tasks.openRunCount(), 0, 30'000);
    QCOMPARE(openRuns(), size_t(0));
    work::RunFilter all;
    all.payloads = work::Payloads::Leave;
    const auto runs = f.runs(all, {1, 1'000});
    QCOMPARE(runs.total, 2 * waiting + 2);
    QCOMPARE(std::count_if(runs.items.begin(), runs.items.end(),
                 [](const work::RunRecord& record) {
                     return record.run.status == work::RunStatus::DependencyFailed
                         && record.run.finishedAt;
                 }),
        2 * waiting);
}

int main(int argc, char** argv)
{
    QCoreApplication app(argc, argv);
    if (argc == 5 && QByteArrayView(argv[1]) == "--fail") {
        Failer failer(QString::fromLocal8Bit(argv[2]), QString::fromLocal8Bit(argv[3]));
        failer.start({QByteArray(argv[4]).toLongLong()});
        return app.exec();
    }
    if (argc == 4 && QByteArrayView(argv[1]) == "--write") {
        Writer writer(QString::fromLocal8Bit(argv[2]), QString::fromLocal8Bit(argv[3]));
        writer.start();
        return app.exec();
    }
    TestDurability test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_durability.moc"
