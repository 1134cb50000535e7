// SPDX-License-Identifier: Apache-2.0
// What is in the outbox and finds nobody waits, in order, and stops nobody else.
#include "server/bus/keptmessages.h"
#include "tests/support/memoryoutbox.h"

#include <QCoreApplication>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::bus;
using gatehouse::test::MemoryOutbox;

namespace {

/// The outbox with a broker that knows who is bound, and answers when it is asked to.
class Rig
{
public:
    explicit Rig(Millis hold = Millis{60'000})
    {
        options.outboxHold = hold;
        make();
    }
    /// Begins again, as a process that was restarted.
    void make()
    {
        unsettled.clear();
        kept = std::make_unique<KeptMessages>(
            options, clock, counters, outbox,
            [this](KeptMessage message) { unsettled.push_back(std::move(message)); },
            [this] { return isUp && unsettled.empty(); },
            [this](const Publication& publication, std::function<void()> done) {
                released << publication.topic;
                if (hasQueue)
                    QMetaObject::invokeMethod(&context, std::move(done), Qt::QueuedConnection);
            });
        if (hasQueue)
            kept->queueIsUp();
        spin();
    }
    /// "a1" is on the topic "a"; capitals need no receiver.
    void keep(const QByteArrayList& bodies)
    {
        for (const QByteArray& body : bodies) {
            Publication publication;
            publication.topic = body.first(1).toLower();
            publication.body = body;
            publication.care = Care::Kept;
            publication.needsReceiver = body.first(1) == publication.topic;
            if (kept)
                kept->keep(publication, false, [](const Result<quint64>&) {});
            spin();
        }
    }
    void spin()
    {
        for (int turn = 0; turn < 5; ++turn)
            QCoreApplication::processEvents();
    }
    /// The broker deals with what it was sent.
    void settleOnce()
    {
        for (const KeptMessage& message : std::exchange(unsettled, {})) {
            const Publication& publication = message.publication;
            ++sends;
            if (publication.topic == full) {
                kept->failed(message.number);
            } else if (publication.needsReceiver && !bound.contains(publication.topic)) {
                kept->unroutable(message.number, publication.body.size());
            } else {
                heard << publication.body;
                kept->confirmed(message.number, publication.body.size());
            }
        }
        spin();
    }
    void settle() ///< until nothing more comes
    {
        spin();
        while (!unsettled.empty())
            settleOnce();
    }
    void advance(Millis time)
    {
        for (; time > Millis{0}; time -= Millis{250}) {
            clock.advance(Millis{250});
            kept->tick();
            settle();
        }
    }

    AmqpOptions options;
    ManualClock clock;
    BusCounters counters;
    MemoryOutbox outbox;
    bool isUp = true;
    bool hasQueue = true;
    std::vector<KeptMessage> unsettled;
    QSet<QByteArray> bound;
    QByteArray full; ///< a topic of which the broker takes nothing
    QByteArrayList heard;
    QByteArrayList released;
    int sends = 0;
    QObject context;
    std::unique_ptr<KeptMessages> kept;
};

} // namespace

class TestKeptMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatFindsNobodyWaits();
    void othersGoOn();
    void theOrderOfTopicsIsKept();
    void whoIsNotHeardOfIsFoundToo();
    void nobodyCame();
    void timeStandsStillWithoutTheLink();
    void whatFollowsIsKept();
    void asksOnceASecond();
    void whatLosesItsReceiverWaitsAgain();
    void thousandsThatWaitHideNobody();
    void whatWaitsCountsAgainstTheBounds();
    void whatTheBrokerRefusesHoldsUpNoEnd();
    void steadyTrafficHoldsUpNoEnd();
    void manyTopicsAreReadOnce();
    void whoComesWhileItIsReadIsNotMissed();
    void withoutAQueueOthersGoOn();
    void aQueueThatWasLostIsNotTrusted();
    void knowsWhichTopicsWait();
    void whatIsConfirmedWhileItIsReadIsNotSentAgain();
};

void TestKeptMessages::whatFindsNobodyWaits()
{
    Rig rig;
    rig.isUp = false;
    rig.keep({"a1", "a2", "a3"});
    rig.isUp = true;
    rig.kept->tick();
    rig.settle();
    QCOMPARE(rig.sends, 1); // the others of its topic need not be tried
    rig.advance(Millis{5'000});
    QCOMPARE(rig.heard, QByteArrayList());
    QCOMPARE(rig.counters.outboxMessages, 3U);
    QCOMPARE(rig.outbox.rows.size(), size_t(3));
    QCOMPARE(rig.counters.unroutable, 0U);
    rig.bound = {"a"};
    rig.kept->receiversCame();
    rig.settle();
    QCOMPARE(rig.heard, (QByteArrayList{"a1", "a2", "a3"}));
    QCOMPARE(rig.counters.outboxMessages, 0U);
    QVERIFY(rig.outbox.rows.empty());
}

void TestKeptMessages::othersGoOn()
{
    Rig rig;
    rig.isUp = false;
    rig.keep({"a1", "b1", "A2", "C1", "a3", "b2"}); // A2 needs nobody
    rig.bound = {"b"};
    rig.isUp = true;
    rig.advance(Millis{500});
    QCOMPARE(rig.released, (QByteArrayList{"a", "b"})); // once each, before the first of them
    QCOMPARE(rig.heard, (QByteArrayList{"b1", "A2", "C1", "b2"}));
    QCOMPARE(rig.counters.outboxMessages, 2U);
}

// A file is opened before it is written to, whatever the topics.
void TestKeptMessages::theOrderOfTopicsIsKept()
{
    Rig rig;
    rig.isUp = false;
    QByteArrayList all;
    for (int i = 0; i < 40; ++i)
        all << QByteArray(1, char('a' + i % 3)) + QByteArray::number(i);
    rig.keep(all);
    rig.isUp = true;
    rig.advance(Millis{3'000});
    QCOMPARE(rig.heard, QByteArrayList());
    rig.bound = {"a", "b", "c"};
    rig.kept->receiversCame();
    rig.settle();
    QCOMPARE(rig.heard, all);
    // The same when all of them are there from the start.
    rig.isUp = false;
    rig.kept->linkLost();
    rig.heard.clear();
    rig.keep(all);
    rig.isUp = true;
    rig.advance(Millis{500});
    QCOMPARE(rig.heard, all);
}

void TestKeptMessages::whoIsNotHeardOfIsFoundToo()
{
    Rig rig;
    rig.isUp = false;
    rig.keep({"a1", "b2", "a3", "b4"});
    rig.isUp = true;
    rig.advance(Millis{500});
    rig.bound = {"a", "b"};
    rig.advance(Millis{1'000});
    QCOMPARE(rig.heard, (QByteArrayList{"a1", "b2"}));
    rig.advance(Millis{1'500}); // should a service be on its way to be announced
    QCOMPARE(rig.heard, (QByteArrayList{"a1", "b2", "a3", "b4"}));
    QVERIFY(rig.outbox.rows.empty());
}

void TestKeptMessages::nobodyCame()
{
    Rig rig(Millis{10'000});
    rig.isUp = false;
    rig.keep({"a1", "b1"});
    rig.isUp = true;
    rig.advance(Millis{5'000});
    rig.keep({"a2"});
    rig.advance(Millis{4'750});
    QCOMPARE(rig.counters.deadLettered, 0U);
    rig.advance(Millis{1'000});
    QCOMPARE(rig.counters.deadLettered, 2U); // a1, b1
    QCOMPARE(rig.counters.unroutable, 2U);
    QCOMPARE(rig.counters.outboxMessages, 1U);
    rig.bound = {"a", "b"};
    rig.kept->receiversCame();
    rig.settle();
    QCOMPARE(rig.heard, QByteArrayList{"a2"});
    QVERIFY(rig.outbox.rows.empty());
    QCOMPARE(rig.counters.outboxBytes, 0U);
}

void TestKeptMessages::timeStandsStillWithoutTheLink()
{
    Rig rig(Millis{10'000});
    rig.isUp = false;
    rig.keep({"a1"});
    rig.isUp = true;
    rig.advance(Millis{9'000});
    rig.isUp = false;
    rig.kept->linkLost();
    rig.advance(Millis{60'000});
    QCOMPARE(rig.counters.outboxMessages, 1U);
    rig.isUp = true;
    rig.advance(Millis{9'000});
    QCOMPARE(rig.counters.outboxMessages, 1U);
    rig.advance(Millis{2'000});
    QCOMPARE(rig.counters.deadLettered, 1U);
    QVERIFY(rig.outbox.rows.empty());
}

void TestKeptMessages::whatFollowsIsKept()
{
    Rig rig;
    const auto of = [](const char* topic, bool needsReceiver) {
        Publication publication;
        publication.topic = topic;
        publication.needsReceiver = needsReceiver;
        return publication;
    };
    QVERIFY(!rig.kept->mustFollow(of("a", true)));
    rig.isUp = false;
    rig.keep({"a1"});
    QVERIFY(rig.kept->mustFollow(of("b", true)));
    rig.isUp = true;
    rig.advance(Millis{500});
    QVERIFY(rig.kept->mustFollow(of("a", true)));
    QVERIFY(!rig.kept->mustFollow(of("a", false)));
    QVERIFY(!rig.kept->mustFollow(of("b", true)));
    rig.keep({"a2"});
    rig.advance(Millis{250});
    QVERIFY(!rig.kept->mustFollow(of("b", true)));
    // Somebody came: what waits goes first, whatever its topic.
    rig.bound = {"a"};
    rig.kept->receiversCame();
    QVERIFY(rig.kept->mustFollow(of("b", true)));
    rig.settle();
    QCOMPARE(rig.heard, (QByteArrayList{"a1", "a2"}));
    QVERIFY(!rig.kept->mustFollow(of("a", true)));
}

void TestKeptMessages::asksOnceASecond()
{
    Rig rig;
    rig.isUp = false;
    for (int i = 0; i < 100; ++i)
        rig.keep({"a" + QByteArray::number(i)});
    rig.isUp = true;
    rig.advance(Millis{250});
    QCOMPARE(rig.sends, 1);
    rig.advance(Millis{10'000});
    QVERIFY2(rig.sends >= 9 && rig.sends <= 11, qPrintable(QString::number(rig.sends)));
}

void TestKeptMessages::whatLosesItsReceiverWaitsAgain()
{
    Rig rig;
    rig.isUp = false;
    rig.keep({"a1", "a2", "a3"});
    rig.bound = {"a"};
    rig.isUp = true;
    rig.kept->tick();
    rig.spin();
    QCOMPARE(rig.unsettled.size(), size_t(1)); // to find out
    rig.settle();
    QCOMPARE(rig.heard, (QByteArrayList{"a1", "a2", "a3"}));
    rig.isUp = false;
    rig.keep({"a4", "a5"});
    rig.bound.clear();
    rig.isUp = true;
    rig.advance(Millis{500});
    rig.make(); // and the process starts anew
    rig.advance(Millis{500});
    QCOMPARE(rig.heard.size(), 3);
    rig.bound = {"a"};
    rig.kept->receiversCame();
    rig.settle();
    QCOMPARE(rig.heard.mid(3), (QByteArrayList{"a4", "a5"}));
}

void TestKeptMessages::thousandsThatWaitHideNobody()
{
    Rig rig;
    rig.isUp = false;
    for (int i = 0; i < 1'000; ++i)
        rig.keep({QByteArray(1, char('a' + i % 20)) + QByteArray::number(i)});
    rig.keep({"Z"});
    rig.isUp = true;
    rig.advance(Millis{1'000});
    QCOMPARE(rig.heard, QByteArrayList{"Z"});
    QCOMPARE(rig.counters.outboxMessages, 1'000U);
    for (char topic = 'a'; topic < 'a' + 20; ++topic)
        rig.bound.insert(QByteArray(1, topic));
    rig.kept->receiversCame();
    rig.settle();
    QCOMPARE(rig.heard.size(), 1'001);
    for (int i = 0; i < 1'000; ++i)
        QCOMPARE(rig.heard[i + 1].mid(1), QByteArray::number(i));
}

void TestKeptMessages::whatWaitsCountsAgainstTheBounds()
{
    Rig rig(Millis{1'000});
    rig.options.maxKept = 3;
    rig.options.maxKeptBytes = 10;
    rig.isUp = false;
    rig.keep({"a123", "a234"});
    QVERIFY(rig.kept->hasRoomFor(2));
    QVERIFY(!rig.kept->hasRoomFor(3)); // octets
    rig.keep({"a3"});
    QVERIFY(!rig.kept->hasRoomFor(0)); // messages
    rig.isUp = true;
    rig.advance(Millis{750});
    QVERIFY(!rig.kept->hasRoomFor(0)); // nobody came yet
    rig.advance(Millis{1'000});
    QCOMPARE(rig.counters.deadLettered, 3U);
    QVERIFY(rig.kept->hasRoomFor(10));
}

// Again and again, some ten times a second.
void TestKeptMessages::whatTheBrokerRefusesHoldsUpNoEnd()
{
    Rig rig(Millis{10'000});
    rig.isUp = false;
    rig.keep({"a1", "a2", "X", "A3"});
    rig.full = "x";
    rig.isUp = true;
    rig.advance(Millis{5'000});
    QCOMPARE(rig.heard, QByteArrayList{"A3"});
    QVERIFY2(
        rig.sends <= 30, qPrintable(QString::number(rig.sends))); // X each time, a1 each second
    rig.advance(Millis{6'000});
    QCOMPARE(rig.counters.deadLettered, 2U);
    QCOMPARE(rig.counters.outboxMessages, 1U);
    rig.full.clear();
    rig.advance(Millis{500});
    QCOMPARE(rig.heard, (QByteArrayList{"A3", "X"}));
    QVERIFY(rig.outbox.rows.empty());
}

void TestKeptMessages::steadyTrafficHoldsUpNoEnd()
{
    Rig rig(Millis{10'000});
    rig.isUp = false;
    rig.keep({"a1", "b1"});
    rig.isUp = true;
    rig.advance(Millis{500});
    for (int i = 0; i < 24; ++i) {
        rig.keep({"A" + QByteArray::number(i)});
        rig.kept->tick(); // there is always something under way
        rig.spin();
        QVERIFY(!rig.unsettled.empty());
        rig.clock.advance(Millis{250});
        rig.kept->tick();
        rig.settleOnce();
        if (i == 12)
            rig.bound = {"b"}; // who is not heard of is found all the same
    }
    QVERIFY(rig.heard.contains("b1"));
    for (int i = 24; i < 48; ++i) {
        rig.keep({"A" + QByteArray::number(i)});
        rig.kept->tick();
        rig.spin();
        rig.clock.advance(Millis{250});
        rig.kept->tick();
        rig.settleOnce();
    }
    QCOMPARE(rig.counters.deadLettered, 1U);
    rig.settle();
    QCOMPARE(rig.heard.size(), 49);
}

void TestKeptMessages::manyTopicsAreReadOnce()
{
    Rig rig;
    rig.isUp = false;
    QByteArrayList all;
    for (int i = 0; i < 260; ++i)
        all << QByteArray(1, char('a' + i / 10)) + QByteArray::number(i);
    rig.keep(all);
    for (char topic = 'a'; topic <= 'z'; ++topic)
        rig.bound.insert(QByteArray(1, topic));
    rig.isUp = true;
    rig.advance(Millis{500});
    QCOMPARE(rig.heard, all);
    QCOMPARE(rig.outbox.readRows, 260U);
}

void TestKeptMessages::whoComesWhileItIsReadIsNotMissed()
{
    Rig rig;
    rig.isUp = false;
    QByteArrayList all;
    for (int i = 0; i < 300; ++i)
        all << "a" + QByteArray::number(i);
    rig.keep(all);
    rig.isUp = true;
    rig.kept->tick();
    rig.spin();
    const std::vector<KeptMessage> first = std::exchange(rig.unsettled, {});
    QCOMPARE(first.size(), size_t(1));
    rig.kept->unroutable(first[0].number, 2); // and those behind it are read
    rig.bound = {"a"};
    rig.kept->receiversCame();
    rig.settle();
    QCOMPARE(rig.heard, all);
}

// Of our own, which may be bound to something: a second process of our name has it, perhaps.
void TestKeptMessages::withoutAQueueOthersGoOn()
{
    Rig rig(Millis{10'000});
    rig.hasQueue = false;
    rig.make();
    rig.isUp = false;
    rig.keep({"A1", "b2", "a3", "A4"});
    rig.bound = {"a", "b"};
    rig.isUp = true;
    rig.advance(Millis{9'000}); // it is not far, and all of them go out in order
    QCOMPARE(rig.heard, QByteArrayList{"A1"});
    rig.advance(Millis{20'000});
    QCOMPARE(rig.heard, (QByteArrayList{"A1", "A4"}));
    QCOMPARE(rig.counters.deadLettered, 0U); // nor is anybody late
    Publication c;
    c.topic = "c";
    QVERIFY(!rig.kept->mustFollow(c));
    c.needsReceiver = true;
    QVERIFY(rig.kept->mustFollow(c));
    rig.hasQueue = true;
    rig.kept->queueIsUp();
    rig.advance(Millis{500});
    QCOMPARE(rig.heard, (QByteArrayList{"A1", "A4", "b2", "a3"}));
    QVERIFY(rig.outbox.rows.empty());
    // The same with the answer about a topic under way.
    rig.keep({"c1"});
    rig.kept->tick();
    rig.hasQueue = false; // which does not come
    rig.spin();
    rig.kept->queueIsDown();
    rig.keep({"D2"});
    rig.advance(Millis{10'500});
    QCOMPARE(rig.heard.last(), QByteArray("D2"));
    rig.bound.insert("c");
    rig.hasQueue = true;
    rig.kept->queueIsUp();
    rig.advance(Millis{500});
    QCOMPARE(rig.heard.last(), QByteArray("c1"));
}

// Somebody of ours may have gone whose binding is still there.
void TestKeptMessages::aQueueThatWasLostIsNotTrusted()
{
    Rig rig;
    rig.isUp = false;
    rig.keep({"a1"});
    rig.bound = {"a"};
    rig.isUp = true;
    rig.advance(Millis{500});
    QCOMPARE(rig.released, QByteArrayList{"a"});
    for (const bool isLink : {true, false}) {
        rig.isUp = false;
        rig.keep({"a2"});
        if (isLink) {
            rig.kept->linkLost();
        } else {
            rig.kept->queueIsDown();
            rig.kept->queueIsUp();
        }
        rig.isUp = true;
        rig.released.clear();
        rig.advance(Millis{500});
        QCOMPARE(rig.released, QByteArrayList{"a"});
    }
    QCOMPARE(rig.heard, (QByteArrayList{"a1", "a2", "a2"}));
}

void TestKeptMessages::knowsWhichTopicsWait()
{
    Rig rig(Millis{10'000});
    const UnboundTopics::Key a({}, "a");
    const UnboundTopics::Key b({}, "b");
    rig.isUp = false;
    rig.outbox.isFailing = true;
    rig.keep({"a0"});
    QVERIFY(!rig.kept->isWaiting(a));
    rig.outbox.isFailing = false;
    Publication publication;
    publication.topic = "a";
    publication.needsReceiver = true;
    rig.kept->keep(publication, false, [](const Result<quint64>&) {});
    QVERIFY(rig.kept->isWaiting(a)); // on its way in
    rig.keep({"a1", "B2", "b3"});
    rig.isUp = true;
    rig.bound = {"b"};
    rig.advance(Millis{2'000});
    QVERIFY(rig.kept->isWaiting(a));
    QVERIFY(!rig.kept->isWaiting(b));
    rig.kept->receiversCame(); // and it is not yet known whose
    QVERIFY(rig.kept->isWaiting(a));
    rig.settle();
    rig.isUp = false;
    rig.kept->linkLost();
    QVERIFY(rig.kept->isWaiting(a));
    rig.make(); // a process that finds it
    QVERIFY(!rig.kept->isWaiting(a));
    rig.isUp = true;
    rig.advance(Millis{500});
    QVERIFY(rig.kept->isWaiting(a));
    rig.advance(Millis{11'000});
    QCOMPARE(rig.counters.deadLettered, 2U);
    QVERIFY(!rig.kept->isWaiting(a));
}

// Its confirm came after all, when it was in the outbox already.
void TestKeptMessages::whatIsConfirmedWhileItIsReadIsNotSentAgain()
{
    Rig rig;
    rig.isUp = false;
    rig.keep({"a1", "A2"});
    rig.isUp = true;
    rig.kept->drain();
    rig.kept->confirmed(1, 2);
    QVERIFY(!rig.kept->isWaiting({{}, "a"}));
    rig.advance(Millis{500});
    QCOMPARE(rig.heard, QByteArrayList{"A2"});
    QCOMPARE(rig.counters.outboxMessages, 0U);
    QVERIFY(!rig.kept->isWaiting({{}, "a"}));
}

QTEST_GUILESS_MAIN(TestKeptMessages)
#include "tst_keptmessages.moc"
