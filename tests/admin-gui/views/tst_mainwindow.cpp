// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/page/itempage.h"
#include "admin-gui/widgets/banner.h"
#include "admin-gui/widgets/celldelegate.h"
#include "admin-gui/widgets/emptystate.h"
#include "admin-gui/widgets/filterfield.h"
#include "admin-gui/widgets/inspector.h"
#include "admin-gui/widgets/navigationlist.h"
#include "admin-gui/widgets/segmentedcontrol.h"
#include "tests/admin-gui/support/consolebench.h"

#include <QAction>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeView>
#include <QtTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

const QStringList pageNames{
    u"overview"_s, u"rooms"_s, u"clients"_s, u"nodes"_s, u"tasks"_s, u"services"_s, u"log"_s};

QTreeView* rowsOf(const MainWindow& window, const QString& page)
{
    return window.page(page)->findChild<QTreeView*>(u"rows"_s);
}

} // namespace

class TestMainWindow : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyPageOpensInBothThemesWithAndWithoutData()
    {
        for (const Scheme scheme : {Scheme::Light, Scheme::Dark}) {
            Theme::apply(*qApp, scheme);
            ConsoleBench bench;
            bench.window->show();
            for (const QString& name : pageNames) {
                bench.window->showPage(name);
                QCOMPARE(bench.window->currentPage(), name);
                QVERIFY(!bench.window->grab().isNull());
            }
            bench.open();
            QTRY_VERIFY(bench.isLive());
            for (const QString& name : pageNames) {
                bench.window->showPage(name);
                bench.window->selectFirst();
                QVERIFY(!bench.window->grab().isNull());
            }
        }
    }

    void tablesShowWhatTheServerHas()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(rowsOf(*bench.window, u"clients"_s)->model()->rowCount(), 2);
        QCOMPARE(rowsOf(*bench.window, u"nodes"_s)->model()->rowCount(), 2);
        QCOMPARE(rowsOf(*bench.window, u"tasks"_s)->model()->rowCount(), 2);
        QCOMPARE(rowsOf(*bench.window, u"rooms"_s)->model()->rowCount(), 1);
        QCOMPARE(bench.models->log.endRow(), 1);
        QCOMPARE(bench.window->page(u"nodes"_s)->count(), u"1/2"_s);
        QCOMPARE(bench.window->page(u"nodes"_s)->tone(), Tone::Bad);
        bench.server->announce(Topic::Nodes, sampleNode(2, true).toJson());
        QCOMPARE(bench.window->page(u"nodes"_s)->count(), u"2/2"_s);
        QCOMPARE(bench.window->page(u"nodes"_s)->tone(), Tone::Neutral);
        bench.server->announceRemoval(Topic::Clients, u"one"_s);
        QCOMPARE(rowsOf(*bench.window, u"clients"_s)->model()->rowCount(), 1);
    }

    void theInspectorFollowsTheSelection()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"nodes"_s);
        auto* page = qobject_cast<ItemPage*>(bench.window->page(u"nodes"_s));
        page->select(u"2"_s);
        auto* inspector = bench.window->findChild<Inspector*>(u"inspector"_s);
        QTRY_COMPARE(inspector->details().title, u"node-2"_s);
        QVERIFY(!inspector->findChild<QPushButton*>(u"pingNodeButton"_s)->isEnabled());
        bench.server->announce(Topic::Nodes, sampleNode(2, true).toJson());
        QTRY_VERIFY(inspector->findChild<QPushButton*>(u"pingNodeButton"_s)->isEnabled());
        QCOMPARE(inspector->details().tone, Tone::Good);
    }

    void theMachineOfANodeIsShownAsFarAsItTells()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"nodes"_s);
        qobject_cast<ItemPage*>(bench.window->page(u"nodes"_s))->select(u"1"_s);
        auto* inspector = bench.window->findChild<Inspector*>(u"inspector"_s);
        QTRY_COMPARE(inspector->details().title, u"node-1"_s);
        const auto machine = [inspector] {
            QStringList lines;
            const std::vector<Details::Section> sections = inspector->details().sections;
            for (const Details::Section& section : sections) {
                for (const Details::Row& row : section.rows) {
                    if (section.title == u"Machine")
                        lines << row.label + u": " + row.value;
                }
            }
            return lines;
        };
        QTRY_COMPARE(machine().size(), 8);
        QCOMPARE(machine().mid(0, 7),
            (QStringList{u"Processor: 12.5%"_s, u"Processor cores: 8"_s, u"Memory used: 40.1%"_s,
                u"Memory free: 20 GB"_s, u"Memory in total: 34 GB"_s, u"Containers: 2"_s,
                u"System: linux"_s}));
        model::NodeInfo node = sampleNode(1, true);
        node.metrics = QJsonObject{{u"cpu_count"_s, -1}, {u"os"_s, u"posix"_s}};
        bench.server->announce(Topic::Nodes, node.toJson());
        QTRY_VERIFY(machine().isEmpty());
    }

    void aNodeThatWasNeverSeenIsOfflineSinceNobodyKnowsWhen()
    {
        ConsoleBench bench;
        model::NodeInfo node = sampleNode(2, false);
        node.since.reset();
        node.lastSeen.reset();
        bench.server->put(Topic::Nodes, node.toJson());
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"overview"_s);
        bench.window->showPage(u"nodes"_s);
        qobject_cast<ItemPage*>(bench.window->page(u"nodes"_s))->select(u"2"_s);
        auto* inspector = bench.window->findChild<Inspector*>(u"inspector"_s);
        QTRY_COMPARE(inspector->details().title, u"node-2"_s);
        const std::vector<Details::Row>& rows = inspector->details().sections.front().rows;
        QCOMPARE(rows[0].label, u"Offline since"_s);
        QCOMPARE(rows[0].value, u"–"_s);
        QCOMPARE(rows[1].value, u"never"_s);
    }

    void theServicesPageTellsOfTheBusToo()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.window->showPage(u"services"_s);
        auto* page = qobject_cast<ItemPage*>(bench.window->page(u"services"_s));
        auto* inspector = bench.window->findChild<Inspector*>(u"inspector"_s);
        QVERIFY(page->details().isEmpty()); // nothing is known
        bench.open();
        QTRY_VERIFY(bench.isLive());
        QCOMPARE(rowsOf(*bench.window, u"services"_s)->model()->rowCount(), 3);
        QCOMPARE(page->count(), u"1"_s);
        QCOMPARE(page->tone(), Tone::Warning); // messages wait for nobody
        QTRY_COMPARE(inspector->details().title, u"Bus"_s);
        QCOMPARE(inspector->details().badge, u"up"_s);
        bench.server->announce(Topic::Services, sampleBus(u"connecting"_s).toJson());
        QTRY_COMPARE(inspector->details().badge, u"connecting"_s);
        QCOMPARE(page->tone(), Tone::Bad);
        bench.server->announce(Topic::Services, sampleBus(u"up"_s).toJson());
        bench.server->announceRemoval(Topic::Services, u"type cursor-move"_s);
        QTRY_COMPARE(page->tone(), Tone::Neutral);

        page->select(u"service service.Filesystem"_s);
        QTRY_COMPARE(inspector->details().title, u"service.Filesystem"_s);
        QTest::mouseClick(
            inspector->findChild<QPushButton*>(u"showServiceButton"_s), Qt::LeftButton);
        QCOMPARE(bench.window->currentPage(), u"clients"_s);
        QCOMPARE(bench.window->page(u"clients"_s)->details().title, u"Anna"_s); // session "one"
    }

    void theServicesPageIsFilteredByKind_data()
    {
        QTest::addColumn<int>("choice");
        QTest::addColumn<QString>("words");
        QTest::addColumn<QStringList>("names");
        const QStringList all{u"service.Filesystem"_s, u"cursor-move"_s, u"file-join"_s};
        QTest::newRow("all") << 0 << QString() << all;
        QTest::newRow("services") << 1 << QString() << all.mid(0, 1);
        QTest::newRow("types") << 2 << QString() << all.mid(1);
        QTest::newRow("unhandled") << 3 << QString() << all.mid(1, 1);
        QTest::newRow("by who wants it") << 2 << u"filesystem"_s << QStringList{u"file-join"_s};
    }

    void theServicesPageIsFilteredByKind()
    {
        QFETCH(int, choice);
        QFETCH(QString, words);
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"services"_s);
        Page* page = bench.window->page(u"services"_s);
        page->findChild<SegmentedControl*>()->choose(choice);
        QTest::keyClicks(page->findChild<FilterField*>(u"filter"_s), words);
        const QAbstractItemModel* rows = rowsOf(*bench.window, u"services"_s)->model();
        const auto shown = [&] {
            QStringList names;
            for (int row = 0; row < rows->rowCount(); ++row)
                names.append(rows->index(row, 0).data().toString());
            return names;
        };
        QFETCH(QStringList, names);
        QTRY_COMPARE(shown(), names);
    }

    void aServerWithoutServicesSaysSo()
    {
        ConsoleBench bench;
        for (const QString& key :
            {u"service service.Filesystem"_s, u"type file-join"_s, u"type cursor-move"_s})
            bench.server->announceRemoval(Topic::Services, key);
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"services"_s);
        auto* empty = bench.window->page(u"services"_s)->findChild<EmptyState*>();
        QVERIFY(empty->isVisible());
        QCOMPARE(bench.window->page(u"services"_s)->count(), QString());
        QCOMPARE(bench.window->page(u"services"_s)->details().title, u"Bus"_s);
    }

    void aLostConnectionIsABannerAndDimmedData()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        auto* banner = bench.window->findChild<Banner*>(u"banner"_s);
        QVERIFY(!banner->isVisible());
        bench.window->showPage(u"nodes"_s);
        bench.window->selectFirst();
        const QImage live = rowsOf(*bench.window, u"nodes"_s)->viewport()->grab().toImage();
        bench.server->breakConnection(u"reset by peer"_s);
        QVERIFY(banner->isVisible());
        QVERIFY(banner->text().contains(u"reset by peer"_s));
        QVERIFY(banner->text().contains(u"60"_s)); // seconds to the next attempt
        QVERIFY(rowsOf(*bench.window, u"nodes"_s)->viewport()->grab().toImage() != live);
        auto* inspector = bench.window->findChild<Inspector*>(u"inspector"_s);
        QVERIFY(!inspector->findChild<QPushButton*>(u"renewTokenButton"_s)->isEnabled());
        QTest::mouseClick(bench.window->findChild<QPushButton*>(u"bannerAction"_s), Qt::LeftButton);
        QTRY_VERIFY(bench.isLive());
        QVERIFY(!banner->isVisible());
    }

    void actionsComeBackWithTheConnection_data()
    {
        QTest::addColumn<QString>("page");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QStringList>("actions");
        QTest::newRow("a room") << u"rooms"_s << u"/tasks|collaboration_1"_s
                                << QStringList{u"sendToRoom"_s};
        QTest::newRow("a member") << u"rooms"_s << u"member"_s
                                  << QStringList{u"showClient"_s, u"disconnectMember"_s};
        QTest::newRow("a client") << u"clients"_s << u"one"_s << QStringList{u"disconnectClient"_s};
        QTest::newRow("a node") << u"nodes"_s << u"1"_s
                                << QStringList{u"pingNode"_s, u"renewToken"_s};
        QTest::newRow("a task") << u"tasks"_s << u"42"_s << QStringList{u"killTask"_s};
        QTest::newRow("a service") << u"services"_s << u"service service.Filesystem"_s
                                   << QStringList{u"showService"_s, u"disconnectService"_s};
    }

    void actionsComeBackWithTheConnection()
    {
        QFETCH(QString, page);
        QFETCH(QString, key);
        QFETCH(QStringList, actions);
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(page);
        auto* items = qobject_cast<ItemPage*>(bench.window->page(page));
        if (key == u"member"_s) {
            QTreeView* view = rowsOf(*bench.window, page);
            const QModelIndex room = view->model()->index(0, 0, view->model()->index(0, 0));
            view->setCurrentIndex(view->model()->index(0, 0, room));
        } else {
            items->select(key);
        }
        auto* inspector = bench.window->findChild<Inspector*>(u"inspector"_s);
        const auto buttonsAre = [&](bool enabled) {
            return std::ranges::all_of(actions, [&](const QString& action) {
                auto* button = inspector->findChild<QPushButton*>(action + u"Button"_s);
                return button && button->isEnabled() == enabled;
            });
        };
        QTRY_VERIFY(buttonsAre(true));

        bench.server->breakConnection(u"reset by peer"_s);
        QVERIFY(buttonsAre(false));
        const std::vector<QAction*> offered = items->itemActions(); // as the context menu does
        QVERIFY(offered.size() >= size_t(actions.size())); // some are not for every item
        for (const QAction* action : offered)
            QVERIFY2(!action->isEnabled(), qPrintable(action->objectName()));
        QVERIFY(buttonsAre(false));

        bench.connection->retryNow();
        QTRY_VERIFY(bench.isLive());
        QTRY_VERIFY(buttonsAre(true));
    }

    void aRefusalSaysWhy()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.connection->open(QUrl(u"http://127.0.0.1:1"_s), {"bad", {}, {}});
        auto* banner = bench.window->findChild<Banner*>(u"banner"_s);
        QTRY_VERIFY(banner->isVisible());
        QVERIFY(banner->text().contains(u"admin"_s));
    }

    void hostileNamesStayPlainText()
    {
        const QString hostile = u"<img src=x onerror=1><b>bold</b>"_s;
        ConsoleBench bench;
        model::NodeInfo node = sampleNode(1, true);
        node.name = hostile;
        node.config = {{hostile, hostile}};
        bench.server->put(Topic::Nodes, node.toJson());
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"nodes"_s);
        qobject_cast<ItemPage*>(bench.window->page(u"nodes"_s))->select(u"1"_s);
        auto* title = bench.window->findChild<QLabel*>(u"inspectorTitle"_s);
        QTRY_COMPARE(title->text(), hostile);
        const auto labels = bench.window->findChildren<QLabel*>();
        QVERIFY(labels.size() > 20);
        for (const QLabel* label : labels)
            QVERIFY2(label->textFormat() == Qt::PlainText || label->text().isEmpty(),
                qPrintable(label->text()));
    }

    void aFilterNarrowsAndAJumpClearsIt()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"clients"_s);
        Page* clients = bench.window->page(u"clients"_s);
        auto* filter = clients->findChild<FilterField*>(u"filter"_s);
        QTest::keyClicks(filter, u"bram"_s);
        QTRY_COMPARE(rowsOf(*bench.window, u"clients"_s)->model()->rowCount(), 1);
        QCOMPARE(clients->findChild<QLabel*>(u"counts"_s)->text(), u"1 of 2"_s);
        Q_EMIT bench.window->page(u"rooms"_s)->jumpRequested(u"clients"_s, u"one"_s);
        QCOMPARE(bench.window->currentPage(), u"clients"_s);
        QCOMPARE(clients->details().title, u"Anna"_s);
    }

    void theLayoutIsRememberedPerProfile()
    {
        ConsoleBench bench;
        Profile first = ProfileStore::fresh();
        bench.window->show();
        bench.window->setProfile(first);
        auto* header = rowsOf(*bench.window, u"nodes"_s)->header();
        bench.window->showPage(u"nodes"_s);
        header->resizeSection(0, 333); // by hand
        bench.window->saveState();

        MainWindow again(*bench.connection, *bench.models, bench.settings);
        again.setProfile(first);
        again.show();
        again.showPage(u"nodes"_s);
        QCOMPARE(rowsOf(again, u"nodes"_s)->header()->sectionSize(0), 333);
        MainWindow other(*bench.connection, *bench.models, bench.settings);
        other.setProfile(ProfileStore::fresh());
        QVERIFY(rowsOf(other, u"nodes"_s)->header()->sectionSize(0) != 333);
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_mainwindow.moc"
