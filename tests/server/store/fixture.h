// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/await.h"
#include "server/store/import.h"
#include "server/store/store.h"
#include "tests/support/postgrescluster.h"

#include <QTemporaryDir>
#include <QTest>

namespace gatehouse::store::test {

using namespace Qt::StringLiterals;

/// Three hospitals, two collaborations (Aachen in both), three nodes, two users.
inline QByteArray smallFederation()
{
    return R"({
      "format": "gatehouse-import", "version": 1,
      "organizations": [{"name": "Aachen"}, {"name": "Bergen"}, {"name": "Cork"}],
      "collaborations": [
        {"name": "heart", "encrypted": false, "organizations": ["Aachen", "Bergen"]},
        {"name": "lung", "organizations": ["Aachen", "Cork"]}],
      "nodes": [
        {"name": "a-heart", "organization": "Aachen", "collaboration": "heart",
         "api_key": "11111111-1111-4111-8111-111111111111"},
        {"name": "b-heart", "organization": "Bergen", "collaboration": "heart",
         "api_key": "22222222-2222-4222-8222-222222222222"},
        {"name": "c-lung", "organization": "Cork", "collaboration": "lung",
         "api_key": "33333333-3333-4333-8333-333333333333"}],
      "users": [
        {"username": "anna", "organization": "Aachen", "roles": ["Researcher"],
         "rules": ["event/send/collaboration"]},
        {"username": "bert", "organization": "Bergen", "password": "correct horse",
         "roles": ["Viewer"]}]
    })";
}

inline Result<QByteArray> plainHash(const QString& password)
{
    return "hash:" + password.toUtf8();
}

inline Result<ImportReport> importInto(Store& store, const QByteArray& json)
{
    Result<ImportData> data = readImport(json);
    if (!data)
        return tl::unexpected(data.error());
    if (Result<void> hashed = hashPasswords(*data, plainHash); !hashed)
        return tl::unexpected(hashed.error());
    return await<ImportReport>(
        [&](work::Completion<ImportReport> done) { store.applyImport(*data, std::move(done)); });
}

/// The same tests run over both databases: server.store.NAME and server.store.NAME.postgresql.
inline bool usesPostgres()
{
    return qgetenv("GATEHOUSE_TEST_STORAGE") == "postgresql";
}

// In initTestCase() of every test that is run over both.
#define SKIP_WITHOUT_DATABASE()                                                                    \
    if (gatehouse::store::test::usesPostgres()                                                     \
        && !gatehouse::test::PostgresCluster::isInstalled())                                       \
    QSKIP(qPrintable(gatehouse::test::PostgresCluster::missing()))
#define SQLITE_ONLY(why)                                                                           \
    if (gatehouse::store::test::usesPostgres())                                                    \
    QSKIP(why)

/// A store in a folder of its own with the small federation in it.
class Fixture
{
public:
    explicit Fixture(const StoreOptions& options = {})
    {
        reopen(options);
        const Result<ImportReport> report = importInto(*store, smallFederation());
        if (!report)
            qFatal("%s", qPrintable(report.error().detail));
        directory = store->loadStartState()->directory;
    }

    void reopen(const StoreOptions& options = {})
    {
        store.reset();
        Result<std::unique_ptr<Store>> opened = Store::open(path(), placed(options));
        if (!opened)
            qFatal("%s", qPrintable(opened.error().detail));
        store = std::move(*opened);
    }

    /// `options` for this fixture's database.
    StoreOptions placed(StoreOptions options = {}) const
    {
        options.url = url;
        return options;
    }

    QString path() const { return folder.filePath(u"data"_s); }

    OrganizationId organization(const QString& name) const
    {
        for (const work::Organization& o : directory.organizations) {
            if (o.name == name)
                return o.id;
        }
        return {};
    }
    CollaborationId collaboration(const QString& name) const
    {
        for (const work::Collaboration& c : directory.collaborations) {
            if (c.name == name)
                return c.id;
        }
        return {};
    }
    NodeId node(const QString& name) const
    {
        for (const work::Node& n : directory.nodes) {
            if (n.name == name)
                return n.id;
        }
        return {};
    }

    work::NewTask newTask(const QString& name = u"average"_s) const
    {
        work::NewTask wanted;
        wanted.task.name = name;
        wanted.task.image = u"harbor.example.org/average:1"_s;
        wanted.task.collaboration = collaboration(u"heart"_s);
        wanted.task.initOrganization = organization(u"Aachen"_s);
        wanted.task.createdAt = Millis{1'000};
        wanted.task.databases = {{u"default"_s, u"{\"sheet\":1}"_s}};
        wanted.runs = {
            {organization(u"Aachen"_s), u"aW5wdXQ="_s}, {organization(u"Bergen"_s), u"YmVyZ2Vu"_s}};
        return wanted;
    }

    Result<work::CreatedTask> create(const work::NewTask& wanted)
    {
        return await<work::CreatedTask>([&](work::Completion<work::CreatedTask> done) {
            store->createTask(wanted, std::move(done));
        });
    }
    work::TaskRecord create() { return create(newTask()).value().record; }

    Result<work::RunUpdate> update(RunId run, const work::RunPatch& patch)
    {
        return await<work::RunUpdate>([&](work::Completion<work::RunUpdate> done) {
            store->updateRun(run, patch, std::move(done));
        });
    }
    Result<work::TaskKill> kill(TaskId task, Millis at = Millis{9'000})
    {
        return await<work::TaskKill>([&](work::Completion<work::TaskKill> done) {
            store->killTask({task, at, {}}, std::move(done));
        });
    }
    Result<work::RunRecord> run(RunId id)
    {
        return await<work::RunRecord>(
            [&](work::Completion<work::RunRecord> done) { store->run(id, std::move(done)); });
    }
    Result<work::TaskRecord> task(TaskId id)
    {
        return await<work::TaskRecord>(
            [&](work::Completion<work::TaskRecord> done) { store->task(id, std::move(done)); });
    }
    work::Page<work::RunRecord> runs(const work::RunFilter& filter, work::Paging paging = {})
    {
        return await<work::Page<work::RunRecord>>(
            [&](work::Completion<work::Page<work::RunRecord>> done) {
                store->runs(filter, paging, std::move(done));
            })
            .value();
    }
    work::Page<work::TaskRecord> tasks(const work::TaskFilter& filter, work::Paging paging = {})
    {
        return await<work::Page<work::TaskRecord>>(
            [&](work::Completion<work::Page<work::TaskRecord>> done) {
                store->tasks(filter, paging, std::move(done));
            })
            .value();
    }

    QTemporaryDir folder;
    const QString url
        = usesPostgres() ? gatehouse::test::PostgresCluster::shared().createDatabase() : QString();
    std::unique_ptr<Store> store;
    work::DirectoryContent directory;
};

} // namespace gatehouse::store::test
