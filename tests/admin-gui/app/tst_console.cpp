// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/app/console.h"
#include "admin-gui/views/connection/connectiondialog.h"
#include "admin-gui/views/page/page.h"
#include "admin-gui/views/window/mainwindow.h"
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

namespace {

class NoSecrets final : public SecretStore
{
public:
    void read(const QString&, QObject*, ReadAnswer answer) override { answer({}); }
    void write(const QString&, const QString&, QObject*, WriteAnswer answer) override
    {
        answer(false);
    }
    void forget(const QString&) override { }
};

struct Bench
{
    explicit Bench(const ConsoleOptions& options)
    {
        auto link = std::make_unique<FakeAdminServer>();
        server = link.get();
        fillWithFederation(*server);
        console = std::make_unique<Console>(*qApp, options, std::move(link),
            std::make_unique<FakeTokenSource>(), std::make_unique<NoSecrets>());
    }
    FakeAdminServer* server;
    std::unique_ptr<Console> console;
};

ConsoleOptions connected(const QString& language)
{
    ConsoleOptions options;
    options.server = QUrl(u"http://127.0.0.1:1"_s);
    options.token = "good";
    options.language = language;
    return options;
}

} // namespace

class TestConsole : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_folder.isValid());
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
        QCoreApplication::setOrganizationName(u"test"_s);
        QCoreApplication::setApplicationName(u"console"_s);
    }

    void connectsAtOnceWhenToldTo()
    {
        ConsoleOptions options = connected(u"en"_s);
        options.page = u"nodes"_s;
        Bench bench(options);
        bench.console->start();
        QTRY_COMPARE(bench.console->connection().state(), LinkState::Live);
        QCOMPARE(bench.console->window().currentPage(), u"nodes"_s);
        QVERIFY(!bench.console->window().findChild<ConnectionDialog*>());
        QCOMPARE(bench.server->lastToken, QByteArray("good"));
    }

    void asksWhereToWithoutAServer()
    {
        ConsoleOptions options;
        options.language = u"en"_s;
        Bench bench(options);
        bench.console->start();
        QVERIFY(bench.console->window().findChild<ConnectionDialog*>());
        QCOMPARE(bench.server->opens, 0);
    }

    void aRefusalAsksAgain()
    {
        ConsoleOptions options = connected(u"en"_s);
        options.token = "bad";
        Bench bench(options);
        bench.console->start();
        QTRY_VERIFY(bench.console->window().findChild<ConnectionDialog*>());
    }

    void anotherLanguageKeepsConnectionAndPage()
    {
        Bench bench(connected(u"en"_s));
        bench.console->start();
        QTRY_COMPARE(bench.console->connection().state(), LinkState::Live);
        bench.console->window().showPage(u"tasks"_s);
        QCOMPARE(bench.console->window().page(u"tasks"_s)->title(), u"Tasks"_s);
        Q_EMIT bench.console->window().languageChosen(u"de"_s);
        QCOMPARE(bench.console->window().page(u"tasks"_s)->title(), u"Aufgaben"_s);
        QCOMPARE(bench.console->window().currentPage(), u"tasks"_s);
        QCOMPARE(bench.console->connection().state(), LinkState::Live);
        QCOMPARE(bench.server->opens, 1);
        Q_EMIT bench.console->window().languageChosen(u"nl"_s);
        QCOMPARE(bench.console->window().page(u"tasks"_s)->title(), u"Taken"_s);
        Q_EMIT bench.console->window().schemeChosen(Scheme::Dark);
        QVERIFY(Theme::current().isDark);
        QVERIFY(bench.console->window().isVisible());
    }

    void thePictureShowsLiveData()
    {
        ConsoleOptions options = connected(u"en"_s);
        options.screenshot = m_folder.filePath(u"x.png"_s);
        options.settleSeconds = 2;
        options.size = {900, 600};
        Bench bench(options);
        bench.console->start();
        QTRY_COMPARE(bench.console->connection().state(), LinkState::Live);
        for (int i = 0; i < 2; ++i)
            bench.server->announce(Topic::Overview, model::OverviewInfo().toJson());
        QTRY_VERIFY(QFile::exists(options.screenshot));
        QCOMPARE(QImage(options.screenshot).size(), QSize(900, 600));
    }

    void argumentsAreCheckedStrictly_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<bool>("ok");
        QTest::newRow("none") << QStringList() << true;
        QTest::newRow("all good") << QStringList{u"--connect"_s, u"127.0.0.1:7400"_s, u"--page"_s,
            u"log"_s, u"--theme"_s, u"dark"_s, u"--language"_s, u"nl"_s, u"--size"_s, u"900x700"_s}
                                  << true;
        QTest::newRow("unknown option") << QStringList{u"--token"_s, u"x"_s} << false;
        QTest::newRow("unknown page") << QStringList{u"--page"_s, u"home"_s} << false;
        QTest::newRow("unknown theme") << QStringList{u"--theme"_s, u"pink"_s} << false;
        QTest::newRow("unknown language") << QStringList{u"--language"_s, u"fr"_s} << false;
        QTest::newRow("bad address") << QStringList{u"--connect"_s, u"ftp://x"_s} << false;
        QTest::newRow("bad size") << QStringList{u"--size"_s, u"wide"_s} << false;
        QTest::newRow("no such file")
            << QStringList{u"--token-file"_s, u"/nowhere/token"_s} << false;
        QTest::newRow("stray word") << QStringList{u"hello"_s} << false;
    }

    void argumentsAreCheckedStrictly()
    {
        QFETCH(QStringList, arguments);
        QFETCH(bool, ok);
        arguments.prepend(u"gatehouse-admin"_s);
        const auto options = parseOptions(arguments, "secret");
        QCOMPARE(options.has_value(), ok);
        if (ok)
            QCOMPARE(options->token, QByteArray("secret"));
        else
            QVERIFY(!options.error().detail.isEmpty());
    }

private:
    QTemporaryDir m_folder;
};

QTEST_MAIN(TestConsole)
#include "tst_console.moc"
