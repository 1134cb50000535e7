// SPDX-License-Identifier: Apache-2.0
// Does the console's window stay fluent under a burst of log lines? A server in another thread
// sends numbered changes of the topic `log` over a WebSocket, ten a second; the real link,
// connection, models and window take them. Told: the gaps between turns of the window's event loop.
//   console-log-burst [LINES-PER-SECOND] [SECONDS]
#include "admin-gui/client/socketiolink.h"
#include "admin-gui/models/consolemodels.h"
#include "admin-gui/views/window/mainwindow.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QSettings>
#include <QTemporaryDir>
#include <QThread>
#include <QTimer>
#include <QWebSocket>
#include <QWebSocketServer>

#include <algorithm>
#include <cstdio>

using namespace gatehouse;
using namespace Qt::StringLiterals;

namespace {

constexpr int batchesPerSecond = 10;
constexpr int probeMs = 2;

/// The admin namespace as far as a console needs it to be live: every topic empty but the log.
class BurstServer final : public QObject
{
public:
    explicit BurstServer(int linesPerSecond)
        : m_server(u"burst"_s, QWebSocketServer::NonSecureMode),
          m_linesPerBatch(std::max(linesPerSecond / batchesPerSecond, 1)), m_batches(this)
    {
        m_batches.setTimerType(Qt::PreciseTimer);
        m_batches.setInterval(1000 / batchesPerSecond);
        connect(&m_batches, &QTimer::timeout, this, &BurstServer::sendBatch);
        connect(&m_server, &QWebSocketServer::newConnection, this, [this] {
            m_client = m_server.nextPendingConnection();
            m_client->setOutgoingFrameSize(QWebSocket::maxOutgoingFrameSize());
            connect(m_client, &QWebSocket::textMessageReceived, this, &BurstServer::answer);
            m_client->sendTextMessage(
                uR"(0{"sid":"b","upgrades":[],"pingInterval":600000,"pingTimeout":600000})"_s);
        });
        m_server.listen(QHostAddress(QHostAddress::LocalHost));
    }
    quint16 port() const { return m_server.serverPort(); }

private:
    void answer(const QString& text)
    {
        if (text.startsWith(u"40")) {
            m_client->sendTextMessage(uR"(40/gh-admin,{"sid":"s"})"_s);
            m_client->sendTextMessage(
                uR"(42/gh-admin,["hello",{"protocol":1,"serverId":"b","version":"0",)"_s
                uR"("hostname":"burst","startedAt":1,"principal":{"name":"bench"}}])"_s);
            m_batches.start();
        }
        static const QRegularExpression call(u"^42/gh-admin,(\\d+)\\[\"subscribe\""_s);
        if (const auto match = call.match(text); match.hasMatch())
            m_client->sendTextMessage(u"43/gh-admin,"_s + match.captured(1)
                + u"[{\"ok\":true,\"epoch\":\"e\",\"version\":%1,\"items\":[],\"cursor\":null}]"_s
                      .arg(m_line));
    }

    void sendBatch()
    {
        QJsonArray lines;
        const quint64 from = m_line;
        for (int i = 0; i < m_linesPerBatch; ++i) {
            model::LogEntry entry;
            entry.seq = ++m_line;
            entry.atMs = 1'800'000'000'000 + qint64(m_line);
            entry.level = m_line % 50 == 0 ? model::LogLevel::Warning : model::LogLevel::Info;
            entry.category = u"gh.task"_s;
            entry.text
                = u"A container for job %1 and run %2 on node <noorderhaven-cardiac> has the "
                  "status completed"_s.arg(m_line % 977)
                      .arg(m_line % 3571);
            entry.nodeId = 3;
            entry.runId = qint64(m_line % 3571);
            lines.append(entry.toJson());
        }
        const QJsonObject change{{u"topic"_s, u"log"_s}, {u"epoch"_s, u"e"_s},
            {u"from"_s, qint64(from)}, {u"version"_s, qint64(m_line)}, {u"at"_s, 1},
            {u"lines"_s, lines}, {u"dropped"_s, 0}};
        m_client->sendTextMessage(u"42/gh-admin,"_s
            + QString::fromUtf8(
                QJsonDocument(QJsonArray{u"change"_s, change}).toJson(QJsonDocument::Compact)));
    }

    QWebSocketServer m_server;
    const int m_linesPerBatch;
    QTimer m_batches;
    QWebSocket* m_client = nullptr;
    quint64 m_line = 0;
};

double percentile(const std::vector<double>& sorted, double share)
{
    return sorted.empty() ? 0 : sorted[size_t(share * double(sorted.size() - 1))];
}

} // namespace

int main(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM",
        qgetenv("QT_QPA_PLATFORM").isEmpty() ? "offscreen" : qgetenv("QT_QPA_PLATFORM"));
    QApplication application(argc, argv);
    const int linesPerSecond = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5'000;
    const int seconds = argc > 2 ? std::max(std::atoi(argv[2]), 1) : 10;

    QThread thread;
    BurstServer* server = nullptr;
    thread.start();
    QObject sender;
    sender.moveToThread(&thread);
    quint16 port = 0;
    QMetaObject::invokeMethod(
        &sender,
        [&] {
            server = new BurstServer(linesPerSecond);
            port = server->port();
        },
        Qt::BlockingQueuedConnection);

    gui::Theme::apply(application, gui::Scheme::Light);
    const SystemClock clock;
    gui::AdminConnection connection(
        std::make_unique<gui::SocketIoLink>(), std::make_unique<gui::HttpTokenSource>(), clock);
    gui::ConsoleModels models(connection);
    QTemporaryDir folder;
    QSettings settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat);
    gui::MainWindow window(connection, models, settings);
    window.showPage(u"log"_s);
    window.show();
    connection.open(QUrl(u"http://127.0.0.1:%1"_s.arg(port)), {"token", {}, {}});

    std::vector<double> gaps;
    QElapsedTimer sinceTurn;
    QTimer probe;
    probe.setTimerType(Qt::PreciseTimer);
    QObject::connect(&probe, &QTimer::timeout, &application, [&] {
        gaps.push_back(double(sinceTurn.nsecsElapsed()) / 1e6 - probeMs);
        sinceTurn.start();
    });
    // The window's start is no part of it.
    QTimer::singleShot(2'000, &application, [&] {
        sinceTurn.start();
        probe.start(probeMs);
    });
    const qint64 expected = qint64(linesPerSecond) * (seconds + 1);
    QTimer::singleShot(2'000 + seconds * 1'000, &application, &QApplication::quit);
    QApplication::exec();
    probe.stop();

    const qint64 shown = models.log.endRow();
    std::ranges::sort(gaps);
    std::printf(
        "%d lines/s for %d s: %lld lines shown, %lld missing, gaps %lld; loop late by p50 %.2f "
        "ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms\n",
        linesPerSecond, seconds, static_cast<long long>(shown),
        static_cast<long long>(models.log.missingLines()),
        static_cast<long long>(connection.gapCount()), percentile(gaps, 0.5),
        percentile(gaps, 0.99), percentile(gaps, 0.999), gaps.empty() ? 0 : gaps.back());
    connection.close();
    QMetaObject::invokeMethod(
        &sender, [&] { delete server; }, Qt::BlockingQueuedConnection);
    thread.quit();
    thread.wait();
    return shown >= expected * 8 / 10 ? 0 : 1;
}
