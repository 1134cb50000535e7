// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/topicsync.h"

#include <QtTest>

using gatehouse::gui::TopicSync;
using namespace Qt::StringLiterals;
using Verdict = TopicSync::Verdict;

namespace {

QJsonObject ack(qint64 version, const QJsonValue& cursor, int items = 1)
{
    QJsonArray list;
    for (int i = 0; i < items; ++i)
        list.append(QJsonObject{{"n"_L1, i}});
    return {
        {"epoch"_L1, u"e"_s}, {"version"_L1, version}, {"items"_L1, list}, {"cursor"_L1, cursor}};
}

QJsonObject change(qint64 from, qint64 version, const QString& epoch = u"e"_s)
{
    return {{"epoch"_L1, epoch}, {"from"_L1, from}, {"version"_L1, version}};
}

} // namespace

class TestTopicSync : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aSinglePageIsComplete()
    {
        TopicSync sync;
        sync.ask();
        QCOMPARE(sync.snapshot(ack(7, QJsonValue::Null)), Verdict::Complete);
        QCOMPARE(sync.takeItems().size(), 1);
        QCOMPARE(sync.phase(), TopicSync::Phase::Live);
        QCOMPARE(sync.version(), 7);
    }

    void pagesAreReadOnUntilTheCursorIsNull()
    {
        TopicSync sync;
        sync.ask();
        QCOMPARE(sync.snapshot(ack(7, u"a"_s, 2)), Verdict::More);
        QCOMPARE(sync.cursor(), u"a"_s);
        QCOMPARE(sync.page(ack(0, u"b"_s, 2)), Verdict::More);
        QCOMPARE(sync.page(ack(0, QJsonValue::Null, 1)), Verdict::Complete);
        QCOMPARE(sync.takeItems().size(), 5);
    }

    void changesWhilePagingWaitInOrder()
    {
        TopicSync sync;
        sync.ask();
        sync.snapshot(ack(7, u"a"_s));
        QCOMPARE(sync.change(change(7, 8)), Verdict::Ignored);
        QCOMPARE(sync.change(change(8, 11)), Verdict::Ignored);
        QCOMPARE(sync.page(ack(0, QJsonValue::Null)), Verdict::Complete);
        const auto waiting = sync.takeWaiting();
        QCOMPARE(waiting.size(), size_t(2));
        QCOMPARE(waiting[1].value("version"_L1).toInt(), 11);
        QCOMPARE(sync.change(change(11, 12)), Verdict::Next);
    }

    void holesAreGaps_data()
    {
        QTest::addColumn<QJsonObject>("message");
        QTest::newRow("a version was skipped") << change(8, 9);
        QTest::newRow("a version came twice") << change(6, 7);
        QTest::newRow("another life of the server") << change(7, 8, u"f"_s);
        QTest::newRow("no numbers") << QJsonObject{{"epoch"_L1, u"e"_s}};
        QTest::newRow("numbers as text")
            << QJsonObject{{"epoch"_L1, u"e"_s}, {"from"_L1, u"7"_s}, {"version"_L1, u"8"_s}};
    }

    void holesAreGaps()
    {
        QFETCH(QJsonObject, message);
        TopicSync sync;
        sync.ask();
        sync.snapshot(ack(7, QJsonValue::Null));
        QCOMPARE(sync.change(message), Verdict::Gap);
    }

    void aHoleWhilePagingIsAGapToo()
    {
        TopicSync sync;
        sync.ask();
        sync.snapshot(ack(7, u"a"_s));
        QCOMPARE(sync.change(change(9, 10)), Verdict::Gap);
    }

    void changesBeforeTheSnapshotBelongToAnOlderSubscription()
    {
        TopicSync sync;
        QCOMPARE(sync.change(change(1, 2)), Verdict::Ignored);
        sync.ask();
        QCOMPARE(sync.change(change(1, 2)), Verdict::Ignored);
    }

    void brokenAnswersAreGaps_data()
    {
        QTest::addColumn<QJsonObject>("answer");
        QTest::newRow("empty") << QJsonObject();
        QTest::newRow("no items") << QJsonObject{{"version"_L1, 1}};
        QTest::newRow("items are no array")
            << QJsonObject{{"version"_L1, 1}, {"items"_L1, QJsonObject()}};
        QTest::newRow("cursor is a number")
            << QJsonObject{{"version"_L1, 1}, {"items"_L1, QJsonArray()}, {"cursor"_L1, 3}};
        QTest::newRow("version is text")
            << QJsonObject{{"version"_L1, u"1"_s}, {"items"_L1, QJsonArray()}};
    }

    void brokenAnswersAreGaps()
    {
        QFETCH(QJsonObject, answer);
        TopicSync sync;
        sync.ask();
        QCOMPARE(sync.snapshot(answer), Verdict::Gap);
    }
};

QTEST_GUILESS_MAIN(TestTopicSync)
#include "tst_topicsync.moc"
