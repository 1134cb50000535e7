// SPDX-License-Identifier: Apache-2.0
#include "tests/server/relay/relayrig.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::relay;
using namespace gatehouse::relay::test;

namespace {

const QByteArray memberYes = rpc(R"({"member":true,"admin":false,"permissions":274})");
const QByteArray memberNo = rpc(R"({"member":false,"admin":false,"permissions":0})");
const QByteArray memberAdmin = rpc(R"({"member":true,"admin":true,"permissions":274})");

QByteArray logBody(const QByteArray& inGuild, const QByteArray& more = R"("private":false)")
{
    return R"({"id":721931023102935040,"guild_id":)" + inGuild + ',' + more + '}';
}

} // namespace

/// What the example profile of a dashboard does with its clients, services and tokens.
class TestProfile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aCookieElevates();
    void badCookiesLeaveTheClientUnprivileged_data();
    void badCookiesLeaveTheClientUnprivileged();
    void thePublicRequestNeedsNoLogin();
    void everyShardAnswersAndTheLastAnswerFollows();
    void oneSilentShardDoesNotHideTheOthers();
    void theAnswersOfAllShardsAreOne_data();
    void theAnswersOfAllShardsAreOne();
    void singleEntitiesComeInTwoStages();
    void nothingMissingEndsAfterTheFirstStage();
    void aSilentShardEndsTheView();
    void aServiceThatIsNotThereEndsTheView();
    void whatIsNoMemberIsForbidden();
    void membershipFailsClosed_data();
    void membershipFailsClosed();
    void aMembershipNobodyTellsIsNone();
    void aNonceIsGoodOnce();
    void aNonceRedeemedTwiceElsewhereDemotes();
    void aNonceEnds();
    void aNonceInTheQueryElevates();
    void theDocumentedElevationAnswersWithItsRoom();
    void spectatorsHearTheirGuildOnly();
    void theLastChoiceCountsWhenAnswersOvertake();
    void privateEventsNeedTheRight_data();
    void privateEventsNeedTheRight();
    void logsAreHeardByThoseWhoWantThem();
    void theDocumentedFormLeavesTheFirstGuildToo();
    void topicsAreBoundWhileSomebodyWatches();
    void demotionTakesEverythingButTheConnection();
    void anEndedTokenIsDemoted();
    void aMembershipThatEndsPutsOneOut();
    void aSilentServicePutsNobodyOut();
    void theTokenOfAnEventCountsForIt();
    void aTextPayloadIsItsObject();
    void badPayloadsAreSaid_data();
    void badPayloadsAreSaid();
    void unknownEventsAreCounted();
    void tooManyRequestsAreRefused();
    void aGoneClientLeavesNothingBehind();
    void acknowledgementsAreAnswered();
    void noAcknowledgementIsOwedForEver();
    void anAdministratorDemotesAClient();
    void anAdministratorsDemotionMayBeSaidAgain();
    void aDemotionMayBeSaidAgain();
    void aDemotionThatIsNotKeptIsNotAnswered();
    void revocationsAreExchanged_data();
    void revocationsAreExchanged();
    void aWithdrawnKeyDemotes();
    void badMessagesOfTheBusGoNowhere();
    void manySpectatorsGetOnePacket();
};

void TestProfile::aCookieElevates()
{
    Rig rig;
    const auto peer = rig.connectPeer(rig.token());
    QVERIFY(peer->isIn(peer->id().value + "_auth"));
    QCOMPARE(peer->principal().id, anna.toLongLong());
    QVERIFY(peer->events.empty()); // nobody tells the client
    QCOMPARE(rig.profile->counters().elevatedClients, 1);
}

void TestProfile::badCookiesLeaveTheClientUnprivileged_data()
{
    QTest::addColumn<QByteArray>("token");
    Rig rig;
    const QByteArray good = rig.token();
    QTest::newRow("none") << QByteArray();
    QTest::newRow("ended") << rig.token(anna, -3600);
    QTest::newRow("ended a moment ago, as issue and life time say") << rig.token(anna, -11);
    QByteArray forged = good; // the first character: of the last ones not every bit counts
    char& signature = forged[good.lastIndexOf('.') + 1];
    signature = signature == 'A' ? 'B' : 'A';
    QTest::newRow("signature") << forged;
    QTest::newRow("alg none") << access::test::signedPart(
                                     R"({"alg":"none"})", R"({"id":1,"permissions":2047})")
            + '.';
    QTest::newRow("another secret")
        << access::test::hmacToken(R"({"alg":"HS256"})", R"({"id":1,"exp":9999999999})", "else");
    QTest::newRow("endless") << access::test::hmacToken(
        R"({"alg":"HS256"})", R"({"id":1,"permissions":274})", secret);
}

void TestProfile::badCookiesLeaveTheClientUnprivileged()
{
    QFETCH(QByteArray, token);
    Rig rig;
    FakeService shard(rig.bus, "shard_rpc_0");
    const auto peer = rig.connectPeer(token);
    QVERIFY(!peer->isIn(peer->id().value + "_auth"));
    rig.emitEvent(*peer, "pool_all_request", R"({"type":"guild","_id":3})");
    rig.spin();
    const Event error = peer->take();
    QCOMPARE(error.name, QByteArray("error"));
    QCOMPARE(error.object()[QStringLiteral("code")].toInt(), 401);
    QCOMPARE(peer->events.size(), size_t(0)); // no answer, and still connected
    QVERIFY(peer->closed.isEmpty());
    QVERIFY(shard.calls.isEmpty());
}

void TestProfile::thePublicRequestNeedsNoLogin()
{
    Rig rig;
    FakeService shard(rig.bus, "shard_rpc_0");
    shard.answers = {{"handle_mock_user_action",
        rpc(R"({"guildId":19,"actions":[{"action":3100,"messageId":2,"emoji":"😀é"}]})")}};
    const auto peer = rig.connectPeer();
    const auto other = rig.connectPeer();
    rig.emitEvent(*peer, "mock_user_event",
        R"({"action":3100,"guildId":19,"messageId":2,"emoji":"😀é","extra":"no"})");
    rig.spin();
    QCOMPARE(shard.calls.size(), 1);
    QCOMPARE(shard.calls.front(),
        QByteArray(R"({"method":"handle_mock_user_action","args":[],"kwargs":)"
                   R"({"action":3100,"emoji":"😀é","guildId":19,"messageId":2}})"));
    const Event answer = peer->take();
    QCOMPARE(answer.name, QByteArray("mock_bot_event"));
    QCOMPARE(answer.payload,
        QByteArray(R"({"guildId":19,"actions":[{"action":3100,"messageId":2,"emoji":"😀é"}]})"));
    QVERIFY(other->events.empty());
}

void TestProfile::everyShardAnswersAndTheLastAnswerFollows()
{
    Rig rig;
    FakeService first(rig.bus, "shard_rpc_0");
    FakeService second(rig.bus, "shard_rpc_1");
    first.answers = {{"users_guilds", rpc(R"([{"id":"607637793107345431"}])")}};
    second.answers = {{"users_guilds", rpc(R"([{"id":"436189230390050826"}])")}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "pool_all_request", R"({"type":"guild","_id":3})");
    rig.spin();
    // The digits of an id above 2^53 arrive exact.
    QVERIFY2(first.calls.front().contains("\"args\":[214037134477230080]"),
        first.calls.front().constData());
    QCOMPARE(second.calls.size(), 1);
    QCOMPARE(peer->names(), QByteArrayList(3, "pool_response"));
    QByteArrayList sent;
    for (int i = 0; i < 3; ++i) {
        const QJsonObject answer = peer->events[size_t(i)].object();
        QCOMPARE(answer[QStringLiteral("_id")].toInt(), 3);
        QCOMPARE(answer[QStringLiteral("finished")].toBool(), i == 2);
        sent.append(peer->events[size_t(i)].payload);
    }
    QVERIFY(sent.join().contains("607637793107345431"));
    QVERIFY(sent.join().contains("436189230390050826"));
    QCOMPARE(rig.profile->counters().requestsUnderWay, 0);
    QCOMPARE(rig.bus.counters().pendingRequests, 0);
}

void TestProfile::oneSilentShardDoesNotHideTheOthers()
{
    Rig rig;
    FakeService first(rig.bus, "shard_rpc_0");
    FakeService second(rig.bus, "shard_rpc_1");
    first.answers = {{"users_guilds", rpc(R"([{"id":"1"}])")}};
    second.answers = {{"users_guilds", rpc(R"({"message":"'NoneType'"})", 500)}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "pool_all_request", R"({"type":"guild","_id":9})");
    rig.spin();
    QByteArrayList names = peer->names();
    QCOMPARE(names.count("error"), 1);
    QCOMPARE(names.count("pool_response"), 2);
    const QJsonObject last = peer->events.back().object();
    QCOMPARE(last[QStringLiteral("finished")].toBool(), true);
    QCOMPARE(last[QStringLiteral("_id")].toInt(), 9);
}

void TestProfile::theAnswersOfAllShardsAreOne_data()
{
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<QByteArray>("second");
    QTest::addColumn<QByteArray>("items");
    QTest::addColumn<int>("errors");
    const QByteArray one = rpc(R"({"found":[{"id":214037134477230081},2]})");
    QTest::newRow("lists") << one << rpc(R"({"found":[3]})")
                           << QByteArray(R"([{"id":214037134477230081},2,3])") << 0;
    QTest::newRow("an empty one") << one << rpc(R"({"found":[]})")
                                  << QByteArray(R"([{"id":214037134477230081},2])") << 0;
    QTest::newRow("no list") << one << rpc(R"({"found":"x"})")
                             << QByteArray(R"([{"id":214037134477230081},2,"x"])") << 0;
    QTest::newRow("none there") << one << rpc("{}")
                                << QByteArray(R"([{"id":214037134477230081},2])") << 0;
    QTest::newRow("one fails") << one << rpc(R"({"message":"no"})", 500)
                               << QByteArray(R"([{"id":214037134477230081},2])") << 1;
    QTest::newRow("both fail") << rpc("{}", 500) << rpc("{}", 500) << QByteArray("[]") << 2;
}

// Without a "partial" the client gets one answer, digit by digit, when the last shard has spoken.
void TestProfile::theAnswersOfAllShardsAreOne()
{
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second);
    QFETCH(QByteArray, items);
    QFETCH(int, errors);
    Rig rig("5s", R"(
[[relay.dashboard.event]]
name = "find"
needs = "elevated"
action = "request"
fields = { _id = "integer" }
call = { route = "shard", to = "all", method = "find" }
answer = { event = "found", data = "answer.found", last = { _id = "{payload._id}", all = "{answer}" } }
)");
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "find", R"({"_id":3})");
    rig.spin();
    QCOMPARE(one.waiting.size() + two.waiting.size(), size_t(2));
    one.waiting.front().finish(first);
    rig.spin();
    QVERIFY(!peer->names().contains("found"));
    two.waiting.front().finish(second);
    rig.spin();
    QCOMPARE(peer->names().count("error"), errors);
    QCOMPARE(peer->names().count("found"), 1);
    QCOMPARE(peer->events.back().payload, R"({"_id":3,"all":)" + items + '}');
    QCOMPARE(rig.profile->counters().requestsUnderWay, 0);
}

void TestProfile::singleEntitiesComeInTwoStages()
{
    Rig rig;
    FakeService shard(
        rig.bus, "shard_rpc_" + QByteArray::number(shardOf(guild.toULongLong(), 22, 2)));
    shard.answers = {{"is_member", memberYes}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "pool_request",
        R"({"type":"member","guildId":")" + guild + R"(","ids":[")" + anna
            + R"(","1111111111111"],"_id":5})");
    rig.spin();
    QCOMPARE(shard.waiting.size(), size_t(1));
    QVERIFY2(
        shard.calls.back().contains(R"("args":[214037134477230080,607637793107345431,"member",)"
                                    R"(["214037134477230080","1111111111111"]])"),
        shard.calls.back().constData());
    QVERIFY(shard.calls.back().contains(R"("kwargs":{"fetch":false})"));

    // A later question is answered earlier.
    rig.emitEvent(*peer, "pool_request",
        R"({"type":"member","guildId":")" + guild + R"(","ids":[")" + berta + R"("],"_id":7})");
    rig.spin();
    shard.waiting.back().finish(rpc(R"({"data":[{"id":"109462069484486656"}],"nonexistant":[]})"));
    rig.spin();
    const Event early = peer->take();
    QCOMPARE(early.object()[QStringLiteral("_id")].toInt(), 7);
    QCOMPARE(early.object()[QStringLiteral("finished")].toBool(), true);

    shard.waiting.front().finish(
        rpc(R"({"data":[{"id":"214037134477230080"}],"nonexistant":["1111111111111"]})"));
    rig.spin();
    const Event part = peer->take();
    QCOMPARE(part.payload,
        QByteArray(
            R"({"_id":5,"data":[{"id":"214037134477230080"}],"finished":false,"nonexistant":[]})"));
    QVERIFY2(shard.calls.back().contains(R"("member",["1111111111111"]],"kwargs":{"fetch":true})"),
        shard.calls.back().constData());
    shard.waiting.back().finish(rpc(R"({"data":[],"nonexistant":["1111111111111"]})"));
    rig.spin();
    QCOMPARE(peer->take().payload,
        QByteArray(R"({"_id":5,"data":[],"finished":true,"nonexistant":["1111111111111"]})"));
    QVERIFY(peer->events.empty());
}

void TestProfile::nothingMissingEndsAfterTheFirstStage()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers
        = {{"pool_request", rpc(R"({"data":[{"id":"1"}],"nonexistant":[]})")}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "pool_request", R"({"type":"user","ids":["1"],"_id":1})");
    rig.spin();
    QCOMPARE(peer->take().object()[QStringLiteral("finished")].toBool(), true);
    QVERIFY(peer->events.empty());
    QCOMPARE(one.calls.size() + two.calls.size(), 1);
}

void TestProfile::aSilentShardEndsTheView()
{
    Rig rig("20ms");
    FakeService shard(rig.bus, "shard_rpc_1");
    FakeService other(rig.bus, "shard_rpc_0");
    shard.answers = other.answers = {{"is_member", memberYes}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(
        *peer, "pool_all_request", R"({"type":"member","guildId":")" + guild + R"(","_id":11})");
    rig.spin();
    QCOMPARE(shard.waiting.size() + other.waiting.size(), size_t(1));
    rig.clock.advance(Millis{21});
    QTRY_VERIFY(!peer->events.empty());
    const Event error = peer->take();
    QCOMPARE(error.name, QByteArray("error"));
    QCOMPARE(error.object()[QStringLiteral("code")].toInt(), 500);
    QCOMPARE(error.object()[QStringLiteral("_id")].toInt(), 11);
    QVERIFY(error.object()[QStringLiteral("message")].toString().startsWith(u"TimeoutError"));
    QCOMPARE(peer->take().payload,
        QByteArray(R"({"_id":11,"data":[],"finished":true,"nonexistant":[]})"));

    // A late answer is dropped, and no entry is left.
    auto& waiting = shard.waiting.empty() ? other.waiting : shard.waiting;
    waiting.front().finish(rpc(R"({"data":[{"id":"1"}]})"));
    rig.spin();
    QVERIFY(peer->events.empty());
    QCOMPARE(rig.bus.counters().pendingRequests, 0);
    QCOMPARE(rig.profile->counters().requestsUnderWay, 0);
}

void TestProfile::aServiceThatIsNotThereEndsTheView()
{
    Rig rig;
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "pool_request", R"({"type":"user","ids":["1"],"_id":1})");
    rig.spin();
    QCOMPARE(peer->take().object()[QStringLiteral("code")].toInt(), 503);
    QCOMPARE(peer->take().object()[QStringLiteral("finished")].toBool(), true);
}

void TestProfile::whatIsNoMemberIsForbidden()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberNo}, {"pool_all_request", rpc("[]")}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(
        *peer, "pool_all_request", R"({"type":"member","guildId":)" + guild + R"(,"_id":13})");
    rig.spin();
    const Event error = peer->take();
    QCOMPARE(error.object()[QStringLiteral("code")].toInt(), 403);
    QCOMPARE(error.object()[QStringLiteral("_id")].toInt(), 13);
    QCOMPARE(peer->take().object()[QStringLiteral("finished")].toBool(), true);
    QVERIFY(!(one.calls + two.calls).join().contains("pool_all_request"));
}

void TestProfile::membershipFailsClosed_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::newRow("no") << memberNo;
    QTest::newRow("empty object") << rpc("{}");
    QTest::newRow("truth in words") << rpc(R"({"member":"true"})");
    QTest::newRow("one") << rpc(R"({"member":1})");
    QTest::newRow("error with a yes") << rpc(R"({"member":true})", 500);
    QTest::newRow("no envelope") << QByteArray(R"({"member":true})");
    QTest::newRow("no JSON") << QByteArray("yes");
}

void TestProfile::membershipFailsClosed()
{
    QFETCH(QByteArray, answer);
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", answer}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    QVERIFY(!peer->isIn("guild_" + guild));
    QCOMPARE(peer->take().name, QByteArray("error"));
}

void TestProfile::aMembershipNobodyTellsIsNone()
{
    Rig rig("20ms");
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    QCOMPARE(one.waiting.size() + two.waiting.size(), size_t(1));
    rig.clock.advance(Millis{21});
    QTRY_VERIFY(!peer->events.empty());
    QCOMPARE(peer->take().name, QByteArray("error"));
    auto& waiting = one.waiting.empty() ? two.waiting : one.waiting;
    waiting.front().finish(memberYes); // too late
    rig.spin();
    QVERIFY(!peer->isIn("guild_" + guild));
    rig.publish("gateway.on_message", logBody(guild));
    QVERIFY(peer->events.empty());
}

// Two processes gave it away before either had heard of the other: somebody has it who should not.
void TestProfile::aNonceRedeemedTwiceElsewhereDemotes()
{
    Rig rig;
    const QByteArray token = rig.token();
    const auto redeemed = [&](const QByteArray& nonce) {
        bus::Publication said;
        said.topic = "relay.dashboard.control";
        said.body = R"({"method":"redeemed","args":[")" + nonce + R"(",")"
            + access::ProfileVerifier::hashOf(token).toHex() + R"("]})";
        said.properties.type = "redeemed";
        said.properties.sender = "another node";
        rig.bus.publish(std::move(said), {});
        rig.spin();
    };
    const auto call = [&](const QByteArray& nonce) {
        return rig.call("gateway_rpc",
            R"({"method":"register_nonce","args":[)" + nonce + R"(,")" + token + R"("]})");
    };
    QCOMPARE(call("7"), rpc(R"({"message":"registered"})"));
    QCOMPARE(call("8"), rpc(R"({"message":"registered"})"));
    const auto peer = rig.connectPeer();
    // Heard of in time: it is refused here, and nothing else happens.
    redeemed("7");
    rig.emitEvent(*peer, "request_elevation", "7");
    QVERIFY(!peer->take().payload.contains("success"));
    rig.emitEvent(*peer, "request_elevation", R"({"nonce":8})");
    QCOMPARE(peer->take().payload, QByteArray(R"({"room":"sid1_auth","success":true})"));
    QVERIFY(peer->isIn("sid1_auth"));
    // Too late.
    redeemed("8");
    rig.advance(Millis{1'000});
    QVERIFY(!peer->isIn("sid1_auth"));
    QVERIFY(peer->closed.isEmpty());
    QVERIFY(!rig.verifier->verify(token));
    const auto again = rig.connectPeer(token);
    QVERIFY(!again->isIn("sid2_auth"));
}

void TestProfile::aNonceIsGoodOnce()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"users_guilds", rpc("[]")}};
    const QByteArray call
        = R"({"method":"register_nonce","args":[1923512129,")" + rig.token() + R"("],"kwargs":{}})";
    QCOMPARE(rig.call("gateway_rpc", call), rpc(R"({"message":"registered"})"));
    const auto peer = rig.connectPeer();
    const auto other = rig.connectPeer();
    rig.emitEvent(*peer, "request_elevation", "1923512129");
    QCOMPARE(peer->take().payload, QByteArray(R"({"message":"success"})"));
    rig.emitEvent(*peer, "pool_all_request", R"({"type":"guild","_id":3})"); // at once
    rig.spin();
    QCOMPARE(peer->names(), QByteArrayList(3, "pool_response"));
    for (FakePeer* again : {peer.get(), other.get()}) {
        again->events.clear();
        rig.emitEvent(*again, "request_elevation", "1923512129");
        const Event answer = again->take();
        QCOMPARE(answer.name, QByteArray("elevation_return"));
        QVERIFY(!answer.payload.contains("success"));
    }
    QVERIFY(other->principal().kind == access::PrincipalKind::Anonymous);
}

void TestProfile::aNonceEnds()
{
    Rig rig;
    rig.call("gateway_rpc", R"({"method":"register_nonce","args":[7,")" + rig.token() + R"("]})");
    QCOMPARE(rig.profile->counters().nonces, 1);
    rig.advance(Millis{120'001});
    QCOMPARE(rig.profile->counters().nonces, 0);
    const auto peer = rig.connectPeer();
    rig.emitEvent(*peer, "request_elevation", "7");
    QVERIFY(!peer->take().payload.contains("success"));
}

void TestProfile::aNonceInTheQueryElevates()
{
    Rig rig;
    rig.call("gateway_rpc", R"({"method":"register_nonce","args":[42,")" + rig.token() + R"("]})");
    const auto peer = rig.connectPeer({}, QStringLiteral("nonce=42"));
    QVERIFY(peer->isIn(peer->id().value + "_auth"));
    const auto again = rig.connectPeer({}, QStringLiteral("nonce=42"));
    QVERIFY(!again->isIn(again->id().value + "_auth"));
}

void TestProfile::theDocumentedElevationAnswersWithItsRoom()
{
    Rig rig;
    const auto peer = rig.connectPeer();
    rig.emitEvent(*peer, "request_elevation", R"({"token":"bad"})");
    QCOMPARE(peer->take().object()[QStringLiteral("success")].toBool(), false);
    rig.emitEvent(*peer, "request_elevation", R"({"token":")" + rig.token() + R"("})");
    const Event answer = peer->take();
    QCOMPARE(answer.name, QByteArray("request_elevation_return"));
    QCOMPARE(answer.payload, QByteArray(R"({"room":"sid1_auth","success":true})"));
    rig.emitEvent(*peer, "free_elevation", R"({"token":")" + rig.token() + R"("})");
    QCOMPARE(peer->take().object()[QStringLiteral("code")].toInt(), 403);
}

void TestProfile::spectatorsHearTheirGuildOnly()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    QVERIFY(peer->isIn("guild_" + guild));
    QVERIFY(peer->events.empty()); // no answer to the bare form
    rig.publish("gateway.on_message", logBody(guild));
    rig.publish("gateway.on_message", logBody(otherGuild));
    const Event heard = peer->take();
    QCOMPARE(heard.name, QByteArray("log_pool"));
    QCOMPARE(heard.payload, logBody(guild)); // every digit
    QVERIFY(peer->events.empty());

    rig.emitEvent(*peer, "spectate", otherGuild);
    rig.spin();
    QVERIFY(!peer->isIn("guild_" + guild));
    rig.publish("gateway.on_message", logBody(guild));
    rig.publish("gateway.on_message", logBody(otherGuild));
    QCOMPARE(peer->take().payload, logBody(otherGuild));
    QVERIFY(peer->events.empty());
}

void TestProfile::theLastChoiceCountsWhenAnswersOvertake()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "spectate", guild);
    rig.emitEvent(*peer, "spectate", otherGuild);
    rig.spin();
    auto waitingFor = [&](const QByteArray& scope) -> bus::Reply& {
        return one.calls.join().contains(scope) ? one.waiting.front() : two.waiting.front();
    };
    if (one.calls.size() == 1) { // a shard each: the second is answered first
        waitingFor(otherGuild).finish(memberYes);
        rig.spin();
        waitingFor(guild).finish(memberYes);
    } else {
        auto& both = one.calls.isEmpty() ? two.waiting : one.waiting;
        both[1].finish(memberYes);
        rig.spin();
        both[0].finish(memberYes);
    }
    rig.spin();
    QVERIFY(peer->isIn("guild_" + otherGuild));
    QVERIFY(!peer->isIn("guild_" + guild));
}

void TestProfile::privateEventsNeedTheRight_data()
{
    QTest::addColumn<QByteArray>("permissions");
    QTest::addColumn<QByteArray>("standing");
    QTest::addColumn<bool>("hears");
    QTest::newRow("default rights") << QByteArray("274") << memberYes << false;
    QTest::newRow("right in the token") << QByteArray("278") << memberYes << true;
    QTest::newRow("right in the guild")
        << QByteArray("274") << rpc(R"({"member":true,"permissions":4})") << true;
    QTest::newRow("administrator of the guild") << QByteArray("274") << memberAdmin << true;
}

void TestProfile::privateEventsNeedTheRight()
{
    QFETCH(QByteArray, permissions);
    QFETCH(QByteArray, standing);
    QFETCH(bool, hears);
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", standing}};
    const auto peer = rig.connectPeer(rig.token(berta, 3600, permissions));
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    // Only a plain `false` makes an event public.
    for (const char* flag :
        {R"("private":true)", R"("private":null)", R"("public":true)", R"("private":"false")"})
        rig.publish("gateway.on_message", logBody(guild, flag));
    QCOMPARE(peer->events.size(), size_t(hears ? 4 : 0));
    rig.publish("gateway.on_message", logBody(guild));
    QCOMPARE(peer->events.back().payload, logBody(guild));
    QCOMPARE(rig.profile->counters().restrictedPublications, 4);
}

void TestProfile::logsAreHeardByThoseWhoWantThem()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const auto with = rig.connectPeer(rig.token());
    const auto without = rig.connectPeer(rig.token(berta));
    rig.emitEvent(*with, "spectate", R"({"guild_id":")" + guild + R"(","include_logs":true})");
    rig.emitEvent(*without, "spectate", R"({"guild_id":")" + guild + R"("})");
    rig.spin();
    for (FakePeer* peer : {with.get(), without.get()}) {
        const Event answer = peer->take();
        QCOMPARE(answer.name, QByteArray("spectate_return"));
        QCOMPARE(
            answer.payload, QByteArray(R"({"room":"guild_607637793107345431","success":true})"));
    }
    rig.publish(guild, R"({"pool":1})");
    rig.publish(guild + "_logs", R"({"private":false,"log":1})");
    QCOMPARE(with->names(), (QByteArrayList{"log_pool", "log_other"}));
    QCOMPARE(without->names(), QByteArrayList{"log_pool"});
}

void TestProfile::theDocumentedFormLeavesTheFirstGuildToo()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberAdmin}};
    const auto peer = rig.connectPeer(rig.token());
    for (const QByteArray& wanted : {guild, otherGuild}) {
        rig.emitEvent(*peer, "spectate", R"({"guild_id":")" + wanted + R"(","include_logs":true})");
        rig.spin();
    }
    QCOMPARE(peer->names(), QByteArrayList(2, "spectate_return"));
    peer->events.clear();
    for (const QByteArray& of : {guild, otherGuild}) {
        rig.publish(of, R"({"pool":)" + of + '}');
        rig.publish(of + "_logs", R"({"private":true,"log":)" + of + '}');
        rig.publish("gateway.on_message", logBody(of));
    }
    QCOMPARE(peer->names(), (QByteArrayList{"log_pool", "log_other", "log_pool"}));
    for (const Event& event : peer->events)
        QVERIFY2(event.payload.contains(otherGuild), event.payload.constData());
}

void TestProfile::topicsAreBoundWhileSomebodyWatches()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const quint64 before = rig.bus.counters().boundTopics;
    QCOMPARE(rig.profile->counters().boundTopics, 0);
    const auto first = rig.connectPeer(rig.token());
    const auto second = rig.connectPeer(rig.token(berta));
    rig.emitEvent(*first, "spectate", R"({"guild_id":")" + guild + R"(","include_logs":true})");
    rig.emitEvent(*second, "spectate", guild);
    rig.spin();
    QCOMPARE(rig.profile->counters().boundTopics, 3); // gateway.*, the guild's two
    QCOMPARE(rig.bus.counters().boundTopics, before + 3);
    rig.emitEvent(*first, "unspectate", {});
    QCOMPARE(rig.profile->counters().boundTopics, 2);
    rig.profile->peerGone(*second, "transport close");
    rig.hub.detach(FakePeer::nsp(), *second);
    QCOMPARE(rig.profile->counters().boundTopics, 0);
    QCOMPARE(rig.bus.counters().boundTopics, before);
}

void TestProfile::demotionTakesEverythingButTheConnection()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const QByteArray token = rig.token();
    const auto peer = rig.connectPeer(token);
    const auto other = rig.connectPeer(rig.token(berta));
    for (FakePeer* each : {peer.get(), other.get()})
        rig.emitEvent(*each, "spectate", guild);
    rig.spin();
    rig.emitEvent(*peer, "pool_all_request",
        R"({"type":"member","guildId":)" + guild + R"(,"_id":21})"); // under way
    rig.spin();
    QCOMPARE(
        rig.call("gateway_rpc", R"({"method":"demote_connection","args":[")" + token + R"("]})"),
        rpc(R"({"message":"demoted"})"));
    QCOMPARE(peer->settled, 1);
    QCOMPARE(peer->take().object()[QStringLiteral("code")].toInt(), 401);
    QVERIFY(!peer->isIn("guild_" + guild));
    QVERIFY(!peer->isIn(peer->id().value + "_auth"));
    rig.publish("gateway.on_message", logBody(guild));
    QVERIFY(peer->events.empty());
    QCOMPARE(other->names(), QByteArrayList{"log_pool"});
    rig.emitEvent(*peer, "pool_all_request", R"({"type":"guild","_id":23})");
    QCOMPARE(peer->take().object()[QStringLiteral("code")].toInt(), 401);
    QVERIFY(peer->closed.isEmpty());
    QVERIFY(peer->principal().kind == access::PrincipalKind::Anonymous);

    // The same token lets nobody in again, by whatever way.
    const auto again = rig.connectPeer(token);
    QVERIFY(!again->isIn(again->id().value + "_auth"));
    rig.emitEvent(*again, "request_elevation", R"({"token":")" + token + R"("})");
    QCOMPARE(again->take().object()[QStringLiteral("success")].toBool(), false);
    QCOMPARE(rig.call("gateway_rpc", R"({"method":"demote_connection","args":["bad"]})"),
        rpc(R"({"message":"invalid arguments or token"})", 400));
    QCOMPARE(rig.call("gateway_rpc", R"({"method":"drop_tables","args":[]})"),
        rpc(R"({"message":"no such method"})", 400));
}

void TestProfile::anEndedTokenIsDemoted()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const auto peer = rig.connectPeer(rig.token(anna, 60));
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    rig.advance(Millis{69'000}); // within the leeway
    QVERIFY(peer->isIn("guild_" + guild));
    rig.advance(Millis{2'000});
    QVERIFY(!peer->isIn("guild_" + guild));
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    QCOMPARE(peer->take().object()[QStringLiteral("code")].toInt(), 401);
    QCOMPARE(rig.profile->counters().demotions, 1);
}

void TestProfile::aMembershipThatEndsPutsOneOut()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberAdmin}};
    const auto peer = rig.connectPeer(rig.token(anna, 36'000));
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    QVERIFY(peer->isIn("guild_" + guild + "_private"));
    one.answers = two.answers = {{"is_member", memberYes}}; // administrator no more
    rig.advance(Millis{60'001});
    QVERIFY(peer->isIn("guild_" + guild));
    QVERIFY(!peer->isIn("guild_" + guild + "_private"));
    one.answers = two.answers = {{"is_member", memberNo}};
    rig.advance(Millis{60'001});
    QVERIFY(!peer->isIn("guild_" + guild));
    QCOMPARE(rig.profile->counters().lostMemberships, 2);
}

void TestProfile::aSilentServicePutsNobodyOut()
{
    Rig rig;
    const auto peer = rig.connectPeer(rig.token(anna, 36'000));
    {
        FakeService one(rig.bus, "shard_rpc_0");
        FakeService two(rig.bus, "shard_rpc_1");
        one.answers = two.answers = {{"is_member", memberYes}};
        rig.emitEvent(*peer, "spectate", guild);
        rig.spin();
    }
    rig.advance(Millis{60'001});
    QVERIFY(peer->isIn("guild_" + guild));
    rig.emitEvent(*peer, "spectate", otherGuild); // but nobody new comes in
    rig.spin();
    QVERIFY(!peer->isIn("guild_" + otherGuild));
}

void TestProfile::theTokenOfAnEventCountsForIt()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"users_guilds", rpc("[]")}};
    const auto peer = rig.connectPeer();
    const QByteArray good = rig.token(berta, 60);
    rig.emitEvent(
        *peer, "pool_all_request", R"({"type":"guild","_id":1,"token":")" + good + R"("})");
    rig.spin();
    QVERIFY(one.calls.front().contains("\"args\":[109462069484486656]"));
    QCOMPARE(peer->names(), QByteArrayList(3, "pool_response"));
    QVERIFY(peer->principal().kind == access::PrincipalKind::Anonymous); // it elevates nobody
    peer->events.clear();
    rig.advance(Millis{71'000});
    rig.emitEvent(
        *peer, "pool_all_request", R"({"type":"guild","_id":3,"token":")" + good + R"("})");
    QCOMPARE(peer->take().object()[QStringLiteral("code")].toInt(), 401);
}

void TestProfile::aTextPayloadIsItsObject()
{
    Rig rig;
    FakeService shard(rig.bus, "shard_rpc_0");
    const auto peer = rig.connectPeer();
    rig.emitEvent(*peer, "interpret", R"("{\"guildId\":19,\"content\":\"!é \\\"x\\\"\"}")");
    rig.spin();
    QCOMPARE(shard.calls.value(0),
        QByteArray(
            R"({"method":"interpret","args":[],"kwargs":{"content":"!é \"x\"","guildId":19}})"));
}

void TestProfile::badPayloadsAreSaid_data()
{
    QTest::addColumn<QByteArray>("event");
    QTest::addColumn<QByteArray>("args");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const char* event, const char* args, const char* says) {
        QTest::newRow(name) << QByteArray(event) << QByteArray(args) << QByteArray(says);
    };
    row("no argument", "pool_request", "", "no such request");
    row("array", "pool_request", "[]", "no such request");
    row("unknown type", "pool_request", R"({"type":"secrets","_id":1})", "no such request");
    row("no _id", "pool_request", R"({"type":"user","ids":[]})", "_id is missing");
    row("fraction", "pool_request", R"({"type":"user","ids":[],"_id":1.5})",
        "_id has a wrong value");
    row("ids", "pool_request", R"({"type":"user","ids":["x"],"_id":1})", "ids has a wrong value");
    row("no guild", "pool_all_request", R"({"type":"member","_id":1})", "guildId is missing");
    row("guild above 64 bits", "pool_all_request",
        R"({"type":"member","_id":1,"guildId":99999999999999999999})", "guildId has a wrong value");
    row("negative guild", "spectate", "-5", "has a wrong value");
    row("words for a guild", "spectate", R"("a.b#*")", "has a wrong value");
}

void TestProfile::badPayloadsAreSaid()
{
    QFETCH(QByteArray, event);
    QFETCH(QByteArray, args);
    QFETCH(QByteArray, says);
    Rig rig;
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, event, args);
    const Event error = peer->take();
    QCOMPARE(error.name, QByteArray("error"));
    QCOMPARE(error.object()[QStringLiteral("code")].toInt(), 400);
    QVERIFY2(error.payload.contains(says), error.payload.constData());
    QVERIFY(peer->closed.isEmpty());
    QCOMPARE(rig.profile->counters().badEvents, 1);
}

void TestProfile::unknownEventsAreCounted()
{
    Rig rig;
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "close_room", R"("guild_1")");
    rig.emitEvent(*peer, "log_pool", R"({"guild_id":1})");
    QVERIFY(peer->events.empty());
    QCOMPARE(rig.profile->counters().unknownEvents, 2);
}

void TestProfile::tooManyRequestsAreRefused()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    const auto peer = rig.connectPeer(rig.token());
    for (int i = 0; i < 65; ++i)
        rig.emitEvent(*peer, "pool_request",
            R"({"type":"user","ids":["1"],"_id":)" + QByteArray::number(2 * i + 1) + '}');
    rig.spin();
    const Event error = peer->take();
    QCOMPARE(error.object()[QStringLiteral("code")].toInt(), 429);
    QCOMPARE(error.object()[QStringLiteral("_id")].toInt(), 129);
    QCOMPARE(one.waiting.size() + two.waiting.size(), size_t(64));
    QCOMPARE(rig.profile->counters().limited, 1);
}

void TestProfile::aGoneClientLeavesNothingBehind()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "pool_request", R"({"type":"user","ids":["1"],"_id":1})");
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    rig.profile->peerGone(*peer, "transport close");
    peer.reset();
    QCOMPARE(rig.profile->counters().clients, 0);
    QCOMPARE(rig.profile->counters().elevatedClients, 0);
    QCOMPARE(rig.profile->counters().requestsUnderWay, 0);
    for (FakeService* shard : {&one, &two}) {
        for (bus::Reply& reply : shard->waiting)
            reply.finish(memberYes);
    }
    rig.spin();
    QCOMPARE(rig.bus.counters().pendingRequests, 0);
    QVERIFY(!rig.hub.room(FakePeer::nsp(), {"guild_" + guild}));
}

void TestProfile::acknowledgementsAreAnswered()
{
    Rig rig;
    FakeService shard(rig.bus, "shard_rpc_0");
    shard.answers = {{"handle_mock_user_action", rpc(R"({"guildId":19,"actions":[]})")}};
    const auto peer = rig.connectPeer();
    rig.emitEvent(*peer, "mock_user_event", R"({"action":3001,"guildId":19,"messageId":2})", 6);
    rig.spin();
    QCOMPARE(peer->names(), (QByteArrayList{"mock_bot_event", "ack 6"}));
    rig.emitEvent(*peer, "spectate", guild, 7);
    QCOMPARE(peer->names().last(), QByteArray("ack 7")); // refused, and said so
}

void TestProfile::noAcknowledgementIsOwedForEver()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    const auto peer = rig.connectPeer(rig.token());
    // Its event has no answer of its own.
    rig.emitEvent(*peer, "spectate", guild, 1);
    QCOMPARE(peer->owed, QSet<quint64>{1});
    rig.spin();
    QCOMPARE(one.waiting.size() + two.waiting.size(), size_t(1));
    // It chooses another one before it is known whether it may.
    rig.emitEvent(*peer, "spectate", otherGuild, 2);
    rig.spin();
    for (FakeService* shard : {&one, &two}) {
        for (bus::Reply& reply : shard->waiting)
            reply.finish(memberYes);
        shard->waiting.clear();
    }
    rig.spin();
    QVERIFY(peer->isIn("guild_" + otherGuild));
    QVERIFY(peer->owed.isEmpty());
    QCOMPARE(peer->names(), QByteArrayList{"ack 2"});
    // Nobody answers, and the client goes.
    rig.emitEvent(*peer, "spectate", R"({"guild_id":)" + guild + '}', 3);
    rig.spin();
    rig.profile->peerGone(*peer, "transport close");
}

void TestProfile::anAdministratorDemotesAClient()
{
    Rig rig;
    const QByteArray token = rig.token();
    const auto peer = rig.connectPeer(token);
    const auto twin = rig.connectPeer(token);
    const auto other = rig.connectPeer(rig.token(berta));
    const auto visitor = rig.connectPeer();
    std::vector<Result<void>> outcomes;
    const auto demote = [&](const SocketId& id) {
        rig.profile->demoteClient(
            id, [&](const Result<void>& outcome) { outcomes.push_back(outcome); });
        rig.spin();
    };
    QByteArrayList told;
    const bus::Ticket ticket = rig.bus.subscribe({}, "relay.*.control",
        [&](const bus::Message& message) {
            told << message.properties.type;
            return bus::Verdict::Accepted;
        },
        {});
    QVERIFY(rig.profile->canDemote(peer->id()));
    QVERIFY(!rig.profile->canDemote(visitor->id()));
    demote(peer->id());
    QCOMPARE(outcomes.size(), size_t(1));
    QVERIFY(outcomes[0].has_value());
    QCOMPARE(told.count("revoked"), 1); // for the other processes
    for (const FakePeer* each : {peer.get(), twin.get()}) {
        QVERIFY(!each->isIn(each->id().value + "_auth"));
        QVERIFY(each->closed.isEmpty());
    }
    QVERIFY(other->isIn(other->id().value + "_auth"));
    QVERIFY(!rig.verifier->verify(token));
    // Nothing to take.
    demote(peer->id());
    demote(visitor->id());
    demote({"nobody"});
    QCOMPARE(outcomes.size(), size_t(4));
    for (size_t i = 1; i < outcomes.size(); ++i)
        QCOMPARE(outcomes[i].error().code, ErrorCode::Conflict);
}

// What is not on disk is not done: the others know it all the same, and who says it again, of any
// client that had the token, has it written.
void TestProfile::anAdministratorsDemotionMayBeSaidAgain()
{
    Rig rig;
    const QByteArray token = rig.token();
    const auto peer = rig.connectPeer(token);
    const auto twin = rig.connectPeer(token);
    int told = 0;
    const bus::Ticket ticket = rig.bus.subscribe({}, "relay.*.control",
        [&](const bus::Message& message) {
            told += message.properties.type == "revoked" ? 1 : 0;
            return bus::Verdict::Accepted;
        },
        {});
    std::vector<Result<void>> outcomes;
    const auto demote = [&](const FakePeer& which) {
        rig.profile->demoteClient(
            which.id(), [&](const Result<void>& outcome) { outcomes.push_back(outcome); });
        rig.spin();
    };
    bool isDiskFull = true;
    rig.verifier->setKeeper([&](const access::ProfileVerifier::Kept& done) {
        done(isDiskFull ? failure(ErrorCode::Unavailable, QStringLiteral("the disk is full"))
                        : Result<void>());
    });
    demote(*peer);
    demote(*twin);
    QCOMPARE(outcomes.size(), size_t(2));
    for (const Result<void>& outcome : outcomes)
        QCOMPARE(outcome.error().code, ErrorCode::Unavailable);
    QCOMPARE(told, 2);
    QVERIFY(!rig.verifier->verify(token));
    QVERIFY(rig.profile->canDemote(twin->id()));
    isDiskFull = false;
    demote(*twin);
    QVERIFY(outcomes.back().has_value());
    QCOMPARE(told, 3);
    for (const FakePeer* each : {peer.get(), twin.get()}) {
        demote(*each);
        QCOMPARE(outcomes.back().error().code, ErrorCode::Conflict);
    }
}

// Whoever got no answer says it again.
void TestProfile::aDemotionMayBeSaidAgain()
{
    Rig rig;
    const QByteArray token = rig.token();
    QByteArrayList told;
    const bus::Ticket ticket = rig.bus.subscribe({}, "relay.*.control",
        [&](const bus::Message& message) {
            told << message.body;
            return bus::Verdict::Accepted;
        },
        {});
    const QByteArray call = R"({"method":"demote_connection","args":[")" + token + R"("]})";
    for (int i = 0; i < 2; ++i)
        QCOMPARE(rig.call("gateway_rpc", call), rpc(R"({"message":"demoted"})"));
    // By its hash: the others need no key to believe it, nor is the token seen on the bus.
    const QByteArray hash = access::ProfileVerifier::hashOf(token).toHex();
    QCOMPARE(std::count_if(told.begin(), told.end(),
                 [&](const QByteArray& body) { return body.contains(hash); }),
        2);
    for (const QByteArray& body : told)
        QVERIFY2(!body.contains(token), body.constData());
}

void TestProfile::aDemotionThatIsNotKeptIsNotAnswered()
{
    Rig rig;
    const QByteArray token = rig.token();
    const QByteArray call = R"({"method":"demote_connection","args":[")" + token + R"("]})";
    int told = 0;
    const bus::Ticket ticket = rig.bus.subscribe({}, "relay.*.control",
        [&](const bus::Message& message) {
            told += message.properties.type == "revoked" ? 1 : 0;
            return bus::Verdict::Accepted;
        },
        {});
    rig.verifier->setKeeper([](const access::ProfileVerifier::Kept& done) {
        done(failure(ErrorCode::Unavailable, QStringLiteral("the disk is full")));
    });
    QVERIFY(rig.call("gateway_rpc", call).contains(R"("sc":503)"));
    QCOMPARE(told, 1); // the others need not wait for this disk
    rig.verifier->setKeeper([](const access::ProfileVerifier::Kept& done) { done({}); });
    QCOMPARE(rig.call("gateway_rpc", call), rpc(R"({"message":"demoted"})"));
}

void TestProfile::revocationsAreExchanged_data()
{
    QTest::addColumn<bool>("hasControls");
    QTest::newRow("services make control calls") << true;
    QTest::newRow("only cookies and administrators") << false;
}

// A process that comes later refuses what the others refuse.
void TestProfile::revocationsAreExchanged()
{
    QFETCH(bool, hasControls);
    Rig rig;
    if (!hasControls)
        rig.tables.relays.front().controls.clear();
    QByteArrayList told;
    const bus::Ticket ticket = rig.bus.subscribe({}, "relay.dashboard.control",
        [&](const bus::Message& message) {
            told << message.properties.type + ' ' + message.body;
            return bus::Verdict::Accepted;
        },
        {});
    rig.start();
    QTRY_VERIFY(told.contains(R"(ask-revoked {"method":"ask-revoked","args":[]})"));
    const QByteArray token = rig.token();
    const QByteArray hash = access::ProfileVerifier::hashOf(token);
    const auto peer = rig.connectPeer(token);
    QVERIFY(peer->isIn(peer->id().value + "_auth"));
    const auto say = [&](const QByteArray& type, const QByteArray& args) {
        bus::Publication said;
        said.topic = "relay.dashboard.control";
        said.body = R"({"method":"x","args":)" + args + '}';
        said.properties.type = type;
        said.properties.sender = "another node";
        rig.bus.publish(std::move(said), {});
        rig.spin();
    };
    const qint64 end = rig.clock.wall().count() + 3'600'000;
    const QByteArray entry = "[\"" + hash.toHex() + "\"," + QByteArray::number(end) + ']';
    say("revoked", "[1,[2],[\"a\",\"b\"]," + entry + ']');
    rig.advance(Millis{1'000});
    QVERIFY(!peer->isIn(peer->id().value + "_auth"));
    QVERIFY(!rig.verifier->verify(token));
    told.clear();
    say("ask-revoked", "[]");
    QTRY_VERIFY(told.contains(R"(revoked {"method":"revoked","args":[)" + entry + "]}"));
}

void TestProfile::aWithdrawnKeyDemotes()
{
    Rig rig;
    const QByteArray token = rig.token();
    const auto peer = rig.connectPeer(token);
    QVERIFY(peer->isIn(peer->id().value + "_auth"));
    access::KeySet same;
    QVERIFY(same.addSecret(secret));
    rig.verifier->setKeys(std::move(same));
    rig.advance(Millis{1'000});
    QVERIFY(peer->isIn(peer->id().value + "_auth"));
    access::KeySet fresh;
    QVERIFY(fresh.addSecret("another secret of the REST API, as long"));
    rig.verifier->setKeys(std::move(fresh));
    rig.advance(Millis{1'000});
    QVERIFY(!peer->isIn(peer->id().value + "_auth"));
    QVERIFY(!rig.verifier->verify(token));
}

void TestProfile::badMessagesOfTheBusGoNowhere()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const auto peer = rig.connectPeer(rig.token());
    rig.emitEvent(*peer, "spectate", guild);
    rig.spin();
    rig.publish("gateway.on_message", "no JSON");
    rig.publish("gateway.on_message", R"({"private":false})");
    rig.publish("gateway.on_message", R"({"private":false,"guild_id":"1_private"})");
    rig.publish("gateway.on_message", R"({"private":false,"guild_id":{"a":1}})");
    QVERIFY(peer->events.empty());
    QCOMPARE(rig.profile->counters().badPublications, 3); // a room that is not there is no mistake
    QCOMPARE(rig.bus.counters().deadLettered, 3);
}

void TestProfile::manySpectatorsGetOnePacket()
{
    Rig rig;
    FakeService one(rig.bus, "shard_rpc_0");
    FakeService two(rig.bus, "shard_rpc_1");
    one.answers = two.answers = {{"is_member", memberYes}};
    const QByteArray token = rig.token();
    std::vector<std::unique_ptr<FakePeer>> peers;
    for (int i = 0; i < 1'000; ++i) {
        peers.push_back(rig.connectPeer(token));
        rig.emitEvent(*peers.back(), "spectate", guild);
    }
    rig.spin();
    QCOMPARE((one.calls + two.calls).size(), 1); // the same question goes out once
    rig.publish("gateway.on_message", logBody(guild));
    for (const auto& peer : peers) {
        QCOMPARE(peer->packets.size(), size_t(1));
        QCOMPARE(peer->packets.front().get(), peers.front()->packets.front().get());
    }
}

QTEST_GUILESS_MAIN(TestProfile)
#include "tst_profile.moc"
