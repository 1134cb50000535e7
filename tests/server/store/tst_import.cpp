// SPDX-License-Identifier: Apache-2.0
#include "tests/server/store/fixture.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

using namespace gatehouse;
using namespace gatehouse::store::test;
using gatehouse::store::ImportCounts;
using gatehouse::store::ImportData;
using gatehouse::store::ImportReport;
using gatehouse::store::readImport;

/// Import files: what is taken, and where each refusal points.
class TestImport : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }
    void theSmallFederationArrivesInTheDirectory();
    void importingTwiceUpdatesAndKeepsIds();
    void whatTheFileDoesNotNameStays();
    void aMissingPasswordKeepsTheOldOne();
    void keycloakIdsArriveAndStayUntilTheFileNamesOthers();
    void keycloakIdsMayChangePlaces();
    void passwordsAreHashedAndForgotten();
    void aHasherThatFailsEndsTheImportWithThePlace();
    void aRefusedImportLeavesNothing();
    void textThatIsNoImportIsRefused_data();
    void textThatIsNoImportIsRefused();
    void aNameThatDoesNotFitIsRefusedWithItsPlace_data();
    void aNameThatDoesNotFitIsRefusedWithItsPlace();
    void aChangeThatContradictsTheDatabaseIsRefused_data();
    void aChangeThatContradictsTheDatabaseIsRefused();
    void whoLeavesACollaborationLeavesItsStudies();
    void anOwnRoleHidesAGeneralOneOfTheSameName();
    void theDocumentedExampleImports();
    void theDemoFederationImports();
};

namespace {

QByteArray document(const QByteArray& members)
{
    return R"({"format": "gatehouse-import", "version": 1)"
        + (members.isEmpty() ? QByteArray() : ", " + members) + "}";
}

QByteArray fileText(const QString& name)
{
    QFile file(QStringLiteral(GATEHOUSE_SOURCE_DIR "/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

void TestImport::theSmallFederationArrivesInTheDirectory()
{
    Fixture f;
    work::Directory directory;
    directory.replace(f.directory);
    QCOMPARE(directory.organizations().size(), size_t(3));
    QVERIFY(!directory.collaboration(u"heart"_s)->encrypted);
    QVERIFY(directory.collaboration(u"lung"_s)->encrypted);
    QCOMPARE(directory.nodeByApiKey("22222222-2222-4222-8222-222222222222")->name, u"b-heart"_s);
    QVERIFY(!directory.nodeByApiKey("22222222-2222-4222-8222-222222222223"));
    QVERIFY(directory.isMember(f.organization(u"Aachen"_s), f.collaboration(u"lung"_s)));
    QVERIFY(!directory.isMember(f.organization(u"Bergen"_s), f.collaboration(u"lung"_s)));

    const work::User* anna = directory.user(u"anna"_s);
    const std::vector<model::Rule>& rules = directory.rulesOf(anna->id);
    using model::RuleOperation;
    using model::RuleScope;
    const auto has = [&](const model::Rule& rule) {
        return std::find(rules.begin(), rules.end(), rule) != rules.end();
    };
    QVERIFY(has({"event", RuleScope::Collaboration, RuleOperation::Send}));
    QVERIFY(has({"event", RuleScope::Collaboration, RuleOperation::Receive}));
    QVERIFY(has({"task", RuleScope::Collaboration, RuleOperation::Create}));
    QVERIFY(!has({"event", RuleScope::Global, RuleOperation::Receive}));
    QVERIFY(anna->passwordHash.isEmpty());
    QCOMPARE(directory.user(u"bert"_s)->passwordHash, "hash:correct horse");
    QVERIFY(directory.node(u"a-heart"_s)->id.value != anna->id.value);
}

void TestImport::importingTwiceUpdatesAndKeepsIds()
{
    Fixture f;
    const ImportReport report = importInto(*f.store, smallFederation()).value();
    QCOMPARE(report.organizations, (ImportCounts{0, 3}));
    QCOMPARE(report.collaborations, (ImportCounts{0, 2}));
    QCOMPARE(report.nodes, (ImportCounts{0, 3}));
    QCOMPARE(report.users, (ImportCounts{0, 2}));
    const work::DirectoryContent after = f.store->loadStartState()->directory;
    QCOMPARE(after.users.size(), f.directory.users.size());
    QCOMPARE(after.nodes.front().id, f.directory.nodes.front().id);
    QCOMPARE(after.users.front().rules, f.directory.users.front().rules);
    QCOMPARE(after.collaborations.front().members, f.directory.collaborations.front().members);
}

void TestImport::whatTheFileDoesNotNameStays()
{
    Fixture f;
    const ImportReport report
        = importInto(*f.store, document(R"("organizations": [{"name": "Delft"}])")).value();
    QCOMPARE(report.organizations, (ImportCounts{1, 0}));
    const work::DirectoryContent after = f.store->loadStartState()->directory;
    QCOMPARE(after.organizations.size(), size_t(4));
    QCOMPARE(after.users.size(), size_t(2));
}

void TestImport::aMissingPasswordKeepsTheOldOne()
{
    Fixture f;
    QVERIFY(importInto(
        *f.store, document(R"("users": [{"username": "bert", "organization": "Bergen"}])")));
    const work::DirectoryContent after = f.store->loadStartState()->directory;
    QCOMPARE(after.users.back().username, u"bert"_s);
    QCOMPARE(after.users.back().passwordHash, "hash:correct horse");
    QVERIFY(after.users.back().roles.empty());
}

void TestImport::keycloakIdsArriveAndStayUntilTheFileNamesOthers()
{
    Fixture f;
    const QByteArray node
        = R"("name": "a-lung", "organization": "Aachen", "collaboration": "lung")";
    const QByteArray user = R"("username": "anna", "organization": "Aachen")";
    const auto import = [&](const QByteArray& ofNode, const QByteArray& ofUser) {
        const auto report = importInto(*f.store,
            document("\"nodes\": [{" + node + ofNode + "}], \"users\": [{" + user + ofUser + "}]"));
        QVERIFY2(report, report ? "" : qPrintable(report.error().detail));
    };
    const auto ids = [&] {
        work::Directory directory;
        directory.replace(f.store->loadStartState()->directory);
        return QStringList{
            directory.node(u"a-lung"_s)->keycloakId, directory.user(u"anna"_s)->keycloakId};
    };
    // No key of its own: Keycloak alone says who it is.
    import(R"(, "keycloak_id": "5c3f")", R"(, "keycloak_id": "77aa")");
    QCOMPARE(ids(), (QStringList{u"5c3f"_s, u"77aa"_s}));
    import({}, {});
    QCOMPARE(ids(), (QStringList{u"5c3f"_s, u"77aa"_s}));
    import(R"(, "keycloak_id": "77aa")", R"(, "keycloak_id": "")"); // nodes and users apart
    QCOMPARE(ids(), (QStringList{u"77aa"_s, QString()}));
}

void TestImport::keycloakIdsMayChangePlaces()
{
    Fixture f;
    const auto import = [&](const QByteArray& anna, const QByteArray& bert) {
        const auto report = importInto(*f.store,
            document(R"("users": [{"username": "anna", "organization": "Aachen", "keycloak_id": ")"
                + anna + R"("}, {"username": "bert", "organization": "Bergen", "keycloak_id": ")"
                + bert + "\"}]"));
        QVERIFY2(report, report ? "" : qPrintable(report.error().detail));
        work::Directory directory;
        directory.replace(f.store->loadStartState()->directory);
        QCOMPARE(directory.user(u"anna"_s)->keycloakId, QString::fromUtf8(anna));
        QCOMPARE(directory.user(u"bert"_s)->keycloakId, QString::fromUtf8(bert));
    };
    import("x", "y");
    import("y", "x"); // swapped
    import("", "y"); // moved to who stands below
    import("y", ""); // and back
}

void TestImport::passwordsAreHashedAndForgotten()
{
    ImportData data = readImport(smallFederation()).value();
    QVERIFY(hashPasswords(data, plainHash));
    QVERIFY(!data.users[1].password);
    QCOMPARE(data.users[1].entity.passwordHash, "hash:correct horse");
}

void TestImport::aHasherThatFailsEndsTheImportWithThePlace()
{
    ImportData data = readImport(smallFederation()).value();
    const Result<void> hashed = hashPasswords(data, [](const QString&) -> Result<QByteArray> {
        return failure(ErrorCode::Internal, u"no memory"_s);
    });
    QCOMPARE(hashed.error().detail, u"users[1].password: no memory"_s);
}

void TestImport::aRefusedImportLeavesNothing()
{
    Fixture f;
    const Result<ImportReport> report = importInto(*f.store,
        document(
            R"("organizations": [{"name": "Delft"}],
           "users": [{"username": "dora", "organization": "Delft", "roles": ["Nobody"]}])"));
    QCOMPARE(
        report.error().detail, u"users[0].roles[0]: there is no role \"Nobody\" for \"Delft\""_s);
    QCOMPARE(f.store->loadStartState()->directory.organizations.size(), size_t(3));
}

void TestImport::textThatIsNoImportIsRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const QByteArray& json, const QString& message) {
        QTest::newRow(name) << json << message;
    };
    row("empty file", "", u"^unexpected|.*byte 0"_s);
    row("trailing comma", R"({"format": "gatehouse-import",})", u"byte"_s);
    row("name twice in one object", R"({"format": "a", "format": "b"})", u"byte"_s);
    row("invalid UTF-8", "{\"format\": \"\xff\"}", u"byte"_s);
    row("nested too deep", "[[[[[[[[[[]]]]]]]]]]", u"byte"_s);
    row("a list at the top", "[]", u"^the file must hold one JSON object$"_s);
    row("no format", "{}", u"^format: is missing$"_s);
    row("other format", R"({"format": "x"})", u"^format: must be \"gatehouse-import\"$"_s);
    row("no version", R"({"format": "gatehouse-import"})", u"^version: is missing$"_s);
    row("version as text", R"({"format": "gatehouse-import", "version": "1"})",
        u"^version: must be 1"_s);
    row("newer version", R"({"format": "gatehouse-import", "version": 2})",
        u"^version: must be 1"_s);
    row("unknown list", document(R"("organisations": [])"),
        u"^organisations: is not a known field \\(known: collaborations, "_s);
    row("object for a list", document(R"("users": {})"), u"^users: must be a list$"_s);
    row("text for an object", document(R"("users": ["anna"])"),
        u"^users\\[0\\]: must be an object$"_s);
    row("no name", document(R"("organizations": [{}])"),
        u"^organizations\\[0\\]\\.name: is missing$"_s);
    row("empty name", document(R"("organizations": [{"name": " "}])"),
        u"^organizations\\[0\\]\\.name: must not be empty$"_s);
    row("number as name", document(R"("organizations": [{"name": 7}])"),
        u"^organizations\\[0\\]\\.name: must be text$"_s);
    row("null as name", document(R"("organizations": [{"name": null}])"),
        u"^organizations\\[0\\]\\.name: must be text$"_s);
    row("control character", document(R"("organizations": [{"name": "a\u0007"}])"),
        u"^organizations\\[0\\]\\.name: holds a control character$"_s);
    row("long name",
        document(R"("organizations": [{"name": ")" + QByteArray(1'001, 'x') + R"("}])"),
        u"^organizations\\[0\\]\\.name: is longer than 1000"_s);
    row("unknown field", document(R"("organizations": [{"name": "A", "city": "B"}])"),
        u"^organizations\\[0\\]\\.city: is not a known field \\(known: address1,"_s);
    row("name twice", document(R"("organizations": [{"name": "A"}, {"name": "A"}])"),
        u"^organizations\\[1\\]\\.name: \"A\" was already defined at organizations\\[0\\]$"_s);
    row("text for encrypted",
        document(R"("collaborations": [{"name": "c", "encrypted": "no", "organizations": []}])"),
        u"^collaborations\\[0\\]\\.encrypted: must be true or false$"_s);
    row("member twice",
        document(R"("collaborations": [{"name": "c", "organizations": ["A", "A"]}])"),
        u"^collaborations\\[0\\]\\.organizations\\[1\\]: \"A\" is named twice$"_s);
    row("collaboration without members", document(R"("collaborations": [{"name": "c"}])"),
        u"^collaborations\\[0\\]\\.organizations: is missing$"_s);
    row("study without collaboration", document(R"("studies": [{"name": "s"}])"),
        u"^studies\\[0\\]\\.collaboration: is missing$"_s);
    row("node without organization", document(R"("nodes": [{"name": "n", "collaboration": "c"}])"),
        u"^nodes\\[0\\]\\.organization: is missing$"_s);
    row("weak API key",
        document(
            R"("nodes": [{"name": "n", "organization": "A", "collaboration": "c", "api_key": "secret"}])"),
        u"^nodes\\[0\\]\\.api_key: must be a UUID"_s);
    row("API key with a line feed",
        document(
            R"("nodes": [{"name": "n", "organization": "A", "collaboration": "c", "api_key": "11111111-1111-4111-8111-111111111111\n"}])"),
        u"^nodes\\[0\\]\\.api_key: holds a control character$"_s);
    row("short password",
        document(R"("users": [{"username": "u", "organization": "A", "password": "1234567"}])"),
        u"^users\\[0\\]\\.password: must have at least 8 characters$"_s);
    row("user twice",
        document(
            R"("users": [{"username": "u", "organization": "A"}, {"username": "u", "organization": "B"}])"),
        u"^users\\[1\\]\\.username: \"u\" was already defined at users\\[0\\]$"_s);
    row("rule with two parts", document(R"("roles": [{"name": "r", "rules": ["task/view"]}])"),
        u"^roles\\[0\\]\\.rules\\[0\\]: must be \"resource/operation/scope\""_s);
    row("rule with unknown operation",
        document(R"("roles": [{"name": "r", "rules": ["task/read/own"]}])"),
        u"^roles\\[0\\]\\.rules\\[0\\]: \"read\" is no operation"_s);
    row("rule with unknown scope",
        document(R"("roles": [{"name": "r", "rules": ["task/view/all"]}])"),
        u"^roles\\[0\\]\\.rules\\[0\\]: \"all\" is no scope"_s);
}

void TestImport::textThatIsNoImportIsRefused()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, message);
    const Result<ImportData> data = readImport(json);
    QVERIFY(!data);
    QVERIFY2(QRegularExpression(message).match(data.error().detail).hasMatch(),
        qPrintable(data.error().detail));
    QVERIFY(
        data.error().code == ErrorCode::BadRequest || data.error().code == ErrorCode::Malformed);
}

void TestImport::aNameThatDoesNotFitIsRefusedWithItsPlace_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const QByteArray& members, const QString& message) {
        QTest::newRow(name) << document(members) << message;
    };
    row("member nobody knows",
        R"("collaborations": [{"name": "new", "organizations": ["Aachen", "Atlantis"]}])",
        u"collaborations[0].organizations[1]: there is no organization \"Atlantis\""_s);
    row("study of an unknown collaboration",
        R"("studies": [{"name": "s", "collaboration": "liver"}])",
        u"studies[0].collaboration: there is no collaboration \"liver\""_s);
    row("study with a stranger",
        R"("studies": [{"name": "s", "collaboration": "lung", "organizations": ["Bergen"]}])",
        u"studies[0].organizations[0]: \"Bergen\" is no member of the collaboration \"lung\""_s);
    row("role of an unknown organization",
        R"("roles": [{"name": "r", "organization": "Atlantis"}])",
        u"roles[0].organization: there is no organization \"Atlantis\""_s);
    row("rule nobody knows", R"("roles": [{"name": "r", "rules": ["moon/view/global"]}])",
        u"roles[0].rules[0]: there is no rule moon/view/global"_s);
    row("event rule with own scope",
        R"("users": [{"username": "u", "organization": "Cork", "rules": ["event/send/own"]}])",
        u"users[0].rules[0]: there is no rule event/send/own"_s);
    row("node of a stranger",
        R"("nodes": [{"name": "n", "organization": "Cork", "collaboration": "heart", "api_key": "99999999-1111-4111-8111-111111111111"}])",
        u"nodes[0]: \"Cork\" is no member of the collaboration \"heart\""_s);
    row("new node without a key",
        R"("nodes": [{"name": "n", "organization": "Aachen", "collaboration": "lung"}])",
        u"nodes[0]: a new node needs an api_key or a keycloak_id"_s);
    row("second node at one place",
        R"("nodes": [{"name": "n", "organization": "Cork", "collaboration": "lung", "api_key": "99999999-1111-4111-8111-111111111111"}])",
        u"nodes[0]: \"Cork\" has already the node \"c-lung\" in \"lung\""_s);
    row("key of another node",
        R"("nodes": [{"name": "n", "organization": "Aachen", "collaboration": "lung", "api_key": "11111111-1111-4111-8111-111111111111"}])",
        u"nodes[0].api_key: the node \"a-heart\" has the same key"_s);
    row("Keycloak id of another node",
        R"("nodes": [{"name": "a-heart", "organization": "Aachen", "collaboration": "heart", "keycloak_id": "x"},
           {"name": "b-heart", "organization": "Bergen", "collaboration": "heart", "keycloak_id": "x"}])",
        u"nodes[1].keycloak_id: the node \"a-heart\" has the same id"_s);
    row("Keycloak id of another user",
        R"("users": [{"username": "anna", "organization": "Aachen", "keycloak_id": "x"},
           {"username": "bert", "organization": "Bergen", "keycloak_id": "x"}])",
        u"users[1].keycloak_id: the user \"anna\" has the same id"_s);
    row("user of an unknown organization",
        R"("users": [{"username": "u", "organization": "Atlantis"}])",
        u"users[0].organization: there is no organization \"Atlantis\""_s);
}

void TestImport::aNameThatDoesNotFitIsRefusedWithItsPlace()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, message);
    Fixture f;
    const Result<ImportReport> report = importInto(*f.store, json);
    QVERIFY(!report);
    QCOMPARE(report.error().detail, message);
    QCOMPARE(report.error().code, ErrorCode::BadRequest);
}

void TestImport::aChangeThatContradictsTheDatabaseIsRefused_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("message");
    QTest::newRow("member with a node leaves")
        << document(R"("collaborations": [{"name": "heart", "organizations": ["Aachen"]}])")
        << u"collaborations[0].organizations: \"Bergen\" cannot leave, its node \"b-heart\" is there"_s;
    QTest::newRow("node moves")
        << document(
               R"("nodes": [{"name": "a-heart", "organization": "Aachen", "collaboration": "lung"}])")
        << u"nodes[0]: the node \"a-heart\" exists with another organization or collaboration"_s;
    QTest::newRow("default role changes")
        << document(R"("roles": [{"name": "Viewer", "rules": []}])")
        << u"roles[0]: \"Viewer\" is a default role and cannot be changed"_s;
}

void TestImport::aChangeThatContradictsTheDatabaseIsRefused()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, message);
    Fixture f;
    QCOMPARE(importInto(*f.store, json).error().detail, message);
}

void TestImport::whoLeavesACollaborationLeavesItsStudies()
{
    Fixture f;
    QVERIFY(importInto(*f.store,
        document(
            R"("organizations": [{"name": "Delft"}],
           "collaborations": [{"name": "heart", "organizations": ["Aachen", "Bergen", "Delft"]}],
           "studies": [{"name": "s", "collaboration": "heart", "organizations": ["Aachen", "Delft"]}])")));
    QCOMPARE(f.store->loadStartState()->directory.studies.front().members.size(), size_t(2));
    QVERIFY(importInto(*f.store,
        document(
            R"("collaborations": [{"name": "heart", "organizations": ["Aachen", "Bergen"]}])")));
    QCOMPARE(f.store->loadStartState()->directory.studies.front().members,
        std::vector{f.organization(u"Aachen"_s)});
}

void TestImport::anOwnRoleHidesAGeneralOneOfTheSameName()
{
    Fixture f;
    QVERIFY(importInto(*f.store,
        document(
            R"("roles": [{"name": "Viewer", "organization": "Cork", "rules": ["node/view/own"]}],
           "users": [{"username": "cara", "organization": "Cork", "roles": ["Viewer"]},
                     {"username": "carl", "organization": "Aachen", "roles": ["Viewer"]}])")));
    work::Directory directory;
    directory.replace(f.store->loadStartState()->directory);
    QCOMPARE(directory.rulesOf(directory.user(u"cara"_s)->id).size(), size_t(1));
    QVERIFY(directory.rulesOf(directory.user(u"carl"_s)->id).size() > 1);
}

void TestImport::theDocumentedExampleImports()
{
    const QByteArray page = fileText(u"docs/import-format.md"_s);
    const qsizetype begin = page.indexOf("```json") + 7;
    QVERIFY(begin > 7);
    QTemporaryDir folder;
    auto opened = store::Store::open(folder.filePath(u"data"_s)).value();
    const Result<ImportReport> report
        = importInto(*opened, page.mid(begin, page.indexOf("```", begin) - begin));
    QVERIFY2(report, report ? "" : qPrintable(report.error().detail));
    QCOMPARE(report->nodes, (ImportCounts{2, 0}));
}

void TestImport::theDemoFederationImports()
{
    QTemporaryDir folder;
    auto opened = store::Store::open(folder.filePath(u"data"_s)).value();
    const Result<ImportReport> report
        = importInto(*opened, fileText(u"resources/demo/federation.json"_s));
    QVERIFY2(report, report ? "" : qPrintable(report.error().detail));
    QCOMPARE(report->organizations, (ImportCounts{5, 0}));
    QCOMPARE(report->collaborations, (ImportCounts{2, 0}));
    QCOMPARE(report->nodes, (ImportCounts{7, 0}));
    QVERIFY(report->users.created >= 5);
}

QTEST_GUILESS_MAIN(TestImport)
#include "tst_import.moc"
