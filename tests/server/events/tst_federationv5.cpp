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
    explicit KeycloakHouse(Generation generation = Generation::V5)
        : House(options(generation)), m_key(realmKey())
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
        (void)m_keys.addJwks("{\"keys\":["
                + access::test::publicJwk(m_key, "\"kid\":\"" + m_kid + "\"") + "]}",
            access::KeyBinding{.issuer = issuer()});
        verifier.setKeys(m_keys);
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
        return access::test::signedToken("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"" + m_kid + "\"}",
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
    void whoLeavesWhileItWaitsIsForgotten();
    void requestsWaitForAKeyThatIsNew();
    void newTasksHaveTheNameOfTheGeneration_data();
    void newTasksHaveTheNameOfTheGeneration();
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
    QTest::newRow("ID token") << u"6f1c-node"_s << u"node"_s
                              << QJsonObject{{u"typ"_s, u"ID"_s}};
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
    QTest::newRow("the issuer was asked only lately")
        << false << false << QByteArray("invalid_token");
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
