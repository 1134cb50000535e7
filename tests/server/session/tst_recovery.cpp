// SPDX-License-Identifier: Apache-2.0
#include "tests/server/session/fakes.h"

#include <QTest>

#include <map>

using namespace gatehouse;
using namespace gatehouse::session;
using fake::PeerPtr;

namespace {

const NamespaceName root{"/"};

/// What would be on disk.
class Journal final : public RecoveryJournal
{
public:
    void socketSaved(const NamespaceName&, const PastSocket& socket) override
    {
        sockets[socket.pid] = socket;
    }
    void socketForgotten(const NamespaceName&, const QByteArray& pid) override
    {
        sockets.erase(pid);
    }
    void packetKept(const NamespaceName&, const hub::RecentPacket& packet) override
    {
        packets.push_back(packet);
    }
    void packetsForgotten(const NamespaceName&, quint64 upTo) override { forgotten = upTo; }

    RecoveredNamespace stored() const
    {
        RecoveredNamespace past{{}, packets, forgotten};
        for (const auto& [pid, socket] : sockets)
            past.sockets.push_back(socket);
        return past;
    }

    std::map<QByteArray, PastSocket> sockets;
    std::vector<hub::RecentPacket> packets;
    quint64 forgotten = 0;
};

/// A namespace that decides about rooms as the test wants.
class Strict final : public fake::Namespace
{
public:
    std::optional<std::vector<RoomName>> recoveryRequested(
        Socket& socket, const PastSocket& past) override
    {
        auto rooms = NamespaceHandler::recoveryRequested(socket, past);
        if (rooms)
            std::erase(*rooms, forbidden);
        return rooms;
    }
    RoomName forbidden{"none"};
};

/// One client, who remembers what a JavaScript client does.
struct Client
{
    PeerPtr peer;
    QByteArray sid;
    QByteArray pid;
    QByteArray offset;

    /// Events read, without their offsets.
    QByteArrayList read()
    {
        QByteArrayList events;
        for (const QByteArray& text : peer->takeTexts()) {
            const QByteArrayList parts = text.split('"');
            if (!text.startsWith("42"))
                continue;
            offset = parts.at(parts.size() - 2);
            events << parts.at(1);
        }
        return events;
    }
    QByteArray claim() const
    {
        return "{\"pid\":\"" + pid + '"'
            + (offset.isEmpty() ? QByteArray() : QByteArray(",\"offset\":\"" + offset + '"')) + '}';
    }
};

struct House
{
    explicit House(RecoveryOptions options = {}, SessionOptions sessionOptions = {})
        : rig(std::move(sessionOptions))
    {
        rig.server.addNamespace(root, &handler, std::move(options), &journal);
        handler.onConnected = [this](Socket& socket) { recovered << socket.isRecovered(); };
    }

    Client connect(const QByteArray& auth = {})
    {
        Client client;
        client.peer = rig.openWebSocket();
        client.peer->sendText(QByteArray("40" + auth));
        for (const QByteArray& text : client.peer->texts) {
            if (text.startsWith("40{")) {
                const QByteArrayList parts = text.split('"');
                client.sid = parts.at(3);
                client.pid = parts.value(7);
            }
        }
        return client;
    }
    Socket* socket(const Client& client) { return rig.server.findSocket({client.sid}); }
    void publish(const RoomName& room, QByteArray event)
    {
        rig.hub.publish({root, {room}, std::move(event), "{}", {}, {}, {}});
    }
    /// A client in room "r" that has read one event, its connection cut.
    Client cutClient(QLatin1StringView reason = {})
    {
        Client client = connect();
        socket(client)->join({"r"});
        socket(client)->setData("my data");
        publish({"r"}, "seen");
        client.read();
        if (reason.isEmpty())
            client.peer->end();
        else
            rig.server.closeSession(socket(client)->sessionId(), CloseCode::Normal, reason);
        fake::Rig::settle();
        return client;
    }

    Strict handler;
    Journal journal;
    fake::Rig rig;
    QList<bool> recovered; ///< of every socket connected so far
};

} // namespace

/// Connection state recovery above sessions.
class TestRecovery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutRecoveryNothingIsAdded();
    void everyStayHasItsOwnSecret();
    void aClientThatComesBackIsWhoItWasAndMissedNothing();
    void aClientThatReadNothingYetComesBackAllTheSame();
    void aSecondCutBeforeReadingLosesNothing();
    void whatIsSentBeforeAcceptComesAfterWhatWasMissed();
    void afterTheBoundItStartsAnew();
    void anEndForGoodCannotBeTakenBack_data();
    void anEndForGoodCannotBeTakenBack();
    void aClaimThatIsNotUsableStartsAnew_data();
    void aClaimThatIsNotUsableStartsAnew();
    void anotherPrincipalGetsNothing();
    void aRoomWhoseRightIsGoneIsNotGivenBack();
    void moreThanTheQueueHoldsIsAGap();
    void theOldestIsForgottenFirst();
    void aConnectionNobodyKnowsToBeDeadIsReplaced();
    void aClaimInsideTheSameSessionReplacesNothing();
    void aRestartKeepsWhoIsInDurableRoomsOnly();
    void aDurableSocketIsForgottenWhenItLeaves();
    void aProcessThatDiedKeepsItsConnectedSockets();
};

void TestRecovery::withoutRecoveryNothingIsAdded()
{
    fake::Rig rig;
    const PeerPtr peer = rig.openWebSocket();
    peer->takeTexts();
    peer->sendText("40{\"pid\":\"x\",\"offset\":\"y\"}");
    const QByteArray sid = rig.root.last->socketId().value;
    rig.root.last->emitEvent("e");
    QVERIFY(!rig.root.last->isRecovered());
    QCOMPARE(peer->takeTexts(), QByteArrayList({"40{\"sid\":\"" + sid + "\"}", "42[\"e\"]"}));
}

void TestRecovery::everyStayHasItsOwnSecret()
{
    House house;
    const Client a = house.connect();
    const Client b = house.connect();
    QCOMPARE(a.pid.size(), 24);
    QCOMPARE(b.pid.size(), 24);
    QVERIFY(a.pid != b.pid);
    QVERIFY(a.pid != a.sid);
    QCOMPARE(house.rig.server.counters().recoveriesRefused, quint64(0));
}

void TestRecovery::aClientThatComesBackIsWhoItWasAndMissedNothing()
{
    House house;
    const Client before = house.cutClient();
    QCOMPARE(house.rig.server.absentSockets(), 1);
    QVERIFY(!house.socket(before));
    house.publish({"r"}, "missed 1");
    house.publish({"other"}, "not mine");
    house.publish({"r"}, "missed 2");
    Client after = house.connect(before.claim());
    QCOMPARE(after.sid, before.sid);
    QCOMPARE(after.pid, before.pid);
    QCOMPARE(house.recovered, QList<bool>({false, true}));
    house.publish({"r"}, "new");
    house.socket(after)->emitEvent("direct");
    QCOMPARE(after.read(), QByteArrayList({"missed 1", "missed 2", "new", "direct"}));
    QCOMPARE(house.socket(after)->data(), QByteArray("my data"));
    QVERIFY(house.rig.hub.isMember(root, {"r"}, {after.sid}));
    QCOMPARE(house.rig.server.counters().recoveries, quint64(1));
    QCOMPARE(house.rig.server.absentSockets(), 0);
}

void TestRecovery::aClientThatReadNothingYetComesBackAllTheSame()
{
    House house;
    house.publish({"r"}, "before its time");
    Client before = house.connect();
    house.socket(before)->join({"r"});
    before.peer->end();
    fake::Rig::settle();
    house.publish({"r"}, "missed");
    Client after = house.connect(before.claim());
    QCOMPARE(after.sid, before.sid);
    QCOMPARE(after.read(), QByteArrayList({"missed"}));
}

void TestRecovery::aSecondCutBeforeReadingLosesNothing()
{
    House house;
    const Client first = house.cutClient();
    house.publish({"r"}, "missed");
    Client second = house.connect(first.claim());
    second.peer->end(); // it has read nothing: its offset is still the first one
    fake::Rig::settle();
    house.publish({"r"}, "missed too");
    Client third = house.connect(first.claim());
    QCOMPARE(third.sid, first.sid);
    QCOMPARE(third.read(), QByteArrayList({"missed", "missed too"}));
}

void TestRecovery::whatIsSentBeforeAcceptComesAfterWhatWasMissed()
{
    House house;
    const Client before = house.cutClient();
    house.publish({"r"}, "missed");
    house.handler.onRequest = [](Socket& socket) {
        socket.emitEvent("early");
        socket.emitWithAck("asked", {}, Millis{100}, {});
        socket.accept();
    };
    Client after = house.connect(before.claim());
    const QByteArrayList texts = after.peer->texts;
    QVERIFY(texts.at(2).startsWith("42[\"missed\""));
    QVERIFY(texts.at(3).startsWith("42[\"early\",\""));
    QCOMPARE(texts.at(4), QByteArray("420[\"asked\"]"));
    // And it is kept for its final id.
    after.read();
    after.peer->end();
    fake::Rig::settle();
    Client again = house.connect(before.claim());
    QCOMPARE(again.read().first(2), QByteArrayList({"missed", "early"}));
}

void TestRecovery::afterTheBoundItStartsAnew()
{
    RecoveryOptions options;
    options.maxAbsence = Millis{500};
    House house(options);
    const Client before = house.cutClient();
    house.rig.advance(Millis{501});
    const Client after = house.connect(before.claim());
    QVERIFY(after.sid != before.sid);
    QVERIFY(after.pid != before.pid);
    QCOMPARE(house.recovered, QList<bool>({false, false}));
    QVERIFY(house.rig.hub.roomsOf(root, {after.sid}).empty());
    QCOMPARE(house.rig.server.counters().recoveriesRefused, quint64(1));
    QCOMPARE(house.rig.server.absentSockets(), 0);
}

void TestRecovery::anEndForGoodCannotBeTakenBack_data()
{
    QTest::addColumn<QByteArray>("reason");
    QTest::addColumn<bool>("mayReturn");
    for (const char* reason : {"transport close", "transport error", "ping timeout",
             "slow consumer", "server shutting down"})
        QTest::newRow(reason) << QByteArray(reason) << true;
    for (const char* reason : {"parse error", "kicked", "connect timeout"})
        QTest::newRow(reason) << QByteArray(reason) << false;
}

void TestRecovery::anEndForGoodCannotBeTakenBack()
{
    QFETCH(QByteArray, reason);
    QFETCH(bool, mayReturn);
    House house;
    const Client before = house.cutClient(QLatin1StringView(reason));
    const Client after = house.connect(before.claim());
    QCOMPARE(after.sid == before.sid, mayReturn);
}

void TestRecovery::aClaimThatIsNotUsableStartsAnew_data()
{
    QTest::addColumn<QByteArray>("claim"); // P: the pid, O: the offset
    QTest::newRow("unknown pid") << QByteArray(
        R"({"pid":"AAAAAAAAAAAAAAAAAAAAAAAA","offset":"O"})");
    QTest::newRow("pid of another type") << QByteArray(R"({"pid":7,"offset":"O"})");
    QTest::newRow("foreign offset") << QByteArray(R"({"pid":"P","offset":"hello there"})");
    QTest::newRow("offset of another type") << QByteArray(R"({"pid":"P","offset":12})");
    QTest::newRow("offset of the future") << QByteArray(R"({"pid":"P","offset":"zzzzzzzzzzzz"})");
}

void TestRecovery::aClaimThatIsNotUsableStartsAnew()
{
    QFETCH(QByteArray, claim);
    House house;
    const Client before = house.cutClient();
    claim.replace(QByteArray("\"P\""), QByteArray('"' + before.pid + '"'));
    claim.replace(QByteArray("\"O\""), QByteArray('"' + before.offset + '"'));
    const Client after = house.connect(claim);
    QVERIFY(!after.sid.isEmpty());
    QVERIFY(after.sid != before.sid);
    QCOMPARE(house.recovered, QList<bool>({false, false}));
    QCOMPARE(house.rig.server.counters().recoveriesRefused, quint64(1));
}

void TestRecovery::anotherPrincipalGetsNothing()
{
    House house;
    house.handler.onRequest = [](Socket& socket) {
        access::Principal principal;
        principal.kind = access::PrincipalKind::User;
        principal.id = 7;
        socket.setPrincipal(principal);
        socket.accept();
    };
    const Client before = house.cutClient();
    house.publish({"r"}, "secret");
    house.handler.onRequest = [](Socket& socket) { socket.accept(); }; // its token has ended
    Client after = house.connect(before.claim());
    QVERIFY(after.sid != before.sid);
    QCOMPARE(after.read(), QByteArrayList());
    QVERIFY(house.rig.hub.roomsOf(root, {after.sid}).empty());
}

void TestRecovery::aRoomWhoseRightIsGoneIsNotGivenBack()
{
    House house;
    Client before = house.connect();
    house.socket(before)->join({"r"});
    house.socket(before)->join({"secret"});
    before.peer->end();
    fake::Rig::settle();
    house.publish({"secret"}, "hidden");
    house.publish({"r"}, "open");
    house.handler.forbidden = {"secret"};
    Client after = house.connect(before.claim());
    QCOMPARE(after.sid, before.sid);
    QCOMPARE(after.read(), QByteArrayList({"open"}));
    QVERIFY(!house.rig.hub.isMember(root, {"secret"}, {after.sid}));
}

void TestRecovery::moreThanTheQueueHoldsIsAGap()
{
    SessionOptions options;
    options.maxQueuedBytes = 200;
    House house({}, options);
    const Client before = house.cutClient();
    for (int i = 0; i < 10; ++i)
        house.publish({"r"}, "more");
    QVERIFY(house.connect(before.claim()).sid != before.sid);
}

void TestRecovery::theOldestIsForgottenFirst()
{
    RecoveryOptions options;
    options.maxAbsent = 2;
    House house(options);
    const Client first = house.cutClient();
    const Client second = house.cutClient();
    const Client third = house.cutClient();
    QCOMPARE(house.rig.server.absentSockets(), 2);
    QCOMPARE(house.rig.server.counters().recoveriesLost, quint64(1));
    QVERIFY(house.connect(first.claim()).sid != first.sid);
    QCOMPARE(house.connect(second.claim()).sid, second.sid);
    QCOMPARE(house.connect(third.claim()).sid, third.sid);
}

void TestRecovery::aConnectionNobodyKnowsToBeDeadIsReplaced()
{
    House house;
    Client before = house.connect();
    house.socket(before)->join({"r"});
    house.publish({"r"}, "on a dead line");
    Client after = house.connect(before.claim());
    QCOMPARE(after.sid, before.sid);
    QVERIFY(before.peer->isClosed());
    QCOMPARE(before.peer->closeReason, QByteArray("superseded"));
    QVERIFY(house.handler.takeLines().contains("disconnected superseded"));
    QCOMPARE(after.read(), QByteArrayList({"on a dead line"}));
    QCOMPARE(house.rig.hub.members(root, {"r"}).size(), size_t(1));
}

void TestRecovery::aClaimInsideTheSameSessionReplacesNothing()
{
    House house;
    const Client client = house.connect();
    house.rig.server.addNamespace({"/second"}, &house.handler, RecoveryOptions{});
    client.peer->sendText(QByteArray("40/second," + client.claim()));
    QVERIFY(house.socket(client));
    QVERIFY(!client.peer->isClosed());
}

void TestRecovery::aRestartKeepsWhoIsInDurableRoomsOnly()
{
    RecoveryOptions options;
    options.durableRooms = QStringList{QStringLiteral("task_*")};
    House house(options);
    Client durable = house.connect();
    house.socket(durable)->join({"task_1"});
    Client mixed = house.connect();
    house.socket(mixed)->join({"task_1"});
    house.socket(mixed)->join({"chat"});
    house.publish({"task_1"}, "seen");
    for (Client* client : {&durable, &mixed}) {
        client->read();
        client->peer->end();
    }
    fake::Rig::settle();
    house.publish({"task_1"}, "missed");
    house.publish({"chat"}, "talk");
    QCOMPARE(house.journal.packets.size(), size_t(2));

    House next(options);
    next.rig.clock.advance(Millis{1'000});
    next.rig.server.restoreNamespace(root, house.journal.stored());
    QCOMPARE(next.rig.server.absentSockets(), 1);
    Client after = next.connect(durable.claim());
    QCOMPARE(after.sid, durable.sid);
    QCOMPARE(after.read(), QByteArrayList({"missed"}));
    QVERIFY(next.connect(mixed.claim()).sid != mixed.sid);
}

void TestRecovery::aDurableSocketIsForgottenWhenItLeaves()
{
    RecoveryOptions options;
    options.durableRooms = QStringList{QStringLiteral("task_*")};
    House house(options);
    const Client client = house.connect();
    house.socket(client)->join({"task_1"});
    QCOMPARE(house.journal.sockets.size(), size_t(1));
    house.socket(client)->join({"chat"});
    QCOMPARE(house.journal.sockets.size(), size_t(0));
    house.socket(client)->leave({"chat"});
    QCOMPARE(house.journal.sockets.size(), size_t(1));
    client.peer->sendText("41");
    QCOMPARE(house.journal.sockets.size(), size_t(0));
}

void TestRecovery::aProcessThatDiedKeepsItsConnectedSockets()
{
    RecoveryOptions options;
    options.durableRooms = QStringList{QStringLiteral("task_*")};
    House house(options);
    Client client = house.connect();
    house.socket(client)->emitEvent("not written down");
    house.socket(client)->join({"task_1"});
    house.socket(client)->emitEvent("written down");
    house.publish({"task_1"}, "seen");
    const auto events = client.read();
    QCOMPARE(events.size(), 3);
    house.publish({"task_1"}, "missed");
    const RecoveredNamespace left = house.journal.stored();

    House next(options);
    next.rig.server.restoreNamespace(root, left);
    Client after = next.connect(client.claim());
    QCOMPARE(after.sid, client.sid);
    QCOMPARE(after.read(), QByteArrayList({"missed"}));
    // An offset from before it became durable: what came in between is lost, and that is said.
    House third(options);
    third.rig.server.restoreNamespace(root, left);
    client.offset = hub::offsetText(left.sockets.front().absence.lostUpTo - 1);
    Client early = third.connect(client.claim());
    QVERIFY(early.sid != client.sid);
}

QTEST_GUILESS_MAIN(TestRecovery)
#include "tst_recovery.moc"
