// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/actions/confirmdialog.h"
#include "admin-gui/views/actions/senddialog.h"
#include "admin-gui/views/page/itempage.h"
#include "tests/admin-gui/support/consolebench.h"

#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTreeView>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

QAction* actionOf(const ConsoleBench& bench, const QString& page, const QString& action)
{
    bench.window->page(page)->itemActions(); // sets what is possible for the selection
    return bench.window->page(page)->findChild<QAction*>(action);
}

ConfirmDialog* dialogOf(const ConsoleBench& bench)
{
    // One that was answered lives on until the event loop deletes it.
    for (ConfirmDialog* dialog : bench.window->findChildren<ConfirmDialog*>(u"confirmDialog"_s)) {
        if (dialog->isVisible())
            return dialog;
    }
    return nullptr;
}

/// Answers the question that is asked with a reason and yes.
void confirm(const ConsoleBench& bench)
{
    ConfirmDialog* const dialog = dialogOf(bench);
    QVERIFY(dialog);
    QTest::keyClicks(dialog->findChild<QLineEdit*>(u"confirmReason"_s), u"a test"_s);
    QTest::mouseClick(dialog->findChild<QPushButton*>(u"confirmButton"_s), Qt::LeftButton);
}

} // namespace

class TestAdminActions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyActionAsksNamesItsObjectAndWantsAReason_data()
    {
        QTest::addColumn<QString>("page");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("action");
        QTest::addColumn<QString>("object");
        QTest::addColumn<QString>("event");
        QTest::addColumn<QString>("result");
        QTest::newRow("disconnect a client") << u"clients"_s << u"two"_s << u"disconnectClient"_s
                                             << u"Bram"_s << u"client:disconnect"_s << u"Bram"_s;
        QTest::newRow("take a login away") << u"clients"_s << u"page"_s << u"demoteClient"_s
                                           << u"Cleo"_s << u"client:demote"_s << u"Cleo"_s;
        QTest::newRow("kill a task")
            << u"tasks"_s << u"42"_s << u"killTask"_s << u"task 42"_s << u"task:kill"_s << u"2"_s;
        QTest::newRow("renew a token") << u"nodes"_s << u"1"_s << u"renewToken"_s << u"node-1"_s
                                       << u"node:renewToken"_s << u"1"_s;
        QTest::newRow("ping a node")
            << u"nodes"_s << u"1"_s << u"pingNode"_s << u"node-1"_s << u"node:ping"_s << u"7"_s;
        QTest::newRow("send to a room")
            << u"rooms"_s << u"/tasks|collaboration_1"_s << u"sendToRoom"_s << u"collaboration_1"_s
            << u"room:send"_s << u"2"_s;
    }

    void everyActionAsksNamesItsObjectAndWantsAReason()
    {
        QFETCH(QString, page);
        QFETCH(QString, key);
        QFETCH(QString, action);
        QFETCH(QString, object);
        QFETCH(QString, event);
        QFETCH(QString, result);
        ConsoleBench bench;
        model::ClientInfo browser = sampleClient(u"page"_s, u"Cleo"_s);
        browser.sockets.front().nsp = u"/"_s;
        bench.server->put(Topic::Clients, browser.toJson());
        bench.server->actionAnswers[event] = {{"ok"_L1, true}, {"runs"_L1, 2}, {"sockets"_L1, 1},
            {"recipients"_L1, 2}, {"roundTripMs"_L1, 7}};
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(page);
        qobject_cast<ItemPage*>(bench.window->page(page))->select(key);
        const size_t before = bench.server->requests.size();

        actionOf(bench, page, action)->trigger();
        ConfirmDialog* dialog = dialogOf(bench);
        QVERIFY(dialog);
        QVERIFY(dialog->findChild<QLabel*>(u"confirmObject"_s)->text().contains(object));
        auto* confirm = dialog->findChild<QPushButton*>(u"confirmButton"_s);
        QVERIFY(!confirm->isEnabled()); // no reason yet
        QTest::keyClicks(dialog->findChild<QLineEdit*>(u"confirmReason"_s), u"  "_s);
        QVERIFY(!confirm->isEnabled());
        QCOMPARE(bench.server->requests.size(), before);
        QTest::keyClicks(dialog->findChild<QLineEdit*>(u"confirmReason"_s), u"maintenance"_s);
        QVERIFY(confirm->isEnabled());
        QTest::mouseClick(confirm, Qt::LeftButton);

        QCOMPARE(bench.server->requests.size(), before + 1);
        QCOMPARE(bench.server->requests.back().event, event);
        QCOMPARE(
            bench.server->requests.back().argument.value("reason"_L1).toString(), u"maintenance"_s);
        auto* status = bench.window->findChild<QLabel*>(u"statusText"_s);
        QTRY_VERIFY(!status->text().isEmpty() && !status->text().endsWith(u'\u2026'));
        QVERIFY2(status->text().contains(result), qPrintable(status->text()));
    }

    void theSelectionGoesWithItsRow_data()
    {
        QTest::addColumn<QString>("page");
        QTest::addColumn<Topic>("topic");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("action");
        QTest::newRow("clients") << u"clients"_s << Topic::Clients << u"two"_s
                                 << u"disconnectClient"_s;
        QTest::newRow("nodes") << u"nodes"_s << Topic::Nodes << u"1"_s << u"renewToken"_s;
        QTest::newRow("tasks") << u"tasks"_s << Topic::Tasks << u"42"_s << u"killTask"_s;
        QTest::newRow("rooms") << u"rooms"_s << Topic::Rooms << u"/tasks|collaboration_1"_s
                               << u"sendToRoom"_s;
    }

    /// The neighbour that takes its place may not get what was meant for it.
    void theSelectionGoesWithItsRow()
    {
        QFETCH(QString, page);
        QFETCH(Topic, topic);
        QFETCH(QString, key);
        QFETCH(QString, action);
        ConsoleBench bench;
        for (int i = 0; i < 5; ++i) { // neighbours on both sides
            bench.server->put(
                Topic::Clients, sampleClient(u"s%1"_s.arg(i), u"B%1"_s.arg(i)).toJson());
            bench.server->put(Topic::Nodes, sampleNode(50 + i, true).toJson());
            bench.server->put(Topic::Tasks, sampleTask(30 + 5 * i, u"active"_s, 1).toJson());
            bench.server->put(Topic::Rooms, sampleRoom(u"collaboration_%1"_s.arg(i), 1).toJson());
        }
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(page);
        auto* items = qobject_cast<ItemPage*>(bench.window->page(page));
        auto* view = items->findChild<QTreeView*>(u"rows"_s);
        items->select(key);
        QTRY_VERIFY(view->currentIndex().isValid());
        QVERIFY(!items->details().title.isEmpty());
        QAction* const chosen = actionOf(bench, page, action);
        const size_t before = bench.server->requests.size();

        const int rows = view->model()->rowCount(view->currentIndex().parent());
        const QPersistentModelIndex above = view->currentIndex().parent();
        bench.server->announceRemoval(topic, key);
        QTRY_COMPARE(view->model()->rowCount(above), rows - 1);
        QVERIFY(!view->currentIndex().isValid());
        QVERIFY(!view->selectionModel()->hasSelection());
        QVERIFY(items->details().title.isEmpty());
        QVERIFY(items->itemActions().empty());
        chosen->trigger(); // a menu that was open, a shortcut
        QVERIFY(!dialogOf(bench));
        QCOMPARE(bench.server->requests.size(), before);
    }

    void aRowTheFilterHidesIsNotSelectedAnyMore()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"clients"_s);
        auto* items = qobject_cast<ItemPage*>(bench.window->page(u"clients"_s));
        auto* view = items->findChild<QTreeView*>(u"rows"_s);
        items->select(u"two"_s);
        items->findChild<QLineEdit*>(u"filter"_s)->setText(u"nobody has this"_s);
        QTRY_COMPARE(view->model()->rowCount(), 0);
        items->findChild<QLineEdit*>(u"filter"_s)->clear();
        QTRY_VERIFY(view->model()->rowCount() > 1);
        QVERIFY(!view->currentIndex().isValid());
    }

    /// Whatever happens behind the question.
    void aQuestionIsAboutWhomItNames()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"clients"_s);
        auto* items = qobject_cast<ItemPage*>(bench.window->page(u"clients"_s));
        items->select(u"two"_s);
        actionOf(bench, u"clients"_s, u"disconnectClient"_s)->trigger();
        ConfirmDialog* dialog = dialogOf(bench);
        QVERIFY(dialog->findChild<QLabel*>(u"confirmObject"_s)->text().contains(u"Bram"_s));
        bench.server->announceRemoval(Topic::Clients, u"two"_s);
        bench.server->announce(Topic::Clients, sampleClient(u"new"_s, u"Bram"_s).toJson());
        items->select(u"new"_s);
        QTest::keyClicks(dialog->findChild<QLineEdit*>(u"confirmReason"_s), u"why"_s);
        QTest::mouseClick(dialog->findChild<QPushButton*>(u"confirmButton"_s), Qt::LeftButton);
        QCOMPARE(bench.server->requests.back().event, u"client:disconnect"_s);
        QCOMPARE(bench.server->requests.back().argument.value("sessionId"_L1).toString(), u"two"_s);
    }

    void namesAreNotPlacesForNumbers()
    {
        ConsoleBench bench;
        model::TaskInfo task = sampleTask(42, u"active"_s, 1);
        task.name = u"Other (task 7) %1"_s;
        bench.server->put(Topic::Tasks, task.toJson());
        model::NodeInfo node = sampleNode(1, true);
        node.name = u"%1 node"_s;
        bench.server->put(Topic::Nodes, node.toJson());
        bench.server->actionAnswers[u"node:ping"_s] = {{"ok"_L1, true}, {"roundTripMs"_L1, 5}};
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        qobject_cast<ItemPage*>(bench.window->page(u"tasks"_s))->select(u"42"_s);
        actionOf(bench, u"tasks"_s, u"killTask"_s)->trigger();
        QCOMPARE(dialogOf(bench)->findChild<QLabel*>(u"confirmObject"_s)->text(),
            u"Other (task 7) %1 (task 42)"_s);
        dialogOf(bench)->reject();

        qobject_cast<ItemPage*>(bench.window->page(u"nodes"_s))->select(u"1"_s);
        actionOf(bench, u"nodes"_s, u"pingNode"_s)->trigger();
        confirm(bench);
        auto* status = bench.window->findChild<QLabel*>(u"statusText"_s);
        QTRY_VERIFY(!status->text().isEmpty() && !status->text().endsWith(u'\u2026'));
        QVERIFY2(status->text().startsWith(u"%1 node answered after 5 ms"_s),
            qPrintable(status->text()));
    }

    void aCancelledQuestionDoesNothing()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"tasks"_s);
        qobject_cast<ItemPage*>(bench.window->page(u"tasks"_s))->select(u"42"_s);
        const size_t before = bench.server->requests.size();
        actionOf(bench, u"tasks"_s, u"killTask"_s)->trigger();
        QTest::keyClicks(dialogOf(bench)->findChild<QLineEdit*>(u"confirmReason"_s), u"x"_s);
        dialogOf(bench)->reject();
        QCoreApplication::processEvents();
        QCOMPARE(bench.server->requests.size(), before);
    }

    void aFailureIsToldInTheStatusBar()
    {
        ConsoleBench bench;
        bench.server->actionAnswers[u"node:ping"_s] = {{"ok"_L1, false},
            {"error"_L1, QJsonObject{{"code"_L1, u"timeout"_s}, {"message"_L1, u"x"_s}}}};
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"nodes"_s);
        qobject_cast<ItemPage*>(bench.window->page(u"nodes"_s))->select(u"1"_s);
        actionOf(bench, u"nodes"_s, u"pingNode"_s)->trigger();
        confirm(bench);
        auto* status = bench.window->findChild<QLabel*>(u"statusText"_s);
        QTRY_VERIFY(status->text().contains(u"did not answer"_s));
    }

    void aFinishedTaskCannotBeKilled()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        qobject_cast<ItemPage*>(bench.window->page(u"tasks"_s))->select(u"41"_s);
        QVERIFY(!actionOf(bench, u"tasks"_s, u"killTask"_s)->isEnabled());
    }

    void theLoginOfAFederationsUserIsNotForThis()
    {
        ConsoleBench bench;
        bench.window->show();
        bench.open();
        QTRY_VERIFY(bench.isLive());
        bench.window->showPage(u"clients"_s);
        qobject_cast<ItemPage*>(bench.window->page(u"clients"_s))->select(u"two"_s);
        QTRY_VERIFY(actionOf(bench, u"clients"_s, u"disconnectClient"_s)->isEnabled());
        QVERIFY(!actionOf(bench, u"clients"_s, u"demoteClient"_s)->isEnabled());
    }

    void messagesAreJson_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<bool>("isJson");
        QTest::addColumn<int>("count");
        QTest::newRow("empty") << QString() << true << 0;
        QTest::newRow("array") << u"[1, {\"a\": null}]"_s << true << 2;
        QTest::newRow("one object") << u"{\"a\": 1}"_s << true << 1;
        QTest::newRow("one text") << u"\"hello\""_s << true << 1;
        QTest::newRow("bare word") << u"hello"_s << false << 0;
        QTest::newRow("half an array") << u"[1,"_s << false << 0;
    }

    void messagesAreJson()
    {
        QFETCH(QString, text);
        QFETCH(bool, isJson);
        QFETCH(int, count);
        SendDialog dialog(u"/tasks"_s, u"all_nodes"_s, 3, nullptr);
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.findChild<QLineEdit*>(u"confirmReason"_s)->setText(u"why"_s);
        dialog.findChild<QPlainTextEdit*>(u"sendArguments"_s)->setPlainText(text);
        QCOMPARE(dialog.arguments().has_value(), isJson);
        QCOMPARE(dialog.findChild<QPushButton*>(u"confirmButton"_s)->isEnabled(), isJson);
        if (isJson)
            QCOMPARE(dialog.arguments()->size(), count);
    }
};

QTEST_MAIN(TestAdminActions)
#include "tst_adminactions.moc"
