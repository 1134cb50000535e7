// SPDX-License-Identifier: Apache-2.0
#include "server/transport/framequeue.h"

#include <QTest>

#include <malloc.h>

#include <array>

using gatehouse::Millis;
using gatehouse::transport::FrameQueue;

class TestFrameQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void octetsLeaveInOrderHoweverTheyAreTaken()
    {
        FrameQueue queue;
        QByteArray expected;
        for (int i = 0; i < 300; ++i) {
            const QByteArray frame(i % 7 + 1, char('a' + i % 26));
            queue.push(frame, Millis{i});
            expected += frame;
        }
        QCOMPARE(queue.bytes(), expected.size());
        QByteArray got;
        std::array<QByteArrayView, 5> parts;
        int step = 1;
        while (!queue.isEmpty()) {
            const size_t count = queue.peek(parts);
            QByteArray offered;
            for (size_t i = 0; i < count; ++i)
                offered += parts[i];
            const qsizetype take = std::min<qsizetype>(step++ % 11 + 1, offered.size());
            got += offered.first(take);
            queue.drop(take);
            if (step == 50) {
                queue.push("late", Millis{1'000});
                expected += "late";
            }
        }
        QCOMPARE(got, expected);
        QCOMPARE(queue.bytes(), 0);
        QCOMPARE(queue.weight(), 0);
    }

    void framesAreReferencesNotCopies()
    {
        const QByteArray frame(10'000, 'x');
        FrameQueue queue;
        queue.push(frame, {});
        std::array<QByteArrayView, 1> parts;
        queue.peek(parts);
        QCOMPARE(
            static_cast<const void*>(parts[0].data()), static_cast<const void*>(frame.constData()));
    }

    void shedsWhatMayGoButNotWhatThePeerHasSeenTheBeginningOf()
    {
        using gatehouse::protocol::Shedding;
        FrameQueue queue;
        queue.push("oldest", Millis{1}, Shedding::oldestFirst());
        queue.push("kept", Millis{2});
        queue.push("old", Millis{3}, Shedding::oldestFirst());
        queue.push("state1", Millis{4}, Shedding::keepLatest(1));
        queue.push("state2", Millis{5}, Shedding::keepLatest(1));
        queue.push("new", Millis{6}, Shedding::oldestFirst());
        queue.drop(2);
        const qsizetype before = queue.weight();
        QCOMPARE(
            queue.shed(before - 100), qsizetype(2)); // "state1" and, as that was not enough, "old"
        QVERIFY(queue.weight() <= before - 100);
        QCOMPARE(queue.bytes(), qsizetype(sizeof "destkeptstate2new" - 1));
        QCOMPARE(queue.shed(0), qsizetype(1)); // "new"; the rest may not go
        QCOMPARE(queue.takeAll(), QByteArray("destkeptstate2"));
    }

    void shedsByAge()
    {
        using gatehouse::protocol::Shedding;
        FrameQueue queue;
        queue.push("a", Millis{1}, Shedding::oldestFirst());
        queue.push("b", Millis{1}, Shedding::keepLatest(7));
        queue.push("c", Millis{9}, Shedding::oldestFirst());
        QCOMPARE(queue.shedOlderThan(Millis{9}), qsizetype(1));
        QCOMPARE(queue.takeAll(), QByteArray("bc"));
        queue.push("only", Millis{1}, Shedding::oldestFirst());
        QCOMPARE(queue.shedOlderThan(Millis{9}), qsizetype(1));
        QVERIFY(queue.isEmpty());
        QCOMPARE(queue.weight(), 0);
    }

    void messageUnderWayDoesNotCountAgainstTheBound()
    {
        FrameQueue queue;
        queue.push(QByteArray(1'000'000, 'x'), {});
        QVERIFY(queue.weight() >= 1'000'000);
        queue.drop(1);
        QVERIFY(queue.weight() < 1'000);
        queue.push(QByteArray(500, 'y'), {});
        QVERIFY(queue.weight() >= 500 && queue.weight() < 1'500);
    }

    void smallFramesWeighMoreThanTheirOctets()
    {
        FrameQueue queue;
        for (int i = 0; i < 1'000; ++i)
            queue.push("\x8A", {});
        QCOMPARE(queue.bytes(), 1'000);
        QVERIFY(queue.weight() > 50'000);
    }

    void dropUnstartedKeepsTheRestOfTheFirst()
    {
        FrameQueue queue;
        queue.push("first", Millis{1});
        queue.push("second", Millis{2});
        queue.drop(2);
        queue.dropUnstarted();
        QCOMPARE(queue.takeAll(), QByteArray("rst"));
        queue.push("a", {});
        queue.push("b", {});
        queue.dropUnstarted();
        QVERIFY(queue.isEmpty());
        QCOMPARE(queue.bytes(), 0);
    }

    void emptyHoldsNoMemory_data()
    {
        QTest::addColumn<bool>("isDropped");
        QTest::newRow("sent") << false;
        QTest::newRow("given up") << true;
    }

    void emptyHoldsNoMemory()
    {
        QFETCH(bool, isDropped);
        const QByteArray frame("x");
        FrameQueue queue;
        const auto before = ::mallinfo2().uordblks;
        for (int i = 0; i < 1'000; ++i)
            queue.push(frame, {});
        const auto full = ::mallinfo2().uordblks;
        if (full == before)
            QSKIP("this allocator does not count");
        if (isDropped)
            queue.dropUnstarted();
        else
            queue.drop(queue.bytes());
        QVERIFY(queue.isEmpty());
        QVERIFY2(::mallinfo2().uordblks < before + 4'096,
            qPrintable(QString::number(::mallinfo2().uordblks - before)));
    }

    void oldestIsWhatWaitsFirst()
    {
        FrameQueue queue;
        queue.push("a", Millis{10});
        queue.push("b", Millis{20});
        QCOMPARE(queue.oldest(), Millis{10});
        queue.drop(1);
        QCOMPARE(queue.oldest(), Millis{20});
    }
};

QTEST_GUILESS_MAIN(TestFrameQueue)
#include "tst_framequeue.moc"
