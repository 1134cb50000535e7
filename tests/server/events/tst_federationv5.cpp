// SPDX-License-Identifier: Apache-2.0
#include "tests/server/access/testkeys.h"
#include "tests/server/events/house.h"

using namespace gatehouse;
using namespace gatehouse::test;
using events::Generation;

namespace {

/// A house that also takes the tokens of a Keycloak.
class KeycloakHouse : public House
{
public:
    explicit KeycloakHouse(
        Generation generation = Generation::V5, const store::StoreOptions& storeOptions = {})
        : House(options(generation), {}, {}, {}, storeOptions), m_key(realmKey())
    {
        access::KeySet keys;
        (void)keys.addSecret(secret(), access::KeyBinding{.trust = access::KeyTrust::Full});
        const auto added = keys.addJwks(
            "{\"keys\":[" + access::test::publicJwk(m_key, R"("kid":"realm","use":"sig")") + "]}",
            access::KeyBinding{.issuer = issuer()});
        if (!added)
            qFatal("%s", qPrintable(added.error().detail));
        verifier.setKeys(keys);
        m_keys = keys;
        nameInKeycloak();
    }

    /// The realm signs with another key from now on.
    void rotate()
    {
        static const access::test::PkeyPtr next = access::test::makeRsaKey();
        m_key = next;
        m_kid = "realm-2";
    }
    void learnKey()
    {
        (void)m_keys.addJwks(
            "{\"keys\":[" + access::test::publicJwk(m_key, "\"kid\":\"" + m_kid + "\"") + "]}",
            access::KeyBinding{.issuer = issuer()});
        verifier.setKeys(m_keys);
    }

    QByteArray asAnna() { return token(u"6f1c-anna"_s, u"user"_s); }
    QByteArray asNode() { return token(u"6f1c-node"_s, u"node"_s); }

    qint64 makeSession(const QByteArray& by, const QString& scope, const QString& name = {})
    {
        const QJsonObject body{{u"name"_s, name}, {u"scope"_s, scope},
            {u"collaboration_id"_s, collaboration(u"heart"_s).value}};
        return callJson("POST", u"/hq/session"_s, by, QJsonDocument(body).toJson())
            .value(u"id"_s)
            .toInteger();
    }
    QJsonObject taskBody(qint64 session, const QJsonObject& changes = {}) const
    {
        QJsonObject body{{u"name"_s, u"average"_s}, {u"image"_s, u"harbor/average:1"_s},
            {u"collaboration_id"_s, collaboration(u"heart"_s).value}, {u"session_id"_s, session},
            {u"method"_s, u"central"_s}, {u"action"_s, u"central_compute"_s},
            {u"databases"_s, QJsonArray{QJsonArray{QJsonObject{{u"label"_s, u"default"_s}}}}},
            {u"organizations"_s,
                QJsonArray{QJsonObject{
                    {u"id"_s, organization(u"Aachen"_s).value}, {u"arguments"_s, u"e30="_s}}}}};
        for (auto change = changes.begin(); change != changes.end(); ++change)
            body.insert(change.key(), change.value());
        return body;
    }
    QJsonObject makeTask(qint64 session, const QJsonObject& changes = {})
    {
        return callJson(
            "POST", u"/hq/task"_s, asAnna(), QJsonDocument(taskBody(session, changes)).toJson());
    }
    /// The runs the node would start now.
    std::vector<qint64> openRuns()
    {
        std::vector<qint64> ids;
        const QJsonObject page = callJson("GET",
            u"/hq/run?state=open&include=task&node_id=%1"_s.arg(node(u"a-heart"_s).value),
            asNode());
        for (const QJsonValue& run : page.value(u"data"_s).toArray())
            ids.push_back(run[u"id"_s].toInteger());
        return ids;
    }
    int patch(qint64 run, const QByteArray& body)
    {
        return call("PATCH", u"/hq/run/%1"_s.arg(run), asNode(), body).status;
    }

    static QByteArray issuer() { return "https://auth.example/realms/vantage6"; }

    /// As Keycloak writes it, alive for 300 s.
    QByteArray token(const QJsonValue& subject, const QString& kind, const QJsonObject& more = {})
    {
        const qint64 now = clock.wall().count() / 1000;
        QJsonObject claims{{u"exp"_s, now + 300}, {u"iat"_s, now}, {u"jti"_s, u"trrtcc:1"_s},
            {u"iss"_s, QString::fromLatin1(issuer())}, {u"aud"_s, u"account"_s},
            {u"sub"_s, subject}, {u"typ"_s, u"Bearer"_s}, {u"azp"_s, u"a-heart-node-client"_s},
            {u"vantage6_client_type"_s, kind}};
        for (auto claim = more.begin(); claim != more.end(); ++claim)
            claims.insert(claim.key(), claim.value());
        return access::test::signedToken(
            "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"" + m_kid + "\"}",
            QJsonDocument(claims).toJson(QJsonDocument::Compact), m_key);
    }

private:
    static events::FederationOptions options(Generation generation)
    {
        events::FederationOptions all;
        all.generation = generation;
        return all;
    }

    void nameInKeycloak()
    {
        const auto data = store::readImport(R"({"format": "gatehouse-import", "version": 1,
          "nodes": [{"name": "a-heart", "organization": "Aachen", "collaboration": "heart",
                     "keycloak_id": "6f1c-node"}],
          "users": [{"username": "anna", "organization": "Aachen",
                     "roles": ["Collaboration Admin"], "keycloak_id": "6f1c-anna"}]})");
        const auto report = store::await<store::ImportReport>(
            [&](auto done) { store->applyImport(*data, std::move(done)); });
        if (!report)
            qFatal("%s", qPrintable(report.error().detail));
        directory.replace(store->loadStartState()->directory);
    }

    /// Of 2048 bits; making one takes its time.
    static access::test::PkeyPtr realmKey()
    {
        static const access::test::PkeyPtr key = access::test::makeRsaKey();
        return key;
    }

    access::test::PkeyPtr m_key;
    QByteArray m_kid = "realm";
    access::KeySet m_keys;
};

} // namespace

/// What differs when nodes and interfaces are of vantage6 v5.
class FederationV5Test : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tokensOfKeycloakNameTheirHolder_data();
    void tokensOfKeycloakNameTheirHolder();
    void otherTokensOfKeycloakAreRefusedAsWas_data();
    void otherTokensOfKeycloakAreRefusedAsWas();
    void shortTokensEndAfterTheirLeeway_data();
    void shortTokensEndAfterTheirLeeway();
    void clientsWaitForAKeyThatIsNew_data();
    void clientsWaitForAKeyThatIsNew();
    void aSilentIssuerLocksNobodyOut();
    void unknownKeysAreNoBadTokensWhereThereIsAnIssuer();
    void clientsBeyondTheLineForKeysComeBackSoon();
    void whoLeavesWhileItWaitsIsForgotten();
    void requestsWaitForAKeyThatIsNew();
    void newTasksHaveTheNameOfTheGeneration_data();
    void newTasksHaveTheNameOfTheGeneration();
    void nodesFindWhatTheyAskFor();
    void incompleteTasksAreRefused_data();
    void incompleteTasksAreRefused();
    void sessionsServeWhomTheirScopeReaches_data();
    void sessionsServeWhomTheirScopeReaches();
    void dependentTasksStartWhenTheLastOneIsDone();
    void dependentTasksFailWithTheFirst_data();
    void dependentTasksFailWithTheFirst();
    void runsThatWaitForOthersCannotBegin();
    void killsAreAuditedWithWhatWaitedForThem();
    void waitingRunsAreBounded();
    void sessionsAreBoundedAndRemovedByTheirOwners();
    void killedRunsStillTakeTheirLog();
    void containersStayInTheSessionOfTheirTask();
    void patchesAreToldAsStatusByV5Alone_data();
    void patchesAreToldAsStatusByV5Alone();
};

void FederationV5Test::tokensOfKeycloakNameTheirHolder_data()
{
    QTest::addColumn<QString>("subject");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QByteArray>("joins");
    QTest::newRow("node") << u"6f1c-node"_s << u"node"_s << QByteArray("Node <a-heart>");
    QTest::newRow("user") << u"6f1c-anna"_s << u"user"_s << QByteArray("User <anna>");
}

void FederationV5Test::tokensOfKeycloakNameTheirHolder()
{
    QFETCH(QString, subject);
    QFETCH(QString, kind);
    QFETCH(QByteArray, joins);
    KeycloakHouse house;
    Client client = house.connectWith(house.token(subject, kind));
    const QByteArrayList heard = client.take();
    const QByteArray room
        = "collaboration_" + QByteArray::number(house.collaboration(u"heart"_s).value);
    QVERIFY2(heard.contains("message \"" + joins + " joined room <" + room + ">\""),
        heard.join('\n').constData());
    QCOMPARE(heard.first() == "sync", kind == u"node");
    QCOMPARE(house.call("GET", u"/api/node"_s, house.token(subject, kind)).status, 200);
}

void FederationV5Test::otherTokensOfKeycloakAreRefusedAsWas_data()
{
    QTest::addColumn<QString>("subject");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QJsonObject>("more");
    QTest::newRow("a subject nobody has") << u"6f1c-carl"_s << u"user"_s << QJsonObject();
    QTest::newRow("the user's subject as a node") << u"6f1c-anna"_s << u"node"_s << QJsonObject();
    QTest::newRow("empty subject") << QString() << u"node"_s << QJsonObject();
    QTest::newRow("ID token") << u"6f1c-node"_s << u"node"_s << QJsonObject{{u"typ"_s, u"ID"_s}};
    QTest::newRow("refresh token")
        << u"6f1c-node"_s << u"node"_s << QJsonObject{{u"typ"_s, u"Refresh"_s}};
    QTest::newRow("another realm")
        << u"6f1c-node"_s << u"node"_s
        << QJsonObject{{u"iss"_s, u"https://auth.example/realms/other"_s}};
    QTest::newRow("admin by a foreign key") << u"6f1c-node"_s << u"admin"_s << QJsonObject();
}

void FederationV5Test::otherTokensOfKeycloakAreRefusedAsWas()
{
    QFETCH(QString, subject);
    QFETCH(QString, kind);
    QFETCH(QJsonObject, more);
    KeycloakHouse house;
    Client client = house.connectWith(house.token(subject, kind, more));
    QCOMPARE(client.take(), QByteArrayList());
    QVERIFY(!client.isClosed());
    QCOMPARE(house.federation.unidentifiedCount(), 1);
}

void FederationV5Test::shortTokensEndAfterTheirLeeway_data()
{
    QTest::addColumn<int>("seconds");
    QTest::addColumn<QByteArray>("first");
    QTest::newRow("in time") << 299 << QByteArray("sync");
    QTest::newRow("within the leeway") << 309 << QByteArray("sync");
    QTest::newRow("after it") << 310 << QByteArray("expired_token");
}

void FederationV5Test::shortTokensEndAfterTheirLeeway()
{
    QFETCH(int, seconds);
    QFETCH(QByteArray, first);
    KeycloakHouse house;
    const QByteArray token = house.token(u"6f1c-node"_s, u"node"_s);
    Client early = house.connectWith(token);
    house.clock.advance(std::chrono::seconds{seconds});
    Client late = house.connectWith(token); // reconnecting clients send their first header again
    QCOMPARE(late.take().value(0), first);
    QVERIFY(house.presence.isOnline(house.node(u"a-heart"_s))); // live sockets outlive their token
}

void FederationV5Test::clientsWaitForAKeyThatIsNew_data()
{
    QTest::addColumn<bool>("issuerAnswers");
    QTest::addColumn<bool>("keyIsThere");
    QTest::addColumn<QByteArray>("first");
    QTest::newRow("the issuer has it") << true << true << QByteArray("sync");
    QTest::newRow("the issuer does not") << true << false << QByteArray("invalid_token");
    QTest::newRow("there is no issuer to ask") << false << false << QByteArray("invalid_token");
}

void FederationV5Test::clientsWaitForAKeyThatIsNew()
{
    QFETCH(bool, issuerAnswers);
    QFETCH(bool, keyIsThere);
    QFETCH(QByteArray, first);
    KeycloakHouse house;
    house.keySource.isWilling = issuerAnswers;
    house.rotate();
    Client node = house.connectWith(house.token(u"6f1c-node"_s, u"node"_s));
    if (issuerAnswers) {
        QCOMPARE(node.take(), QByteArrayList());
        QVERIFY(node.other.value(0).startsWith("40/tasks,")); // CONNECT is confirmed all the same
        if (keyIsThere)
            house.learnKey();
        house.keySource.answer();
    }
    QCOMPARE(node.take().value(0), first);
    QCOMPARE(house.keySource.waiting.size(), size_t(0));
}

/// Keycloak is down when the server starts, or has a key nobody has heard of.
void FederationV5Test::aSilentIssuerLocksNobodyOut()
{
    KeycloakHouse house;
    house.keySource.state = identity::Issuer::Silent;
    house.rotate();
    for (int i = 0; i < 150; ++i) {
        Client early = house.connectWith(house.token(u"6f1c-node"_s, u"node"_s));
        QCOMPARE(early.take(), QByteArrayList()); // it would renew its token in vain
        early.die();
    }
    house.learnKey();
    QCOMPARE(house.connectWith(house.token(u"6f1c-node"_s, u"node"_s)).take().value(0), "sync");
}

/// Told that its token is wrong, as it is for all we know; counted against nobody.
void FederationV5Test::unknownKeysAreNoBadTokensWhereThereIsAnIssuer()
{
    KeycloakHouse house;
    house.keySource.state = identity::Issuer::Answers;
    const QByteArray good = house.token(u"6f1c-node"_s, u"node"_s);
    house.rotate();
    for (int i = 0; i < 150; ++i) {
        Client stranger = house.connectWith(house.token(u"6f1c-node"_s, u"node"_s));
        QCOMPARE(stranger.take(), QByteArrayList{"invalid_token"});
        stranger.die();
    }
    QCOMPARE(house.connectWith(good).take().value(0), "sync");
    // What is forged with a known key's name is counted as ever.
    for (int i = 0; i < 100; ++i)
        house.connectWith(good + 'x').die();
    QCOMPARE(house.connectWith(good).take(), QByteArrayList());
    QVERIFY(house.metrics.tokensLocked.Value() > 0);
}

void FederationV5Test::clientsBeyondTheLineForKeysComeBackSoon()
{
    KeycloakHouse house;
    house.keySource.isFull = true;
    house.rotate();
    Client node = house.connectWith(house.token(u"6f1c-node"_s, u"node"_s));
    QTRY_VERIFY(node.isClosed());
    QVERIFY(node.peer().closeCode == session::CloseCode::RateLimited);
}

void FederationV5Test::whoLeavesWhileItWaitsIsForgotten()
{
    KeycloakHouse house;
    house.keySource.isWilling = true;
    house.rotate();
    Client node = house.connectWith(house.token(u"6f1c-node"_s, u"node"_s));
    QCOMPARE(house.keySource.waiting.size(), size_t(1));
    node.die();
    house.learnKey();
    house.keySource.answer();
    QVERIFY(!house.presence.isOnline(house.node(u"a-heart"_s)));
    QCOMPARE(house.federation.unidentifiedCount(), 0);
}

void FederationV5Test::requestsWaitForAKeyThatIsNew()
{
    KeycloakHouse house;
    house.keySource.isWilling = true;
    house.rotate();
    const QByteArray token = house.token(u"6f1c-node"_s, u"node"_s);
    const auto known = house.send("GET", u"/api/node"_s, token);
    QVERIFY(!known->response);
    house.learnKey();
    house.keySource.answer();
    QVERIFY(known->response);
    QCOMPARE(known->response->status, 200);
    // A secret shared with an issuer has no newer version to ask for.
    house.call("GET", u"/api/node"_s, house.nodeToken(u"a-heart"_s) + "x");
    QCOMPARE(house.keySource.waiting.size(), size_t(0));
}

void FederationV5Test::newTasksHaveTheNameOfTheGeneration_data()
{
    QTest::addColumn<Generation>("generation");
    QTest::addColumn<QByteArrayList>("names");
    QTest::newRow("v4") << Generation::V4 << QByteArrayList{"new_task"};
    QTest::newRow("v5") << Generation::V5 << QByteArrayList{"new_task_update"};
    QTest::newRow("both") << Generation::Both << QByteArrayList{"new_task", "new_task_update"};
}

void FederationV5Test::newTasksHaveTheNameOfTheGeneration()
{
    QFETCH(Generation, generation);
    QFETCH(QByteArrayList, names);
    KeycloakHouse house(generation);
    Client node = house.connectWith(house.token(u"6f1c-node"_s, u"node"_s));
    node.take();
    const QJsonObject task = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s});
    QByteArrayList expected;
    for (const QByteArray& name : names)
        expected << name + " {\"id\":" + QByteArray::number(task.value(u"id"_s).toInteger())
                + ",\"parent_id\":null}";
    QCOMPARE(node.take(), expected);
}

void FederationV5Test::nodesFindWhatTheyAskFor()
{
    KeycloakHouse house;
    const qint64 id = house.node(u"a-heart"_s).value;
    const QJsonObject me = house.callJson("GET", u"/hq/node/me"_s, house.asNode());
    QCOMPARE(me.value(u"id"_s).toInteger(), id);
    QCOMPARE(me[u"organization"_s][u"link"_s].toString(),
        u"/hq/organization/%1"_s.arg(house.organization(u"Aachen"_s).value));
    QCOMPARE(house.call("GET", u"/hq/node/me"_s, house.asAnna()).status, 401);

    const qint64 session = house.makeSession(house.asAnna(), u"collaboration"_s, u"first"_s);
    const QJsonObject made = house.makeTask(session);
    QCOMPARE(made.value(u"status"_s).toString(), u"awaiting"_s);
    QCOMPARE(made[u"session"_s][u"id"_s].toInteger(), session);
    const QJsonObject page = house.callJson(
        "GET", u"/hq/run?state=open&include=task&node_id=%1"_s.arg(id), house.asNode());
    const QJsonObject run = page.value(u"data"_s).toArray().first().toObject();
    QCOMPARE(run.value(u"arguments"_s).toString(), u"e30="_s);
    QCOMPARE(run.value(u"action"_s).toString(), u"central_compute"_s);
    QVERIFY(!run.contains(u"input"_s));
    QCOMPARE(run[u"task"_s][u"method"_s].toString(), u"central"_s);
    QCOMPARE(run[u"task"_s][u"databases"_s].toArray(),
        (QJsonArray{QJsonObject{
            {u"label"_s, u"default"_s}, {u"type"_s, u"source"_s}, {u"position"_s, 0}}}));
    QCOMPARE(
        house.patch(run.value(u"id"_s).toInteger(),
            R"({"status":"unexpected output","result":"","finished_at":"2026-03-01T12:00:00+00:00"})"),
        200);
    QCOMPARE(
        house.callJson("GET", u"/hq/task/%1"_s.arg(made.value(u"id"_s).toInteger()), house.asAnna())
            .value(u"status"_s)
            .toString(),
        u"failed"_s);
}

void FederationV5Test::incompleteTasksAreRefused_data()
{
    QTest::addColumn<QJsonObject>("changes");
    QTest::addColumn<int>("status");
    const auto row
        = [](const char* name, const QString& field, const QJsonValue& value, int status) {
              QTest::newRow(name) << QJsonObject{{field, value}} << status;
          };
    row("no method", u"method"_s, QJsonValue(), 400);
    row("unknown action", u"action"_s, u"dance"_s, 400);
    row("no session", u"session_id"_s, QJsonValue(), 400);
    row("a session nobody has", u"session_id"_s, 4'711, 401);
    row("databases in one list", u"databases"_s,
        QJsonArray{QJsonObject{{u"label"_s, u"default"_s}}}, 400);
    row("a data frame", u"databases"_s,
        QJsonArray{QJsonArray{QJsonObject{{u"type"_s, u"dataframe"_s}, {u"dataframe_id"_s, 1}}}},
        400);
    row("a task nobody has made", u"depends_on_ids"_s, QJsonArray{4'711}, 400);
    row("dependencies that are none", u"depends_on_ids"_s, u"1"_s, 400);
    row("no id among them", u"depends_on_ids"_s, QJsonArray{u"1"_s}, 400);
}

void FederationV5Test::incompleteTasksAreRefused()
{
    QFETCH(QJsonObject, changes);
    QFETCH(int, status);
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const QByteArray body = QJsonDocument(house.taskBody(session, changes)).toJson();
    QCOMPARE(house.call("POST", u"/hq/task"_s, house.asAnna(), body).status, status);
    QVERIFY(house.openRuns().empty());
}

void FederationV5Test::sessionsServeWhomTheirScopeReaches_data()
{
    QTest::addColumn<QString>("scope");
    QTest::addColumn<QStringList>("who");
    QTest::newRow("own") << u"own"_s << QStringList{u"anna"_s};
    QTest::newRow("organization") << u"organization"_s << QStringList{u"anna"_s, u"root"_s};
    QTest::newRow("collaboration")
        << u"collaboration"_s << QStringList{u"anna"_s, u"root"_s, u"bert"_s};
}

void FederationV5Test::sessionsServeWhomTheirScopeReaches()
{
    QFETCH(QString, scope);
    QFETCH(QStringList, who);
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), scope);
    QVERIFY(session > 0);
    for (const QString& user : {u"anna"_s, u"root"_s, u"bert"_s, u"carl"_s}) {
        const QByteArray token = house.userToken(user);
        const bool reaches = who.contains(user);
        QCOMPARE(
            house.call("GET", u"/hq/session/%1"_s.arg(session), token).status, reaches ? 200 : 401);
        const QJsonObject list = house.callJson("GET", u"/hq/session"_s, token);
        QCOMPARE(list.value(u"data"_s).toArray().size(), reaches ? 1 : 0);
        // Carl may create no task in this collaboration whatever the session says.
        const QByteArray body = QJsonDocument(house.taskBody(session)).toJson();
        QCOMPARE(house.call("POST", u"/hq/task"_s, token, body).status, reaches ? 201 : 401);
    }
}

void FederationV5Test::dependentTasksStartWhenTheLastOneIsDone()
{
    KeycloakHouse house;
    Client node = house.connectWith(house.asNode());
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const qint64 first = house.makeTask(session).value(u"id"_s).toInteger();
    const qint64 second = house.makeTask(session).value(u"id"_s).toInteger();
    const qint64 last = house.makeTask(session, {{u"depends_on_ids"_s, QJsonArray{second, first}}})
                            .value(u"id"_s)
                            .toInteger();
    const qint64 runs[]{house.runOf(first, u"Aachen"_s), house.runOf(second, u"Aachen"_s),
        house.runOf(last, u"Aachen"_s)};
    QCOMPARE(house.openRuns(), (std::vector<qint64>{runs[1], runs[0]}));
    const QByteArray done = R"({"status":"completed","finished_at":"2026-03-01T12:00:00+00:00"})";
    QCOMPARE(house.patch(runs[0], done), 200);
    QCOMPARE(house.openRuns(), (std::vector<qint64>{runs[1]}));
    node.take();
    QCOMPARE(house.patch(runs[1], done), 200);
    QCOMPARE(house.openRuns(), (std::vector<qint64>{runs[2]}));
    QCOMPARE(node.take("new_task_update"),
        (QJsonArray{QJsonObject{{u"id"_s, last}, {u"parent_id"_s, QJsonValue()}}}));
}

void FederationV5Test::dependentTasksFailWithTheFirst_data()
{
    QTest::addColumn<QString>("how");
    QTest::newRow("it fails") << u"fails"_s;
    QTest::newRow("it is killed") << u"killed"_s;
}

void FederationV5Test::dependentTasksFailWithTheFirst()
{
    QFETCH(QString, how);
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const qint64 first = house.makeTask(session).value(u"id"_s).toInteger();
    const qint64 second = house.makeTask(session, {{u"depends_on_ids"_s, QJsonArray{first}}})
                              .value(u"id"_s)
                              .toInteger();
    const qint64 third = house.makeTask(session, {{u"depends_on_ids"_s, QJsonArray{second}}})
                             .value(u"id"_s)
                             .toInteger();
    Client anna = house.connectWith(house.asAnna());
    anna.take();
    if (how == u"fails") {
        QCOMPARE(house.patch(house.runOf(first, u"Aachen"_s),
                     R"({"status":"crashed","finished_at":"2026-03-01T12:00:00+00:00"})"),
            200);
    } else {
        const QByteArray body = "{\"id\":" + QByteArray::number(first) + '}';
        QCOMPARE(house.call("POST", u"/hq/kill/task"_s, house.asAnna(), body).status, 200);
    }
    QHash<qint64, QString> told;
    for (const QJsonValue& change : anna.take("algorithm_status_change"))
        told.insert(change[u"task_id"_s].toInteger(), change[u"status"_s].toString());
    QCOMPARE(told.value(second), u"depended on failed task"_s);
    QCOMPARE(told.value(third), u"depended on failed task"_s);
    QVERIFY(house.openRuns().empty());
    QCOMPARE(house.tasks.openRunCount(), 0);
    // Too late to wait for it.
    QCOMPARE(house.makeTask(session, {{u"depends_on_ids"_s, QJsonArray{first}}}).contains(u"id"_s),
        false);
}

void FederationV5Test::runsThatWaitForOthersCannotBegin()
{
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const qint64 first = house.makeTask(session).value(u"id"_s).toInteger();
    const qint64 second = house.makeTask(session, {{u"depends_on_ids"_s, QJsonArray{first}}})
                              .value(u"id"_s)
                              .toInteger();
    const qint64 waiting = house.runOf(second, u"Aachen"_s);
    const QByteArray done = R"({"status":"completed","finished_at":"2026-03-01T12:00:00+00:00"})";
    for (const QByteArray& body :
        {QByteArray(R"({"status":"active"})"), done, QByteArray(R"({"log":"early"})")})
        QCOMPARE(house.patch(waiting, body), 400);
    QCOMPARE(house.patch(house.runOf(first, u"Aachen"_s), done), 200);
    QCOMPARE(house.patch(waiting, R"({"status":"active"})"), 200);
}

void FederationV5Test::killsAreAuditedWithWhatWaitedForThem()
{
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const qint64 first = house.makeTask(session).value(u"id"_s).toInteger();
    const qint64 second = house.makeTask(session, {{u"depends_on_ids"_s, QJsonArray{first}}})
                              .value(u"id"_s)
                              .toInteger();
    const QString run = u"run %1"_s.arg(house.runOf(second, u"Aachen"_s));
    const QByteArray body = "{\"id\":" + QByteArray::number(first) + '}';
    QCOMPARE(house.call("POST", u"/hq/kill/task"_s, house.asAnna(), body).status, 200);
    const observe::AuditEntry& entry = house.audit.entries.back();
    QCOMPARE(entry.action, u"task:kill"_s);
    QCOMPARE(entry.before.value(run).toString(), u"pending"_s);
    QCOMPARE(entry.after.value(run).toString(), u"depended on failed task"_s);
    QCOMPARE(entry.after.size(), 2);
}

void FederationV5Test::waitingRunsAreBounded()
{
    store::StoreOptions options;
    options.maxWaitingRuns = 2;
    KeycloakHouse house(Generation::V5, options);
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const qint64 first = house.makeTask(session).value(u"id"_s).toInteger();
    const QJsonObject waits{{u"depends_on_ids"_s, QJsonArray{first}}};
    const auto make = [&] {
        return house
            .call("POST", u"/hq/task"_s, house.asAnna(),
                QJsonDocument(house.taskBody(session, waits)).toJson())
            .status;
    };
    QCOMPARE(make(), 201);
    QCOMPARE(make(), 201);
    QCOMPARE(make(), 413);
    QCOMPARE(house.store->refusedWaitingRuns(), quint64(1));
    QVERIFY(house.makeTask(session).contains(u"id"_s)); // waits for nothing
    QCOMPARE(house.patch(house.runOf(first, u"Aachen"_s),
                 R"({"status":"completed","finished_at":"2026-03-01T12:00:00+00:00"})"),
        200);
    QCOMPARE(make(), 201); // none waits any more
}

void FederationV5Test::sessionsAreBoundedAndRemovedByTheirOwners()
{
    store::StoreOptions options;
    options.maxWorkSessions = 2;
    KeycloakHouse house(Generation::V5, options);
    const qint64 used = house.makeSession(house.asAnna(), u"collaboration"_s, u"used"_s);
    const qint64 unused = house.makeSession(house.asAnna(), u"collaboration"_s, u"unused"_s);
    const QJsonObject body{{u"name"_s, u"third"_s}, {u"scope"_s, u"own"_s},
        {u"collaboration_id"_s, house.collaboration(u"heart"_s).value}};
    const auto third = [&] {
        return house.call("POST", u"/hq/session"_s, house.asAnna(), QJsonDocument(body).toJson())
            .status;
    };
    QCOMPARE(third(), 413);
    QCOMPARE(house.store->refusedWorkSessions(), quint64(1));
    QVERIFY(house.makeTask(used).contains(u"id"_s));
    const auto remove = [&](qint64 id, const QByteArray& token) {
        return house.call("DELETE", u"/hq/session/%1"_s.arg(id), token).status;
    };
    QCOMPARE(remove(unused, house.userToken(u"bert"_s)), 401); // uses it, but made it not
    QCOMPARE(remove(unused, house.asNode()), 401);
    QCOMPARE(remove(used, house.asAnna()), 409);
    QCOMPARE(remove(unused, house.asAnna()), 200);
    QCOMPARE(remove(unused, house.asAnna()), 401); // looks like another's
    QCOMPARE(third(), 201);
}

void FederationV5Test::killedRunsStillTakeTheirLog()
{
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s);
    const qint64 task = house.makeTask(session).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    const QByteArray body = "{\"id\":" + QByteArray::number(task) + '}';
    QCOMPARE(house.call("POST", u"/hq/kill/task"_s, house.asAnna(), body).status, 200);
    QCOMPARE(house.patch(run, R"({"log":"killed here","status":"killed by user"})"), 400);
    QCOMPARE(house.patch(run, R"({"log":"killed here"})"), 200);
    const QJsonObject kept = house.callJson("GET", u"/hq/run/%1"_s.arg(run), house.asAnna());
    QCOMPARE(kept.value(u"log"_s).toString(), u"killed here"_s);
    QCOMPARE(kept.value(u"status"_s).toString(), u"killed by user"_s);
    QCOMPARE(house.tasks.pendingKills().size(), 0); // who sends it knows of the kill
}

void FederationV5Test::containersStayInTheSessionOfTheirTask()
{
    KeycloakHouse house;
    const qint64 session = house.makeSession(house.asAnna(), u"own"_s, u"ours"_s);
    const qint64 other = house.makeSession(house.asAnna(), u"own"_s, u"another"_s);
    const qint64 task = house.makeTask(session).value(u"id"_s).toInteger();
    const QByteArray ask
        = QJsonDocument(QJsonObject{{u"task_id"_s, task}, {u"image"_s, u"harbor/average:1"_s}})
              .toJson();
    const QByteArray token = house.callJson("POST", u"/hq/token/container"_s, house.asNode(), ask)
                                 .value(u"container_token"_s)
                                 .toString()
                                 .toLatin1();
    const QJsonObject claims = QJsonDocument::fromJson(
        QByteArray::fromBase64(token.split('.').value(1), QByteArray::Base64UrlEncoding))
                                   .object();
    QCOMPARE(claims.value(u"vantage6_client_type"_s).toString(), u"container"_s);
    QCOMPARE(claims[u"sub"_s][u"session_id"_s].toInteger(), session);
    const QJsonObject subtask = house.callJson("POST", u"/hq/task"_s, token,
        QJsonDocument(house.taskBody(other, {{u"action"_s, u"federated_compute"_s}})).toJson());
    QCOMPARE(subtask[u"session"_s][u"id"_s].toInteger(), session);
    QCOMPARE(subtask[u"parent"_s][u"id"_s].toInteger(), task);
    const auto status
        = [&](qint64 id) { return house.call("GET", u"/hq/session/%1"_s.arg(id), token).status; };
    QCOMPARE(status(session), 200);
    QCOMPARE(status(other), 401);
    const QJsonArray listed
        = house.callJson("GET", u"/hq/session"_s, token).value(u"data"_s).toArray();
    QCOMPARE(listed.size(), 1);
    QCOMPARE(listed.at(0)[u"id"_s].toInteger(), session);
}

void FederationV5Test::patchesAreToldAsStatusByV5Alone_data()
{
    QTest::addColumn<Generation>("generation");
    QTest::addColumn<QStringList>("statuses");
    QTest::newRow("v4") << Generation::V4 << QStringList();
    QTest::newRow("v5") << Generation::V5 << QStringList{u"pending"_s, u"active"_s};
    QTest::newRow("both") << Generation::Both << QStringList{u"pending"_s, u"active"_s};
}

void FederationV5Test::patchesAreToldAsStatusByV5Alone()
{
    QFETCH(Generation, generation);
    QFETCH(QStringList, statuses);
    KeycloakHouse house(generation);
    Client anna = house.connectWith(house.token(u"6f1c-anna"_s, u"user"_s));
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const QString run = u"/api/run/%1"_s.arg(house.runOf(task, u"Aachen"_s));
    anna.take();
    const QByteArray node = house.token(u"6f1c-node"_s, u"node"_s);
    QCOMPARE(house.call("PATCH", run, node, R"({"started_at":"2026-03-01T12:00:00"})").status, 200);
    QCOMPARE(house.call("PATCH", run, node, R"({"status":"active"})").status, 200);
    QStringList told;
    for (const QJsonValue& change : anna.take("algorithm_status_change"))
        told << change[u"status"_s].toString();
    QCOMPARE(told, statuses);
}

QTEST_GUILESS_MAIN(FederationV5Test)
#include "tst_federationv5.moc"
