// SPDX-License-Identifier: Apache-2.0
#include "server/hub/roomhistory.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::hub;

namespace {

const NamespaceName tasks{"/tasks"};
const RoomName red{"red"};
const RoomName blue{"blue"};
constexpr qsizetype plenty = 1 << 20;

struct Rig
{
    explicit Rig(RoomHistoryBounds bounds = {})
        : hub(clock), history(hub, tasks, bounds, clock, {"log"})
    {
    }

    void publish(
        const QByteArray& event, const QByteArray& args = "1", std::vector<RoomName> rooms = {red})
    {
        Publication publication;
        publication.nsp = tasks;
        publication.rooms = std::move(rooms);
        publication.event = event;
        publication.args = args;
        hub.publish(publication);
    }
    QByteArrayList names(const RoomName& room = red, quint64 after = 0) const
    {
        QByteArrayList list;
        for (const PastEvent& event : history.after(room, after, plenty).events)
            list << event.event;
        return list;
    }

    ManualClock clock;
    Hub hub;
    RoomHistory history;
};

} // namespace

class RoomHistoryTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatComesAfterANumberIsAnswered();
    void eventsOfRoomsWithoutMembersAreKept();
    void eachRoomHasItsOwn();
    void someEventsAreNotKept_data();
    void someEventsAreNotKept();
    void busyRoomsForgetTheirOldest();
    void oldEventsAreForgotten();
    void allRoomsTogetherAreBounded();
    void longArgumentsAreLeftOut();
    void answersAreBounded();
    void numbersGrowOverARestart();
    void whatAnEarlierProcessHadIsMissing();
    void whatARoomHadBeforeItWasForgottenIsMissing();
    void nothingIsKeptWhenItIsOff();
};

void RoomHistoryTest::whatComesAfterANumberIsAnswered()
{
    Rig rig;
    rig.publish("a", "{\"x\":1.0}");
    rig.publish("b");
    const auto all = rig.history.after(red, 0, plenty);
    QVERIFY(all.isComplete);
    QCOMPARE(all.events.size(), size_t(2));
    QCOMPARE(all.events[0].args, QByteArray("{\"x\":1.0}"));
    QCOMPARE(all.events[0].at, rig.clock.wall());
    QVERIFY(all.events[0].number < all.events[1].number);
    QCOMPARE(rig.names(red, all.events[0].number), QByteArrayList{"b"});
    QCOMPARE(rig.names(red, all.events[1].number), QByteArrayList());
}

void RoomHistoryTest::eventsOfRoomsWithoutMembersAreKept()
{
    Rig rig;
    QVERIFY(!rig.hub.room(tasks, red));
    rig.publish("missed by everybody");
    QCOMPARE(rig.names(), QByteArrayList{"missed by everybody"});
}

void RoomHistoryTest::eachRoomHasItsOwn()
{
    Rig rig;
    rig.publish("both", "1", {red, blue});
    rig.publish("blue", "1", {blue});
    QCOMPARE(rig.names(red), QByteArrayList{"both"});
    QCOMPARE(rig.names(blue), (QByteArrayList{"both", "blue"}));
    QCOMPARE(rig.names({"green"}), QByteArrayList());
}

void RoomHistoryTest::someEventsAreNotKept_data()
{
    QTest::addColumn<QString>("what");
    for (const char* what : {"volatile", "acknowledged", "binary", "of another namespace",
             "named as kept elsewhere", "for the whole namespace"})
        QTest::newRow(what) << QString::fromLatin1(what);
}

void RoomHistoryTest::someEventsAreNotKept()
{
    QFETCH(QString, what);
    Rig rig;
    Publication publication;
    publication.nsp = tasks;
    publication.rooms = {red};
    publication.event = "e";
    if (what == QLatin1StringView("volatile"))
        publication.urgency = Urgency::Volatile;
    else if (what == QLatin1StringView("acknowledged"))
        publication.ackId = 7;
    else if (what == QLatin1StringView("binary"))
        publication.attachments = {"\1"};
    else if (what == QLatin1StringView("of another namespace"))
        publication.nsp = {"/other"};
    else if (what == QLatin1StringView("named as kept elsewhere"))
        publication.event = "log";
    else
        publication.rooms.clear();
    rig.hub.publish(publication);
    QCOMPARE(rig.history.roomCount(), 0);
    QCOMPARE(rig.history.bytes(), 0);
}

void RoomHistoryTest::busyRoomsForgetTheirOldest()
{
    Rig rig({.maxEvents = 3});
    rig.publish("quiet", "1", {blue});
    for (int i = 0; i < 10'000; ++i)
        rig.publish(QByteArray::number(i));
    QCOMPARE(rig.names(), (QByteArrayList{"9997", "9998", "9999"}));
    QCOMPARE(rig.names(blue), QByteArrayList{"quiet"});
    const auto kept = rig.history.after(red, 0, plenty);
    QVERIFY(!kept.isComplete);
    QVERIFY(!rig.history.after(red, kept.events[0].number - 2, plenty).isComplete);
    QVERIFY(rig.history.after(red, kept.events[0].number, plenty).isComplete);
}

void RoomHistoryTest::oldEventsAreForgotten()
{
    Rig rig({.maxAge = Millis{60'000}});
    rig.publish("old");
    const quint64 number = rig.history.after(red, 0, plenty).events[0].number;
    rig.clock.advance(Millis{60'001});
    QCOMPARE(rig.names(), QByteArrayList());
    QVERIFY(rig.history.after(red, number, plenty).isComplete);
    rig.publish("new", "1", {blue});
    QCOMPARE(rig.history.roomCount(), 1);
    QCOMPARE(rig.names(blue), QByteArrayList{"new"});
}

void RoomHistoryTest::allRoomsTogetherAreBounded()
{
    Rig rig({.maxBytes = 4'096});
    for (int i = 0; i < 1'000; ++i)
        rig.publish("e", QByteArray(100, '1'), {{"room " + QByteArray::number(i)}});
    QVERIFY(rig.history.bytes() <= 4'096);
    QVERIFY(rig.history.roomCount() < 40);
    QCOMPARE(rig.names({"room 0"}), QByteArrayList());
    QCOMPARE(rig.names({"room 999"}), QByteArrayList{"e"});
}

void RoomHistoryTest::longArgumentsAreLeftOut()
{
    Rig rig({.maxEventBytes = 10});
    rig.publish("fits", QByteArray(10, '1'));
    rig.publish("long", QByteArray(11, '1'));
    const auto kept = rig.history.after(red, 0, plenty).events;
    QVERIFY(!kept[0].isCut);
    QVERIFY(kept[1].isCut);
    QVERIFY(kept[1].args.isEmpty());
}

void RoomHistoryTest::answersAreBounded()
{
    Rig rig;
    for (int i = 0; i < 10; ++i)
        rig.publish(QByteArray::number(i), QByteArray(1'000, '1'));
    const auto answer = rig.history.after(red, 0, 3'500);
    QCOMPARE(answer.events.size(), size_t(3));
    QCOMPARE(answer.events.back().event, QByteArray("9")); // the newest
    QVERIFY(!answer.isComplete);
}

void RoomHistoryTest::numbersGrowOverARestart()
{
    ManualClock clock;
    quint64 before = 0;
    for (int run = 0; run < 2; ++run) {
        Hub hub(clock);
        RoomHistory history(hub, tasks, {}, clock);
        for (int i = 0; i < 500; ++i) {
            Publication publication;
            publication.nsp = tasks;
            publication.rooms = {red};
            publication.event = "e";
            hub.publish(publication);
        }
        const auto kept = history.after(red, 0, plenty).events;
        QVERIFY(kept.front().number > before);
        before = kept.back().number;
        clock.advance(Millis{1'000});
    }
}

void RoomHistoryTest::whatAnEarlierProcessHadIsMissing()
{
    ManualClock clock;
    const quint64 seen
        = quint64(clock.wall().count()) * 1'000 + 5; // by a client, before the restart
    clock.advance(Millis{1'000});
    Hub hub(clock);
    RoomHistory history(hub, tasks, {}, clock);
    QVERIFY(!history.after(red, seen, plenty).isComplete);
    Publication publication;
    publication.nsp = tasks;
    publication.rooms = {red};
    publication.event = "first";
    hub.publish(publication);
    const auto answer = history.after(red, seen, plenty);
    QCOMPARE(answer.events.size(), size_t(1));
    QVERIFY(!answer.isComplete);
    QVERIFY(history.after(red, 0, plenty).isComplete); // all since the start
    QVERIFY(history.after(red, answer.events[0].number, plenty).isComplete);
    QVERIFY(!history.after(red, answer.events[0].number + 1, plenty).isComplete); // not ours
}

void RoomHistoryTest::whatARoomHadBeforeItWasForgottenIsMissing()
{
    Rig rig({.maxAge = Millis{60'000}});
    rig.publish("first");
    const quint64 first = rig.history.after(red, 0, plenty).events[0].number;
    rig.publish("second");
    rig.clock.advance(Millis{60'001});
    rig.publish("later", "1", {blue});
    const quint64 later = rig.history.after(blue, 0, plenty).events[0].number;
    QCOMPARE(rig.history.roomCount(), 1);
    QVERIFY(!rig.history.after(red, first, plenty).isComplete);
    QVERIFY(!rig.history.after(red, 0, plenty).isComplete);
    QVERIFY(rig.history.after(red, later, plenty).isComplete);
    rig.publish("third");
    QVERIFY(!rig.history.after(red, first, plenty).isComplete);
    QVERIFY(rig.history.after(red, later, plenty).isComplete);
}

void RoomHistoryTest::nothingIsKeptWhenItIsOff()
{
    Rig rig({.maxEvents = 0});
    rig.publish("e");
    QCOMPARE(rig.history.roomCount(), 0);
    QVERIFY(!rig.history.after(red, 0, plenty).isComplete);
}

QTEST_APPLESS_MAIN(RoomHistoryTest)
#include "tst_roomhistory.moc"
