// SPDX-License-Identifier: Apache-2.0
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

    static void acknowledge(const QByteArray& line)
    {
        const QByteArray text = line + '\n';
        if (::write(STDOUT_FILENO, text.constData(), size_t(text.size())) != text.size())
            std::abort();
    }

    std::unique_ptr<Store> m_store;
    work::Collaboration m_collaboration;
};

} // namespace

/// kill -9 at any moment loses nothing acknowledged.
class TestDurability : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void whatWasAcknowledgedIsThereAfterKill9();
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

int main(int argc, char** argv)
{
    QCoreApplication app(argc, argv);
    if (argc == 4 && QByteArrayView(argv[1]) == "--write") {
        Writer writer(QString::fromLocal8Bit(argv[2]), QString::fromLocal8Bit(argv[3]));
        writer.start();
        return app.exec();
    }
    TestDurability test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_durability.moc"
