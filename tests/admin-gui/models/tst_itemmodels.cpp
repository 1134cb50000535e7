// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/models/clientsmodel.h"
#include "admin-gui/models/nodesmodel.h"
#include "admin-gui/models/rowfilter.h"
#include "admin-gui/models/servicesmodel.h"
#include "admin-gui/models/tasksmodel.h"
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

template <class Item>
Change<Item> put(const Item& item)
{
    return {item.key(), item};
}

template <class Item>
Change<Item> removal(const QString& key)
{
    return {key, std::nullopt};
}

} // namespace

class TestItemModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aBatchIsOneInsertionAndOneChange()
    {
        NodesModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.reset({sampleNode(1, true), sampleNode(2, true), sampleNode(3, true)});
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.apply({put(sampleNode(1, false)), put(sampleNode(4, true)), put(sampleNode(2, false)),
            put(sampleNode(5, true))});
        QCOMPARE(inserted.count(), 1);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(model.rowCount(), 5);
        QCOMPARE(model.find(u"1"_s)->online, false);
    }

    void unchangedItemsSayNothing()
    {
        NodesModel model;
        model.reset({sampleNode(1, true)});
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.apply({put(sampleNode(1, true))});
        model.reset({sampleNode(1, true)});
        QCOMPARE(changed.count(), 0);
    }

    void aNewSnapshotKeepsTheRowsThatStay()
    {
        ClientsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.reset({sampleClient(u"a"_s, u"Anna"_s), sampleClient(u"b"_s, u"Bram"_s)});
        const QPersistentModelIndex bram(model.index(1, 0));
        model.reset({sampleClient(u"b"_s, u"Bram"_s), sampleClient(u"c"_s, u"Cleo"_s)});
        QVERIFY(bram.isValid());
        QCOMPARE(bram.row(), 0);
        QCOMPARE(model.rowCount(), 2);
        QVERIFY(!model.find(u"a"_s));
    }

    void comingAndGoingWithinABatchLeavesNothing()
    {
        ClientsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.apply({put(sampleClient(u"a"_s, u"Anna"_s)), removal<model::ClientInfo>(u"a"_s)});
        QCOMPARE(model.rowCount(), 0);
        model.apply({put(sampleClient(u"a"_s, u"Anna"_s)), removal<model::ClientInfo>(u"a"_s),
            put(sampleClient(u"a"_s, u"Anton"_s))});
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.find(u"a"_s)->name, u"Anton"_s);
        model.apply({removal<model::ClientInfo>(u"a"_s), put(sampleClient(u"a"_s, u"Ada"_s))});
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.find(u"a"_s)->name, u"Ada"_s);
        model.apply({removal<model::ClientInfo>(u"nobody"_s)});
    }

    void aThousandRandomBatchesAgreeWithAPlainMap()
    {
        ClientsModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        QMap<QString, QString> expected;
        QRandomGenerator random(7);
        for (int batch = 0; batch < 1000; ++batch) {
            Changes<model::ClientInfo> changes;
            for (int i = random.bounded(6); i >= 0; --i) {
                const QString key = QString::number(random.bounded(40));
                if (random.bounded(3) == 0) {
                    changes.push_back(removal<model::ClientInfo>(key));
                    expected.remove(key);
                } else {
                    const QString name = QString::number(random.bounded(5));
                    changes.push_back(put(sampleClient(key, name)));
                    expected.insert(key, name);
                }
            }
            model.apply(changes);
            QCOMPARE(model.rowCount(), int(expected.size()));
        }
        for (auto it = expected.cbegin(); it != expected.cend(); ++it) {
            QVERIFY(model.find(it.key()));
            QCOMPARE(model.find(it.key())->name, it.value());
            QCOMPARE(model.index(model.rowOf(it.key()), 0).data(KeyRole).toString(), it.key());
        }
    }

    void tenThousandClientsAreQuick()
    {
        ClientsModel model;
        std::vector<model::ClientInfo> clients;
        for (int i = 0; i < 10'000; ++i)
            clients.push_back(sampleClient(QString::number(i), u"x"_s));
        QElapsedTimer timer;
        timer.start();
        model.reset(clients);
        Changes<model::ClientInfo> gone;
        for (int i = 0; i < 10'000; i += 20)
            gone.push_back(removal<model::ClientInfo>(QString::number(i)));
        model.apply(gone);
        QCOMPARE(model.rowCount(), 9'500);
        QVERIFY2(timer.elapsed() < 2000, "a snapshot and 500 removals took more than 2 s");
    }

    void runsComeAndGoBelowTheirTask()
    {
        TasksModel model([] { return qint64(1'800'000'010'000); });
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.reset({sampleTask(2, u"active"_s, 1), sampleTask(1, u"completed"_s, 2)});
        QCOMPARE(model.openCount(), 1);
        const QModelIndex top = model.indexOf(u"2"_s);
        const QPersistentModelIndex run(model.index(0, 0, top));
        QCOMPARE(model.rowCount(top), 1);
        model.apply({put(sampleTask(2, u"active"_s, 3))});
        QCOMPARE(model.rowCount(top), 3);
        QVERIFY(run.isValid());
        QCOMPARE(QModelIndex(run).parent(), top);
        model.apply({put(sampleTask(2, u"failed"_s, 2))});
        QCOMPARE(model.rowCount(top), 2);
        QCOMPARE(model.openCount(), 0);
        QCOMPARE(model.failedCount(), 1);
        model.apply({removal<model::TaskInfo>(u"1"_s), put(sampleTask(3, u"pending"_s, 1)),
            put(sampleTask(3, u"active"_s, 1))});
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.find(u"3"_s)->status, u"active"_s);
        model.reset({});
        QCOMPARE(model.rowCount(), 0);
    }

    void anOpenTaskGrowsOlder()
    {
        qint64 now = 1'800'000'001'000;
        TasksModel model([&now] { return now; });
        model.reset({sampleTask(1, u"active"_s, 0)});
        const QModelIndex duration = model.index(0, TasksModel::DurationColumn);
        QCOMPARE(duration.data().toLongLong(), 1000);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        now += 1000;
        model.refreshDurations();
        QCOMPARE(changed.count(), 1);
        QCOMPARE(duration.data().toLongLong(), 2000);
    }

    void wordsNarrowAndConditionsToo_data()
    {
        QTest::addColumn<QString>("words");
        QTest::addColumn<bool>("onlyOnline");
        QTest::addColumn<int>("rows");
        QTest::newRow("no words") << QString() << false << 3;
        QTest::newRow("one word, other case") << u"HOSPITAL"_s << false << 3;
        QTest::newRow("a column further right") << u"cardiac"_s << false << 3;
        QTest::newRow("two words in two columns") << u"node-1 hospital"_s << false << 1;
        QTest::newRow("a word nobody has") << u"node-1 lung"_s << false << 0;
        QTest::newRow("condition") << QString() << true << 2;
        QTest::newRow("condition and word") << u"node-2"_s << true << 0;
    }

    void wordsNarrowAndConditionsToo()
    {
        QFETCH(QString, words);
        QFETCH(bool, onlyOnline);
        QFETCH(int, rows);
        NodesModel model;
        model.reset({sampleNode(1, true), sampleNode(2, false), sampleNode(3, true)});
        RowFilter filter(&model);
        QAbstractItemModelTester tester(&filter, Mode::QtTest);
        filter.setWords(words);
        if (onlyOnline)
            filter.setCondition(
                [&model](const QModelIndex& row) { return model.itemAt(row.row()).online; });
        QCOMPARE(filter.rowCount(), rows);
    }

    void servicesAndTypesAreRowsAndTheBusIsNone()
    {
        ServicesModel model;
        QAbstractItemModelTester tester(&model, Mode::QtTest);
        QSignalSpy busChanged(&model, &ServicesModel::busChanged);
        QVERIFY(!model.bus());
        model.resetItems({{sampleBus(u"up"_s)}, {sampleType(u"a"_s, {}, 1)},
            {sampleService(u"service.A"_s, {u"*"_s})}});
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.serviceCount(), 1);
        QCOMPARE(busChanged.count(), 1);
        QCOMPARE(model.bus()->link, u"up"_s);
        QVERIFY(model.isAnyTypeStuck());
        RowFilter filter(&model);
        filter.sort(ServicesModel::NameColumn);
        QCOMPARE(filter.index(0, 0).data().toString(), u"service.A"_s); // before the types
        QCOMPARE(filter.index(0, ServicesModel::WantsColumn).data().toString(), u"everything"_s);

        model.applyItems({{u"bus"_s, model::ServicesItem{sampleBus(u"blocked"_s)}},
            {u"type a"_s, model::ServicesItem{sampleType(u"a"_s, {u"service.A"_s}, 1)}},
            {u"type b"_s, model::ServicesItem{sampleType(u"b"_s, {}, 0, 2)}},
            {u"service service.A"_s, std::nullopt}});
        QCOMPARE(busChanged.count(), 2);
        QCOMPARE(model.bus()->link, u"blocked"_s);
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.serviceCount(), 0);
        QVERIFY(!model.isAnyTypeStuck());
        model.applyItems({{u"type b"_s, std::nullopt}});
        QCOMPARE(busChanged.count(), 2);
        QCOMPARE(model.rowCount(), 1);
        model.resetItems({});
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(!model.bus());
    }

    void theStateOfARowIsAWordAndATone_data()
    {
        QTest::addColumn<bool>("isService");
        QTest::addColumn<bool>("isGood"); ///< registered, wanted
        QTest::addColumn<qint64>("held");
        QTest::addColumn<QString>("word");
        QTest::addColumn<Tone>("tone");
        QTest::newRow("service") << true << true << qint64(0) << u"registered"_s << Tone::Good;
        QTest::newRow("being bound")
            << true << false << qint64(0) << u"registering"_s << Tone::Busy;
        QTest::newRow("wanted type") << false << true << qint64(3) << u"wanted"_s << Tone::Good;
        QTest::newRow("messages wait")
            << false << false << qint64(3) << u"nobody wants it"_s << Tone::Warning;
        QTest::newRow("none wait any more")
            << false << false << qint64(0) << u"nobody wants it"_s << Tone::Dim;
    }

    void theStateOfARowIsAWordAndATone()
    {
        QFETCH(bool, isService);
        QFETCH(bool, isGood);
        QFETCH(qint64, held);
        ServicesRow row;
        if (isService) {
            model::ServiceInfo service = sampleService(u"service.A"_s, {});
            service.here->isRegistered = isGood;
            row.what = service;
        } else {
            std::vector<QString> wantedBy;
            if (isGood)
                wantedBy.push_back(u"service.A"_s);
            row.what = sampleType(u"a"_s, wantedBy, held);
        }
        QTEST(ServicesModel::stateText(row), "word");
        QTEST(ServicesModel::stateTone(row), "tone");
        QVERIFY(ServicesModel::stateTexts().contains(ServicesModel::stateText(row)));
    }

    void sortingUsesRawValues()
    {
        NodesModel model;
        model.reset({sampleNode(9, true), sampleNode(10, false), sampleNode(2, true)});
        RowFilter filter(&model);
        filter.sort(NodesModel::IdColumn);
        QCOMPARE(filter.index(0, 0).data(KeyRole).toString(), u"2"_s);
        QCOMPARE(filter.index(2, 0).data(KeyRole).toString(), u"10"_s);
        filter.sort(NodesModel::StateColumn);
        QCOMPARE(filter.index(0, 0).data(KeyRole).toString(), u"10"_s); // offline first
    }
};

QTEST_GUILESS_MAIN(TestItemModels)
#include "tst_itemmodels.moc"
