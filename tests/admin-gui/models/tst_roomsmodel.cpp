// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/roomsmodel.h"
#include "admin-gui/models/rowfilter.h"
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QAbstractItemModelTester>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

using Mode = QAbstractItemModelTester::FailureReportingMode;

int memberCount(const RoomsModel& model, const QString& room)
{
    const QModelIndex index = model.indexOfRoom(u"/tasks|"_s + room);
    return index.isValid() ? model.rowCount(index) : 0;
}

} // namespace

class TestRoomsModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void membersLiveBelowTheirRoom()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.resetRooms({sampleRoom(u"a"_s, 1), sampleRoom(u"b"_s, 1)});
        model.resetMembers({sampleMember(u"a"_s, u"1"_s, u"Anna"_s)});
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.rowCount(model.index(0, 0)), 2);
        QCOMPARE(memberCount(model, u"a"_s), 1);
        const QModelIndex member = model.index(0, 0, model.indexOfRoom(u"/tasks|a"_s));
        QCOMPARE(member.data().toString(), u"Anna"_s);
        QCOMPARE(model.member(member)->socketId, u"1"_s);
        QCOMPARE(model.namespaceOf(member), u"/tasks"_s);
        QVERIFY(!model.room(member));
    }

    void aMemberMayComeBeforeItsRoom()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.applyMembers({{QString(), sampleMember(u"a"_s, u"1"_s, u"Anna"_s)}});
        QCOMPARE(model.roomCount(), 1);
        model.applyRooms({{QString(), sampleRoom(u"a"_s, 1)}});
        QCOMPARE(model.roomCount(), 1);
        QCOMPARE(model.room(model.indexOfRoom(u"/tasks|a"_s))->members, 1);
        QCOMPARE(memberCount(model, u"a"_s), 1);
    }

    void theEndOfARoomTakesItsMembersAlong()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        const auto member = sampleMember(u"a"_s, u"1"_s, u"Anna"_s);
        model.resetRooms({sampleRoom(u"a"_s, 1)});
        model.applyMembers({{member.key(), member}});
        model.applyRooms({{u"/tasks|a"_s, std::nullopt}});
        QCOMPARE(model.rowCount(), 0); // the empty namespace goes too
        model.applyMembers({{member.key(), std::nullopt}}); // comes late
        model.applyMembers({{member.key(), member}});
        QCOMPARE(memberCount(model, u"a"_s), 1);
    }

    void aLateSnapshotOfRoomsKeepsTheMembersThatCameLive()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        const auto member = sampleMember(u"new"_s, u"1"_s, u"Anna"_s);
        model.applyMembers({{member.key(), member}});
        model.resetRooms({sampleRoom(u"old"_s, 1)}); // taken before Anna came
        QCOMPARE(memberCount(model, u"new"_s), 1);
        model.applyRooms({{QString(), sampleRoom(u"new"_s, 1)}});
        QCOMPARE(model.roomCount(), 2);
        QCOMPARE(memberCount(model, u"new"_s), 1);
    }

    void aRoomNobodyListsEndsWithItsLastMember()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        const auto anna = sampleMember(u"a"_s, u"1"_s, u"Anna"_s);
        const auto bram = sampleMember(u"a"_s, u"2"_s, u"Bram"_s);
        model.resetRooms({sampleRoom(u"a"_s, 2), sampleRoom(u"b"_s, 1)});
        model.resetMembers({anna, bram});
        model.resetRooms({sampleRoom(u"b"_s, 1)}); // it ended while nobody listened
        model.applyMembers({{anna.key(), std::nullopt}});
        QCOMPARE(memberCount(model, u"a"_s), 1);
        model.resetMembers({}); // and here is who is left
        QVERIFY(!model.indexOfRoom(u"/tasks|a"_s).isValid());
        QCOMPARE(model.roomCount(), 1); // a listed room stays, empty as it is
        QVERIFY(model.indexOfRoom(u"/tasks|b"_s).isValid());
    }

    void aNewSnapshotKeepsWhatStays()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.resetRooms({sampleRoom(u"a"_s, 1), sampleRoom(u"b"_s, 1)});
        const QPersistentModelIndex b(model.indexOfRoom(u"/tasks|b"_s));
        model.resetRooms({sampleRoom(u"b"_s, 2), sampleRoom(u"c"_s, 1)});
        QVERIFY(b.isValid());
        QCOMPARE(model.room(b)->members, 2);
        QVERIFY(!model.indexOfRoom(u"/tasks|a"_s).isValid());
    }

    void aSnapshotOfTenThousandMembersIsOneInsertion()
    {
        RoomsModel model;
        model.resetRooms({sampleRoom(u"a"_s, 10'000), sampleRoom(u"b"_s, 1)});
        RowFilter filter(&model);
        filter.sort(RoomsModel::NameColumn);
        filter.rowCount(filter.index(0, 0, filter.index(0, 0))); // the view has it open
        std::vector<model::MemberInfo> members{sampleMember(u"b"_s, u"x"_s, u"Bram"_s)};
        for (int i = 0; i < 10'000; ++i)
            members.push_back(sampleMember(u"a"_s, QString::number(i), u"Anna"_s));
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QElapsedTimer timer;
        timer.start();
        model.resetMembers(members);
        QCOMPARE(inserted.count(), 2);
        QCOMPARE(memberCount(model, u"a"_s), 10'000);
        QVERIFY2(timer.elapsed() < 3000, qPrintable(QString::number(timer.elapsed())));
    }

    void joiningTwiceInABatchCountsOnce()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        auto member = sampleMember(u"a"_s, u"1"_s, u"Anna"_s);
        auto renamed = member;
        renamed.name = u"Ada"_s;
        model.applyMembers({{member.key(), member}, {member.key(), renamed}});
        QCOMPARE(memberCount(model, u"a"_s), 1);
        QCOMPARE(model.membersOf(u"/tasks|a"_s).front().name, u"Ada"_s);
        model.applyMembers(
            {{member.key(), std::nullopt}, {member.key(), member}, {member.key(), std::nullopt}});
        QCOMPARE(memberCount(model, u"a"_s), 0);
    }

    void randomJoinsAndLeavesAgreeWithAPlainSet()
    {
        RoomsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        QSet<QString> expected;
        QRandomGenerator random(11);
        for (int i = 0; i < 1500; ++i) {
            const auto member = sampleMember(QString(QChar(u'a' + random.bounded(4))),
                QString::number(random.bounded(12)), u"x"_s);
            if (random.bounded(2) == 0) {
                model.applyMembers({{member.key(), member}});
                expected.insert(member.key());
            } else {
                model.applyMembers({{member.key(), std::nullopt}});
                expected.remove(member.key());
            }
            if (random.bounded(100) == 0) {
                model.applyRooms({{u"/tasks|a"_s, std::nullopt}});
                erase_if(
                    expected, [](const QString& key) { return key.startsWith(u"/tasks|a|"_s); });
            }
        }
        int shown = 0;
        for (const char16_t room : {u'a', u'b', u'c', u'd'})
            shown += memberCount(model, QString(QChar(room)));
        QCOMPARE(shown, int(expected.size()));
    }

    void theLargestRoomsComeFirst()
    {
        RoomsModel model;
        model.resetRooms(
            {sampleRoom(u"small"_s, 1), sampleRoom(u"large"_s, 9), sampleRoom(u"middle"_s, 4)});
        const auto top = model.largestRooms(2);
        QCOMPARE(top.size(), size_t(2));
        QCOMPARE(top[0].room, u"large"_s);
        QCOMPARE(top[1].room, u"middle"_s);
        QCOMPARE(model.largestRooms(10).size(), size_t(3));
    }

    void aFilterKeepsTheWayToAMatch()
    {
        RoomsModel model;
        model.resetRooms({sampleRoom(u"a"_s, 1), sampleRoom(u"b"_s, 1)});
        model.resetMembers(
            {sampleMember(u"a"_s, u"1"_s, u"Anna"_s), sampleMember(u"b"_s, u"2"_s, u"Bram"_s)});
        RowFilter filter(&model);
        QAbstractItemModelTester tester(&filter, Mode::QtTest);
        filter.setWords(u"bram"_s);
        QCOMPARE(filter.rowCount(), 1);
        const QModelIndex nsp = filter.index(0, 0);
        QCOMPARE(filter.rowCount(nsp), 1);
        QCOMPARE(filter.index(0, 0, nsp).data().toString(), u"b"_s);
    }
};

QTEST_GUILESS_MAIN(TestRoomsModel)
#include "tst_roomsmodel.moc"
