// SPDX-License-Identifier: Apache-2.0
#include "server/store/storedrecovery.h"
#include "tests/server/store/fixture.h"

using namespace gatehouse;
using namespace gatehouse::store;
using namespace gatehouse::store::test;

/// Who may come back after a restart, and what was missed meanwhile.
class TestRecovery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }

    void keepsSocketsAndEventsOverARestart();
    void theLastWordOnASocketCounts();
    void forgottenEventsGoAndTheFloorStays();
    void whatIsTooOldIsNotGivenBack();
    void theNewestWithinTheBoundsAreGivenBack_data();
    void theNewestWithinTheBoundsAreGivenBack();
    void forgettingSocketsKeepsTheEvents();
    void namespacesDoNotMix();
    void otherNamespacesAreRemoved();

private:
    using Changes = std::map<QByteArray, RecoveryChanges>;

    static StoredSocket socket(const QByteArray& pid, Millis leftAt = {})
    {
        return {pid, "body of " + pid, leftAt};
    }
    static StoredEvent event(quint64 number, Millis at = Millis{1'000})
    {
        return {number, at, QByteArray::number(number)};
    }
    static RecoveryChanges saving(std::initializer_list<StoredSocket> sockets)
    {
        RecoveryChanges changes;
        for (const StoredSocket& one : sockets)
            changes.sockets[one.pid] = one;
        return changes;
    }
    static bool write(Fixture& f, Changes changes)
    {
        return await<void>([&](work::Completion<void> done) {
            StoredRecovery(*f.store).write(std::move(changes), 0, std::move(done));
        }).has_value();
    }
    static StoredRecovery::Bounds bounds()
    {
        return {.sockets = 100, .events = 100, .bytes = 1 << 20};
    }
    static RecoveryContent load(
        Fixture& f, const QByteArray& nsp = "/", StoredRecovery::Bounds within = bounds())
    {
        return await<RecoveryContent>([&](work::Completion<RecoveryContent> done) {
            StoredRecovery(*f.store).load(nsp, within, std::move(done));
        }).value();
    }
    static QByteArrayList pids(const RecoveryContent& content)
    {
        QByteArrayList list;
        for (const StoredSocket& one : content.sockets)
            list << one.pid;
        return list;
    }
    static QList<quint64> numbers(const RecoveryContent& content)
    {
        QList<quint64> list;
        for (const StoredEvent& one : content.events)
            list << one.number;
        return list;
    }
};

void TestRecovery::keepsSocketsAndEventsOverARestart()
{
    Fixture f;
    constexpr quint64 large = (quint64{1} << 60) + 1;
    RecoveryChanges changes = saving({socket("connected"), socket("left", Millis{5'000})});
    changes.events = {event(7), {large, Millis{2'000}, QByteArray("\0\xff", 2)}};
    changes.forgottenUpTo = 6;
    QVERIFY(write(f, {{"/", changes}}));
    f.reopen();
    const RecoveryContent content = load(f);
    QCOMPARE(pids(content), QByteArrayList({"left", "connected"}));
    QCOMPARE(content.sockets[0].body, QByteArray("body of left"));
    QCOMPARE(content.sockets[0].leftAt, Millis{5'000});
    QCOMPARE(content.sockets[1].leftAt, Millis{});
    QCOMPARE(numbers(content), QList<quint64>({7, large}));
    QCOMPARE(content.events[1].body, QByteArray("\0\xff", 2));
    QCOMPARE(content.events[1].keptAt, Millis{2'000});
    QCOMPARE(content.forgottenUpTo, quint64(6));
}

void TestRecovery::theLastWordOnASocketCounts()
{
    Fixture f;
    QVERIFY(write(f, {{"/", saving({socket("a"), socket("b")})}}));
    RecoveryChanges changes = saving({socket("a", Millis{9})});
    changes.sockets["b"] = std::nullopt;
    changes.sockets["never there"] = std::nullopt;
    QVERIFY(write(f, {{"/", changes}}));
    const RecoveryContent content = load(f);
    QCOMPARE(pids(content), QByteArrayList({"a"}));
    QCOMPARE(content.sockets[0].leftAt, Millis{9});
}

void TestRecovery::forgottenEventsGoAndTheFloorStays()
{
    Fixture f;
    RecoveryChanges changes;
    changes.events = {event(1), event(2), event(3)};
    QVERIFY(write(f, {{"/", changes}}));
    QCOMPARE(load(f).forgottenUpTo, quint64(0));
    RecoveryChanges later;
    later.events = {event(4)};
    later.forgottenUpTo = 2;
    QVERIFY(write(f, {{"/", later}}));
    QCOMPARE(numbers(load(f)), QList<quint64>({3, 4}));
    QCOMPARE(load(f).forgottenUpTo, quint64(2));
    RecoveryChanges all;
    all.forgottenUpTo = 9;
    QVERIFY(write(f, {{"/", all}}));
    f.reopen();
    QVERIFY(load(f).events.empty());
    QCOMPARE(load(f).forgottenUpTo, quint64(9));
}

void TestRecovery::whatIsTooOldIsNotGivenBack()
{
    Fixture f;
    RecoveryChanges changes
        = saving({socket("connected"), socket("early", Millis{99}), socket("late", Millis{100})});
    changes.events = {event(1, Millis{49}), event(2, Millis{50}), event(3, Millis{51})};
    QVERIFY(write(f, {{"/", changes}}));
    StoredRecovery::Bounds within = bounds();
    within.leftAfter = Millis{100};
    within.keptAfter = Millis{50};
    const RecoveryContent content = load(f, "/", within);
    QCOMPARE(pids(content), QByteArrayList({"late", "connected"}));
    QCOMPARE(numbers(content), QList<quint64>({2, 3}));
    QCOMPARE(content.forgottenUpTo, quint64(1));
}

void TestRecovery::theNewestWithinTheBoundsAreGivenBack_data()
{
    QTest::addColumn<int>("sockets");
    QTest::addColumn<int>("events");
    QTest::addColumn<int>("bytes"); ///< each event has ten
    QTest::addColumn<QByteArrayList>("pids");
    QTest::addColumn<QList<quint64>>("numbers");
    QTest::addColumn<quint64>("forgotten");
    const QByteArrayList all{"left", "here"};
    QTest::newRow("one socket fewer")
        << 1 << 9 << 99 << QByteArrayList{"here"} << QList<quint64>{1, 2, 3} << quint64(0);
    QTest::newRow("as many sockets as fit")
        << 2 << 9 << 99 << all << QList<quint64>{1, 2, 3} << quint64(0);
    QTest::newRow("one event fewer") << 9 << 2 << 99 << all << QList<quint64>{2, 3} << quint64(1);
    QTest::newRow("as many events as fit")
        << 9 << 3 << 99 << all << QList<quint64>{1, 2, 3} << quint64(0);
    QTest::newRow("one octet fewer") << 9 << 9 << 29 << all << QList<quint64>{2, 3} << quint64(1);
    QTest::newRow("as many octets as fit")
        << 9 << 9 << 30 << all << QList<quint64>{1, 2, 3} << quint64(0);
    QTest::newRow("nothing fits") << 9 << 9 << 9 << all << QList<quint64>{} << quint64(3);
}

void TestRecovery::theNewestWithinTheBoundsAreGivenBack()
{
    QFETCH(int, sockets);
    QFETCH(int, events);
    QFETCH(int, bytes);
    Fixture f;
    RecoveryChanges changes = saving({socket("here"), socket("left", Millis{100})});
    for (quint64 number = 1; number <= 3; ++number)
        changes.events.push_back({number, Millis{100}, QByteArray(10, 'x')});
    QVERIFY(write(f, {{"/", changes}}));
    const RecoveryContent content
        = load(f, "/", {.sockets = sockets, .events = events, .bytes = bytes});
    QTEST(pids(content), "pids");
    QTEST(numbers(content), "numbers");
    QTEST(content.forgottenUpTo, "forgotten");
}

void TestRecovery::forgettingSocketsKeepsTheEvents()
{
    Fixture f;
    RecoveryChanges first = saving({socket("a"), socket("b")});
    first.events = {event(1)};
    QVERIFY(write(f, {{"/", first}}));
    RecoveryChanges then = saving({socket("c")});
    then.forgetsSockets = true;
    then.events = {event(2)};
    QVERIFY(write(f, {{"/", then}}));
    QCOMPARE(pids(load(f)), QByteArrayList({"c"}));
    QCOMPARE(numbers(load(f)), QList<quint64>({1, 2}));
}

void TestRecovery::namespacesDoNotMix()
{
    Fixture f;
    RecoveryChanges one = saving({socket("a")});
    one.events = {event(1), event(2)};
    RecoveryChanges other = saving({socket("a", Millis{3}), socket("b")});
    other.events = {event(1)};
    other.forgottenUpTo = 1;
    QVERIFY(write(f, {{"/one", one}, {"/\xc3\xa4", other}}));
    QCOMPARE(pids(load(f, "/one")), QByteArrayList({"a"}));
    QCOMPARE(numbers(load(f, "/one")), QList<quint64>({1, 2}));
    QCOMPARE(pids(load(f, "/\xc3\xa4")).size(), 2);
    QCOMPARE(numbers(load(f, "/\xc3\xa4")), QList<quint64>());
    QVERIFY(pids(load(f, "/")).isEmpty());
}

void TestRecovery::otherNamespacesAreRemoved()
{
    Fixture f;
    RecoveryChanges changes = saving({socket("a")});
    changes.events = {event(2)};
    changes.forgottenUpTo = 1;
    QVERIFY(write(f, {{"/kept", changes}, {"/gone", changes}}));
    QVERIFY(await<void>([&](work::Completion<void> done) {
        StoredRecovery(*f.store).keepOnly({"/kept", "/new"}, std::move(done));
    }));
    QCOMPARE(pids(load(f, "/kept")), QByteArrayList({"a"}));
    QCOMPARE(numbers(load(f, "/kept")), QList<quint64>({2}));
    QCOMPARE(load(f, "/kept").forgottenUpTo, quint64(1));
    QVERIFY(load(f, "/gone").sockets.empty());
    QVERIFY(load(f, "/gone").events.empty());
    QCOMPARE(load(f, "/gone").forgottenUpTo, quint64(0));
}

QTEST_GUILESS_MAIN(TestRecovery)
#include "tst_recovery.moc"
