// SPDX-License-Identifier: Apache-2.0
#include "server/observe/logsink.h"
#include "server/store/job.h"
#include "tests/server/events/house.h"

#include <future>

using namespace gatehouse;
using namespace gatehouse::test;

class ApiHandlerTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusesWithoutAGoodToken_data();
    void refusesWithoutAGoodToken();
    void everyRouteAsksForAToken();
    void answersWrongMethodsAndPaths();
    void refusesForeignOriginsAndAnswersPreflights();
    void refusesBodiesThatAreNoStrictJson_data();
    void refusesBodiesThatAreNoStrictJson();
    void walksTheWayOfANode();
    void logsAUserIn();
    void logsAnAdminIn();
    void locksAfterTooManyFailedLogins();
    void refreshTokensAreForRefreshingOnly();
    void containersGetTokensForTheirOwnTasksOnly_data();
    void containersGetTokensForTheirOwnTasksOnly();
    void containersMakeSubtasks();
    void createsTasksWhereRulesAllow_data();
    void createsTasksWhereRulesAllow();
    void refusesWrongTasks_data();
    void refusesWrongTasks();
    void listsAreBoundedByTheCallersReach_data();
    void listsAreBoundedByTheCallersReach();
    void pagesAreNewestFirstAndLinked();
    void refusesWrongPaging_data();
    void refusesWrongPaging();
    void patchesOnlyOwnRuns_data();
    void patchesOnlyOwnRuns();
    void finishedRunsDoNotChange();
    void killsWithTheRightRule_data();
    void killsWithTheRightRule();
    void killsEverythingOnAnOnlineNode();
    void organizationAdminsEmptyTheirOwnNodesOnly();
    void rolesOfAnOrganizationStayInIt();
    void repeatedRequestsMakeOneTask();
    void repeatedRequestsGetTheFirstAnswer();
    void repeatedKillsAreDoneOnce();
    void refusesUnusableIdempotencyKeys_data();
    void refusesUnusableIdempotencyKeys();
    void guessesSentTogetherAreLockedOutTogether();
    void nodesSetTheirOwnOrganizationsKeyOnly();
    void othersThingsLookLikeUnusedIds_data();
    void othersThingsLookLikeUnusedIds();
    void unusedIdsAreToldToThoseWhoSeeEverything_data();
    void unusedIdsAreToldToThoseWhoSeeEverything();
    void runsShowTheirTaskToThoseWhoMaySeeIt();
    void innerFaultsAreLoggedNotTold();
    void storageThatDoesNotAnswerIsToldInTime();
    void passwordsThatAreNotCheckedInTimeAreNoFaultOfTheStorage();
    void algorithmStoresAreNone();
};

namespace {

QByteArray number(qint64 value)
{
    return QByteArray::number(value);
}

QJsonObject jsonOf(const protocol::HttpResponse& response)
{
    return QJsonDocument::fromJson(response.body).object();
}

std::vector<qint64> idsOf(const QJsonObject& page)
{
    std::vector<qint64> ids;
    const QJsonArray data = page.value(u"data"_s).toArray();
    for (const QJsonValue& item : data)
        ids.push_back(item.toObject().value(u"id"_s).toInteger());
    return ids;
}

QStringList namesOf(const QJsonObject& page)
{
    QStringList names;
    const QJsonArray data = page.value(u"data"_s).toArray();
    for (const QJsonValue& item : data) {
        const QJsonObject object = item.toObject();
        names.append(
            object.value(object.contains(u"name"_s) ? u"name"_s : u"username"_s).toString());
    }
    return names;
}

} // namespace

void ApiHandlerTest::refusesWithoutAGoodToken_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("code");
    QTest::newRow("none") << u"none"_s << u"token-missing"_s;
    QTest::newRow("garbage") << u"garbage"_s << u"token-invalid"_s;
    QTest::newRow("another key") << u"forged"_s << u"token-invalid"_s;
    QTest::newRow("expired") << u"expired"_s << u"token-expired"_s;
    QTest::newRow("refresh token") << u"refresh"_s << u"forbidden"_s;
    QTest::newRow("admin token") << u"admin"_s << u"forbidden"_s;
    QTest::newRow("user who is gone") << u"gone"_s << u"token-invalid"_s;
}

void ApiHandlerTest::refusesWithoutAGoodToken()
{
    QFETCH(QString, kind);
    QFETCH(QString, code);
    House house;
    QByteArray token;
    if (kind == u"garbage") {
        token = "a.b.c";
    } else if (kind == u"forged") {
        token = access::TokenMinter("another secret, long enough as well", {}, house.clock)
                    .accessToken(access::TokenKind::User, house.user(u"root"_s).value);
    } else if (kind == u"expired") {
        token = house.userToken(u"root"_s);
        house.clock.advance(std::chrono::hours(7));
    } else if (kind == u"refresh") {
        token = house.minter.refreshToken(access::TokenKind::User, house.user(u"root"_s).value);
    } else if (kind == u"admin") {
        token = house.minter.adminToken(1, u"ada"_s);
    } else if (kind == u"gone") {
        token = house.minter.accessToken(access::TokenKind::User, 9'999);
    }
    const auto response = house.call("GET", u"/api/task"_s, token);
    QCOMPARE(response.status, 401);
    QCOMPARE(jsonOf(response).value(u"code"_s).toString(), code);
    QVERIFY(!jsonOf(response).value(u"msg"_s).toString().isEmpty());
    QVERIFY(!token.isEmpty() ? !response.body.contains(token) : true);
}

void ApiHandlerTest::everyRouteAsksForAToken()
{
    House house;
    const QByteArrayList open{"POST /api/token/user", "POST /api/token/node",
        "POST /api/token/admin", "GET /api/version", "GET /api/health"};
    for (const QByteArray& route : house.api.router().routes()) {
        if (open.contains(route))
            continue;
        const QByteArrayList parts = route.split(' ');
        const QString path = QString::fromLatin1(parts[1]).replace(u"{id}"_s, u"1"_s);
        QVERIFY2(house.call(parts[0], path, {}, "{}").status == 401, route.constData());
    }
}

void ApiHandlerTest::answersWrongMethodsAndPaths()
{
    House house;
    QCOMPARE(house.call("GET", u"/api/nothing"_s, {}).status, 404);
    QCOMPARE(house.call("GET", u"/api/task/x"_s, {}).status, 404);
    const auto response = house.call("DELETE", u"/api/task"_s, {});
    QCOMPARE(response.status, 405);
    QCOMPARE(response.headers.value("Allow"), QByteArray("GET, HEAD, POST, OPTIONS"));
}

void ApiHandlerTest::refusesForeignOriginsAndAnswersPreflights()
{
    api::ApiOptions options;
    options.allowedOrigins = QStringList{u"https://ui.example.org"_s};
    House house({}, {}, options);
    const auto ask = [&](const QByteArray& method, const QByteArray& origin) {
        return house.call(method, u"/api/version"_s, {}, {},
            {{"Origin", origin}, {"Access-Control-Request-Headers", "authorization"}});
    };
    const auto preflight = ask("OPTIONS", "https://ui.example.org");
    QVERIFY(preflight.status == 200 || preflight.status == 204);
    QCOMPARE(preflight.headers.value("Access-Control-Allow-Origin"),
        QByteArray("https://ui.example.org"));
    QCOMPARE(preflight.headers.value("Access-Control-Allow-Credentials"), QByteArray("true"));
    QCOMPARE(preflight.headers.value("Access-Control-Allow-Headers"), QByteArray("authorization"));
    QVERIFY(preflight.headers.value("Access-Control-Allow-Methods").contains("PATCH"));
    const auto answer = ask("GET", "https://ui.example.org");
    QCOMPARE(answer.status, 200);
    QCOMPARE(
        answer.headers.value("Access-Control-Allow-Origin"), QByteArray("https://ui.example.org"));
    for (const char* foreign : {"https://ui.example.org.evil.org", "http://ui.example.org", "null",
             "https://ui.example.org:444", "https://UI.example.org", "*"}) {
        for (const char* method : {"GET", "OPTIONS"}) {
            const auto refused = ask(method, foreign);
            QCOMPARE(refused.status, 403);
            QVERIFY(!refused.headers.has("Access-Control-Allow-Origin"));
            QCOMPARE(refused.headers.value("Vary"), QByteArray("Origin"));
        }
    }
    QCOMPARE(house.call("GET", u"/api/version"_s, {}).status, 200);
}

void ApiHandlerTest::refusesBodiesThatAreNoStrictJson_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("username=x");
    QTest::newRow("list") << QByteArray("[]");
    QTest::newRow("number") << QByteArray("1");
    QTest::newRow("cut") << QByteArray(R"({"username":"x")");
    QTest::newRow("trailing comma") << QByteArray(R"({"username":"x","password":"y",})");
    QTest::newRow("doubled name") << QByteArray(
        R"({"username":"x","password":"y","username":"z"})");
    QTest::newRow("comment") << QByteArray(R"({"username":"x"/**/,"password":"y"})");
    QTest::newRow("no UTF-8") << QByteArray("{\"username\":\"\xff\",\"password\":\"y\"}");
    QTest::newRow("missing field") << QByteArray(R"({"username":"x"})");
    QTest::newRow("wrong type") << QByteArray(R"({"username":1,"password":"y"})");
    QTest::newRow("too deep") << QByteArray(200, '[') + QByteArray(200, ']');
}

void ApiHandlerTest::refusesBodiesThatAreNoStrictJson()
{
    QFETCH(QByteArray, body);
    House house;
    const auto response = house.call("POST", u"/api/token/user"_s, {}, body);
    QCOMPARE(response.status, 400);
    QVERIFY(!jsonOf(response).value(u"msg"_s).toString().isEmpty());
}

/// The calls of an unmodified v4 node in the order it makes them (federation.md section 8).
void ApiHandlerTest::walksTheWayOfANode()
{
    House house;
    const QJsonObject login = house.callJson(
        "POST", u"/api/token/node"_s, {}, R"({"api_key":"11111111-1111-4111-8111-111111111111"})");
    const QByteArray token = login.value(u"access_token"_s).toString().toLatin1();
    const qint64 id = house.node(u"a-heart"_s).value;
    QCOMPARE(login.value(u"node_url"_s).toString(), u"/api/node/%1"_s.arg(id));
    QCOMPARE(login.value(u"refresh_url"_s).toString(), u"/api/token/refresh"_s);

    const QJsonObject node = house.callJson("GET", u"/api/node/%1"_s.arg(id), token);
    QCOMPARE(node.value(u"name"_s).toString(), u"a-heart"_s);
    const QJsonObject organization = node.value(u"organization"_s).toObject();
    const qint64 organizationId = house.organization(u"Aachen"_s).value;
    QCOMPARE(organization,
        (QJsonObject{{u"id"_s, organizationId},
            {u"link"_s, u"/api/organization/%1"_s.arg(organizationId)},
            {u"methods"_s, QJsonArray{u"GET"_s, u"PATCH"_s}}}));
    const QJsonObject collaboration = house.callJson(
        "GET", node.value(u"collaboration"_s).toObject().value(u"link"_s).toString(), token);
    QCOMPARE(collaboration.value(u"encrypted"_s), QJsonValue(false));
    const QJsonObject own = house.callJson("GET", organization.value(u"link"_s).toString(), token);
    QCOMPARE(own.value(u"public_key"_s).toString(), QString());

    const QJsonObject task = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s});
    const qint64 taskId = task.value(u"id"_s).toInteger();
    const QJsonObject open = house.callJson("GET",
        u"/api/run?state=open&node_id=%1&include=task&task_id=%2"_s.arg(id).arg(taskId), token);
    QCOMPARE(open.value(u"data"_s).toArray().size(), 1);
    QVERIFY(!open.value(u"links"_s).toObject().contains(u"next"_s));
    const QJsonObject run = open.value(u"data"_s).toArray().at(0).toObject();
    QCOMPARE(run.value(u"input"_s).toString(), u"aW5wdXQ="_s);
    QCOMPARE(run.value(u"blob_storage_used"_s), QJsonValue(false));
    QCOMPARE(run.value(u"status"_s).toString(), u"pending"_s);
    const QJsonObject included = run.value(u"task"_s).toObject();
    QCOMPARE(included.value(u"id"_s).toInteger(), taskId);
    QCOMPARE(included.value(u"image"_s).toString(), u"harbor/average:1"_s);
    QCOMPARE(included.value(u"databases"_s).toArray(),
        (QJsonArray{QJsonObject{{u"label"_s, u"default"_s}, {u"parameters"_s, u"{}"_s}}}));
    QCOMPARE(included.value(u"init_org"_s).toObject().value(u"id"_s).toInteger(), organizationId);
    for (const char* field : {"name", "job_id", "parent", "init_user", "algorithm_store",
             "collaboration", "study", "status"})
        QVERIFY2(included.contains(QLatin1StringView(field)), field);

    const QString runUrl = u"/api/run/%1"_s.arg(run.value(u"id"_s).toInteger());
    const QJsonObject started = house.callJson(
        "PATCH", runUrl, token, R"({"started_at":"2026-03-01T12:00:00.123456+00:00"})");
    QCOMPARE(started.value(u"started_at"_s).toString(), u"2026-03-01T12:00:00.123000"_s);
    QCOMPARE(started.value(u"status"_s).toString(), u"pending"_s);

    const QJsonObject container = house.callJson("POST", u"/api/token/container"_s, token,
        "{\"task_id\":" + number(taskId) + ",\"image\":\"harbor/average:1\"}");
    QVERIFY(!container.value(u"container_token"_s).toString().isEmpty());

    QCOMPARE(house.callJson("PATCH", runUrl, token, R"({"status":"active"})")
                 .value(u"status"_s)
                 .toString(),
        u"active"_s);
    QCOMPARE(house.call("DELETE", u"/api/port?run_id=1"_s, token).status, 200);
    const QJsonObject again = house.callJson("GET", runUrl, token);
    QCOMPARE(again.value(u"task"_s).toObject().value(u"id"_s).toInteger(), taskId);
    QCOMPARE(house.callJson("GET", u"/api/task/%1"_s.arg(taskId), token)
                 .value(u"init_org"_s)
                 .toObject()
                 .value(u"id"_s)
                 .toInteger(),
        organizationId);
    QCOMPARE(
        house.callJson("GET", u"/api/blobstream/status"_s, token).value(u"blob_store_enabled"_s),
        QJsonValue(false));
    const QJsonObject done = house.callJson("PATCH", runUrl, token,
        R"({"result":"cmVzdWx0","log":"ok","status":"completed","finished_at":"2026-03-01T12:01:00"})");
    QCOMPARE(done.value(u"status"_s).toString(), u"completed"_s);
    QCOMPARE(done.value(u"log"_s).toString(), u"ok"_s);
    QCOMPARE(house.callJson("GET", u"/api/result/%1"_s.arg(run.value(u"id"_s).toInteger()), token)
                 .value(u"result"_s)
                 .toString(),
        u"cmVzdWx0"_s);

    const QByteArray refresh = login.value(u"refresh_token"_s).toString().toLatin1();
    const QJsonObject refreshed = house.callJson("POST", u"/api/token/refresh"_s, refresh);
    const QByteArray fresh = refreshed.value(u"access_token"_s).toString().toLatin1();
    QCOMPARE(house.call("GET", u"/api/node/%1"_s.arg(id), fresh).status, 200);
}

void ApiHandlerTest::logsAUserIn()
{
    House house;
    const auto response = house.call("POST", u"/api/token/user"_s, {},
        R"({"username":"bert","password":"correct horse battery"})");
    QCOMPARE(response.status, 200);
    const QJsonObject json = jsonOf(response);
    const QString url = json.value(u"user_url"_s).toString();
    QCOMPARE(url, u"/api/user/%1"_s.arg(house.user(u"bert"_s).value));
    const QByteArray token = json.value(u"access_token"_s).toString().toLatin1();
    QCOMPARE(response.headers.value("jwt-token"), token);
    QCOMPARE(house.callJson("GET", url, token).value(u"username"_s).toString(), u"bert"_s);
    for (const char* wrong : {R"({"username":"bert","password":"wrong"})",
             R"({"username":"nosuch","password":"correct horse battery"})",
             R"({"username":"anna","password":""})"}) {
        const auto refused = house.call("POST", u"/api/token/user"_s, {}, wrong);
        QCOMPARE(refused.status, 401);
        QCOMPARE(jsonOf(refused),
            (QJsonObject{{u"msg"_s, u"Invalid username or password!"_s},
                {u"code"_s, u"bad-credentials"_s}}));
    }
    QCOMPARE(house
                 .call("POST", u"/api/token/node"_s, {},
                     R"({"api_key":"99999999-9999-4999-8999-999999999999"})")
                 .status,
        401);
}

void ApiHandlerTest::logsAnAdminIn()
{
    House house;
    const auto hash = access::hashPassword("a long password", {1, 64, 1});
    house.directory.addAdmin({AdminId{7}, u"ada"_s, *hash, Millis{1}});
    const QJsonObject login = house.callJson(
        "POST", u"/api/token/admin"_s, {}, R"({"name":"ada","password":"a long password"})");
    QCOMPARE(login.value(u"expires_in"_s).toInt(), 8 * 3'600);
    const auto identity
        = house.identities.identify(login.value(u"access_token"_s).toString().toLatin1());
    QVERIFY(identity);
    QVERIFY(identity->principal.kind == access::PrincipalKind::Admin);
    QCOMPARE(identity->principal.id, 7);
    QCOMPARE(house.audit.entries.size(), size_t(1));
    QCOMPARE(house.audit.entries[0].action, u"login"_s);
    QCOMPARE(house
                 .call("POST", u"/api/token/admin"_s, {},
                     R"({"name":"ada","password":"another password"})")
                 .status,
        401);
}

void ApiHandlerTest::locksAfterTooManyFailedLogins()
{
    House house;
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(
            house
                .call("POST", u"/api/token/user"_s, {}, R"({"username":"bert","password":"wrong"})")
                .status,
            401);
    }
    const QByteArray right = R"({"username":"bert","password":"correct horse battery"})";
    house.clock.advance(std::chrono::minutes(5));
    const auto locked = house.call("POST", u"/api/token/user"_s, {}, right);
    QCOMPARE(locked.status, 429);
    QCOMPARE(locked.headers.value("Retry-After"), QByteArray("600"));
    QCOMPARE(house.audit.entries.size(), size_t(1));
    QCOMPARE(house.audit.entries[0].action, u"login:lock"_s);
    house.clock.advance(std::chrono::minutes(16));
    QCOMPARE(house.call("POST", u"/api/token/user"_s, {}, right).status, 200);
}

void ApiHandlerTest::refreshTokensAreForRefreshingOnly()
{
    House house;
    QCOMPARE(house.call("POST", u"/api/token/refresh"_s, house.userToken(u"bert"_s)).status, 401);
    const QByteArray refresh
        = house.minter.refreshToken(access::TokenKind::User, house.user(u"bert"_s).value);
    QCOMPARE(house.call("POST", u"/api/token/refresh"_s, refresh).status, 200);
    house.clock.advance(std::chrono::hours(49));
    QCOMPARE(house.call("POST", u"/api/token/refresh"_s, refresh).status, 401);
}

void ApiHandlerTest::containersGetTokensForTheirOwnTasksOnly_data()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("image");
    QTest::addColumn<int>("status");
    QTest::newRow("its task") << u"a-heart"_s << u"harbor/average:1"_s << 200;
    QTest::newRow("another image") << u"a-heart"_s << u"harbor/evil:1"_s << 401;
    QTest::newRow("not involved") << u"b-heart"_s << u"harbor/average:1"_s << 401;
    QTest::newRow("another collaboration") << u"a-lung"_s << u"harbor/average:1"_s << 401;
}

void ApiHandlerTest::containersGetTokensForTheirOwnTasksOnly()
{
    QFETCH(QString, node);
    QFETCH(QString, image);
    QFETCH(int, status);
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const QJsonObject body{{u"task_id"_s, task}, {u"image"_s, image}};
    QCOMPARE(house
                 .call("POST", u"/api/token/container"_s, house.nodeToken(node),
                     QJsonDocument(body).toJson())
                 .status,
        status);
}

void ApiHandlerTest::containersMakeSubtasks()
{
    House house;
    const QJsonObject parent = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s});
    const qint64 parentId = parent.value(u"id"_s).toInteger();
    const QByteArray token
        = house
              .callJson("POST", u"/api/token/container"_s, house.nodeToken(u"a-heart"_s),
                  "{\"task_id\":" + number(parentId) + ",\"image\":\"harbor/average:1\"}")
              .value(u"container_token"_s)
              .toString()
              .toLatin1();
    const auto make = [&](const char* image, const QString& collaboration) {
        const QString organization = collaboration == u"heart" ? u"Bergen"_s : u"Cork"_s;
        const QJsonObject body{{u"name"_s, u"part"_s}, {u"image"_s, QLatin1StringView(image)},
            {u"collaboration_id"_s, house.collaboration(collaboration).value},
            {u"organizations"_s,
                QJsonArray{QJsonObject{
                    {u"id"_s, house.organization(organization).value}, {u"input"_s, u"eA=="_s}}}}};
        return house.call("POST", u"/api/task"_s, token, QJsonDocument(body).toJson());
    };
    const auto made = make("harbor/average:1", u"heart"_s);
    QCOMPARE(made.status, 201);
    const QJsonObject task = jsonOf(made);
    QCOMPARE(task.value(u"parent"_s).toObject().value(u"id"_s).toInteger(), parentId);
    QCOMPARE(task.value(u"job_id"_s), parent.value(u"job_id"_s));
    QCOMPARE(task.value(u"init_user"_s), parent.value(u"init_user"_s));
    QCOMPARE(make("harbor/evil:1", u"heart"_s).status, 401);
    QCOMPARE(make("harbor/average:1", u"lung"_s).status, 401);
    QCOMPARE(house.call("GET", u"/api/task/%1"_s.arg(parentId), token).status, 200);
    house.call("POST", u"/api/kill/task"_s, house.userToken(u"anna"_s),
        "{\"id\":" + number(parentId) + '}');
    QCOMPARE(make("harbor/average:1", u"heart"_s).status, 401);
}

void ApiHandlerTest::createsTasksWhereRulesAllow_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("collaboration");
    QTest::addColumn<QStringList>("organizations");
    QTest::addColumn<int>("status");
    QTest::newRow("collaboration admin, own collaboration")
        << u"anna"_s << u"heart"_s << QStringList{u"Bergen"_s} << 201;
    QTest::newRow("researcher, own collaboration")
        << u"bert"_s << u"heart"_s << QStringList{u"Aachen"_s, u"Bergen"_s} << 201;
    QTest::newRow("researcher, foreign collaboration")
        << u"bert"_s << u"lung"_s << QStringList{u"Cork"_s} << 401;
    QTest::newRow("listener") << u"olga"_s << u"heart"_s << QStringList{u"Bergen"_s} << 401;
    QTest::newRow("no rules") << u"nobody"_s << u"heart"_s << QStringList{u"Aachen"_s} << 401;
    QTest::newRow("target outside the collaboration")
        << u"anna"_s << u"heart"_s << QStringList{u"Cork"_s} << 400;
}

void ApiHandlerTest::createsTasksWhereRulesAllow()
{
    QFETCH(QString, user);
    QFETCH(QString, collaboration);
    QFETCH(QStringList, organizations);
    QFETCH(int, status);
    House house;
    QJsonArray targets;
    for (const QString& name : organizations)
        targets.append(QJsonObject{{u"id"_s, house.organization(name).value}, {u"input"_s, u""_s}});
    const QJsonObject body{{u"name"_s, u"t"_s}, {u"image"_s, u"i"_s},
        {u"collaboration_id"_s, house.collaboration(collaboration).value},
        {u"organizations"_s, targets}, {u"study_id"_s, QJsonValue::Null},
        {u"databases"_s, QJsonValue::Null}};
    Client root = house.connectUser(u"root"_s);
    root.take();
    const auto response
        = house.call("POST", u"/api/task"_s, house.userToken(user), QJsonDocument(body).toJson());
    QVERIFY2(response.status == status, response.body.constData());
    QCOMPARE(root.take("new_task").size(), status == 201 ? 1 : 0);
    if (status != 201)
        return;
    const QJsonObject task = jsonOf(response);
    QCOMPARE(task.value(u"status"_s).toString(), u"pending"_s);
    QCOMPARE(
        task.value(u"init_user"_s).toObject().value(u"id"_s).toInteger(), house.user(user).value);
    QCOMPARE(task.value(u"runs"_s).toString(),
        u"/api/run?task_id=%1"_s.arg(task.value(u"id"_s).toInteger()));
}

void ApiHandlerTest::refusesWrongTasks_data()
{
    QTest::addColumn<QByteArray>("patch");
    QTest::addColumn<int>("status");
    QTest::newRow("no image") << QByteArray(R"({"image":null})") << 400;
    QTest::newRow("image of no text") << QByteArray(R"({"image":1})") << 400;
    QTest::newRow("no collaboration") << QByteArray(R"({"collaboration_id":null})") << 400;
    QTest::newRow("unknown collaboration") << QByteArray(R"({"collaboration_id":999})") << 404;
    QTest::newRow("unknown study") << QByteArray(R"({"study_id":999})") << 404;
    QTest::newRow("no organizations") << QByteArray(R"({"organizations":[]})") << 400;
    QTest::newRow("organizations of no list") << QByteArray(R"({"organizations":{"id":1}})") << 400;
    QTest::newRow("organization without id") << QByteArray(R"({"organizations":[{}]})") << 400;
    QTest::newRow("organization twice")
        << QByteArray(R"({"organizations":[{"id":1},{"id":1}]})") << 400;
    QTest::newRow("input of no text")
        << QByteArray(R"({"organizations":[{"id":1,"input":5}]})") << 400;
    QTest::newRow("database without label") << QByteArray(R"({"databases":[{}]})") << 400;
    QTest::newRow("databases of no list") << QByteArray(R"({"databases":5})") << 400;
}

void ApiHandlerTest::refusesWrongTasks()
{
    QFETCH(QByteArray, patch);
    QFETCH(int, status);
    House house;
    QJsonObject body{{u"name"_s, u"t"_s}, {u"image"_s, u"i"_s},
        {u"collaboration_id"_s, house.collaboration(u"heart"_s).value},
        {u"organizations"_s,
            QJsonArray{QJsonObject{
                {u"id"_s, house.organization(u"Aachen"_s).value}, {u"input"_s, u""_s}}}}};
    const QJsonObject changes = QJsonDocument::fromJson(patch).object();
    for (auto it = changes.begin(); it != changes.end(); ++it)
        body.insert(it.key(), it.value());
    const auto response = house.call(
        "POST", u"/api/task"_s, house.userToken(u"anna"_s), QJsonDocument(body).toJson());
    QVERIFY2(response.status == status, response.body.constData());
}

void ApiHandlerTest::listsAreBoundedByTheCallersReach_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("path");
    QTest::addColumn<QStringList>("names"); // "-": refused
    const QString node = u"/api/node?per_page=100"_s;
    const QStringList heart{u"a-heart"_s, u"b-heart"_s};
    const QStringList lung{u"a-lung"_s, u"c-lung"_s};
    QTest::newRow("root sees every node") << u"root"_s << node << heart + lung;
    QTest::newRow("bert sees those of heart") << u"bert"_s << node << heart;
    QTest::newRow("carl sees those of lung") << u"carl"_s << node << lung;
    QTest::newRow("nobody sees none") << u"nobody"_s << node << QStringList();
    QTest::newRow("bert asks for lung")
        << u"bert"_s << u"/api/node?collaboration_id=2"_s << QStringList();
    QTest::newRow("bert's collaborations")
        << u"bert"_s << u"/api/collaboration"_s << QStringList{u"heart"_s};
    QTest::newRow("anna's collaborations")
        << u"anna"_s << u"/api/collaboration"_s << QStringList{u"heart"_s, u"lung"_s};
    QTest::newRow("bert's organizations")
        << u"bert"_s << u"/api/organization"_s << QStringList{u"Aachen"_s, u"Bergen"_s};
    QTest::newRow("carl's organizations")
        << u"carl"_s << u"/api/organization"_s << QStringList{u"Aachen"_s, u"Cork"_s};
    QTest::newRow("carl's tasks") << u"carl"_s << u"/api/task"_s << QStringList{u"average"_s};
    QTest::newRow("root's tasks") << u"root"_s << u"/api/task"_s
                                  << QStringList{u"average"_s, u"average"_s};
    QTest::newRow("nobody's tasks") << u"nobody"_s << u"/api/task"_s << QStringList{u"-"_s};
    QTest::newRow("nobody's runs") << u"nobody"_s << u"/api/run"_s << QStringList{u"-"_s};
}

void ApiHandlerTest::listsAreBoundedByTheCallersReach()
{
    QFETCH(QString, user);
    QFETCH(QString, path);
    QFETCH(QStringList, names);
    House house;
    house.createTask(u"root"_s, u"heart"_s, {u"Aachen"_s});
    house.createTask(u"root"_s, u"lung"_s, {u"Cork"_s});
    const auto response = house.call("GET", path, house.userToken(user));
    if (names == QStringList{u"-"_s}) {
        QCOMPARE(response.status, 401);
        return;
    }
    QCOMPARE(response.status, 200);
    QStringList found = namesOf(jsonOf(response));
    found.sort();
    names.sort();
    QCOMPARE(found, names);
    QCOMPARE(response.headers.value("total-count"), number(names.size()));
}

void ApiHandlerTest::pagesAreNewestFirstAndLinked()
{
    House house;
    std::vector<qint64> expected;
    for (int i = 0; i < 12; ++i) {
        expected.insert(expected.begin(),
            house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger());
    }
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    std::vector<qint64> seen;
    QString next = u"/api/run?state=open&node_id=%1"_s.arg(house.node(u"a-heart"_s).value);
    int pages = 0;
    while (!next.isEmpty()) {
        const auto response = house.call("GET", next, token);
        QCOMPARE(response.status, 200);
        QCOMPARE(response.headers.value("total-count"), QByteArray("12"));
        const QJsonObject page = jsonOf(response);
        const QJsonArray data = page.value(u"data"_s).toArray();
        for (const QJsonValue& run : data) {
            seen.push_back(run.toObject().value(u"task"_s).toObject().value(u"id"_s).toInteger());
        }
        next = page.value(u"links"_s).toObject().value(u"next"_s).toString();
        ++pages;
    }
    QCOMPARE(pages, 2);
    QVERIFY(seen == expected);
    const QJsonObject last = house.callJson("GET", u"/api/task?page=3&per_page=5"_s, token);
    QVERIFY(idsOf(last) == std::vector<qint64>(expected.end() - 2, expected.end()));
    const QJsonObject links = last.value(u"links"_s).toObject();
    QCOMPARE(links.value(u"previous"_s).toString(), u"/api/task?per_page=5&page=2"_s);
    QCOMPARE(links.value(u"last"_s).toString(), u"/api/task?per_page=5&page=3"_s);
    QVERIFY(!links.contains(u"next"_s));
}

void ApiHandlerTest::refusesWrongPaging_data()
{
    QTest::addColumn<QString>("query");
    for (const char* query : {"page=0x1", "page=-1", "page=a", "per_page=-5", "per_page=1.5",
             "page=99999999999999999999", "page=1000000000", "task_id=x", "node_id=-3",
             "node_id=999"})
        QTest::newRow(query) << QString::fromLatin1(query);
}

void ApiHandlerTest::refusesWrongPaging()
{
    QFETCH(QString, query);
    House house;
    QCOMPARE(house.call("GET", u"/api/run?"_s + query, house.userToken(u"root"_s)).status, 400);
}

void ApiHandlerTest::patchesOnlyOwnRuns_data()
{
    QTest::addColumn<QString>("who");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    const QByteArray active(R"({"status":"active"})");
    QTest::newRow("its node") << u"a-heart"_s << active << 200;
    QTest::newRow("another node of the collaboration") << u"b-heart"_s << active << 401;
    QTest::newRow("the organization's node elsewhere") << u"a-lung"_s << active << 401;
    QTest::newRow("a user") << u"root"_s << active << 401;
    QTest::newRow("unknown status") << u"a-heart"_s << QByteArray(R"({"status":"happy"})") << 400;
    QTest::newRow("status of no text") << u"a-heart"_s << QByteArray(R"({"status":1})") << 400;
    QTest::newRow("unknown field") << u"a-heart"_s << QByteArray(R"({"organization_id":2})") << 400;
    QTest::newRow("no time") << u"a-heart"_s << QByteArray(R"({"started_at":"soon"})") << 400;
    QTest::newRow("null is as good as absent")
        << u"a-heart"_s << QByteArray(R"({"status":"active","finished_at":null})") << 200;
}

void ApiHandlerTest::patchesOnlyOwnRuns()
{
    QFETCH(QString, who);
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    const QByteArray token = who == u"root" ? house.userToken(who) : house.nodeToken(who);
    Client root = house.connectUser(u"root"_s);
    root.take();
    const auto response = house.call("PATCH", u"/api/run/%1"_s.arg(run), token, body);
    QVERIFY2(response.status == status, response.body.constData());
    QCOMPARE(root.take("status_update"),
        status == 200 ? (QJsonArray{QJsonObject{{u"run_id"_s, run}}}) : QJsonArray());
}

void ApiHandlerTest::finishedRunsDoNotChange()
{
    House house;
    const qint64 task = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s})
                            .value(u"id"_s)
                            .toInteger();
    const QString run = u"/api/run/%1"_s.arg(house.runOf(task, u"Aachen"_s));
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    Client anna = house.connectUser(u"anna"_s);
    anna.take();
    QCOMPARE(house
                 .call("PATCH", run, token,
                     R"({"status":"crashed","finished_at":"2026-03-01T12:00:00"})")
                 .status,
        200);
    // The sibling that has not started ends with it, and is told: no node will.
    const QJsonArray told = anna.take("algorithm_status_change");
    QCOMPARE(told.size(), 1);
    QCOMPARE(told[0].toObject().value(u"status"_s).toString(), u"failed"_s);
    QCOMPARE(told[0].toObject().value(u"run_id"_s).toInteger(), house.runOf(task, u"Bergen"_s));
    QCOMPARE(house.call("PATCH", run, token, R"({"status":"active"})").status, 400);
    QCOMPARE(house.callJson("GET", u"/api/task/%1/status"_s.arg(task), token)
                 .value(u"status"_s)
                 .toString(),
        u"failed"_s);
    QCOMPARE(house
                 .call("POST", u"/api/kill/task"_s, house.userToken(u"anna"_s),
                     "{\"id\":" + number(task) + '}')
                 .status,
        400);
}

void ApiHandlerTest::killsWithTheRightRule_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<int>("status");
    QTest::newRow("global") << u"root"_s << 200;
    QTest::newRow("collaboration, member") << u"anna"_s << 200;
    QTest::newRow("collaboration, no member") << u"carl"_s << 401;
    QTest::newRow("researcher has no such rule") << u"bert"_s << 401;
    QTest::newRow("no rules") << u"nobody"_s << 401;
}

void ApiHandlerTest::killsWithTheRightRule()
{
    QFETCH(QString, user);
    QFETCH(int, status);
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const auto response = house.call(
        "POST", u"/api/kill/task"_s, house.userToken(user), "{\"id\":" + number(task) + '}');
    QCOMPARE(response.status, status);
    const observe::AuditEntry& entry = house.audit.entries.back();
    QCOMPARE(entry.action, u"task:kill"_s);
    QCOMPARE(entry.actorName, user);
    QCOMPARE(entry.outcome, status == 200 ? u"ok"_s : u"forbidden"_s);
    const QString run = u"run %1"_s.arg(house.runOf(task, u"Aachen"_s));
    QCOMPARE(entry.before.value(run).toString(), status == 200 ? u"pending"_s : QString());
    QCOMPARE(entry.after.value(run).toString(), status == 200 ? u"killed by user"_s : QString());
    QCOMPARE(
        house.call("POST", u"/api/kill/task"_s, house.userToken(u"root"_s), R"({"id":999})").status,
        404);
}

void ApiHandlerTest::killsEverythingOnAnOnlineNode()
{
    House house;
    const qint64 id = house.node(u"b-heart"_s).value;
    const QByteArray body = "{\"id\":" + number(id) + '}';
    const auto kill = [&](const QString& user) {
        return house.call("POST", u"/api/kill/node/tasks"_s, house.userToken(user), body).status;
    };
    QCOMPARE(kill(u"anna"_s), 400);
    Client node = house.connectNode(u"b-heart"_s);
    node.take();
    QCOMPARE(kill(u"carl"_s), 401);
    QCOMPARE(node.take("kill_containers").size(), 0);
    QCOMPARE(kill(u"anna"_s), 200);
    QCOMPARE(node.take("kill_containers"),
        (QJsonArray{QJsonObject{
            {u"node_id"_s, id}, {u"collaboration_id"_s, house.collaboration(u"heart"_s).value}}}));
}

void ApiHandlerTest::organizationAdminsEmptyTheirOwnNodesOnly()
{
    House house;
    auto state = house.store->loadStartState();
    const auto role = std::find_if(state->directory.roles.begin(), state->directory.roles.end(),
        [](const work::Role& candidate) { return candidate.name == u"Organization Admin"; });
    QVERIFY(role != state->directory.roles.end());
    for (work::User& user : state->directory.users) {
        if (user.username == u"olga") // of Bergen
            user.roles = {role->id};
    }
    house.directory.replace(std::move(state->directory));
    Client own = house.connectNode(u"b-heart"_s);
    Client partner = house.connectNode(u"a-heart"_s);
    const auto kill = [&](const QString& node) {
        return house
            .call("POST", u"/api/kill/node/tasks"_s, house.userToken(u"olga"_s),
                "{\"id\":" + number(house.node(node).value) + '}')
            .status;
    };
    QCOMPARE(kill(u"b-heart"_s), 200);
    QCOMPARE(kill(u"a-heart"_s), 401);
}

void ApiHandlerTest::rolesOfAnOrganizationStayInIt()
{
    House house;
    auto state = house.store->loadStartState();
    qint64 cork = 0;
    qint64 general = 0;
    for (work::Role& role : state->directory.roles) {
        if (role.name == u"Listener") {
            role.organization = house.organization(u"Cork"_s);
            cork = role.id.value;
        } else if (role.name == u"Viewer") {
            general = role.id.value;
        }
    }
    house.directory.replace(std::move(state->directory));
    const auto rules = [&](const QString& user, qint64 role) {
        return house.call("GET", u"/api/rule?role_id=%1"_s.arg(role), house.userToken(user)).status;
    };
    QCOMPARE(rules(u"bert"_s, general), 200);
    QCOMPARE(rules(u"carl"_s, cork), 200);
    QCOMPARE(rules(u"bert"_s, cork), 401);
    const QJsonObject roles
        = house.callJson("GET", u"/api/role?per_page=100"_s, house.userToken(u"bert"_s));
    QVERIFY(namesOf(roles).contains(u"Viewer"_s));
    QVERIFY(!namesOf(roles).contains(u"Listener"_s));
}

void ApiHandlerTest::repeatedRequestsMakeOneTask()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    node.take();
    const auto body = [&](const char* name) -> QByteArray {
        return R"({"image":"harbor/average:1","name":")" + QByteArray(name)
            + R"(","collaboration_id":)" + number(house.collaboration(u"heart"_s).value)
            + R"(,"organizations":[{"id":)" + number(house.organization(u"Aachen"_s).value)
            + R"(,"input":"aW5wdXQ="}]})";
    };
    const auto post = [&](const QString& user, const QByteArray& key, const QByteArray& text) {
        return house.call(
            "POST", u"/api/task"_s, house.userToken(user), text, {{"Idempotency-Key", key}});
    };
    const auto idOf = [](const protocol::HttpResponse& response) {
        return jsonOf(response).value(u"id"_s).toInteger();
    };
    const auto first = post(u"anna"_s, "k1", body("a"));
    QCOMPARE(first.status, 201);
    const auto again = post(u"anna"_s, "k1", body("a"));
    QCOMPARE(again.status, 201);
    QCOMPARE(idOf(again), idOf(first));
    QCOMPARE(post(u"anna"_s, "k1", body("b")).status, 409);
    QVERIFY(idOf(post(u"bert"_s, "k1", body("a"))) != idOf(first));
    QVERIFY(idOf(post(u"anna"_s, "k2", body("a"))) != idOf(first));
    QCOMPARE(node.take("new_task").size(), 3);
}

void ApiHandlerTest::repeatedRequestsGetTheFirstAnswer()
{
    House house;
    const QByteArray body = R"({"image":"i","name":"n","collaboration_id":)"
        + number(house.collaboration(u"heart"_s).value) + R"(,"organizations":[{"id":)"
        + number(house.organization(u"Aachen"_s).value) + "}]}";
    const auto post = [&] {
        return house.call(
            "POST", u"/api/task"_s, house.userToken(u"anna"_s), body, {{"Idempotency-Key", "k"}});
    };
    const auto first = post();
    QCOMPARE(first.status, 201);
    const qint64 task = jsonOf(first).value(u"id"_s).toInteger();
    QCOMPARE(house
                 .call("PATCH", u"/api/run/%1"_s.arg(house.runOf(task, u"Aachen"_s)),
                     house.nodeToken(u"a-heart"_s),
                     R"({"status":"completed","finished_at":"2026-03-01T12:00:00"})")
                 .status,
        200);
    const auto again = post();
    QCOMPARE(again.status, 201);
    QCOMPARE(again.body, first.body);
    house.clock.advance(std::chrono::hours(23));
    QCOMPARE(post().body, first.body);
    house.clock.advance(std::chrono::hours(2));
    QVERIFY(jsonOf(post()).value(u"id"_s).toInteger() != task);
}

void ApiHandlerTest::repeatedKillsAreDoneOnce()
{
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    Client node = house.connectNode(u"a-heart"_s);
    node.take();
    const auto kill = [&](const QByteArray& key, qint64 id) {
        return house.call("POST", u"/api/kill/task"_s, house.userToken(u"anna"_s),
            "{\"id\":" + number(id) + '}', {{"Idempotency-Key", key}});
    };
    const auto first = kill("k", task);
    QCOMPARE(first.status, 200);
    QCOMPARE(node.take("kill_containers").size(), 1);
    const auto again = kill("k", task);
    QCOMPARE(again.status, 200);
    QCOMPARE(again.body, first.body);
    QCOMPARE(node.take().size(), 0);
    const auto kills = std::count_if(house.audit.entries.begin(), house.audit.entries.end(),
        [](const observe::AuditEntry& entry) { return entry.action == u"task:kill"; });
    QCOMPARE(kills, 1);
    QCOMPARE(kill("other", task).status, 400); // finished
    const qint64 second
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    QCOMPARE(kill("k", second).status, 409);
}

void ApiHandlerTest::refusesUnusableIdempotencyKeys_data()
{
    QTest::addColumn<QByteArrayList>("keys");
    QTest::newRow("empty") << QByteArrayList{""};
    QTest::newRow("too long") << QByteArrayList{QByteArray(256, 'k')};
    QTest::newRow("two") << QByteArrayList{"a", "b"};
}

void ApiHandlerTest::refusesUnusableIdempotencyKeys()
{
    QFETCH(QByteArrayList, keys);
    House house;
    protocol::HttpHeaders headers;
    for (const QByteArray& key : keys)
        headers.add("Idempotency-Key", key);
    const QByteArray body = R"({"image":"i","collaboration_id":)"
        + number(house.collaboration(u"heart"_s).value) + R"(,"organizations":[{"id":)"
        + number(house.organization(u"Aachen"_s).value) + "}]}";
    QCOMPARE(
        house.call("POST", u"/api/task"_s, house.userToken(u"anna"_s), body, headers).status, 400);
    QCOMPARE(house.call("POST", u"/api/task"_s, house.userToken(u"anna"_s), body).status, 201);
}

/// All of them pass the limiter before the first has been judged; the right guess is the last.
void ApiHandlerTest::guessesSentTogetherAreLockedOutTogether()
{
    House house;
    std::vector<session::fake::ExchangePtr> tries;
    for (int i = 0; i < 30; ++i)
        tries.push_back(house.send("POST", u"/api/token/user"_s, {},
            "{\"username\":\"bert\",\"password\":\"guess " + number(i) + "\"}"));
    tries.push_back(house.send("POST", u"/api/token/user"_s, {},
        R"({"username":"bert","password":"correct horse battery"})"));
    QTRY_VERIFY_WITH_TIMEOUT(std::all_of(tries.begin(), tries.end(),
                                 [](const auto& one) { return one->response.has_value(); }),
        10'000);
    const auto count = [&](int status) {
        return std::count_if(tries.begin(), tries.end(),
            [status](const auto& one) { return one->response->status == status; });
    };
    QCOMPARE(count(401), 10);
    QCOMPARE(count(429), 21);
}

void ApiHandlerTest::nodesSetTheirOwnOrganizationsKeyOnly()
{
    House house;
    const auto patch = [&](const QString& organization, const QByteArray& token,
                           const QByteArray& body) {
        return house
            .call("PATCH", u"/api/organization/%1"_s.arg(house.organization(organization).value),
                token, body)
            .status;
    };
    const QByteArray key(R"({"public_key":"a2V5"})");
    QCOMPARE(patch(u"Aachen"_s, house.nodeToken(u"a-heart"_s), key), 200);
    QCOMPARE(house.directory.organization(u"Aachen"_s)->publicKey, u"a2V5"_s);
    const observe::AuditEntry& entry = house.audit.entries.back();
    QCOMPARE(entry.action, u"organization:publicKey"_s);
    QCOMPARE(entry.before.value(u"public_key"_s).toString(), QString());
    QCOMPARE(entry.after.value(u"public_key"_s).toString(), u"a2V5"_s);
    QCOMPARE(patch(u"Bergen"_s, house.nodeToken(u"a-heart"_s), key), 401);
    QCOMPARE(patch(u"Aachen"_s, house.userToken(u"nobody"_s), key), 401);
    QCOMPARE(patch(u"Aachen"_s, house.nodeToken(u"a-heart"_s), R"({"name":"x"})"), 400);
    QCOMPARE(patch(u"Aachen"_s, house.nodeToken(u"a-heart"_s), R"({"public_key":"%%"})"), 400);
    const auto state = house.store->loadStartState();
    QCOMPARE(state->directory.organizations[0].publicKey, u"a2V5"_s);
}

namespace {

struct Question
{
    QByteArray method;
    QString path; ///< %1 is the id
    QByteArray body; ///< %1 as well
};

const QHash<QString, Question>& questionsAboutIds()
{
    static const QHash<QString, Question> all{
        {u"kill a task"_s, {"POST", u"/api/kill/task"_s, R"({"id":%1})"}},
        {u"kill on a node"_s, {"POST", u"/api/kill/node/tasks"_s, R"({"id":%1})"}},
        {u"patch an organization"_s,
            {"PATCH", u"/api/organization/%1"_s, R"({"public_key":"a2V5"})"}},
        {u"read a task"_s, {"GET", u"/api/task/%1"_s, {}}},
        {u"read a task's status"_s, {"GET", u"/api/task/%1/status"_s, {}}},
        {u"read a run"_s, {"GET", u"/api/run/%1"_s, {}}},
        {u"read a result"_s, {"GET", u"/api/result/%1"_s, {}}},
        {u"read a node"_s, {"GET", u"/api/node/%1"_s, {}}},
        {u"read an organization"_s, {"GET", u"/api/organization/%1"_s, {}}},
        {u"read a collaboration"_s, {"GET", u"/api/collaboration/%1"_s, {}}},
        {u"read a user"_s, {"GET", u"/api/user/%1"_s, {}}},
        {u"patch a run"_s, {"PATCH", u"/api/run/%1"_s, R"({"status":"active"})"}}};
    return all;
}

protocol::HttpResponse ask(
    House& house, const QString& question, qint64 id, const QByteArray& token)
{
    const Question asked = questionsAboutIds().value(question);
    const QString path = asked.path.contains(u'%') ? asked.path.arg(id) : asked.path;
    return house.call(asked.method, path, token, QByteArray(asked.body).replace("%1", number(id)));
}

/// An id of the kind the question is about that belongs to "heart" and Bergen.
qint64 foreignId(House& house, const QString& question)
{
    const qint64 task
        = house.createTask(u"bert"_s, u"heart"_s, {u"Bergen"_s}).value(u"id"_s).toInteger();
    if (question.contains(u"task"))
        return task;
    if (question.contains(u"run") || question.contains(u"result"))
        return house.runOf(task, u"Bergen"_s);
    if (question.contains(u"node"))
        return house.node(u"b-heart"_s).value;
    if (question.contains(u"organization"))
        return house.organization(u"Bergen"_s).value;
    if (question.contains(u"collaboration"))
        return house.collaboration(u"heart"_s).value;
    return house.user(u"bert"_s).value;
}

} // namespace

void ApiHandlerTest::othersThingsLookLikeUnusedIds_data()
{
    QTest::addColumn<QString>("question");
    for (const QString& question : questionsAboutIds().keys())
        QTest::newRow(qPrintable(question)) << question;
}

void ApiHandlerTest::othersThingsLookLikeUnusedIds()
{
    QFETCH(QString, question);
    House house;
    const qint64 id = foreignId(house, question);
    // Of Cork, in "lung" only: with wide rules there, with none at all, and its node.
    std::vector<QByteArray> callers{house.userToken(u"carl"_s), house.userToken(u"nobody"_s)};
    if (question == u"patch a run")
        callers = {house.nodeToken(u"c-lung"_s), house.nodeToken(u"a-heart"_s)};
    for (const QByteArray& token : callers) {
        const auto foreign = ask(house, question, id, token);
        const auto unused = ask(house, question, 987'654, token);
        QCOMPARE(foreign.status, 401);
        QCOMPARE(unused.status, 401);
        QCOMPARE(QByteArray(unused.body).replace("987654", number(id)), foreign.body);
    }
}

void ApiHandlerTest::unusedIdsAreToldToThoseWhoSeeEverything_data()
{
    QTest::addColumn<QString>("question");
    for (const QString& question : questionsAboutIds().keys()) {
        if (question != u"patch a run")
            QTest::newRow(qPrintable(question)) << question;
    }
}

void ApiHandlerTest::unusedIdsAreToldToThoseWhoSeeEverything()
{
    QFETCH(QString, question);
    House house;
    QCOMPARE(ask(house, question, 987'654, house.userToken(u"root"_s)).status, 404);
    QVERIFY(
        ask(house, question, foreignId(house, question), house.userToken(u"root"_s)).status != 404);
}

void ApiHandlerTest::runsShowTheirTaskToThoseWhoMaySeeIt()
{
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Bergen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Bergen"_s);
    auto content = house.store->loadStartState()->directory;
    for (work::User& user : content.users) {
        if (user.username == u"olga") {
            user.roles.clear();
            user.rules = {{"run", model::RuleScope::Collaboration, model::RuleOperation::View}};
        }
    }
    house.directory.replace(content);
    const auto taskOf = [&](const QString& user, bool fromList) {
        const QString path = fromList ? u"/api/run?include=task&task_id=%1"_s.arg(task)
                                      : u"/api/run/%1?include=task"_s.arg(run);
        const QJsonObject answer = house.callJson("GET", path, house.userToken(user));
        const QJsonObject shown
            = fromList ? answer.value(u"data"_s).toArray().at(0).toObject() : answer;
        return shown.value(u"task"_s).toObject();
    };
    for (const bool fromList : {false, true}) {
        const QJsonObject seen = taskOf(u"bert"_s, fromList);
        QCOMPARE(seen.value(u"image"_s).toString(), u"harbor/average:1"_s);
        const QJsonObject hidden = taskOf(u"olga"_s, fromList);
        QCOMPARE(hidden.value(u"id"_s).toInteger(), task);
        QCOMPARE(hidden.keys(), (QStringList{u"id"_s, u"link"_s, u"methods"_s}));
    }
}

void ApiHandlerTest::innerFaultsAreLoggedNotTold()
{
    House house;
    QByteArrayList lines;
    observe::LogSink sink({}, nullptr, [&](const QByteArray& line) { lines += line; });
    house.store->close();
    const auto response = house.call("GET", u"/api/task"_s, house.userToken(u"root"_s));
    QCOMPARE(response.status, 503);
    const QJsonObject body = jsonOf(response);
    const QByteArray id = body.value(u"request_id"_s).toString().toLatin1();
    QCOMPARE(id.size(), 16);
    QVERIFY2(!response.body.contains("store"), response.body.constData());
    QVERIFY(body.value(u"msg"_s).toString().toLatin1().contains(id));
    QCOMPARE(body.value(u"code"_s).toString(), u"unavailable"_s);
    sink.flush();
    const auto logged = std::count_if(lines.begin(), lines.end(), [&](const QByteArray& line) {
        return line.contains(id) && line.contains("the store is closed");
    });
    QCOMPARE(logged, 1);
}

void ApiHandlerTest::storageThatDoesNotAnswerIsToldInTime()
{
    api::ApiOptions options;
    options.answerTimeout = Millis{50};
    House house({}, {}, options);
    const QByteArray token = house.userToken(u"root"_s);
    // A writer that hangs, as in a disk that does not answer.
    std::promise<void> release;
    store::JobPtr hanging = std::make_unique<store::TypedJob<void>>(
        [gate = release.get_future().share()](store::Database&) { gate.wait(); }, nullptr);
    house.store->submitWrite(std::move(hanging));
    const QJsonObject body{{u"image"_s, u"harbor/average:1"_s},
        {u"collaboration_id"_s, house.collaboration(u"heart"_s).value},
        {u"organizations"_s,
            QJsonArray{QJsonObject{{u"id"_s, house.organization(u"Aachen"_s).value}}}}};
    const auto late = house.send("POST", u"/api/task"_s, token, QJsonDocument(body).toJson());
    const auto read = house.send("GET", u"/api/task"_s, token);
    house.clock.advance(Millis{49});
    QTRY_VERIFY(read->response); // reads have a thread of their own
    QVERIFY(!late->response);
    house.clock.advance(Millis{1});
    QTRY_VERIFY(late->response);
    QCOMPARE(read->response->status, 200);
    QCOMPARE(late->response->status, 503);
    QCOMPARE(jsonOf(*late->response).value(u"code"_s).toString(), u"unavailable"_s);

    // What the storage does then is heard by everybody but the one who got an answer already.
    release.set_value();
    QTRY_COMPARE(
        jsonOf(house.call("GET", u"/api/task"_s, token)).value(u"data"_s).toArray().size(), 1);
    QCOMPARE(late->response->status, 503);
}

void ApiHandlerTest::passwordsThatAreNotCheckedInTimeAreNoFaultOfTheStorage()
{
    api::ApiOptions options;
    options.answerTimeout = Millis{50};
    House house({}, {}, options);
    // Both threads have something to do for most of a second.
    const QByteArray costly = QByteArray(house.directory.user(u"bert"_s)->passwordHash)
                                  .replace("m=64,t=1", "m=65536,t=16");
    QVERIFY(costly.contains("m=65536"));
    for (int i = 0; i < 2; ++i)
        house.hasher.verify("x", costly, &house.hasher, [](const auto&) {});
    const auto late = house.send("POST", u"/api/token/user"_s, {},
        R"({"username":"bert","password":"correct horse battery"})");
    house.clock.advance(Millis{50});
    QTRY_VERIFY(late->response);
    QCOMPARE(late->response->status, 503);
    QVERIFY2(late->response->body.contains("passwords"), late->response->body.constData());
    QVERIFY2(!late->response->body.contains("storage"), late->response->body.constData());
}

void ApiHandlerTest::algorithmStoresAreNone()
{
    House house;
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    QCOMPARE(house.call("GET", u"/api/algorithmstore"_s, token).status, 200);
    const auto one = house.call("GET", u"/api/algorithmstore/7"_s, token);
    QCOMPARE(one.status, 404);
    QVERIFY2(one.body.contains("Algorithm store id=7 not found"), one.body.constData());
}

QTEST_GUILESS_MAIN(ApiHandlerTest)
#include "tst_apihandler.moc"
