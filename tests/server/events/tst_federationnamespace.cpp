// SPDX-License-Identifier: Apache-2.0
#include "server/observe/logsink.h"
#include "tests/server/events/house.h"

#include <QAbstractEventDispatcher>
#include <QElapsedTimer>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

QByteArray join(const QByteArray& who, const QByteArray& room)
{
    return "message \"" + who + " joined room <" + room + ">\"";
}

QByteArray number(qint64 value)
{
    return QByteArray::number(value);
}

/// The secret a CONNECT answer gives for the way back; the root namespace has an empty name here.
QByteArray pidIn(const QByteArrayList& texts, const QByteArray& nsp)
{
    const QByteArray start = "40" + (nsp.isEmpty() ? QByteArray() : nsp + ',') + '{';
    for (const QByteArray& text : texts) {
        if (text.startsWith(start))
            return text.split('"').value(7);
    }
    return {};
}

} // namespace

class FederationNamespaceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nodeHearsItsWelcomeInOrder();
    void userJoinsByItsHighestScope_data();
    void userJoinsByItsHighestScope();
    void badTokenIsAcceptedInSilence_data();
    void badTokenIsAcceptedInSilence();
    void tokenCountsFromTheHandshakeOnly();
    void expiredTokenIsToldOncePerIntervalButNeverLost();
    void aTokenThatEndedLatelyCountsWithinTheGrace();
    void expiredTokenIsHeldBackWhileHttpCannotServe_data();
    void expiredTokenIsHeldBackWhileHttpCannotServe();
    void strangersAreClosedAfterTheirGrace();
    void strangersBeyondTheCapPushOutTheOldest();
    void presenceIsToldOncePerClientAndStaysInTheCollaboration();
    void lateEndOfAnOldSocketChangesNothing();
    void recoveryOfALiveNodeIsNoAbsence_data();
    void recoveryOfALiveNodeIsNoAbsence();
    void nodeThatDoesNotFollowItsOldConnectionIsToldOffline();
    void statusIsRelayedWithItsJobAndItsSpelling();
    void statusOfForeignRunsGoesNowhere_data();
    void statusOfForeignRunsGoesNowhere();
    void logLinesAreRelayedAndKept();
    void logLinesAreShownInTheLiveLog();
    void logLinesCanBeWrittenAtOnce();
    void logLinesOfForeignRunsGoNowhere();
    void floodsOfWordsAreLoggedUpToABound();
    void overlongLogLinesAreCut();
    void configurationFollowsTheStorageRule();
    void madeUpRunIdsCostFewReadsAndFewLines();
    void pingsWithoutAPauseAreWrittenOnce();
    void changingConfigurationsAreWrittenOncePerInterval();
    void reconnectsWithoutAPauseAreWrittenOncePerInterval();
    void usersCannotSpeakAsNodes();
    void unknownAndMalformedEventsAreIgnored_data();
    void unknownAndMalformedEventsAreIgnored();
    void killIsToldToTheCollaboration();
    void killsAreToldAtEverySyncUntilTheyArrived();
    void openRunsAreAnnouncedAtEverySyncUntilTheyEnd();
    void endReportedByTheNodeConfirmsAKill();
    void liveKillIsConfirmedByTheRoundTripAfterIt();
    void killedRunThatGoesOnIsToldAgain_data();
    void killedRunThatGoesOnIsToldAgain();
    void manyMissedKillsComeInPieces();
    void nobodyHearsAnotherCollaboration_data();
    void nobodyHearsAnotherCollaboration();
    void changedDirectoryMovesLiveSockets();
    void eventsOfALostRightThatStillWaitAreDropped();
    void movedNodeSpeaksAndHearsWhereItIsNow();
    void movedUserHasTheRightsOfItsNewOrganization();
    void removedNodeIsToldOfflineWhereItWas();
    void whoIsRemovedEndsUnderAName_data();
    void whoIsRemovedEndsUnderAName();
    void membersAskForTheHistoryOfTheirRooms();
    void historyOfOtherRoomsIsRefused_data();
    void historyOfOtherRoomsIsRefused();
    void questionsForTheHistoryAreBounded();
    void endedTokenOfLiveSocketFollowsTheOption();
    void whatIsSaidBeforeTheAnswerIsHeardAfterIt();
    void earlyWordsAreBounded();
    void whoIsRefusedElsewhereIsRefusedAlone_data();
    void whoIsRefusedElsewhereIsRefusedAlone();
    void clientsBeyondTheLineComeBackSoon();
    void lockedAddressesCauseNoQuestions();
    void whoIsLearntAboutMovesAndNobodyElse();
    void manyNodesComeAtOnce();
    void firstWordsOfARunWaitForIt();
    void manyRunsAskForABoundedNumber();
};

void FederationNamespaceTest::nodeHearsItsWelcomeInOrder()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    const QByteArrayList events = node.take();
    const QByteArray room = "collaboration_" + number(house.collaboration(u"heart"_s).value);
    const QByteArray own = room + "_organization_" + number(house.organization(u"Aachen"_s).value);
    QCOMPARE(node.other.size(), 1);
    QVERIFY2(node.other[0].startsWith("40/tasks,{\"sid\":"), QByteArray(node.other[0]).constData());
    QCOMPARE(events,
        (QByteArrayList{"sync", join("Node <a-heart>", room), join("Node <a-heart>", own)}));
    QVERIFY(house.presence.isOnline(house.node(u"a-heart"_s)));
    QCOMPARE(house.hub.members({"/tasks"}, {"all_nodes"}).size(), size_t(1));
}

void FederationNamespaceTest::userJoinsByItsHighestScope_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QStringList>("rooms");
    QTest::newRow("global: every collaboration") << u"root"_s << QStringList{u"heart"_s, u"lung"_s};
    QTest::newRow("collaboration: those of the organization")
        << u"bert"_s << QStringList{u"heart"_s};
    QTest::newRow("collaboration, organization in both")
        << u"anna"_s << QStringList{u"heart"_s, u"lung"_s};
    QTest::newRow("organization: the small room") << u"olga"_s << QStringList{u"heart/Bergen"_s};
    QTest::newRow("no rule: no room") << u"nobody"_s << QStringList();
}

void FederationNamespaceTest::userJoinsByItsHighestScope()
{
    QFETCH(QString, user);
    QFETCH(QStringList, rooms);
    House house;
    Client client = house.connectUser(user);
    QByteArrayList expected;
    for (const QString& room : rooms) {
        const QStringList parts = room.split(u'/');
        QByteArray name = "collaboration_" + number(house.collaboration(parts[0]).value);
        if (parts.size() > 1)
            name += "_organization_" + number(house.organization(parts[1]).value);
        expected << join("User <" + user.toUtf8() + '>', name);
    }
    QCOMPARE(client.take(), expected);
}

void FederationNamespaceTest::badTokenIsAcceptedInSilence_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QByteArrayList>("events");
    QTest::newRow("expired") << u"expired"_s << QByteArrayList{"expired_token"};
    QTest::newRow("signed by somebody else") << u"forged"_s << QByteArrayList{"invalid_token"};
    QTest::newRow("no header") << u"none"_s << QByteArrayList{};
    QTest::newRow("no token at all") << u"garbage"_s << QByteArrayList{};
    QTest::newRow("refresh token") << u"refresh"_s << QByteArrayList{};
    QTest::newRow("container token") << u"container"_s << QByteArrayList{};
    QTest::newRow("node that does not exist") << u"unknown"_s << QByteArrayList{};
}

void FederationNamespaceTest::badTokenIsAcceptedInSilence()
{
    QFETCH(QString, kind);
    QFETCH(QByteArrayList, events);
    House house;
    const qint64 id = house.node(u"a-heart"_s).value;
    QByteArray token;
    if (kind == u"expired") {
        token = house.nodeToken(u"a-heart"_s);
        house.clock.advance(std::chrono::hours(7));
    } else if (kind == u"forged") {
        const access::TokenMinter other("another secret, long enough as well", {}, house.clock);
        token = other.accessToken(access::TokenKind::Node, id);
    } else if (kind == u"garbage") {
        token = "not.a.token";
    } else if (kind == u"refresh") {
        token = house.minter.refreshToken(access::TokenKind::Node, id);
    } else if (kind == u"container") {
        token = house.minter.containerToken(
            {house.node(u"a-heart"_s), house.organization(u"Aachen"_s),
                house.collaboration(u"heart"_s), {}, 0, TaskId{1}, u"image"_s, {}});
    } else if (kind == u"unknown") {
        token = house.minter.accessToken(access::TokenKind::Node, 9'999);
    }
    Client client = house.connectWith(token);
    QCOMPARE(client.take(), events);
    QVERIFY2(client.other.value(0).startsWith("40/tasks,{\"sid\":"),
        QByteArray(client.other.value(0)).constData());
    QVERIFY(!client.isClosed());
    QCOMPARE(house.hub.rooms().size(), size_t(0));
    QCOMPARE(house.federation.unidentifiedCount(), 1);
    client.emitEvent("ping");
    client.emitEvent("node_info_update", R"({"encryption":true})");
    QVERIFY(!house.presence.isOnline(house.node(u"a-heart"_s)));
}

void FederationNamespaceTest::tokenCountsFromTheHandshakeOnly()
{
    House house;
    const auto peer = house.openSession({});
    peer->sendText(QByteArray("40/tasks,{\"token\":\"" + house.nodeToken(u"a-heart"_s) + "\"}"));
    Client client(peer, "/tasks");
    QCOMPARE(client.take(), QByteArrayList());
    QVERIFY(!house.presence.isOnline(house.node(u"a-heart"_s)));
}

void FederationNamespaceTest::expiredTokenIsToldOncePerIntervalButNeverLost()
{
    House house;
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    house.clock.advance(std::chrono::hours(7));
    QCOMPARE(house.connectWith(token).take(), QByteArrayList{"expired_token"});
    Client again = house.connectWith(token);
    QCOMPARE(again.take(), QByteArrayList());
    house.pass(Millis{9'999});
    QCOMPARE(again.take(), QByteArrayList());
    house.pass(Millis{1});
    QCOMPARE(again.take(), QByteArrayList{"expired_token"});
    house.pass(Millis{10'000});
    QCOMPARE(again.take(), QByteArrayList());
}

void FederationNamespaceTest::aTokenThatEndedLatelyCountsWithinTheGrace()
{
    events::FederationOptions options;
    options.expiredTokenGrace = std::chrono::minutes(10);
    House house(options);
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    house.clock.advance(std::chrono::hours(6) + std::chrono::minutes(9));
    QCOMPARE(house.connectWith(token).take().value(0), "sync");
    house.clock.advance(std::chrono::minutes(2));
    QCOMPARE(house.connectWith(token).take(), QByteArrayList{"expired_token"});
}

void FederationNamespaceTest::expiredTokenIsHeldBackWhileHttpCannotServe_data()
{
    QTest::addColumn<bool>("isLive");
    QTest::newRow("at connect") << false;
    QTest::newRow("of a live socket") << true;
}

/// A node asks for a new token once, when it is told; if that fails it stays away for good.
void FederationNamespaceTest::expiredTokenIsHeldBackWhileHttpCannotServe()
{
    QFETCH(bool, isLive);
    events::FederationOptions options;
    options.liveTokenEnd = events::LiveTokenEnd::Renew;
    House house(options);
    QByteArrayList lines;
    observe::LogSink sink({}, nullptr, [&](const QByteArray& line) {
        if (line.contains("renew"))
            lines += line;
    });
    house.restFault = u"the database cannot be written"_s;
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    Client client;
    if (isLive) {
        client = house.connectWith(token);
        client.take();
    }
    house.clock.advance(std::chrono::hours(7));
    if (!isLive)
        client = house.connectWith(token);
    for (int i = 0; i < 20; ++i)
        house.pass(Millis{900});
    QCOMPARE(client.take(), QByteArrayList());
    QVERIFY(!client.isClosed());
    house.restFault.clear();
    house.pass(Millis{200});
    QCOMPARE(client.take(), QByteArrayList{"expired_token"});
    sink.flush();
    QCOMPARE(lines.size(), 2);
    QVERIFY(lines[0].contains("the database cannot be written"));
}

void FederationNamespaceTest::strangersAreClosedAfterTheirGrace()
{
    House house;
    Client stranger = house.connectWith({});
    Client node = house.connectNode(u"a-heart"_s);
    house.pass(Millis{24'000});
    stranger.emitEvent("x");
    stranger.peer().sendText("3");
    house.pass(Millis{24'000});
    stranger.peer().sendText("3");
    house.pass(Millis{11'999});
    QVERIFY(!stranger.isClosed());
    house.pass(Millis{1});
    QVERIFY(stranger.isClosed());
    QVERIFY(stranger.peer().closeCode == session::CloseCode::Unidentified);
    QCOMPARE(house.federation.unidentifiedCount(), 0);
    QVERIFY(!node.isClosed());
}

void FederationNamespaceTest::strangersBeyondTheCapPushOutTheOldest()
{
    events::FederationOptions options;
    options.maxUnidentified = 2;
    House house(options);
    Client first = house.connectWith({});
    Client second = house.connectWith({});
    Client third = house.connectWith({});
    QTRY_VERIFY(first.isClosed());
    QVERIFY(!second.isClosed());
    QVERIFY(!third.isClosed());
    QCOMPARE(house.federation.unidentifiedCount(), 2);
}

void FederationNamespaceTest::presenceIsToldOncePerClientAndStaysInTheCollaboration()
{
    House house;
    Client anna = house.connectUser(u"anna"_s);
    Client olga = house.connectUser(u"olga"_s);
    Client carl = house.connectUser(u"carl"_s);
    Client lungNode = house.connectNode(u"a-lung"_s);
    for (Client* client : {&anna, &olga, &carl, &lungNode})
        client->take();
    Client node = house.connectNode(u"b-heart"_s);
    const QJsonArray online{QJsonObject{{u"id"_s, house.node(u"b-heart"_s).value},
        {u"name"_s, u"b-heart"_s}, {u"org_id"_s, house.organization(u"Bergen"_s).value}}};
    QCOMPARE(anna.take("node-online"), online);
    QCOMPARE(olga.take("node-online"), online);
    QCOMPARE(carl.take(), QByteArrayList());
    QCOMPARE(lungNode.take(), QByteArrayList());
    for (const QByteArray& event : node.take())
        QVERIFY2(!event.startsWith("node-online"), QByteArray(event).constData());
    node.die();
    const QByteArrayList left = anna.take();
    const QByteArray room = "collaboration_" + number(house.collaboration(u"heart"_s).value);
    QCOMPARE(left.size(), 2);
    QCOMPARE(left[0], "message \"b-heart left room " + room + '"');
    QVERIFY2(left[1].startsWith("node-offline {"), QByteArray(left[1]).constData());
    QCOMPARE(carl.take(), QByteArrayList());
    QCOMPARE(lungNode.take(), QByteArrayList());
}

void FederationNamespaceTest::lateEndOfAnOldSocketChangesNothing()
{
    House house;
    Client anna = house.connectUser(u"anna"_s);
    const NodeId id = house.node(u"a-heart"_s);
    Client old = house.connectNode(u"a-heart"_s);
    old.emitEvent("node_info_update", R"({"encryption":false})");
    Client fresh = house.connectNode(u"a-heart"_s);
    fresh.emitEvent("node_info_update", R"({"encryption":true})");
    QCOMPARE(anna.take("node-online").size(), 1);
    old.die();
    QVERIFY(house.presence.isOnline(id));
    QCOMPARE(house.presence.config(id).at(0).value, u"true"_s);
    QCOMPARE(anna.take("node-offline").size(), 0);
    fresh.die();
    QVERIFY(!house.presence.isOnline(id));
    QCOMPARE(anna.take("node-offline").size(), 1);
}

void FederationNamespaceTest::recoveryOfALiveNodeIsNoAbsence_data()
{
    QTest::addColumn<QByteArray>("nsp"); // where the client says who it was
    QTest::newRow("in /tasks") << QByteArray("/tasks");
    QTest::newRow("in another namespace first") << QByteArray();
}

void FederationNamespaceTest::recoveryOfALiveNodeIsNoAbsence()
{
    QFETCH(QByteArray, nsp);
    House house;
    house.allowRecovery();
    Client anna = house.connectUser(u"anna"_s);
    const NodeId id = house.node(u"a-heart"_s);
    const auto old = house.openSession(house.nodeToken(u"a-heart"_s));
    old->sendText("40");
    old->sendText("40/tasks,");
    const QByteArray pid = pidIn(old->takeTexts(), nsp);
    Client before(old, "/tasks");
    before.emitEvent("node_info_update", R"({"encryption":true})");
    QCOMPARE(anna.take("node-online").size(), 1);

    const auto fresh = house.openSession(house.nodeToken(u"a-heart"_s));
    const QByteArray place = nsp.isEmpty() ? QByteArray() : nsp + ',';
    fresh->sendText(QByteArray("40" + place + "{\"pid\":\"" + pid + "\"}"));
    if (nsp.isEmpty())
        fresh->sendText("40/tasks,");
    Client after(fresh, "/tasks");
    QVERIFY(before.isClosed());
    house.pass(Millis{3'000});
    for (const QByteArray& event : anna.take())
        QVERIFY2(!event.startsWith("node-o"), QByteArray(event).constData());
    QVERIFY(house.presence.isOnline(id));
    QCOMPARE(house.presence.presence(id).flaps, 0);
    QCOMPARE(house.presence.presence(id).sockets, 1);
    QCOMPARE(house.presence.config(id).at(0).value, u"true"_s);

    after.die();
    QVERIFY(!house.presence.isOnline(id));
    QCOMPARE(anna.take("node-offline").size(), 1);
    QCOMPARE(house.presence.presence(id).flaps, 1);
}

void FederationNamespaceTest::nodeThatDoesNotFollowItsOldConnectionIsToldOffline()
{
    House house;
    house.allowRecovery();
    Client anna = house.connectUser(u"anna"_s);
    const NodeId id = house.node(u"a-heart"_s);
    const auto old = house.openSession(house.nodeToken(u"a-heart"_s));
    old->sendText("40");
    old->sendText("40/tasks,");
    const QByteArray pid = pidIn(old->takeTexts(), {});
    const auto fresh = house.openSession(house.nodeToken(u"a-heart"_s));
    fresh->sendText(QByteArray("40{\"pid\":\"" + pid + "\"}")); // and not to /tasks
    session::fake::Rig::settle();
    QVERIFY(old->isClosed());
    house.pass(Millis{1'000});
    QVERIFY(house.presence.isOnline(id));
    QCOMPARE(anna.take("node-offline").size(), 0);
    house.pass(Millis{1'000});
    QVERIFY(!house.presence.isOnline(id));
    QCOMPARE(anna.take("node-offline").size(), 1);
}

void FederationNamespaceTest::statusIsRelayedWithItsJobAndItsSpelling()
{
    House house;
    Client node = house.connectNode(u"b-heart"_s);
    Client anna = house.connectUser(u"anna"_s);
    const QJsonObject task = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s});
    const qint64 id = task.value(u"id"_s).toInteger();
    const qint64 run = house.runOf(id, u"Bergen"_s);
    QCOMPARE(node.take("new_task"), (QJsonArray{QJsonObject{{u"id"_s, id}, {u"parent_id"_s, {}}}}));
    anna.take();
    const QByteArray collaboration = number(house.collaboration(u"heart"_s).value);
    const QByteArray organization = number(house.organization(u"Bergen"_s).value);
    const QByteArray nodeId = number(house.node(u"b-heart"_s).value);
    node.emitEvent("algorithm_status_change",
        "{\"node_id\":" + nodeId + ",\"status\":\"\\u0061ctive\",\"run_id\":" + number(run)
            + ",\"task_id\":" + number(id) + ",\"collaboration_id\":" + collaboration
            + ",\"organization_id\":" + organization + ",\"parent_id\":null,\"job_id\":777}");
    const QByteArrayList expected{"algorithm_status_change {\"status\":\"\\u0061ctive\",\"run_id\":"
        + number(run) + ",\"task_id\":" + number(id)
        + ",\"job_id\":" + number(task.value(u"job_id"_s).toInteger())
        + ",\"collaboration_id\":" + collaboration + ",\"node_id\":" + nodeId
        + ",\"organization_id\":" + organization + ",\"parent_id\":null}"};
    QCOMPARE(anna.take(), expected);
    QCOMPARE(node.take(), expected);
}

void FederationNamespaceTest::statusOfForeignRunsGoesNowhere_data()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QByteArray>("change");
    QTest::newRow("another node of the collaboration") << u"b-heart"_s << QByteArray();
    QTest::newRow("a node of another collaboration") << u"c-lung"_s << QByteArray();
    QTest::newRow("own organization, other collaboration") << u"a-lung"_s << QByteArray();
    QTest::newRow("right node, wrong node_id") << u"a-heart"_s << QByteArray("\"node_id\":999");
    QTest::newRow("right node, wrong collaboration")
        << u"a-heart"_s << QByteArray("\"collaboration_id\":999");
    QTest::newRow("right node, wrong organization")
        << u"a-heart"_s << QByteArray("\"organization_id\":999");
    QTest::newRow("right node, wrong task") << u"a-heart"_s << QByteArray("\"task_id\":999");
    QTest::newRow("right node, id as text") << u"a-heart"_s << QByteArray("\"task_id\":\"1\"");
    QTest::newRow("unknown run") << u"a-heart"_s << QByteArray("\"run_id\":4711");
    QTest::newRow("status that is no text") << u"a-heart"_s << QByteArray("\"status\":[1]");
}

void FederationNamespaceTest::statusOfForeignRunsGoesNowhere()
{
    QFETCH(QString, node);
    QFETCH(QByteArray, change);
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    Client sender = house.connectNode(node);
    Client root = house.connectUser(u"root"_s);
    root.take();
    sender.take();
    QByteArray data = "{\"run_id\":" + number(run) + ",\"status\":\"crashed\"";
    if (!change.isEmpty())
        data += ',' + change;
    sender.emitEvent("algorithm_status_change", data + '}');
    // Some rows ask the store first. A decision is made once, and this one was a refusal; what is
    // published after it would come after whatever had been published by it.
    QTRY_COMPARE(house.metrics.nodeEventsRefused.Value(), 1.0);
    house.announcer.killEverythingOn(*house.directory.node(u"a-heart"_s));
    const QByteArrayList heard = root.take();
    QCOMPARE(heard.size(), 1);
    QVERIFY2(heard[0].startsWith("kill_containers"), QByteArray(heard[0]).constData());
}

void FederationNamespaceTest::logLinesAreRelayedAndKept()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Client anna = house.connectUser(u"anna"_s);
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    anna.take();
    const QByteArray ids = "\"run_id\":" + number(run) + ",\"task_id\":" + number(task);
    const QByteArray collaboration = number(house.collaboration(u"heart"_s).value);
    node.emitEvent("algorithm_log",
        "{\"collaboration_id\":" + collaboration + ',' + ids + ",\"log\":\"one \\u00e9\"}");
    node.emitEvent("algorithm_log",
        "{\"collaboration_id\":" + collaboration + ',' + ids + ",\"log\":\"two\"}");
    QCOMPARE(anna.take(),
        (QByteArrayList{"algorithm_log {" + ids + ",\"log\":\"one \\u00e9\"}",
            "algorithm_log {" + ids + ",\"log\":\"two\"}"}));
    house.federation.sweep();
    const auto logOf = [&] {
        return house.callJson("GET", u"/api/run/%1"_s.arg(run), house.userToken(u"anna"_s))
            .value(u"log"_s)
            .toString();
    };
    QTRY_COMPARE(logOf(), u"one \u00e9\ntwo"_s);
}

void FederationNamespaceTest::logLinesAreShownInTheLiveLog()
{
    House house;
    QByteArrayList written;
    observe::LogSink sink({}, &house.liveLog, [&](const QByteArray& line) { written << line; });
    Client node = house.connectNode(u"a-heart"_s);
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    node.emitEvent("algorithm_log",
        "{\"run_id\":" + number(run) + ",\"log\":\"epoch 1\\u0007 of 10 <b> %2\\n\"}");
    // Of a run that is not its own nothing is shown.
    Client other = house.connectNode(u"b-heart"_s);
    other.emitEvent("algorithm_log", "{\"run_id\":" + number(run) + ",\"log\":\"foreign\"}");
    sink.flush();
    const auto shown = [&] {
        std::vector<model::LogEntry> lines = house.liveLog.tail(1'000);
        std::erase_if(
            lines, [](const model::LogEntry& line) { return line.category != u"gh.run"; });
        return lines;
    };
    QTRY_COMPARE(shown().size(), size_t(1));
    const model::LogEntry line = shown().front();
    QCOMPARE(line.text, u"Run %1 on <a-heart>: epoch 1\\x07 of 10 <b> %2"_s.arg(run));
    QCOMPARE(line.level, model::LogLevel::Info);
    QCOMPARE(line.runId, run);
    QCOMPARE(line.taskId, task);
    QCOMPARE(line.nodeId, house.node(u"a-heart"_s).value);
    QVERIFY(!written.join().contains("epoch"));
}

/// With an interval of nothing; which must not turn the event loop without end either.
void FederationNamespaceTest::logLinesCanBeWrittenAtOnce()
{
    House house(events::FederationOptions{.logFlushInterval = Millis{0}});
    Client node = house.connectNode(u"a-heart"_s);
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    struct Seen final : work::TaskObserver
    {
        void runLogAppended(const work::RunRef&, const QString& text) override { texts += text; }
        QStringList texts;
    } seen;
    house.tasks.addObserver(&seen);
    node.emitEvent("algorithm_log", "{\"run_id\":" + number(run) + ",\"log\":\"at once\"}");
    QCOMPARE(seen.texts, QStringList{u"at once"_s});
    house.tasks.removeObserver(&seen);

    int turns = 0;
    const auto counting = connect(QCoreApplication::eventDispatcher(),
        &QAbstractEventDispatcher::awake, this, [&turns] { ++turns; });
    QEventLoop loop;
    QTimer::singleShot(300, &loop, &QEventLoop::quit);
    loop.exec();
    disconnect(counting);
    QVERIFY2(turns < 100, qPrintable(QString::number(turns)));
}

void FederationNamespaceTest::floodsOfWordsAreLoggedUpToABound()
{
    int lines = 0;
    int ends = 0;
    House house(events::FederationOptions{.maxLoggedEvents = 5});
    observe::LogSink sink({}, nullptr, [&](const QByteArray& line) {
        lines += line.contains("Received message");
        lines += line.contains("only nodes may send");
        ends += line.contains("left out");
    });
    Client stranger = house.connectWith({});
    Client anna = house.connectUser(u"anna"_s);
    for (int i = 0; i < 100; ++i) {
        stranger.emitEvent("message", "\"hello\"");
        anna.emitEvent("algorithm_log", R"({"run_id":1,"log":"x"})");
    }
    sink.flush();
    QCOMPARE(lines, 10);
    QCOMPARE(ends, 2);
    house.clock.advance(Millis{10'000});
    stranger.emitEvent("message", "\"hello\"");
    sink.flush();
    QCOMPARE(lines, 11);
}

void FederationNamespaceTest::logLinesOfForeignRunsGoNowhere()
{
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const QByteArray data
        = "{\"run_id\":" + number(house.runOf(task, u"Aachen"_s)) + ",\"log\":\"stolen\"}";
    Client root = house.connectUser(u"root"_s);
    Client other = house.connectNode(u"b-heart"_s);
    Client user = house.connectUser(u"anna"_s);
    root.take();
    other.emitEvent("algorithm_log", data);
    user.emitEvent("algorithm_log", data);
    QCOMPARE(root.take("algorithm_log"), QJsonArray());
}

void FederationNamespaceTest::overlongLogLinesAreCut()
{
    events::FederationOptions options;
    options.maxLogLineBytes = 600;
    House house(options);
    Client node = house.connectNode(u"a-heart"_s);
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    node.take();
    node.emitEvent("algorithm_log",
        "{\"run_id\":" + number(house.runOf(task, u"Aachen"_s)) + ",\"log\":\""
            + QByteArray(5'000, 'x') + "\"}");
    const QJsonArray heard = node.take("algorithm_log");
    QCOMPARE(heard.size(), 1);
    QCOMPARE(heard[0].toObject().value(u"log"_s).toString(), QString(100, u'x') + u" [\u2026]"_s);
}

void FederationNamespaceTest::configurationFollowsTheStorageRule()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    node.emitEvent("node_info_update",
        R"({"encryption":true,"allowed_algorithms":"all","database_labels":["a","b"],
            "database_types":{"db_type_a":"csv"},"database_columns":{"columns_a":["x","y"]},
            "allowed_users":[7]})");
    const work::NodeConfig expected{{u"encryption"_s, u"true"_s},
        {u"allowed_algorithms"_s, u"all"_s}, {u"database_labels"_s, u"a"_s},
        {u"database_labels"_s, u"b"_s}, {u"db_type_a"_s, u"csv"_s}, {u"columns_a"_s, u"x"_s},
        {u"columns_a"_s, u"y"_s}, {u"allowed_users"_s, u"7"_s}};
    QVERIFY(house.presence.config(house.node(u"a-heart"_s)) == expected);
    // What the node allows counts when a task is made: only user 7 may.
    const auto refused = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s});
    QCOMPARE(refused.value(u"code"_s).toString(), u"forbidden"_s);
}

void FederationNamespaceTest::madeUpRunIdsCostFewReadsAndFewLines()
{
    events::FederationOptions options;
    options.maxLoggedEvents = 5;
    options.maxRunLookups = 7;
    House house(options);
    int lines = 0;
    observe::LogSink sink(
        {}, nullptr, [&](const QByteArray& line) { lines += line.contains("was not relayed"); });
    Client liar = house.connectNode(u"a-heart"_s);
    Client honest = house.connectNode(u"b-heart"_s);
    const quint64 before = house.store->reads();
    const double refusedBefore = house.metrics.nodeEventsRefused.Value();
    const auto flood = [&] {
        for (int i = 0; i < 500; ++i) {
            liar.emitEvent("algorithm_status_change",
                "{\"run_id\":" + number(1'000'000 + i) + ",\"status\":\"active\"}");
        }
        house.writesDone();
    };
    flood();
    QCOMPARE(house.store->reads() - before, quint64(7));
    QTRY_COMPARE(house.metrics.nodeEventsRefused.Value() - refusedBefore, 500.0);
    sink.flush();
    QCOMPARE(lines, 5);
    // What one node has spent is nobody else's loss, and it comes back with time.
    honest.emitEvent("algorithm_status_change", R"({"run_id":1000000,"status":"active"})");
    QCOMPARE(house.store->reads() - before, quint64(8));
    house.clock.advance(Millis{10'000});
    flood();
    QCOMPARE(house.store->reads() - before, quint64(15));
}

void FederationNamespaceTest::pingsWithoutAPauseAreWrittenOnce()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    const quint64 before = house.writesDone();
    for (int i = 0; i < 200; ++i)
        node.emitEvent("ping");
    QCOMPARE(house.writesDone() - before, quint64(0 + 1));
    house.pass(Millis{10'000});
    QCOMPARE(house.writesDone() - before, quint64(1 + 2));
    house.pass(Millis{10'000});
    QCOMPARE(house.writesDone() - before, quint64(1 + 3));
    house.clock.advance(Millis{60'000});
    node.emitEvent("ping");
    QCOMPARE(house.writesDone() - before, quint64(2 + 4));
    QCOMPARE(house.presence.presence(house.node(u"a-heart"_s)).lastSeen, house.clock.wall());
}

void FederationNamespaceTest::changingConfigurationsAreWrittenOncePerInterval()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    const NodeId id = house.node(u"a-heart"_s);
    const quint64 before = house.writesDone();
    for (int i = 0; i < 100; ++i)
        node.emitEvent("node_info_update", "{\"encryption\":" + number(i) + '}');
    const auto stored = [&] {
        return store::await<work::NodeConfig>(
            [&](auto done) { house.store->nodeConfig(id, std::move(done)); });
    };
    QCOMPARE(house.presence.config(id).at(0).value, u"99"_s);
    QCOMPARE(house.writesDone() - before, quint64(0 + 1));
    house.pass(Millis{10'000});
    QCOMPARE(house.writesDone() - before, quint64(1 + 2));
    QCOMPARE(stored()->at(0).value, u"99"_s);
    node.emitEvent("node_info_update", R"({"encryption":99})");
    node.emitEvent("node_info_update", R"({"encryption":100})");
    node.emitEvent("node_info_update", R"({"encryption":99})");
    house.pass(Millis{10'000});
    QCOMPARE(house.writesDone() - before, quint64(1 + 3));
}

void FederationNamespaceTest::reconnectsWithoutAPauseAreWrittenOncePerInterval()
{
    House house;
    const quint64 before = house.writesDone();
    for (int i = 0; i < 50; ++i) {
        Client node = house.connectNode(u"a-heart"_s);
        node.die();
    }
    QCOMPARE(house.writesDone() - before, quint64(1 + 1));
    house.federation.flush(); // as at the end of the server
    QCOMPARE(house.writesDone() - before, quint64(2 + 2));
}

void FederationNamespaceTest::usersCannotSpeakAsNodes()
{
    House house;
    Client root = house.connectUser(u"root"_s);
    Client anna = house.connectUser(u"anna"_s);
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    root.take();
    anna.emitEvent("algorithm_status_change",
        "{\"run_id\":" + number(house.runOf(task, u"Aachen"_s)) + ",\"status\":\"completed\"}");
    anna.emitEvent("node_info_update", R"({"encryption":true})");
    anna.emitEvent("ping");
    QCOMPARE(root.take(), QByteArrayList());
    QVERIFY(!anna.isClosed());
}

void FederationNamespaceTest::unknownAndMalformedEventsAreIgnored_data()
{
    QTest::addColumn<QByteArray>("event");
    QTest::addColumn<QByteArray>("args");
    QTest::newRow("unknown name") << QByteArray("join_room") << QByteArray("\"all_nodes\"");
    QTest::newRow("no argument") << QByteArray("algorithm_log") << QByteArray();
    QTest::newRow("text for an object")
        << QByteArray("algorithm_status_change") << QByteArray("\"x\"");
    QTest::newRow("list for an object") << QByteArray("node_info_update") << QByteArray("[1,2]");
    QTest::newRow("id out of range")
        << QByteArray("algorithm_log") << QByteArray(R"({"run_id":1e99,"log":"x"})");
    QTest::newRow("negative id") << QByteArray("algorithm_log")
                                 << QByteArray(R"({"run_id":-1,"log":"x"})");
    QTest::newRow("our own events back")
        << QByteArray("kill_containers") << QByteArray(R"({"collaboration_id":1})");
}

void FederationNamespaceTest::unknownAndMalformedEventsAreIgnored()
{
    QFETCH(QByteArray, event);
    QFETCH(QByteArray, args);
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Client root = house.connectUser(u"root"_s);
    node.take();
    root.take();
    node.emitEvent(event, args);
    QCOMPARE(root.take(), QByteArrayList());
    QVERIFY(!node.isClosed());
    QVERIFY(house.presence.config(house.node(u"a-heart"_s)).empty());
}

void FederationNamespaceTest::killIsToldToTheCollaboration()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Client carl = house.connectUser(u"carl"_s);
    const qint64 task = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s})
                            .value(u"id"_s)
                            .toInteger();
    node.take();
    carl.take();
    const auto answer = house.call(
        "POST", u"/api/kill/task"_s, house.userToken(u"anna"_s), "{\"id\":" + number(task) + '}');
    QCOMPARE(answer.status, 200);
    const QByteArrayList heard = node.take();
    QCOMPARE(heard.size(), 3);
    const auto entry = [&](const QString& name) -> QByteArray {
        return "{\"task_id\":" + number(task) + ",\"run_id\":" + number(house.runOf(task, name))
            + ",\"organization_id\":" + number(house.organization(name).value) + '}';
    };
    QCOMPARE(heard[0],
        "kill_containers {\"kill_list\":[" + entry(u"Aachen"_s) + ',' + entry(u"Bergen"_s)
            + "],\"collaboration_id\":" + number(house.collaboration(u"heart"_s).value) + '}');
    QVERIFY2(heard[1].startsWith("algorithm_status_change {\"status\":\"killed by user\""),
        QByteArray(heard[1]).constData());
    QVERIFY2(heard[2].startsWith("algorithm_status_change {\"status\":\"killed by user\""),
        QByteArray(heard[2]).constData());
    QCOMPARE(carl.take(), QByteArrayList());
}

namespace {

qint64 killedTask(House& house, const QStringList& organizations)
{
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, organizations).value(u"id"_s).toInteger();
    const auto answer = house.call(
        "POST", u"/api/kill/task"_s, house.userToken(u"anna"_s), "{\"id\":" + number(task) + '}');
    if (answer.status != 200)
        qFatal("not killed: %s", answer.body.constData());
    return task;
}

qsizetype pendingKillsOf(House& house, const QString& node)
{
    const auto stored = store::await<std::vector<work::RunRef>>(
        [&](auto done) { house.store->pendingKills(std::move(done)); });
    const auto ofNode = house.tasks.pendingKills().of(house.node(node));
    for (const work::RunRef& run : ofNode) {
        if (std::find(stored->begin(), stored->end(), run) == stored->end())
            return -1; // would not survive a restart
    }
    return qsizetype(ofNode.size());
}

} // namespace

void FederationNamespaceTest::killsAreToldAtEverySyncUntilTheyArrived()
{
    House house;
    const qint64 task = killedTask(house, {u"Aachen"_s});
    const qint64 run = house.runOf(task, u"Aachen"_s);
    QCOMPARE(pendingKillsOf(house, u"a-heart"_s), 1);
    for (int i = 0; i < 3; ++i) { // a node that dies before it has read it
        Client node = house.connectNode(u"a-heart"_s);
        const QJsonArray told = node.take("kill_containers");
        QCOMPARE(told.size(), 1);
        QCOMPARE(
            told[0].toObject().value(u"kill_list"_s).toArray().at(0).toObject().value(u"run_id"_s),
            QJsonValue(run));
        node.die();
    }
    Client node = house.connectNode(u"a-heart"_s);
    node.take();
    QVERIFY(node.other.contains("2"));
    node.peer().sendText("3"); // may answer a ping from before the kill
    session::fake::Rig::settle();
    QCOMPARE(pendingKillsOf(house, u"a-heart"_s), 1);
    node.peer().sendText("3");
    session::fake::Rig::settle();
    QCOMPARE(pendingKillsOf(house, u"a-heart"_s), 0);
    node.die();
    house.writesDone();
    const auto stored = store::await<std::vector<work::RunRef>>(
        [&](auto done) { house.store->pendingKills(std::move(done)); });
    QCOMPARE(stored->size(), size_t(0));
    Client again = house.connectNode(u"a-heart"_s);
    QCOMPARE(again.take("kill_containers").size(), 0);
}

/// `sync` comes first, and whatever the node then asks for is all it has not finished.
void FederationNamespaceTest::openRunsAreAnnouncedAtEverySyncUntilTheyEnd()
{
    House house;
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const qint64 run = house.runOf(task, u"Aachen"_s);
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    const auto work = [&] {
        QList<qint64> runs;
        const QJsonArray data
            = house
                  .callJson("GET",
                      u"/api/run?state=open&node_id=%1"_s.arg(house.node(u"a-heart"_s).value),
                      token)
                  .value(u"data"_s)
                  .toArray();
        for (const QJsonValue& item : data)
            runs += item.toObject().value(u"id"_s).toInteger();
        return runs;
    };
    for (const char* status : {"", "initializing", "active"}) {
        Client node = house.connectWith(token);
        QCOMPARE(node.take().value(0), QByteArray("sync"));
        QCOMPARE(work(), QList<qint64>{run});
        if (*status)
            house.call("PATCH", u"/api/run/%1"_s.arg(run), token,
                "{\"status\":\"" + QByteArray(status) + "\"}");
        node.die();
    }
    house.call("PATCH", u"/api/run/%1"_s.arg(run), token,
        R"({"status":"completed","finished_at":"2026-03-01T12:00:00"})");
    Client node = house.connectWith(token);
    QCOMPARE(node.take().value(0), QByteArray("sync"));
    QCOMPARE(work(), QList<qint64>());
}

void FederationNamespaceTest::endReportedByTheNodeConfirmsAKill()
{
    House house;
    const QByteArray run = number(house.runOf(killedTask(house, {u"Aachen"_s}), u"Aachen"_s));
    Client node = house.connectNode(u"a-heart"_s);
    QCOMPARE(node.take("kill_containers").size(), 1);
    node.emitEvent(
        "algorithm_status_change", "{\"run_id\":" + run + ",\"status\":\"killed by user\"}");
    QCOMPARE(pendingKillsOf(house, u"a-heart"_s), 0);
    node.die();
    Client again = house.connectNode(u"a-heart"_s);
    QCOMPARE(again.take("kill_containers").size(), 0);
}

void FederationNamespaceTest::liveKillIsConfirmedByTheRoundTripAfterIt()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Client other = house.connectNode(u"b-heart"_s);
    killedTask(house, {u"Aachen"_s, u"Bergen"_s});
    QCOMPARE(node.take("kill_containers").size(), 1);
    for (int i = 0; i < 2; ++i) {
        node.peer().sendText("3");
        session::fake::Rig::settle();
    }
    QCOMPARE(pendingKillsOf(house, u"a-heart"_s), 0);
    QCOMPARE(pendingKillsOf(house, u"b-heart"_s), 1);
    other.die(); // the event may have been lost with it
    Client back = house.connectNode(u"b-heart"_s);
    QCOMPARE(back.take("kill_containers").size(), 1);
}

void FederationNamespaceTest::killedRunThatGoesOnIsToldAgain_data()
{
    QTest::addColumn<bool>("overHttp");
    QTest::newRow("it starts, over HTTP") << true;
    QTest::newRow("it is active, by event") << false;
}

void FederationNamespaceTest::killedRunThatGoesOnIsToldAgain()
{
    QFETCH(bool, overHttp);
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    const qint64 run = house.runOf(killedTask(house, {u"Aachen"_s}), u"Aachen"_s);
    node.take();
    if (overHttp) {
        const auto answer = house.call("PATCH", u"/api/run/%1"_s.arg(run),
            house.nodeToken(u"a-heart"_s), R"({"started_at":"2026-03-01T12:00:00"})");
        QCOMPARE(answer.status, 400);
    } else {
        node.emitEvent(
            "algorithm_status_change", "{\"run_id\":" + number(run) + ",\"status\":\"active\"}");
    }
    QCOMPARE(node.take("kill_containers").size(), 1);
    QCOMPARE(pendingKillsOf(house, u"a-heart"_s), 1);
}

void FederationNamespaceTest::manyMissedKillsComeInPieces()
{
    House house(events::FederationOptions{.maxKillsPerEvent = 2});
    for (int i = 0; i < 5; ++i)
        killedTask(house, {u"Aachen"_s});
    Client node = house.connectNode(u"a-heart"_s);
    const QJsonArray told = node.take("kill_containers");
    QSet<qint64> runs;
    for (const QJsonValue& event : told) {
        const QJsonArray list = event.toObject().value(u"kill_list"_s).toArray();
        QVERIFY(list.size() > 0 && list.size() <= 2);
        for (const QJsonValue& entry : list)
            runs.insert(entry.toObject().value(u"run_id"_s).toInteger());
    }
    QCOMPARE(told.size(), 3);
    QCOMPARE(runs.size(), 5);
}

void FederationNamespaceTest::nobodyHearsAnotherCollaboration_data()
{
    QTest::addColumn<QString>("who");
    QTest::addColumn<bool>("isNode");
    QTest::addColumn<bool>("hearsHeart");
    QTest::addColumn<bool>("hearsLung");
    QTest::newRow("user of every collaboration") << u"root"_s << false << true << true;
    QTest::newRow("user of an organization in both") << u"anna"_s << false << true << true;
    QTest::newRow("user of heart") << u"bert"_s << false << true << false;
    QTest::newRow("user of lung") << u"carl"_s << false << false << true;
    QTest::newRow("user of the organization's room only") << u"olga"_s << false << false << false;
    QTest::newRow("user without rights") << u"nobody"_s << false << false << false;
    QTest::newRow("node of heart, organization in both") << u"a-heart"_s << true << true << false;
    QTest::newRow("node of heart") << u"b-heart"_s << true << true << false;
    QTest::newRow("node of lung, organization in both") << u"a-lung"_s << true << false << true;
    QTest::newRow("node of lung") << u"c-lung"_s << true << false << true;
    QTest::newRow("stranger") << QString() << false << false << false;
}

/// Every event there is, in both collaborations, heard by every kind of client.
void FederationNamespaceTest::nobodyHearsAnotherCollaboration()
{
    QFETCH(QString, who);
    QFETCH(bool, isNode);
    QFETCH(bool, hearsHeart);
    QFETCH(bool, hearsLung);
    House house;
    Client listener = who.isEmpty() ? house.connectWith({})
        : isNode                    ? house.connectNode(who)
                                    : house.connectUser(who);
    for (const auto& [collaboration, organization, hears] :
        {std::tuple(u"heart"_s, u"Bergen"_s, hearsHeart),
            std::tuple(u"lung"_s, u"Cork"_s, hearsLung)}) {
        const QString speaker = organization == u"Bergen" ? u"b-heart"_s : u"c-lung"_s;
        const bool isSpeaker = who == speaker;
        Client node = house.connectNode(speaker);
        listener.take();
        const auto check = [&, h = hears](const QByteArray& event) {
            QVERIFY2((listener.take(event).size() > 0) == h,
                QByteArray(event + " in " + collaboration.toUtf8()).constData());
        };
        const qint64 task
            = house.createTask(u"root"_s, collaboration, {organization}).value(u"id"_s).toInteger();
        check("new_task");
        const QByteArray run = number(house.runOf(task, organization));
        node.emitEvent("algorithm_log", "{\"run_id\":" + run + ",\"log\":\"x\"}");
        check("algorithm_log");
        node.emitEvent("algorithm_status_change", "{\"run_id\":" + run + ",\"status\":\"active\"}");
        check("algorithm_status_change");
        house.call("PATCH", u"/api/run/%1"_s.arg(QString::fromLatin1(run)),
            house.nodeToken(speaker), R"({"status":"active"})");
        check("status_update");
        house.call("POST", u"/api/kill/task"_s, house.userToken(u"root"_s),
            "{\"id\":" + number(task) + '}');
        check("kill_containers");
        if (who == u"olga" || isSpeaker)
            continue; // hears of its own organization's node; is that node
        node.die();
        check("node-offline");
        Client fresh = house.connectNode(speaker);
        check("node-online");
    }
}

void FederationNamespaceTest::changedDirectoryMovesLiveSockets()
{
    House house;
    Client bert = house.connectUser(u"bert"_s);
    Client node = house.connectNode(u"b-heart"_s);
    bert.take();
    auto content = house.store->loadStartState()->directory;
    for (work::User& user : content.users) {
        if (user.username == u"bert")
            user.roles.clear();
    }
    std::erase_if(content.nodes, [](const work::Node& known) { return known.name == u"b-heart"; });
    house.directory.replace(content);
    session::fake::Rig::settle();
    QCOMPARE(house.hub.roomsOf({"/tasks"}, {}).size(), size_t(0));
    QCOMPARE(house.hub.rooms().size(), size_t(0));
    QVERIFY(!house.presence.isOnline(NodeId{
        content.nodes.empty() ? 1 : house.store->loadStartState()->directory.nodes[1].id.value}));
}

void FederationNamespaceTest::eventsOfALostRightThatStillWaitAreDropped()
{
    House house;
    Client slow = house.connectUser(u"bert"_s);
    Client quick = house.connectUser(u"bert"_s);
    Client slowButAllowed = house.connectUser(u"anna"_s);
    for (Client* client : {&slow, &quick, &slowButAllowed})
        client->take();
    slow.peer().isStalled = slowButAllowed.peer().isStalled = true;
    house.createTask(u"root"_s, u"heart"_s, {u"Bergen"_s});
    auto content = house.store->loadStartState()->directory;
    for (work::User& user : content.users) {
        if (user.username == u"bert")
            user.roles.clear();
    }
    house.directory.replace(content);
    // The revocation is in force: from here on nothing may come.
    slow.peer().resume();
    slowButAllowed.peer().resume();
    QCOMPARE(slow.take("new_task").size(), 0);
    QVERIFY(slow.peer().closeCode == session::CloseCode::RightsChanged);
    QCOMPARE(quick.take("new_task").size(), 1); // was sent while it was allowed
    QVERIFY(!quick.isClosed());
    QCOMPARE(slowButAllowed.take("new_task").size(), 1);
    QVERIFY(!slowButAllowed.isClosed());
    house.createTask(u"root"_s, u"heart"_s, {u"Bergen"_s});
    QCOMPARE(quick.take(), QByteArrayList());
    QCOMPARE(slowButAllowed.take("new_task").size(), 1);
}

void FederationNamespaceTest::movedNodeSpeaksAndHearsWhereItIsNow()
{
    House house;
    const qint64 before
        = house.createTask(u"root"_s, u"heart"_s, {u"Bergen"_s}).value(u"id"_s).toInteger();
    const QByteArray oldRun = number(house.runOf(before, u"Bergen"_s));
    Client node = house.connectNode(u"b-heart"_s);
    Client bert = house.connectUser(u"bert"_s); // of heart
    Client carl = house.connectUser(u"carl"_s); // of lung
    const NodeId id = house.node(u"b-heart"_s);
    auto content = house.store->loadStartState()->directory;
    std::erase_if(content.nodes, [](const work::Node& other) { return other.name == u"c-lung"; });
    for (work::Node& known : content.nodes) {
        if (known.name == u"b-heart") {
            known.organization = house.organization(u"Cork"_s);
            known.collaboration = house.collaboration(u"lung"_s);
        }
    }
    node.take();
    bert.take();
    carl.take();
    house.directory.replace(content);
    QCOMPARE(bert.take("node-offline").size(), 1);
    const QJsonArray online = carl.take("node-online");
    QCOMPARE(online.size(), 1);
    QCOMPARE(
        online[0].toObject().value(u"org_id"_s).toInteger(), house.organization(u"Cork"_s).value);
    const QByteArray collaboration
        = "collaboration_" + number(house.collaboration(u"lung"_s).value);
    QVERIFY(node.take().contains(join("Node <b-heart>", collaboration)));

    // Its old run is not its own any more, a new one is.
    node.emitEvent(
        "algorithm_status_change", "{\"run_id\":" + oldRun + ",\"status\":\"completed\"}");
    QCOMPARE(bert.take("algorithm_status_change").size(), 0);
    const qint64 task
        = house.createTask(u"root"_s, u"lung"_s, {u"Cork"_s}).value(u"id"_s).toInteger();
    QCOMPARE(node.take("new_task").size(), 1);
    node.emitEvent("algorithm_status_change",
        "{\"run_id\":" + number(house.runOf(task, u"Cork"_s)) + ",\"status\":\"active\"}");
    QCOMPARE(carl.take("algorithm_status_change").size(), 1);
    QVERIFY(house.presence.isOnline(id));
    node.die();
    QCOMPARE(carl.take("node-offline").size(), 1);
    QCOMPARE(bert.take("node-offline").size(), 0);
}

void FederationNamespaceTest::movedUserHasTheRightsOfItsNewOrganization()
{
    House house;
    Client olga = house.connectUser(u"olga"_s); // Listener: the room of her organization
    olga.take();
    auto content = house.store->loadStartState()->directory;
    for (work::User& user : content.users) {
        if (user.username == u"olga")
            user.organization = house.organization(u"Cork"_s);
    }
    house.directory.replace(content);
    QCOMPARE(olga.take(),
        QByteArrayList{join("User <olga>",
            "collaboration_" + number(house.collaboration(u"lung"_s).value) + "_organization_"
                + number(house.organization(u"Cork"_s).value))});
    const auto sessions = house.server->sessions();
    QCOMPARE(sessions.size(), size_t(1));
    QCOMPARE(sessions[0].principal.organization, house.organization(u"Cork"_s));
}

void FederationNamespaceTest::removedNodeIsToldOfflineWhereItWas()
{
    House house;
    Client node = house.connectNode(u"b-heart"_s);
    Client anna = house.connectUser(u"anna"_s);
    anna.take();
    auto content = house.store->loadStartState()->directory;
    std::erase_if(content.nodes, [](const work::Node& known) { return known.name == u"b-heart"; });
    house.directory.replace(content);
    QCOMPARE(anna.take("node-offline").size(), 1);
}

void FederationNamespaceTest::whoIsRemovedEndsUnderAName_data()
{
    QTest::addColumn<bool>("isAdminToo");
    QTest::newRow("alone in its session") << false;
    QTest::newRow("an administrator in another namespace") << true;
}

/// Client libraries stay away after DISCONNECT; whoever does not, has no session left.
void FederationNamespaceTest::whoIsRemovedEndsUnderAName()
{
    QFETCH(bool, isAdminToo);
    House house;
    Client node = house.connectNode(u"b-heart"_s);
    Client other = house.connectNode(u"a-heart"_s);
    if (isAdminToo)
        node.peer().sendText(
            QByteArray("40/gh-admin,{\"token\":\"" + house.minter.adminToken(1, u"ada"_s) + "\"}"));
    node.take();
    node.other.clear();
    house.directory.remove(house.node(u"b-heart"_s));
    node.take();
    QCOMPARE(node.other.count("41/tasks,"), 1);
    QCOMPARE(node.isClosed(), !isAdminToo);
    if (!isAdminToo) {
        QVERIFY(node.peer().closeCode == session::CloseCode::Unidentified);
        QCOMPARE(node.peer().closeReason, QByteArray("holder gone"));
    }
    QVERIFY(!other.isClosed());
}

void FederationNamespaceTest::membersAskForTheHistoryOfTheirRooms()
{
    House house;
    const QByteArray room = "collaboration_" + number(house.collaboration(u"heart"_s).value);
    Client anna = house.connectUser(u"anna"_s);
    const auto ask = [&](Client& client, const QByteArray& after) {
        client.take();
        client.other.clear();
        client.peer().sendText(
            QByteArray("42/tasks,5[\"room:history\",{\"room\":\"" + room + "\"" + after + "}]"));
        client.take();
        const QByteArray answer = client.other.value(0);
        return QJsonDocument::fromJson(answer.sliced(answer.indexOf('[') + 1).chopped(1)).object();
    };
    const QJsonArray before = ask(anna, {}).value(u"events"_s).toArray();
    const qint64 last = before.last()[u"number"_s].toInteger();
    anna.die();
    // Nobody of the collaboration is there to hear it.
    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Bergen"_s}).value(u"id"_s).toInteger();
    Client back = house.connectUser(u"anna"_s);
    const QJsonObject missed = ask(back, ",\"after\":" + number(last));
    QCOMPARE(missed.value(u"complete"_s), QJsonValue(true));
    QStringList names;
    QJsonValue told;
    for (const QJsonValue& event : missed.value(u"events"_s).toArray()) {
        names << event[u"event"_s].toString();
        if (names.last() == u"new_task")
            told = event[u"args"_s];
    }
    QCOMPARE(names.count(u"new_task"_s), 1);
    QCOMPARE(
        told, QJsonValue(QJsonArray{QJsonObject{{u"id"_s, task}, {u"parent_id"_s, QJsonValue()}}}));
}

void FederationNamespaceTest::historyOfOtherRoomsIsRefused_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QByteArray>("question");
    const auto row = [](const char* name, const QString& user, const QByteArray& question) {
        QTest::newRow(name) << user << question;
    };
    row("another collaboration", u"carl"_s, R"({"room":"collaboration_1"})");
    row("a room that does not exist", u"carl"_s, R"({"room":"collaboration_99"})");
    row("the room of every node", u"carl"_s, R"({"room":"all_nodes"})");
    row("somebody without rooms", u"nobody"_s, R"({"room":"collaboration_1"})");
    row("no room", u"carl"_s, "{}");
    row("no object", u"carl"_s, "\"collaboration_2\"");
}

void FederationNamespaceTest::historyOfOtherRoomsIsRefused()
{
    QFETCH(QString, user);
    QFETCH(QByteArray, question);
    House house;
    QCOMPARE(house.collaboration(u"heart"_s).value, 1);
    Client client = house.connectUser(user);
    client.take();
    client.other.clear();
    client.peer().sendText(QByteArray("42/tasks,5[\"room:history\"," + question + "]"));
    client.take();
    QCOMPARE(
        client.other, QByteArrayList{R"(43/tasks,5[{"ok":false,"error":{"code":"forbidden"}}])"});
}

void FederationNamespaceTest::questionsForTheHistoryAreBounded()
{
    events::FederationOptions options;
    options.maxHistoryQuestions = 2;
    House house(options);
    Client anna = house.connectUser(u"anna"_s);
    anna.take();
    anna.other.clear();
    const auto ask = [&] {
        anna.peer().sendText(R"(42/tasks,5["room:history",{"room":"collaboration_1"}])");
        anna.take();
        return anna.other.takeLast().contains("\"ok\":true");
    };
    QVERIFY(ask());
    QVERIFY(ask());
    QVERIFY(!ask());
    house.clock.advance(options.loggedEventsWindow);
    QVERIFY(ask());
}

void FederationNamespaceTest::endedTokenOfLiveSocketFollowsTheOption()
{
    {
        House house;
        Client node = house.connectNode(u"a-heart"_s);
        node.take();
        house.clock.advance(std::chrono::hours(7));
        house.federation.sweep();
        QCOMPARE(node.take(), QByteArrayList());
    }
    events::FederationOptions options;
    options.liveTokenEnd = events::LiveTokenEnd::Renew;
    House house(options);
    Client node = house.connectNode(u"a-heart"_s);
    node.take();
    house.clock.advance(std::chrono::hours(6));
    house.federation.sweep();
    QCOMPARE(node.take(), QByteArrayList{"expired_token"});
    QVERIFY(!node.isClosed());
    house.clock.advance(Millis{60'000});
    house.federation.sweep();
    QVERIFY(node.isClosed());
}

/// A node answers `sync` with what it is; one that is quick has said so before it is known.
void FederationNamespaceTest::whatIsSaidBeforeTheAnswerIsHeardAfterIt()
{
    SlowElsewhere elsewhere;
    House house({}, {}, {}, {}, {}, &elsewhere);
    elsewhere.isAsked = true;
    const QByteArray token = house.nodeToken(u"a-heart"_s);
    Client node = house.connectWith(token);
    node.emitEvent("node_info_update", R"({"encryption":true})");
    node.emitEvent("ping");
    QCOMPARE(node.take(), QByteArrayList());
    QCOMPARE(elsewhere.holders.size(), size_t(1));
    QCOMPARE(elsewhere.holders[0].first, token);
    elsewhere.answer();
    QCOMPARE(node.take().value(0), "sync");
    const work::NodePresence presence = house.presence.presence(house.node(u"a-heart"_s));
    QVERIFY(presence.online);
    QCOMPARE(presence.config.size(), size_t(1));
    QCOMPARE(house.metrics.eventsIgnored.Value(), 0.0);
    // Whoever leaves meanwhile has said nothing.
    Client gone = house.connectNode(u"b-heart"_s);
    gone.emitEvent("ping");
    gone.die();
    elsewhere.answer();
    QVERIFY(!house.presence.isOnline(house.node(u"b-heart"_s)));
}

void FederationNamespaceTest::earlyWordsAreBounded()
{
    SlowElsewhere elsewhere;
    events::FederationOptions options;
    options.maxEarlyEvents = 3;
    options.maxEarlyEventBytes = 1'000;
    House house(options, {}, {}, {}, {}, &elsewhere);
    elsewhere.isAsked = true;
    Client many = house.connectNode(u"a-heart"_s);
    for (int i = 0; i < 5; ++i)
        many.emitEvent("ping");
    QCOMPARE(house.metrics.eventsIgnored.Value(), 2.0);
    Client large = house.connectNode(u"b-heart"_s);
    large.emitEvent("node_info_update", "{\"a\":\"" + QByteArray(1'000, 'x') + "\"}");
    QCOMPARE(house.metrics.eventsIgnored.Value(), 3.0);
    elsewhere.answer(failure(ErrorCode::TokenInvalid));
    QCOMPARE(house.metrics.eventsIgnored.Value(), 6.0);
}

void FederationNamespaceTest::whoIsRefusedElsewhereIsRefusedAlone_data()
{
    QTest::addColumn<int>("error");
    QTest::addColumn<QByteArrayList>("events");
    QTest::newRow("its token has ended")
        << int(ErrorCode::TokenExpired) << QByteArrayList{"expired_token"};
    QTest::newRow("its token is not taken") << int(ErrorCode::TokenInvalid) << QByteArrayList{};
}

void FederationNamespaceTest::whoIsRefusedElsewhereIsRefusedAlone()
{
    QFETCH(int, error);
    QFETCH(QByteArrayList, events);
    SlowElsewhere elsewhere;
    House house({}, {}, {}, {}, {}, &elsewhere);
    Client first = house.connectUser(u"anna"_s);
    first.take();
    elsewhere.isAsked = true;
    Client second = house.connectUser(u"anna"_s);
    elsewhere.answer(failure(ErrorCode(error)));
    QCOMPARE(second.take(), events);
    QCOMPARE(house.federation.unidentifiedCount(), 1);
    QVERIFY(!first.isClosed());
    house.createTask(u"root"_s, u"heart"_s, {u"Aachen"_s});
    QVERIFY(!first.take().isEmpty());
    QCOMPARE(second.take(), QByteArrayList());
}

void FederationNamespaceTest::clientsBeyondTheLineComeBackSoon()
{
    SlowElsewhere elsewhere;
    House house({}, {}, {}, {}, {}, &elsewhere);
    elsewhere.isFull = true;
    Client node = house.connectNode(u"a-heart"_s);
    QTRY_VERIFY(node.isClosed());
    QVERIFY(node.peer().closeCode == session::CloseCode::RateLimited);
    QCOMPARE(house.federation.unidentifiedCount(), 0);
    elsewhere.isFull = false;
    QCOMPARE(house.connectNode(u"a-heart"_s).take().value(0), "sync");
    house.keySource.isFull = true; // nobody's key is unknown
    QCOMPARE(house.connectNode(u"b-heart"_s).take().value(0), "sync");
}

void FederationNamespaceTest::lockedAddressesCauseNoQuestions()
{
    SlowElsewhere elsewhere;
    House house({}, {}, {}, {}, {}, &elsewhere);
    elsewhere.isAsked = true;
    for (int i = 0; i < 100; ++i)
        house.badTokens.recordFailure(u"192.0.2.7"_s);
    Client node = house.connectNode(u"a-heart"_s);
    QCOMPARE(elsewhere.holders.size(), size_t(0));
    QCOMPARE(node.take(), QByteArrayList());
    QCOMPARE(house.metrics.tokensLocked.Value(), 1.0);
}

void FederationNamespaceTest::whoIsLearntAboutMovesAndNobodyElse()
{
    House house;
    Client bert = house.connectUser(u"bert"_s);
    Client carl = house.connectUser(u"carl"_s);
    Client node = house.connectNode(u"b-heart"_s);
    Client root = house.connectUser(u"root"_s);
    bert.take();
    carl.take();
    root.take();
    work::DirectoryContent learnt;
    learnt.collaborations = {{{77}, u"skin"_s, true, {house.organization(u"Bergen"_s)}}};
    house.directory.learn(learnt);
    QVERIFY(bert.take().contains(join("User <bert>", "collaboration_77")));
    QCOMPARE(carl.take(), QByteArrayList());
    QVERIFY(root.take().contains(join("User <root>", "collaboration_77"))); // has every one
    house.directory.remove(house.node(u"b-heart"_s));
    session::fake::Rig::settle();
    QVERIFY(house.presence.onlineCount() == 0);
    house.directory.remove(house.user(u"bert"_s));
    bert.take();
    QVERIFY(bert.other.contains("41/tasks,"));
    QVERIFY(!carl.other.contains("41/tasks,"));
}

/// After a restart beside another server. No test of speed: it says what each of them took, which
/// must not grow with all the others.
void FederationNamespaceTest::manyNodesComeAtOnce()
{
    constexpr qint64 count = 2'000;
    SlowElsewhere elsewhere;
    House house({}, {}, {}, {}, {}, &elsewhere);
    Client console = house.connectUser(u"root"_s);
    elsewhere.isAsked = true;
    std::vector<Client> nodes;
    for (qint64 i = 0; i < count; ++i)
        nodes.push_back(
            house.connectWith(house.minter.accessToken(access::TokenKind::Node, 10'000 + i)));
    QElapsedTimer timer;
    timer.start();
    for (qint64 i = 0; i < count; ++i) {
        work::DirectoryContent one;
        const CollaborationId place{1'000 + i / 10};
        work::Collaboration collaboration;
        if (const work::Collaboration* known = house.directory.collaboration(place))
            collaboration = *known;
        collaboration.id = place;
        collaboration.name = QString::number(place.value);
        collaboration.members.push_back({10'000 + i});
        one.collaborations = {collaboration};
        one.organizations = {{{10'000 + i}, QString::number(10'000 + i), {}, {}, {}, {}, {}, {}}};
        one.nodes = {{{10'000 + i}, QString::number(10'000 + i), {}, place, {10'000 + i}, {}, {}}};
        house.directory.learn(one);
        elsewhere.holders[size_t(i)].second({});
    }
    qInfo("%lld nodes were learnt and admitted in %lld ms", count, timer.elapsed());
    QCOMPARE(nodes.front().take().value(0), "sync");
    QCOMPARE(nodes.back().take().value(0), "sync");
    QCOMPARE(house.presence.onlineCount(), int(count));
}

/// They come faster than the other server answers, and the first lines say the most.
void FederationNamespaceTest::firstWordsOfARunWaitForIt()
{
    SlowElsewhere elsewhere;
    events::FederationOptions options;
    options.maxEventsForRuns = 50;
    House house(options, {}, {}, {}, {}, &elsewhere);
    Client node = house.connectNode(u"a-heart"_s);
    Client anna = house.connectUser(u"anna"_s);
    anna.take();
    for (int i = 0; i < 60; ++i)
        node.emitEvent("algorithm_log", R"({"run_id":71,"task_id":51,"log":")" + number(i) + "\"}");
    QCOMPARE(elsewhere.runs.size(), size_t(1));
    QCOMPARE(anna.take(), QByteArrayList());
    work::RunRef run;
    run.run = {71};
    run.task = {51};
    run.job = {61};
    run.organization = house.organization(u"Aachen"_s);
    run.collaboration = house.collaboration(u"heart"_s);
    run.finished = true;
    elsewhere.answerRuns(run);
    const QJsonArray lines = anna.take("algorithm_log");
    QCOMPARE(lines.size(), 50);
    for (int i = 0; i < 50; ++i)
        QCOMPARE(lines[i][u"log"_s].toString(), QString::number(i));
    node.emitEvent("algorithm_log", R"({"run_id":71,"task_id":51,"log":"more"})");
    QCOMPARE(anna.take("algorithm_log").size(), 1);
    QCOMPARE(elsewhere.runs.size(), size_t(0));
}

void FederationNamespaceTest::manyRunsAskForABoundedNumber()
{
    SlowElsewhere elsewhere;
    events::FederationOptions options;
    options.maxRunLookups = 7;
    House house(options, {}, {}, {}, {}, &elsewhere);
    Client node = house.connectNode(u"a-heart"_s);
    const auto flood = [&](Client& client) {
        for (int i = 0; i < 200; ++i)
            client.emitEvent("algorithm_status_change",
                "{\"run_id\":" + number(1'000 + i % 20) + ",\"status\":\"active\"}");
    };
    flood(node);
    QCOMPARE(elsewhere.runs.size(), size_t(7));
    elsewhere.answerRuns(failure(ErrorCode::Forbidden));
    flood(node);
    QCOMPARE(elsewhere.runs.size(), size_t(0)); // and no more by coming again
    node.die();
    Client again = house.connectNode(u"a-heart"_s);
    flood(again);
    QCOMPARE(elsewhere.runs.size(), size_t(0));
    house.clock.advance(options.loggedEventsWindow);
    flood(again);
    QCOMPARE(elsewhere.runs.size(), size_t(7));
}

QTEST_GUILESS_MAIN(FederationNamespaceTest)
#include "tst_federationnamespace.moc"
