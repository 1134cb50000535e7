// SPDX-License-Identifier: Apache-2.0
// How the tables share out the room they have.
#include "admin-gui/views/page/itempage.h"
#include "tests/admin-gui/support/consolebench.h"

#include <QHeaderView>
#include <QScrollBar>
#include <QTreeView>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

struct Table
{
    Table(ConsoleBench& bench, const QString& page, const QSize& size)
    {
        bench.window->resize(size);
        bench.window->showPage(page);
        bench.window->show();
        view = bench.window->page(page)->findChild<QTreeView*>(u"rows"_s);
    }

    int shown() const
    {
        int count = 0;
        for (int i = 0; i < view->model()->columnCount(); ++i)
            count += view->isColumnHidden(i) ? 0 : 1;
        return count;
    }
    bool isShown(const QString& title) const
    {
        for (int i = 0; i < view->model()->columnCount(); ++i) {
            if (view->model()->headerData(i, Qt::Horizontal).toString() == title)
                return !view->isColumnHidden(i);
        }
        return false;
    }
    bool fits() const { return view->header()->length() <= view->viewport()->width(); }

    QTreeView* view;
};

} // namespace

class TestItemPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyColumnFits_data()
    {
        QTest::addColumn<QString>("page");
        QTest::addColumn<QSize>("size");
        for (const QString& page :
            {u"rooms"_s, u"clients"_s, u"nodes"_s, u"tasks"_s, u"services"_s}) {
            for (const QSize size : {QSize(1024, 700), QSize(1320, 820), QSize(1920, 1080)})
                QTest::addRow("%s at %d", qPrintable(page), size.width()) << page << size;
        }
    }

    void everyColumnFits()
    {
        QFETCH(QString, page);
        QFETCH(QSize, size);
        ConsoleBench bench;
        for (int id = 10; id < 80; ++id) { // enough for a scroll bar
            bench.server->put(Topic::Tasks, sampleTask(id, u"completed"_s, 2).toJson());
            bench.server->put(Topic::Nodes, sampleNode(id, true).toJson());
            bench.server->put(Topic::Services,
                sampleType(u"type-%1"_s.arg(id), {u"service.Filesystem"_s}).toJson());
            bench.server->put(
                Topic::Clients, sampleClient(u"s%1"_s.arg(id), u"client %1"_s.arg(id)).toJson());
        }
        bench.open();
        const Table table(bench, page, size);
        QTRY_VERIFY(bench.isLive());
        if (page != u"rooms"_s)
            QTRY_VERIFY(table.view->verticalScrollBar()->isVisible());
        QTRY_VERIFY2(table.fits(),
            qPrintable(u"%1 in %2"_s.arg(table.view->header()->length())
                           .arg(table.view->viewport()->width())));
        QVERIFY(!table.view->isColumnHidden(0));
        QVERIFY(table.shown() >= 4);
    }

    void theLeastImportantColumnsGiveWayAndComeBack()
    {
        ConsoleBench bench;
        const Table table(bench, u"tasks"_s, {1920, 1080});
        const int all = table.view->model()->columnCount();
        QTRY_COMPARE(table.shown(), all);
        bench.window->resize(900, 700);
        QTRY_VERIFY(table.shown() < all);
        QVERIFY(table.isShown(u"Task"_s) && table.isShown(u"Status"_s) && table.isShown(u"ID"_s));
        QVERIFY(!table.isShown(u"Started by"_s));
        bench.window->resize(1920, 1080);
        QTRY_COMPARE(table.shown(), all);
    }

    void whatASmallWindowHidesIsNotForgotten()
    {
        ConsoleBench bench;
        const Profile profile = ProfileStore::fresh();
        bench.window->setProfile(profile);
        {
            const Table table(bench, u"tasks"_s, {900, 700});
            QTRY_VERIFY(!table.isShown(u"Started by"_s));
            bench.window->saveState();
        }
        MainWindow again(*bench.connection, *bench.models, bench.settings);
        again.setProfile(profile);
        again.resize(1920, 1080);
        again.showPage(u"tasks"_s);
        again.show();
        auto* view = again.page(u"tasks"_s)->findChild<QTreeView*>(u"rows"_s);
        QTRY_COMPARE(view->header()->hiddenSectionCount(), 0);
    }

    void statusWordsAreShownInFull()
    {
        ConsoleBench bench;
        bench.server->put(Topic::Tasks, sampleTask(5, u"killed by user"_s, 1).toJson());
        bench.open();
        const Table table(bench, u"tasks"_s, {1024, 700});
        QTRY_VERIFY(bench.isLive());
        const int status = 1;
        const QFontMetrics metrics(table.view->font());
        QTRY_VERIFY(
            table.view->columnWidth(status) >= metrics.horizontalAdvance(u"killed by user"_s) + 34);
    }
};

QTEST_MAIN(TestItemPage)
#include "tst_itempage.moc"
