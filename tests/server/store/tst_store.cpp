// SPDX-License-Identifier: Apache-2.0
#include "server/store/database.h"
#include "tests/server/store/fixture.h"

#include <QFileInfo>
#include <QScopeGuard>

#include <sys/resource.h>

#include <csignal>

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;
using store::Store;
using store::StoreOptions;

/// The store as a whole: when it answers, what it locks, what it does when the disk fails.
class TestStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void theDirectoryAndItsFilesArePrivate();
    void aSecondStoreOnTheDirectoryIsRefused();
    void anUnusableDirectoryIsRefusedWithOneLine_data();
    void anUnusableDirectoryIsRefusedWithOneLine();
    void anOpenFolderWithOtherThingsInItIsLeftAlone();
    void aDamagedFileIsRefused();
    void aClosedStoreRefusesTheStartState();
    void anAnswerComesAfterTheDataIsVisibleToAnotherConnection();
    void answersComeInTheOrderOfTheCalls();
    void manyWritesShareCommits();
    void aRefusedWriteDoesNotSpoilItsGroup();
    void aReadSeesEveryAnsweredWrite();
    void closingWritesWhatIsQueuedAndAnswersIt();
    void aClosedStoreAnswersUnavailable();
    void aFullQueueAnswersUnavailable();
    void aQueueFullOfLargeTextsAnswersUnavailable();
    void aFailingDiskRefusesWritesAndServiceReturns();
    void settingsAreKeptAndTakenOnce();
    void adminsHaveUniqueNames();
    void auditRecordsComeBackNewestFirst();
    void nodeStateIsKept();
    void keysAndPasswordHashesAreKept();

private:
    template <class Call>
    static Result<void> awaitVoid(Call call)
    {
        return await<void>(call);
    }
};

void TestStore::theDirectoryAndItsFilesArePrivate()
{
    SQLITE_ONLY("the file's own");
    Fixture f;
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther
        | QFile::WriteOther | QFile::ExeOther;
    QVERIFY(!(QFileInfo(f.path()).permissions() & others));
    const QStringList names = QDir(f.path()).entryList(QDir::Files);
    QVERIFY(names.contains(u"gatehouse.sqlite"_s));
    for (const QString& name : names)
        QVERIFY2(!(QFileInfo(f.path() + u'/' + name).permissions() & others), qPrintable(name));
}

void TestStore::aSecondStoreOnTheDirectoryIsRefused()
{
    Fixture f;
    const Result<std::unique_ptr<Store>> second = Store::open(f.path(), f.placed());
    QVERIFY(!second);
    QCOMPARE(second.error().code, ErrorCode::Conflict);
    QCOMPARE(second.error().detail,
        u"data directory %1 is in use by another gatehouse process"_s.arg(f.path()));
    f.store.reset();
    QVERIFY(Store::open(f.path(), f.placed()));
}

void TestStore::anUnusableDirectoryIsRefusedWithOneLine_data()
{
    QTest::addColumn<QString>("path");
    QTest::newRow("a device") << u"/dev/null"_s;
    QTest::newRow("below a device") << u"/dev/null/data"_s;
    QTest::newRow("in a file system without files") << u"/proc/gatehouse"_s;
}

void TestStore::anUnusableDirectoryIsRefusedWithOneLine()
{
    QFETCH(QString, path);
    const Result<std::unique_ptr<Store>> opened = Store::open(path);
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::Unavailable);
    QVERIFY2(opened.error().detail.startsWith(u"data directory "_s + path),
        qPrintable(opened.error().detail));
    QVERIFY(!opened.error().detail.contains(u'\n'));
}

void TestStore::anOpenFolderWithOtherThingsInItIsLeftAlone()
{
    QTemporaryDir folder;
    const auto open = QFile::Permissions(0x7755);
    QVERIFY(QFile::setPermissions(folder.path(), open));
    QVERIFY(Store::open(folder.path())); // an empty one is taken and closed
    QVERIFY(!(QFileInfo(folder.path()).permissions() & QFile::ReadOther));
    QVERIFY(QFile::setPermissions(folder.path(), open));
    QVERIFY(Store::open(folder.path())); // so is one with our file
    QVERIFY(!(QFileInfo(folder.path()).permissions() & QFile::ReadOther));

    QTemporaryDir home;
    QVERIFY(QDir(home.path()).mkdir(u".config"_s));
    QVERIFY(QFile::setPermissions(home.path(), open));
    const Result<std::unique_ptr<Store>> opened = Store::open(home.path());
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::Conflict);
    QVERIFY(QFileInfo(home.path()).permissions() & QFile::ReadOther);
    QCOMPARE(QDir(home.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot),
        QStringList{u".config"_s});
}

void TestStore::aDamagedFileIsRefused()
{
    SQLITE_ONLY("the file's own");
    QTemporaryDir folder;
    QFile file(folder.filePath(u"gatehouse.sqlite"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(8'192, 'x'));
    file.close();
    const Result<std::unique_ptr<Store>> opened = Store::open(folder.path());
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::Unavailable);
    QVERIFY2(
        opened.error().detail.contains(u"not a database"_s), qPrintable(opened.error().detail));
}

void TestStore::aClosedStoreRefusesTheStartState()
{
    Fixture f;
    f.store->close();
    const auto state = f.store->loadStartState();
    QVERIFY(!state);
    QCOMPARE(state.error().code, ErrorCode::Unavailable);
}

void TestStore::anAnswerComesAfterTheDataIsVisibleToAnotherConnection()
{
    Fixture f;
    store::Database other(f.store->place(), store::Database::Access::Read, Millis{1'000});
    constexpr int wanted = 200;
    int seen = 0;
    int answered = 0;
    QEventLoop loop;
    for (int i = 0; i < wanted; ++i) {
        f.store->createTask(f.newTask(), [&](Result<work::CreatedTask> created) {
            store::Rows rows = other.query(
                u"SELECT COUNT(*) FROM run WHERE task_id = ?"_s, created.value().record.task.id);
            if (rows.next() && rows.integer(0) == 2)
                ++seen;
            if (++answered == wanted)
                loop.quit();
        });
    }
    QCOMPARE(answered, 0);
    loop.exec();
    QCOMPARE(seen, wanted);
}

void TestStore::answersComeInTheOrderOfTheCalls()
{
    Fixture f;
    std::vector<int> order;
    QEventLoop loop;
    for (int i = 0; i < 50; ++i) {
        f.store->saveSetting(u"k"_s, QByteArray::number(i), [&, i](Result<void> written) {
            QVERIFY(written);
            order.push_back(i);
            if (i == 49)
                loop.quit();
        });
    }
    loop.exec();
    QVERIFY(std::is_sorted(order.begin(), order.end()));
    QCOMPARE(order.size(), size_t(50));
    QCOMPARE(
        await<QByteArray>([&](auto done) { f.store->setting(u"k"_s, std::move(done)); }), "49");
}

void TestStore::manyWritesShareCommits()
{
    SQLITE_ONLY("asks PRAGMA data_version");
    Fixture f;
    store::Database other(f.store->place(), store::Database::Access::Read, Millis{1'000});
    const auto version = [&] {
        store::Rows rows = other.query(u"PRAGMA data_version"_s);
        return rows.next() ? rows.integer(0) : -1;
    };
    constexpr int wanted = 2'000;
    int answered = 0;
    int versions = 0;
    qint64 last = version();
    QEventLoop loop;
    for (int i = 0; i < wanted; ++i) {
        f.store->saveSetting(u"k"_s, "v", [&](Result<void>) {
            const qint64 now = version();
            versions += now != last ? 1 : 0;
            last = now;
            if (++answered == wanted)
                loop.quit();
        });
    }
    loop.exec();
    // data_version moves once per foreign commit we look after: far fewer than one per write.
    QVERIFY2(versions < wanted / 5, qPrintable(QString::number(versions)));
    QVERIFY(versions > 0);
}

void TestStore::aRefusedWriteDoesNotSpoilItsGroup()
{
    Fixture f;
    work::NewTask stranger = f.newTask(u"refused"_s);
    stranger.runs.push_back({{4'711}, {}}); // no such organization: fails after rows were written
    std::vector<std::optional<ErrorCode>> outcomes;
    QEventLoop loop;
    for (const work::NewTask& wanted : {f.newTask(u"before"_s), stranger, f.newTask(u"after"_s)}) {
        f.store->createTask(wanted, [&](Result<work::CreatedTask> created) {
            outcomes.push_back(created ? std::nullopt : std::optional(created.error().code));
            if (outcomes.size() == 3)
                loop.quit();
        });
    }
    loop.exec();
    QVERIFY(!outcomes[0]);
    QCOMPARE(outcomes[1], ErrorCode::Conflict);
    QVERIFY(!outcomes[2]);
    const work::Page<work::TaskRecord> kept = f.tasks({});
    QCOMPARE(kept.total, 2);
    QCOMPARE(kept.items[0].task.name, u"after"_s);
    QCOMPARE(kept.items[1].task.name, u"before"_s);
    QCOMPARE(f.runs({}).total, 4);
}

void TestStore::aReadSeesEveryAnsweredWrite()
{
    Fixture f;
    for (int i = 0; i < 50; ++i) {
        const TaskId id = f.create().task.id;
        QVERIFY(f.task(id));
    }
}

void TestStore::closingWritesWhatIsQueuedAndAnswersIt()
{
    Fixture f;
    int kept = 0;
    for (int i = 0; i < 300; ++i)
        f.store->createTask(
            f.newTask(), [&](Result<work::CreatedTask> created) { kept += created ? 1 : 0; });
    f.store->close();
    QCOMPARE(kept, 300);
    f.reopen();
    QCOMPARE(f.tasks({}).total, 300);
}

void TestStore::aClosedStoreAnswersUnavailable()
{
    Fixture f;
    f.store->close();
    const Result<void> written
        = awaitVoid([&](auto done) { f.store->saveSetting(u"k"_s, "v", std::move(done)); });
    QCOMPARE(written.error().code, ErrorCode::Unavailable);
    QCOMPARE(f.task({1}).error().code, ErrorCode::Unavailable);
}

void TestStore::aFullQueueAnswersUnavailable()
{
    Fixture f;
    StoreOptions options;
    options.maxQueuedWrites = 10;
    f.reopen(options);
    int kept = 0;
    int refused = 0;
    QEventLoop loop;
    constexpr int wanted = 2'000;
    for (int i = 0; i < wanted; ++i) {
        f.store->createTask(f.newTask(), [&](Result<work::CreatedTask> created) {
            created ? ++kept : ++refused;
            if (!created)
                QCOMPARE(created.error().code, ErrorCode::Unavailable);
            if (kept + refused == wanted)
                loop.quit();
        });
    }
    loop.exec();
    QVERIFY(refused > 0);
    QVERIFY(kept >= 10);
    QCOMPARE(f.tasks({}).total, kept);
}

void TestStore::aQueueFullOfLargeTextsAnswersUnavailable()
{
    Fixture f;
    StoreOptions options;
    options.maxQueuedBytes = 4 << 20;
    f.reopen(options);
    work::NewTask large = f.newTask();
    large.runs[0].input = QString(1 << 20, u'x'); // 2 MiB each
    int kept = 0;
    int refused = 0;
    QEventLoop loop;
    for (int i = 0; i < 200; ++i) {
        f.store->createTask(large, [&](Result<work::CreatedTask> created) {
            created ? ++kept : ++refused;
            if (kept + refused == 200)
                loop.quit();
        });
    }
    loop.exec();
    QVERIFY(refused > 0);
    QVERIFY(kept >= 2);
    QVERIFY(f.create(large)); // the bound is on what waits, not on what was written
}

void TestStore::aFailingDiskRefusesWritesAndServiceReturns()
{
    SQLITE_ONLY("the disk of a server is its own");
    Fixture f;
    const work::TaskRecord before = f.create();
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &old), 0);
    const auto restore = qScopeGuard([&] { ::setrlimit(RLIMIT_FSIZE, &old); });
    rlimit none = old;
    none.rlim_cur = 1; // every write to a file fails from here on, as on a full disk
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &none), 0);

    int refused = 0;
    QEventLoop loop;
    for (int i = 0; i < 20; ++i) {
        f.store->createTask(f.newTask(), [&](Result<work::CreatedTask> created) {
            if (!created && created.error().code == ErrorCode::Unavailable)
                ++refused;
            if (refused == 20)
                loop.quit();
        });
    }
    loop.exec();
    QVERIFY(f.task(before.task.id)); // reads go on
    QCOMPARE(f.tasks({}).total, 1);

    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &old), 0);
    const work::TaskRecord after = f.create();
    QCOMPARE(f.tasks({}).total, 2);
    f.reopen();
    QCOMPARE(f.tasks({}).total, 2);
    QVERIFY(f.task(after.task.id));
}

void TestStore::settingsAreKeptAndTakenOnce()
{
    Fixture f;
    const auto take = [&] {
        return await<QByteArray>(
            [&](auto done) { f.store->takeSetting(u"once"_s, std::move(done)); });
    };
    const QByteArray secret("\x00\xff binary", 9);
    QVERIFY(
        awaitVoid([&](auto done) { f.store->saveSetting(u"once"_s, secret, std::move(done)); }));
    QCOMPARE(await<QByteArray>([&](auto done) { f.store->setting(u"once"_s, std::move(done)); }),
        secret);
    QCOMPARE(take(), secret);
    QCOMPARE(take().error().code, ErrorCode::NotFound);
}

void TestStore::adminsHaveUniqueNames()
{
    Fixture f;
    const auto create = [&](const QString& name) {
        return await<work::AdminAccount>([&](auto done) {
            f.store->createAdmin({name, "phc", Millis{7}}, std::move(done));
        });
    };
    const Result<work::AdminAccount> first = create(u"olga"_s);
    QVERIFY(first->id.isValid());
    QCOMPARE(create(u"olga"_s).error().code, ErrorCode::Conflict);
    QVERIFY(create(u"Olga"_s));
    QVERIFY(awaitVoid(
        [&](auto done) { f.store->saveAdminPasswordHash(first->id, "phc2", std::move(done)); }));
    const work::DirectoryContent content = f.store->loadStartState()->directory;
    QCOMPARE(content.admins.size(), size_t(2));
    QCOMPARE(content.admins[0].passwordHash, "phc2");
    QCOMPARE(content.admins[0].createdAt, Millis{7});
}

void TestStore::auditRecordsComeBackNewestFirst()
{
    Fixture f;
    for (int i = 1; i <= 3; ++i) {
        work::AuditRecord record;
        record.at = Millis{i};
        record.actorKind = u"admin"_s;
        record.action = u"task:kill"_s;
        record.target = u"task %1"_s.arg(i);
        QCOMPARE(await<work::AuditRecord>([&](auto done) {
            f.store->appendAudit(record, std::move(done));
        })->id,
            i);
    }
    const auto page = await<work::Page<work::AuditRecord>>([&](auto done) {
        f.store->audit({1, 2}, std::move(done));
    });
    QCOMPARE(page->total, 3);
    QCOMPARE(page->items.size(), size_t(2));
    QCOMPARE(page->items[0].target, u"task 3"_s);
    QCOMPARE(page->items[0].at, Millis{3});
}

void TestStore::nodeStateIsKept()
{
    Fixture f;
    const NodeId node = f.node(u"a-heart"_s);
    const work::NodeConfig config{{u"allowed_users"_s, u"1"_s}, {u"allowed_users"_s, u"anna"_s}};
    QVERIFY(awaitVoid([&](auto done) { f.store->saveNodeConfig(node, config, std::move(done)); }));
    QVERIFY(
        awaitVoid([&](auto done) { f.store->saveNodeSeen(node, Millis{77}, std::move(done)); }));
    QCOMPARE(
        await<work::NodeConfig>([&](auto done) { f.store->nodeConfig(node, std::move(done)); }),
        config);
    QVERIFY(awaitVoid([&](auto done) { f.store->saveNodeConfig(node, {}, std::move(done)); }));
    QVERIFY(await<work::NodeConfig>([&](auto done) {
        f.store->nodeConfig(node, std::move(done));
    })->empty());
    QCOMPARE(f.store->loadStartState()->directory.nodes.front().lastSeen, Millis{77});
    QCOMPARE(
        awaitVoid([&](auto done) { f.store->saveNodeSeen({999}, Millis{77}, std::move(done)); })
            .error()
            .code,
        ErrorCode::NotFound);
}

void TestStore::keysAndPasswordHashesAreKept()
{
    Fixture f;
    const OrganizationId cork = f.organization(u"Cork"_s);
    const UserId anna = f.directory.users.front().id;
    QVERIFY(
        awaitVoid([&](auto done) { f.store->savePublicKey(cork, u"a2V5"_s, std::move(done)); }));
    QVERIFY(awaitVoid([&](auto done) { f.store->savePasswordHash(anna, "new", std::move(done)); }));
    QVERIFY(importInto(*f.store, smallFederation())); // the file has no key: it stays
    const work::DirectoryContent content = f.store->loadStartState()->directory;
    QCOMPARE(content.organizations.back().publicKey, u"a2V5"_s);
    QCOMPARE(content.users.front().passwordHash, "new");
}

QTEST_GUILESS_MAIN(TestStore)
#include "tst_store.moc"
