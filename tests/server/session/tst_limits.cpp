// SPDX-License-Identifier: Apache-2.0
#include "tests/server/session/fakes.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::session;
using namespace gatehouse::session::fake;

/// What one client, and one address, may take: exactly at the bound all is well, one more has a
/// named outcome and a counter.
class TestLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messagesOverTheRateEndTheSession();
    void octetsOverTheRateEndTheSession();
    void aPollingClientIsNoFaster();
    void sessionsOfOneAddressAreBounded();
    void aNetworkIsOneAddress();
    void handshakesOfOneAddressAreBounded();
    void addressesAreForgotten();
    void theOldestUnidentifiedSessionMakesRoom();
    void whoeverIsIdentifiedIsNotDisplaced();
    void unidentifiedClientsSendSmallMessages();
    void roomsOfOneSocketAreBounded();
    void packetsOfOnePostAreBounded();
    void namesAreBounded_data();
    void namesAreBounded();
    void nothingIsLeftOfAnUnfinishedPacket();
};

static access::Principal user()
{
    access::Principal principal;
    principal.kind = access::PrincipalKind::User;
    principal.name = QStringLiteral("ada");
    return principal;
}

static protocol::HttpRequest newSession(const QString& address)
{
    protocol::HttpRequest wanted = request("GET", QStringLiteral("EIO=4&transport=polling"));
    wanted.peerAddress = address;
    return wanted;
}

void TestLimits::messagesOverTheRateEndTheSession()
{
    SessionOptions options;
    options.messages = {10, 20};
    Rig rig(options);
    const PeerPtr peer = rig.openConnected(); // one message
    const int mostAtOnce = 2 * 20 - 1;
    for (int i = 0; i < mostAtOnce; ++i)
        peer->sendText("42[\"a\"]");
    QVERIFY(!peer->isClosed());
    rig.advance(Millis{1'000});
    for (int i = 0; i < 10; ++i)
        peer->sendText("42[\"a\"]");
    QVERIFY(!peer->isClosed());
    QCOMPARE(rig.root.events.size(), size_t(mostAtOnce + 10));
    peer->sendText("42[\"a\"]");
    QCOMPARE(peer->closeCode, std::optional(CloseCode::RateLimited));
    QCOMPARE(rig.root.events.size(), size_t(mostAtOnce + 10));
    QCOMPARE(rig.root.lines.last(), QByteArray("disconnected rate limited"));
    QCOMPARE(rig.server.counters().limitedMessages, quint64(1));
}

void TestLimits::octetsOverTheRateEndTheSession()
{
    SessionOptions options;
    options.bytes = {1'000, 10'000};
    Rig rig(options);
    const PeerPtr peer = rig.openConnected();
    const QByteArray message = "42[\"a\",\"" + QByteArray(9'000, 'x') + "\"]";
    peer->sendText(message);
    peer->sendText(message);
    QVERIFY(!peer->isClosed());
    peer->sendText(message);
    QCOMPARE(peer->closeCode, std::optional(CloseCode::RateLimited));
    QCOMPARE(rig.server.counters().limitedBytes, quint64(1));
}

void TestLimits::aPollingClientIsNoFaster()
{
    SessionOptions options;
    options.messages = {1, 3};
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    const ExchangePtr poll = rig.poll(sid);
    QCOMPARE(rig.post(sid,
                    "40\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3")
                 ->status(),
        200);
    rig.settle();
    // What was said before it still arrives, without a close packet.
    QCOMPARE(poll->status(), 200);
    QVERIFY2(poll->body().startsWith("40{"), poll->body().constData());
    QVERIFY2(!poll->body().endsWith("1"), poll->body().constData());
    QCOMPARE(rig.poll(sid)->status(), 400);
    QCOMPARE(rig.post(sid, "3")->status(), 400);
    QCOMPARE(rig.server.counters().limitedMessages, quint64(1));
}

void TestLimits::sessionsOfOneAddressAreBounded()
{
    SessionOptions options;
    options.perAddress.maxSessions = 2;
    Rig rig(options);
    const QByteArray first = rig.openPolling();
    QVERIFY(rig.openWebSocket());
    const ExchangePtr third = rig.get(QStringLiteral("EIO=4&transport=polling"));
    QCOMPARE(third->status(), 429);
    QVERIFY(third->response->headers.has("Retry-After"));
    QVERIFY(!rig.openWebSocket());
    QCOMPARE(rig.refused->status, 429);
    QCOMPARE(rig.server.counters().refusedAddresses, quint64(2));
    QVERIFY(rig.openUpgrade(first)); // no new session
    QCOMPARE(rig.send(newSession(QStringLiteral("192.0.2.8")))->status(), 200);
    rig.post(first, "1");
    QCOMPARE(rig.get(QStringLiteral("EIO=4&transport=polling"))->status(), 200);
}

void TestLimits::aNetworkIsOneAddress()
{
    SessionOptions options;
    options.perAddress.maxSessions = 1;
    Rig rig(options);
    QCOMPARE(rig.send(newSession(QStringLiteral("2001:db8:1:2::1")))->status(), 200);
    QCOMPARE(rig.send(newSession(QStringLiteral("2001:db8:1:2:ffff::9")))->status(), 429);
    QCOMPARE(rig.send(newSession(QStringLiteral("2001:db8:1:3::1")))->status(), 200);
    QCOMPARE(rig.send(newSession(QStringLiteral("192.0.2.1")))->status(), 200);
    QCOMPARE(rig.send(newSession(QStringLiteral("::ffff:192.0.2.1")))->status(), 429);
}

void TestLimits::handshakesOfOneAddressAreBounded()
{
    SessionOptions options;
    options.perAddress.handshakes = {1, 5};
    Rig rig(options);
    int opened = 0;
    while (rig.get(QStringLiteral("EIO=4&transport=polling"))->status() == 200)
        ++opened;
    QCOMPARE(opened, 10);
    QCOMPARE(rig.server.counters().refusedHandshakes, quint64(1));
    QCOMPARE(rig.get(QStringLiteral("EIO=4&transport=polling"))->status(), 429);
    QCOMPARE(rig.send(newSession(QStringLiteral("192.0.2.8")))->status(), 200);
    rig.advance(Millis{1'000});
    QCOMPARE(rig.get(QStringLiteral("EIO=4&transport=polling"))->status(), 200);
    QCOMPARE(rig.get(QStringLiteral("EIO=4&transport=polling"))->status(), 429);
}

void TestLimits::addressesAreForgotten()
{
    ManualClock clock;
    const AddressLimits limits{.maxSessions = 10, .handshakes = {10, 10}};
    AddressBook book(limits, clock);
    const AddressBook::Place place(book, QStringLiteral("198.51.100.1"));
    for (int i = 0; i < 20'000; ++i) {
        clock.advance(Millis{1});
        const QString address = QStringLiteral("10.%1.%2.1").arg(i / 256).arg(i % 256);
        QCOMPARE(book.admitHandshake(address), AddressBook::Verdict::Admitted);
    }
    // Some thousand that may still owe something, and never all.
    QVERIFY2(book.addressCount() < 5'000, qPrintable(QString::number(book.addressCount())));
}

void TestLimits::theOldestUnidentifiedSessionMakesRoom()
{
    SessionOptions options;
    options.perAddress.maxUnidentified = 2;
    Rig rig(options);
    const PeerPtr first = rig.openConnected();
    const PeerPtr lobby = rig.openWebSocket(); // in no namespace: the connect timeout's business
    const PeerPtr second = rig.openConnected();
    QVERIFY(!first->isClosed());
    const PeerPtr third = rig.openConnected();
    QCOMPARE(first->closeCode, std::optional(CloseCode::Unidentified));
    QVERIFY(!lobby->isClosed() && !second->isClosed() && !third->isClosed());
    QCOMPARE(rig.server.counters().displacedUnidentified, quint64(1));
    // Another one's end makes room as well.
    second->end();
    const PeerPtr fourth = rig.openConnected();
    QVERIFY(!third->isClosed() && !fourth->isClosed());
}

void TestLimits::whoeverIsIdentifiedIsNotDisplaced()
{
    SessionOptions options;
    options.perAddress.maxUnidentified = 1;
    Rig rig(options);
    rig.root.onConnected = [](Socket& socket) { socket.setPrincipal(user()); };
    const PeerPtr first = rig.openConnected();
    const PeerPtr second = rig.openConnected();
    rig.root.onConnected = nullptr;
    const PeerPtr unknown = rig.openConnected();
    rig.root.last->setPrincipal(user()); // late, but it did
    const PeerPtr next = rig.openConnected();
    QVERIFY(!first->isClosed() && !second->isClosed() && !unknown->isClosed());
    QVERIFY(!next->isClosed());
    QCOMPARE(rig.server.counters().displacedUnidentified, quint64(0));
}

void TestLimits::unidentifiedClientsSendSmallMessages()
{
    SessionOptions options;
    options.maxUnidentifiedBytes = 1'000;
    Rig rig(options);
    const auto message = [](qsizetype size) -> QByteArray {
        const QByteArray empty = "2[\"a\",\"\"]";
        return "42[\"a\",\"" + QByteArray(size - empty.size(), 'x') + "\"]";
    };
    const PeerPtr known = rig.openConnected();
    rig.root.last->setPrincipal(user());
    known->sendText(message(1'001));
    QVERIFY(!known->isClosed());
    const PeerPtr unknown = rig.openConnected();
    unknown->sendText(message(1'000));
    QVERIFY(!unknown->isClosed());
    unknown->sendText(message(1'001));
    QCOMPARE(unknown->closeCode, std::optional(CloseCode::MessageTooBig));
    QCOMPARE(rig.server.counters().refusedUnidentifiedBytes, quint64(1));
    QCOMPARE(rig.root.events.size(), size_t(2));
}

void TestLimits::roomsOfOneSocketAreBounded()
{
    SessionOptions options;
    options.maxRoomsPerSocket = 2;
    Rig rig(options);
    rig.root.onRequest = [](Socket& socket) {
        QVERIFY(socket.join({"early"}));
        socket.accept();
    };
    rig.openConnected();
    Socket& socket = *rig.root.last;
    QVERIFY(socket.join({"second"}));
    QVERIFY(socket.join({"second"})); // it is in there
    QVERIFY(!socket.join({"third"}));
    QCOMPARE(rig.hub.roomsOf({"/"}, socket.socketId()).size(), size_t(2));
    QCOMPARE(rig.server.counters().refusedRooms, quint64(1));
    socket.leave({"early"});
    socket.leave({"never there"});
    QVERIFY(socket.join({"third"}));
    QVERIFY(!socket.join({"fourth"}));
}

void TestLimits::packetsOfOnePostAreBounded()
{
    SessionOptions options;
    options.payload.maxPackets = 3;
    Rig rig(options);
    const QByteArray sid = rig.openPolling();
    QCOMPARE(rig.post(sid,
                    "40\x1e"
                    "3\x1e"
                    "3")
                 ->status(),
        200);
    QCOMPARE(rig.post(sid,
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3")
                 ->status(),
        400);
    QCOMPARE(rig.post(sid, "3")->status(), 400); // the session has ended
    QCOMPARE(rig.server.counters().protocolErrors, quint64(1));
}

void TestLimits::namesAreBounded_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<bool>("isGood");
    const QByteArray fits(128, 'n');
    QTest::newRow("event name at the bound") << QByteArray("42[\"" + fits + "\"]") << true;
    QTest::newRow("event name over it") << QByteArray("42[\"" + fits + "n\"]") << false;
    QTest::newRow("escapes count as written")
        << QByteArray("42[\"" + QByteArray("\\u0041").repeated(22) + "\"]") << false;
    QTest::newRow("binary event name over it")
        << QByteArray("451-[\"" + fits + "n\",{\"_placeholder\":true,\"num\":0}]") << false;
    QTest::newRow("namespace at the bound") << QByteArray("40/" + fits.chopped(1) + ',') << true;
    QTest::newRow("namespace over it") << QByteArray("40/" + fits + ',') << false;
}

void TestLimits::namesAreBounded()
{
    QFETCH(QByteArray, packet);
    QFETCH(bool, isGood);
    Rig rig;
    const PeerPtr peer = rig.openConnected();
    peer->sendText(packet);
    QCOMPARE(!peer->isClosed(), isGood);
    QCOMPARE(rig.server.counters().protocolErrors, quint64(isGood ? 0 : 1));
    if (!isGood)
        QCOMPARE(peer->closeCode, std::optional(CloseCode::ProtocolError));
}

/// Ten announced attachments, nine of them here: all of it goes with the session, and the next
/// session of the same client does not see any.
void TestLimits::nothingIsLeftOfAnUnfinishedPacket()
{
    Rig rig;
    const QByteArray chunk(100'000, 'b');
    for (int i = 0; i < 3; ++i) {
        const PeerPtr peer = rig.openConnected();
        peer->sendText("4510-[\"a\",{\"_placeholder\":true,\"num\":9}]");
        for (int k = 0; k < 9; ++k)
            peer->sendBinary(chunk);
        QVERIFY(!peer->isClosed());
        peer->end();
        rig.settle();
        QVERIFY(peer->isDestroyed);
    }
    QVERIFY(rig.root.events.empty());
    const PeerPtr peer = rig.openConnected();
    peer->sendBinary(chunk); // belongs to nothing here
    QCOMPARE(peer->closeCode, std::optional(CloseCode::ProtocolError));
    QVERIFY(rig.server.sessions().empty());
}

QTEST_GUILESS_MAIN(TestLimits)
#include "tst_limits.moc"
