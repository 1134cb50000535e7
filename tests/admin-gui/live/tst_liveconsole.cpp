// SPDX-License-Identifier: Apache-2.0
// The console's connection to a real server under traffic: signing in, acting, missing nothing,
// surviving a restart. That the pages then show the truth is interop.consoleModels' question, which
// has clients of other makers to compare with.
#include "admin-gui/client/socketiolink.h"
#include "admin-gui/models/consolemodels.h"

#include <QAbstractItemModelTester>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace Qt::StringLiterals;

namespace {

constexpr int patienceMs = 30'000;
constexpr int demoNodes = 7;

int onlineCount(const NodesModel& nodes)
{
    int online = 0;
    for (int row = 0; row < nodes.rowCount(); ++row)
        online += nodes.itemAt(row).online ? 1 : 0;
    return online;
}

/// A server process with the demo federation, and the simulator that works on it.
class Federation
{
public:
    ~Federation()
    {
        stop(m_simulator);
        stop(m_server);
    }

    bool prepare()
    {
        if (run({u"import"_s, QStringLiteral(FEDERATION_FILE)}).isNull())
            return false;
        m_password = run({u"admin"_s, u"create"_s, u"demo"_s, u"--generate"_s}).trimmed();
        return !m_password.isEmpty();
    }

    bool startServer()
    {
        const QString listen = m_url.isEmpty() ? u"127.0.0.1:0"_s : m_url.authority();
        start(m_server, {u"serve"_s, u"--data"_s, m_folder.path(), u"--listen"_s, listen});
        QByteArray output;
        while (!output.contains('\n')) {
            if (!m_server.waitForReadyRead(patienceMs))
                return false;
            output += m_server.readAllStandardOutput();
        }
        m_url = QUrl(QString::fromUtf8(output.trimmed()).section(u' ', 1));
        return m_url.isValid();
    }
    void stopServer() { stop(m_server); }

    void startSimulator()
    {
        start(m_simulator,
            {u"simulate"_s, u"--server"_s, m_url.toString(), u"--nodes"_s,
                QString::number(demoNodes), u"--users"_s, u"3"_s, u"--tasks-per-minute"_s,
                u"60"_s});
    }

    const QUrl& url() const { return m_url; }
    QString password() const { return QString::fromUtf8(m_password); }

private:
    QByteArray run(QStringList arguments)
    {
        QProcess process;
        arguments << u"--data"_s << m_folder.path();
        process.start(QStringLiteral(GATEHOUSE_BINARY), arguments);
        const bool ok = process.waitForFinished(patienceMs) && process.exitCode() == 0;
        return ok ? process.readAllStandardOutput() : QByteArray();
    }
    static void start(QProcess& process, const QStringList& arguments)
    {
        process.setStandardErrorFile(QProcess::nullDevice());
        process.start(QStringLiteral(GATEHOUSE_BINARY), arguments);
    }
    static void stop(QProcess& process)
    {
        if (process.state() == QProcess::NotRunning)
            return;
        process.terminate();
        if (!process.waitForFinished(patienceMs))
            process.kill();
        process.waitForFinished();
    }

    QTemporaryDir m_folder;
    QProcess m_server;
    QProcess m_simulator;
    QUrl m_url;
    QByteArray m_password;
};

} // namespace

class TestLiveConsole : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_federation.prepare());
        QVERIFY(m_federation.startServer());
        m_connection = std::make_unique<AdminConnection>(
            std::make_unique<SocketIoLink>(), std::make_unique<HttpTokenSource>(), m_clock);
        m_models = std::make_unique<ConsoleModels>(*m_connection);
        for (QAbstractItemModel* model : {static_cast<QAbstractItemModel*>(&m_models->rooms),
                 static_cast<QAbstractItemModel*>(&m_models->clients),
                 static_cast<QAbstractItemModel*>(&m_models->nodes),
                 static_cast<QAbstractItemModel*>(&m_models->tasks)})
            new QAbstractItemModelTester(
                model, QAbstractItemModelTester::FailureReportingMode::QtTest, model);
    }

    void aWrongPasswordIsRefused()
    {
        m_connection->open(m_federation.url(), {{}, u"demo"_s, u"not it"_s});
        QTRY_COMPARE_WITH_TIMEOUT(m_connection->state(), LinkState::Refused, patienceMs);
        QCOMPARE(m_connection->reason().code, ErrorCode::BadCredentials);
    }

    void aTokenThatIsNoneIsRefused()
    {
        m_connection->open(m_federation.url(), {"nonsense", {}, {}});
        QTRY_COMPARE_WITH_TIMEOUT(m_connection->state(), LinkState::Refused, patienceMs);
        QCOMPARE(m_connection->reason().code, ErrorCode::TokenInvalid);
    }

    void theRightPasswordOpensEveryTopic()
    {
        m_connection->open(m_federation.url(), {{}, u"demo"_s, m_federation.password()});
        QTRY_COMPARE_WITH_TIMEOUT(m_connection->state(), LinkState::Live, patienceMs);
        QCOMPARE(m_connection->hello().adminName, u"demo"_s);
        QCOMPARE(m_models->nodes.rowCount(), demoNodes);
        QCOMPARE(onlineCount(m_models->nodes), 0);
        QTRY_VERIFY_WITH_TIMEOUT(m_models->clients.rowCount() == 1, patienceMs); // this console
        QCOMPARE(m_models->clients.itemAt(0).kind, u"admin"_s);
    }

    void nothingIsMissingUnderTraffic()
    {
        const qint64 linesBefore = m_models->log.endRow();
        m_federation.startSimulator();
        QTRY_COMPARE_WITH_TIMEOUT(onlineCount(m_models->nodes), demoNodes, patienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_models->tasks.rowCount() > 1, patienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(m_models->log.endRow() > linesBefore + 100, patienceMs);
        QCOMPARE(m_connection->gapCount(), 0);
        QCOMPARE(m_connection->feed().malformedItems(), 0);
        QCOMPARE(m_models->log.missingLines(), 0);
    }

    void actionsReachTheServerAndTheirResultComesBack()
    {
        std::optional<Result<qint64>> ping;
        m_connection->pingNode(
            m_models->nodes.itemAt(0).id, u"a test"_s, [&](const auto& r) { ping = r; });
        QTRY_VERIFY_WITH_TIMEOUT(ping, patienceMs);
        QVERIFY2(*ping, qPrintable(ping->has_value() ? QString() : ping->error().detail));

        std::optional<Result<qint64>> sent;
        m_connection->sendToRoom(u"/tasks"_s, u"all_nodes"_s, u"message"_s, {u"hello"_s},
            u"live test"_s, [&](const auto& r) { sent = r; });
        QTRY_VERIFY_WITH_TIMEOUT(sent, patienceMs);
        QCOMPARE(sent->value_or(-1), demoNodes);

        std::optional<Result<qint64>> missing;
        m_connection->killTask(999'999, u"live test"_s, [&](const auto& r) { missing = r; });
        QTRY_VERIFY_WITH_TIMEOUT(missing, patienceMs);
        QCOMPARE(missing->has_value() ? ErrorCode::Internal : missing->error().code,
            ErrorCode::NotFound);

        const QString session = m_models->rooms.membersOf(u"/tasks|all_nodes"_s).front().sessionId;
        std::optional<Result<qint64>> disconnected;
        m_connection->disconnectClient(
            session, u"live test"_s, [&](const auto& r) { disconnected = r; });
        QTRY_VERIFY_WITH_TIMEOUT(disconnected, patienceMs);
        QVERIFY(disconnected->has_value());
        QTRY_VERIFY_WITH_TIMEOUT(!m_models->clients.find(session), patienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(onlineCount(m_models->nodes), demoNodes, patienceMs); // back
        QCOMPARE(m_connection->gapCount(), 0);
    }

    void aRestartOfTheServerIsSeenAndSurvived()
    {
        const int tasksBefore = m_models->tasks.rowCount();
        m_federation.stopServer();
        QTRY_COMPARE_WITH_TIMEOUT(m_connection->state(), LinkState::Lost, patienceMs);
        QVERIFY(m_federation.startServer());
        QTRY_COMPARE_WITH_TIMEOUT(m_connection->state(), LinkState::Live, patienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(onlineCount(m_models->nodes), demoNodes, patienceMs);
        QVERIFY(m_models->tasks.rowCount() >= tasksBefore);
        QCOMPARE(m_connection->feed().malformedItems(), 0);
    }

private:
    SystemClock m_clock;
    Federation m_federation;
    std::unique_ptr<AdminConnection> m_connection;
    std::unique_ptr<ConsoleModels> m_models;
};

QTEST_GUILESS_MAIN(TestLiveConsole)
#include "tst_liveconsole.moc"
