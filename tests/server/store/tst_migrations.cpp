// SPDX-License-Identifier: Apache-2.0
#include "server/store/migrations.h"
#include "tests/server/store/fixture.h"

using namespace gatehouse;
using namespace gatehouse::store;
using gatehouse::store::test::usesPostgres;
using namespace Qt::StringLiterals;

class TestMigrations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void init();
    void aFreshDatabaseGetsEveryStep();
    void runningTwiceChangesNothing();
    void anOlderDatabaseGetsOnlyTheNewSteps();
    void aNewerSchemaIsRefused();
    void aChangedStepIsRefused();
    void aStepThatFailsLeavesNothingOfItself();
    void theDefaultRolesFollowTheRules();
    void whatGoesWithATaskIsFoundByIndex();
    void theOpenRunsOfANodeAreFoundByIndex();
    void scriptsAreCutIntoStatements_data();
    void scriptsAreCutIntoStatements();

private:
    qint64 number(const QString& sql);
    bool hasTable(const QString& name);
    QString plan(const QString& sql);
    std::optional<Error> tryMigrate(const std::vector<Migration>& steps);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Database> m_database;
};

namespace {

const std::vector<Migration> twoSteps{{1, u"0001_a"_s, "CREATE TABLE a (id INTEGER);"},
    {2, u"0002_b"_s, "INSERT INTO a VALUES (1); CREATE TABLE b (id INTEGER);"}};

} // namespace

void TestMigrations::init()
{
    m_database.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    const Place place = usesPostgres()
        ? Place::fromUrl(gatehouse::test::PostgresCluster::shared().createDatabase()).value()
        : Place::inFile(m_folder->filePath(u"test.sqlite"_s));
    m_database = std::make_unique<Database>(
        place, Database::Access::Write, Millis{1'000}, Database::Missing::Create);
}

qint64 TestMigrations::number(const QString& sql)
{
    Rows rows = m_database->query(sql);
    return rows.next() ? rows.integer(0) : -1;
}

bool TestMigrations::hasTable(const QString& name)
{
    Rows rows = m_database->query(usesPostgres()
            ? u"SELECT 1 FROM information_schema.tables WHERE table_name = ?"_s
            : u"SELECT 1 FROM sqlite_schema WHERE name = ?"_s,
        name);
    return rows.next();
}

/// The steps SQLite would take.
QString TestMigrations::plan(const QString& sql)
{
    QStringList steps;
    Rows rows = m_database->query(u"EXPLAIN QUERY PLAN "_s + sql);
    while (rows.next())
        steps += rows.text(3);
    return steps.join(u"; ");
}

std::optional<Error> TestMigrations::tryMigrate(const std::vector<Migration>& steps)
{
    try {
        migrate(*m_database, steps, Millis{5});
        return std::nullopt;
    } catch (const Failure& failed) {
        return failed.error;
    }
}

void TestMigrations::aFreshDatabaseGetsEveryStep()
{
    const std::vector<Migration> steps = builtInMigrations();
    QVERIFY(steps.size() >= 2);
    QVERIFY(!tryMigrate(steps));
    QCOMPARE(number(u"SELECT COUNT(*) FROM schema_migrations"_s), qint64(steps.size()));
    QCOMPARE(number(u"SELECT applied_at FROM schema_migrations WHERE version = 1"_s), 5);
    for (const QString& table : {u"idempotency"_s, u"room_sequence"_s, u"run"_s, u"audit"_s})
        QVERIFY2(hasTable(table), qPrintable(table));
}

void TestMigrations::runningTwiceChangesNothing()
{
    QVERIFY(!tryMigrate(twoSteps));
    QVERIFY(!tryMigrate(twoSteps));
    QCOMPARE(number(u"SELECT COUNT(*) FROM a"_s), 1);
}

void TestMigrations::anOlderDatabaseGetsOnlyTheNewSteps()
{
    QVERIFY(!tryMigrate({twoSteps[0]}));
    m_database->execute(u"INSERT INTO a VALUES (7)"_s);
    QVERIFY(!tryMigrate(twoSteps));
    QCOMPARE(number(u"SELECT COUNT(*) FROM a"_s), 2);
    QCOMPARE(number(u"SELECT MAX(version) FROM schema_migrations"_s), 2);
}

void TestMigrations::aNewerSchemaIsRefused()
{
    QVERIFY(!tryMigrate(twoSteps));
    const std::optional<Error> error = tryMigrate({twoSteps[0]});
    QVERIFY(error);
    QCOMPARE(error->code, ErrorCode::Conflict);
    QCOMPARE(error->detail,
        u"the database has schema version 2, this program knows 1: it was written "
        "by a newer Gatehouse"_s);
}

void TestMigrations::aChangedStepIsRefused()
{
    QVERIFY(!tryMigrate(twoSteps));
    std::vector<Migration> changed = twoSteps;
    changed[0].sql += " ";
    const std::optional<Error> error = tryMigrate(changed);
    QVERIFY(error);
    QCOMPARE(error->code, ErrorCode::Conflict);
    QCOMPARE(error->detail,
        u"migration 0001_a of the database is not the one this program has (checksum differs)"_s);
}

void TestMigrations::aStepThatFailsLeavesNothingOfItself()
{
    std::vector<Migration> broken = twoSteps;
    broken[1].sql = "CREATE TABLE c (id INTEGER); INSERT INTO nowhere VALUES (1);";
    const std::optional<Error> error = tryMigrate(broken);
    QVERIFY(error);
    QVERIFY2(error->detail.startsWith(u"migration 0002_b: "_s), qPrintable(error->detail));
    QVERIFY(hasTable(u"a"_s));
    QVERIFY(!hasTable(u"c"_s));
    QCOMPARE(number(u"SELECT MAX(version) FROM schema_migrations"_s), 1);
    QVERIFY(!tryMigrate(twoSteps));
}

void TestMigrations::theDefaultRolesFollowTheRules()
{
    QVERIFY(!tryMigrate(builtInMigrations()));
    const auto events = [this](const QString& role) {
        QStringList held;
        Rows rows = m_database->query(
            u"SELECT operation || '/' || scope FROM role_rule JOIN rule ON rule.id = rule_id JOIN "
            "role ON role.id = role_id WHERE role.name = ? AND resource = 'event' ORDER BY 1"_s,
            role);
        while (rows.next())
            held += rows.text(0);
        return held.join(u' ');
    };
    const QString receive = u"RECEIVE/COLLABORATION RECEIVE/ORGANIZATION"_s;
    QCOMPARE(events(u"Viewer"_s), receive);
    QCOMPARE(events(u"Researcher"_s), receive);
    QCOMPARE(events(u"Organization Admin"_s), QString(receive + u" SEND/ORGANIZATION"_s));
    QCOMPARE(events(u"Collaboration Admin"_s), QString(receive + u" SEND/COLLABORATION"_s));
    QCOMPARE(number(u"SELECT COUNT(*) FROM role_rule JOIN role ON role.id = role_id WHERE name = "
                    "'Root'"_s),
        number(u"SELECT COUNT(*) FROM rule"_s));
    QCOMPARE(number(u"SELECT COUNT(*) FROM role_rule JOIN role ON role.id = role_id JOIN rule ON "
                    "rule.id = rule_id WHERE name = 'Viewer' AND operation NOT IN ('VIEW', "
                    "'RECEIVE')"_s),
        0);
}

void TestMigrations::whatGoesWithATaskIsFoundByIndex()
{
    SQLITE_ONLY("plans are told in SQLite's words");
    QVERIFY(!tryMigrate(builtInMigrations()));
    // A cascade is a DELETE (or UPDATE) by the column that refers.
    QStringList deletes;
    {
        Rows rows = m_database->query(
            u"SELECT child.name, key.\"from\" FROM sqlite_schema AS child, "
            "pragma_foreign_key_list(child.name) AS key WHERE child.type = 'table' AND "
            "key.\"table\" IN ('task', 'run')"_s);
        while (rows.next())
            deletes += u"DELETE FROM %1 WHERE %2 = 1"_s.arg(rows.text(0), rows.text(1));
    }
    QVERIFY(deletes.contains(u"DELETE FROM idempotency WHERE task_id = 1"_s));
    QVERIFY(deletes.contains(u"DELETE FROM run WHERE task_id = 1"_s));
    for (const QString& sql : std::as_const(deletes)) {
        const QString found = plan(sql);
        QVERIFY2(found.startsWith(u"SEARCH ") && !found.contains(u"SCAN"),
            qPrintable(QString(sql + u": "_s + found)));
    }
}

void TestMigrations::theOpenRunsOfANodeAreFoundByIndex()
{
    SQLITE_ONLY("plans are told in SQLite's words");
    QVERIFY(!tryMigrate(builtInMigrations()));
    // As readRuns() asks for them.
    QCOMPARE(plan(u"SELECT run.id FROM run INDEXED BY run_open_place WHERE run.organization_id = 1 "
                  "AND run.collaboration_id = 1 AND run.finished_at IS NULL ORDER BY run.id DESC "
                  "LIMIT 10 OFFSET 0"_s),
        u"SEARCH run USING INDEX run_open_place (organization_id=? AND collaboration_id=?)"_s);
}

void TestMigrations::scriptsAreCutIntoStatements_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<QStringList>("statements");
    QTest::newRow("nothing") << u""_s << QStringList{};
    QTest::newRow("two") << u"A;\n B ;"_s << QStringList{u"A"_s, u"B"_s};
    QTest::newRow("last without semicolon") << u"A; B"_s << QStringList{u"A"_s, u"B"_s};
    QTest::newRow("semicolon in quotes")
        << u"A ';' \";\"; B"_s << QStringList{u"A ';' \";\""_s, u"B"_s};
    QTest::newRow("doubled quote") << u"A 'it''s;'; B"_s << QStringList{u"A 'it''s;'"_s, u"B"_s};
    QTest::newRow("comment with semicolon and quote")
        << u"-- it's; nothing\nA; -- more\nB"_s << QStringList{u"A"_s, u"B"_s};
    QTest::newRow("comment at the end") << u"A; -- end"_s << QStringList{u"A"_s};
    QTest::newRow("dashes in quotes") << u"A '--'; B"_s << QStringList{u"A '--'"_s, u"B"_s};
}

void TestMigrations::scriptsAreCutIntoStatements()
{
    QFETCH(QString, script);
    QFETCH(QStringList, statements);
    QCOMPARE(splitStatements(script), statements);
}

QTEST_GUILESS_MAIN(TestMigrations)
#include "tst_migrations.moc"
