// SPDX-License-Identifier: Apache-2.0
#include "server/hub/hub.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::hub;

namespace {

const NamespaceName nsp{"/"};

class Listener : public Subscriber
{
public:
    explicit Listener(QByteArray id) : m_id{std::move(id)} { }
    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, Urgency) override
    {
        texts << packet->text();
    }
    QByteArrayList texts;

private:
    SocketId m_id;
};

/// Writes down what would be on disk.
class Journal : public RecentJournal
{
public:
    void packetKept(const NamespaceName&, const RecentPacket& packet) override
    {
        kept << packet.packet->text();
    }
    void packetsForgotten(const NamespaceName&, quint64 upTo) override { forgotten = upTo; }
    QByteArrayList kept;
    quint64 forgotten = 0;
};

/// A namespace whose events are kept, with one listener in room "r".
struct Rig
{
    explicit Rig(RecentBounds bounds = {})
    {
        hub.keepRecent(nsp, bounds, &journal);
        hub.attach(nsp, listener);
        hub.join(nsp, {"r"}, listener);
        start = hub.recent(nsp)->lastNumber();
    }

    void publish(std::vector<RoomName> rooms, QByteArray event, Publication more = {})
    {
        more.nsp = nsp;
        more.rooms = std::move(rooms);
        more.event = std::move(event);
        hub.publish(more);
    }
    /// Names of the events missed by the listener as it is now; "-" when they cannot be had.
    QByteArrayList missed(quint64 offset, quint64 since = 0) const
    {
        const auto packets = hub.recent(nsp)->missed(
            {listener.socketId(), since, hub.memberships(nsp, listener.socketId())}, offset);
        if (!packets)
            return {"-"};
        QByteArrayList names;
        for (const auto& packet : *packets)
            names << packet->text().split('"').at(1);
        return names;
    }

    ManualClock clock;
    Hub hub{clock};
    Journal journal;
    Listener listener{"socket-a"};
    quint64 start = 0;
};

/// The text an event must have that carries this number.
QByteArray numbered(const QByteArray& head, quint64 number)
{
    return head + '"' + offsetText(number) + "\"]";
}

} // namespace

class TestRecentPackets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aKeptEventCarriesItsOffsetAsLastArgument();
    void anEventOfANamespaceThatKeepsNothingIsUnchanged();
    void aVolatileEventIsNotKept_data();
    void aVolatileEventIsNotKept();
    void whatWasMissedComesInOrderAndOnce();
    void aSocketsOwnRoomIsItsId();
    void nothingFromBeforeJoiningIsMissed();
    void whoWasExcludedMissesNothing();
    void overABoundTheGapIsTold_data();
    void overABoundTheGapIsTold();
    void anOffsetOfTheFutureIsNoOffset();
    void offsetsAreReadInOneSpellingOnly_data();
    void offsetsAreReadInOneSpellingOnly();
    void anEarlierRunsEventsAreBelowTheNewOnes();
    void theJournalHearsWhatIsKeptAndForgotten();
};

void TestRecentPackets::aKeptEventCarriesItsOffsetAsLastArgument()
{
    Rig rig;
    Publication publication;
    publication.args = "{\"a\":1}";
    rig.publish({{"r"}}, "e", publication);
    rig.publish({{"r"}}, "bare");
    QCOMPARE(rig.listener.texts,
        QByteArrayList({numbered("42[\"e\",{\"a\":1},", rig.start + 1),
            numbered("42[\"bare\",", rig.start + 2)}));
}

void TestRecentPackets::anEventOfANamespaceThatKeepsNothingIsUnchanged()
{
    ManualClock clock;
    Hub hub(clock);
    Listener listener("a");
    hub.attach(nsp, listener);
    hub.publish({nsp, {}, "e", "1", {}, {}, {}});
    QCOMPARE(listener.texts, QByteArrayList({"42[\"e\",1]"}));
    QVERIFY(!hub.recent(nsp));
}

void TestRecentPackets::aVolatileEventIsNotKept_data()
{
    QTest::addColumn<QByteArray>("args");
    QTest::addColumn<bool>("isMistakable");
    // A JavaScript client takes a text at the end for the offset; it must be a true one.
    QTest::newRow("object") << QByteArray("{\"a\":1}") << false;
    QTest::newRow("number") << QByteArray("1") << false;
    QTest::newRow("text") << QByteArray("\"50%\"") << true;
    QTest::newRow("no argument") << QByteArray() << true;
}

void TestRecentPackets::aVolatileEventIsNotKept()
{
    QFETCH(QByteArray, args);
    QFETCH(bool, isMistakable);
    Rig rig;
    Publication publication;
    publication.args = args;
    publication.urgency = Urgency::Volatile;
    rig.publish({{"r"}}, "tick", publication);
    const QByteArray head = "42[\"tick\"" + (args.isEmpty() ? args : ',' + args);
    QCOMPARE(rig.listener.texts,
        QByteArrayList({isMistakable ? numbered(head + ',', rig.start) : QByteArray(head + ']')}));
    QCOMPARE(rig.hub.recent(nsp)->count(), 0);
}

void TestRecentPackets::whatWasMissedComesInOrderAndOnce()
{
    Rig rig;
    rig.hub.join(nsp, {"s"}, rig.listener);
    rig.publish({{"r"}}, "seen");
    const quint64 offset = rig.hub.recent(nsp)->lastNumber();
    rig.publish({{"s"}}, "1");
    rig.publish({{"other"}}, "not mine");
    rig.publish({{"r"}, {"s"}}, "2");
    rig.publish({}, "3");
    rig.publish({{"r"}}, "4");
    QCOMPARE(rig.missed(offset), QByteArrayList({"1", "2", "3", "4"}));
    QCOMPARE(rig.missed(offset + 5), QByteArrayList());
}

void TestRecentPackets::aSocketsOwnRoomIsItsId()
{
    Rig rig;
    rig.publish({{"socket-a"}}, "direct");
    QCOMPARE(rig.listener.texts.size(), 1);
    rig.hub.encodeFor(nsp, rig.listener.socketId(), "emitted", {}, {});
    rig.hub.encodeFor(nsp, {"socket-b"}, "for another", {}, {});
    QCOMPARE(rig.missed(rig.start), QByteArrayList({"direct", "emitted"}));
}

void TestRecentPackets::nothingFromBeforeJoiningIsMissed()
{
    Rig rig;
    rig.publish({{"late"}}, "before");
    rig.hub.join(nsp, {"late"}, rig.listener);
    rig.publish({{"late"}}, "after");
    QCOMPARE(rig.missed(rig.start), QByteArrayList({"after"}));
    // Nor from before the socket was there at all, whatever offset an earlier stay left behind.
    QCOMPARE(rig.missed(1, rig.start + 2), QByteArrayList());
}

void TestRecentPackets::whoWasExcludedMissesNothing()
{
    Rig rig;
    Publication byId;
    byId.except = {rig.listener.socketId()};
    rig.publish({{"r"}}, "not to the sender", byId);
    Publication byRoom;
    byRoom.exceptRooms = {{"muted"}};
    rig.publish({{"r"}}, "not muted yet", byRoom);
    rig.hub.join(nsp, {"muted"}, rig.listener);
    rig.publish({{"r"}}, "muted", byRoom);
    QCOMPARE(rig.listener.texts.size(), 1);
    QCOMPARE(rig.missed(rig.start), QByteArrayList({"not muted yet"}));
}

void TestRecentPackets::overABoundTheGapIsTold_data()
{
    QTest::addColumn<RecentBounds>("bounds");
    const qsizetype size = numbered("42[\"0\",", quint64{1} << 60).size();
    QTest::newRow("events") << RecentBounds{Millis{1'000}, 2, 1'000'000};
    QTest::newRow("octets") << RecentBounds{Millis{1'000}, 100, 2 * size};
    QTest::newRow("age") << RecentBounds{Millis{5}, 100, 1'000'000};
}

void TestRecentPackets::overABoundTheGapIsTold()
{
    QFETCH(RecentBounds, bounds);
    Rig rig(bounds);
    const quint64 first = rig.hub.recent(nsp)->lastNumber();
    for (int i = 0; i < 3; ++i) {
        rig.publish({{"r"}}, QByteArray::number(i));
        rig.clock.advance(Millis{3});
    }
    rig.publish({{"nobody"}}, "3");
    QCOMPARE(rig.missed(first), QByteArrayList({"-"}));
    QCOMPARE(rig.missed(first + 2), QByteArrayList({"2"}));
    rig.clock.advance(Millis{2'000});
    rig.hub.trimRecent();
    QCOMPARE(rig.hub.recent(nsp)->count(), 0);
    QCOMPARE(rig.hub.recent(nsp)->bytes(), 0);
}

void TestRecentPackets::anOffsetOfTheFutureIsNoOffset()
{
    Rig rig;
    QCOMPARE(rig.missed(rig.start + 1), QByteArrayList({"-"}));
}

void TestRecentPackets::offsetsAreReadInOneSpellingOnly_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("number");
    QTest::newRow("ours") << QByteArray("z1") << qint64{35 * 36 + 1};
    QTest::newRow("upper case") << QByteArray("Z1") << qint64{-1};
    QTest::newRow("leading zero") << QByteArray("0z1") << qint64{-1};
    QTest::newRow("space") << QByteArray(" z1") << qint64{-1};
    QTest::newRow("sign") << QByteArray("-1") << qint64{-1};
    QTest::newRow("empty") << QByteArray() << qint64{-1};
    QTest::newRow("beyond 64 bits") << QByteArray(14, 'z') << qint64{-1};
    QTest::newRow("somebody else's text") << QByteArray("50%") << qint64{-1};
}

void TestRecentPackets::offsetsAreReadInOneSpellingOnly()
{
    QFETCH(QByteArray, text);
    QFETCH(qint64, number);
    const auto read = offsetNumber(text);
    QCOMPARE(read ? qint64(*read) : qint64{-1}, number);
}

void TestRecentPackets::anEarlierRunsEventsAreBelowTheNewOnes()
{
    Rig rig;
    // The clock went back meanwhile: the old numbers are above those of this run's start.
    const quint64 old = rig.start + 1'000'000;
    const auto packet = protocol::EncodedPacket::create("42[\"old\"]");
    rig.hub.keepRecent(nsp, {});
    rig.hub.restoreRecent(
        nsp, {{old, rig.clock.wall(), {{{"r"}}, {}, {}}, packet}}, rig.start + 10);
    QVERIFY(rig.hub.recent(nsp)->nextNumber() > old);
    rig.publish({{"r"}}, "new");
    QCOMPARE(rig.missed(rig.start + 20), QByteArrayList({"old", "new"}));
    QCOMPARE(rig.missed(rig.start + 9), QByteArrayList({"-"}));
}

void TestRecentPackets::theJournalHearsWhatIsKeptAndForgotten()
{
    Rig rig(RecentBounds{Millis{1'000}, 2, 1'000'000});
    for (int i = 0; i < 3; ++i)
        rig.publish({{"r"}}, QByteArray::number(i));
    QCOMPARE(rig.journal.kept, rig.listener.texts);
    QCOMPARE(rig.journal.forgotten, rig.start + 1);
}

QTEST_GUILESS_MAIN(TestRecentPackets)
#include "tst_recentpackets.moc"
