// SPDX-License-Identifier: Apache-2.0
// Does the console's window stay fluent while it takes its first snapshot, and under a burst of log
// lines? A server in another thread has nodes and clients, a thousand a page, and sends numbered
// changes of the topic `log` over a WebSocket, ten a second; the real link, connection, models and
// window take them. Told: the gaps between turns of the window's event loop, for both apart.
//   console-log-burst [LINES-PER-SECOND] [SECONDS] [NODES] [CLIENTS]
#include "admin-gui/client/socketiolink.h"
#include "admin-gui/models/consolemodels.h"
#include "admin-gui/views/window/mainwindow.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMap>
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
constexpr int itemsPerPage = 1'000;
constexpr int snapshotMs = 2'000; ///< then it has arrived, and the burst is what is left

QString compact(const QJsonArray& array)
{
    return QString::fromUtf8(QJsonDocument(array).toJson(QJsonDocument::Compact));
}

QJsonArray nodes(int count)
{
    QJsonArray items;
    for (int i = 1; i <= count; ++i) {
        model::NodeInfo node;
        node.id = i;
        node.name = u"node of organization %1"_s.arg(i);
        node.organization = u"organization %1"_s.arg(i);
        node.collaboration = u"collaboration %1"_s.arg(i % 40);
        node.online = i % 10 != 0;
        node.since = 1'800'000'000'000 + i;
        node.address = u"10.0.%1.%2"_s.arg(i / 250).arg(i % 250);
        items.append(node.toJson());
    }
    return items;
}

QJsonArray clients(int count)
{
    QJsonArray items;
    for (int i = 1; i <= count; ++i) {
        model::ClientInfo client;
        client.sessionId = u"session-%1"_s.arg(i);
        client.transport = u"websocket"_s;
        client.address = u"10.0.%1.%2"_s.arg(i / 250).arg(i % 250);
        client.userAgent = u"python-socketio/5.11.2"_s;
        client.connectedAt = 1'800'000'000'000 + i;
        client.kind = u"node"_s;
        client.id = i;
        client.name = u"node of organization %1"_s.arg(i);
        client.sockets = {{u"socket-%1"_s.arg(i), u"/tasks"_s,
            {u"all_nodes"_s, u"collaboration_%1"_s.arg(i % 40)}}};
        items.append(client.toJson());
    }
    return items;
}

/// The admin namespace as far as a console needs it to be live: every topic empty but nodes,
/// clients and the log.
class BurstServer final : public QObject
{
public:
    BurstServer(int linesPerSecond, int nodeCount, int clientCount)
        : m_items{{u"nodes"_s, nodes(nodeCount)}, {u"clients"_s, clients(clientCount)}},
          m_server(u"burst"_s, QWebSocketServer::NonSecureMode),
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
        static const QRegularExpression call(u"^42/gh-admin,(\\d+)(\\[\"(subscribe|page)\".*)$"_s);
        if (const auto match = call.match(text); match.hasMatch()) {
            const QJsonObject request
                = QJsonDocument::fromJson(match.captured(2).toUtf8()).array().at(1).toObject();
            m_client->sendTextMessage(
                u"43/gh-admin,"_s + match.captured(1) + compact({pageOf(request)}));
        }
    }

    QJsonObject pageOf(const QJsonObject& request) const
    {
        const QString topic = request.value(u"topic"_s).toString();
        const QJsonArray all = m_items.value(topic);
        const int from = request.value(u"cursor"_s).toString().toInt();
        QJsonArray page;
        for (int i = from; i < std::min(from + itemsPerPage, int(all.size())); ++i)
            page.append(all[i]);
        const int next = from + int(page.size());
        return {{u"ok"_s, true}, {u"topic"_s, topic}, {u"epoch"_s, u"e"_s},
            {u"version"_s, topic == u"log" ? qint64(m_line) : 1}, {u"items"_s, page},
            {u"cursor"_s, next < all.size() ? QJsonValue(QString::number(next)) : QJsonValue()}};
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
        m_client->sendTextMessage(u"42/gh-admin,"_s + compact({u"change"_s, change}));
    }

    const QMap<QString, QJsonArray> m_items;
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
    const int nodeCount = argc > 3 ? std::max(std::atoi(argv[3]), 0) : 2'000;
    const int clientCount = argc > 4 ? std::max(std::atoi(argv[4]), 0) : 5'000;

    QThread thread;
    BurstServer* server = nullptr;
    thread.start();
    QObject sender;
    sender.moveToThread(&thread);
    quint16 port = 0;
    QMetaObject::invokeMethod(
        &sender,
        [&] {
            server = new BurstServer(linesPerSecond, nodeCount, clientCount);
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
    QCoreApplication::processEvents(); // the window's start is no part of it

    std::vector<double> gaps;
    std::vector<double> snapshotGaps;
    QElapsedTimer sinceTurn;
    QTimer probe;
    probe.setTimerType(Qt::PreciseTimer);
    QObject::connect(&probe, &QTimer::timeout, &application, [&] {
        gaps.push_back(double(sinceTurn.nsecsElapsed()) / 1e6 - probeMs);
        sinceTurn.start();
    });
    sinceTurn.start();
    probe.start(probeMs);
    connection.open(QUrl(u"http://127.0.0.1:%1"_s.arg(port)), {"token", {}, {}});
    QTimer::singleShot(snapshotMs, &application, [&] { snapshotGaps = std::exchange(gaps, {}); });
    const qint64 expected = qint64(linesPerSecond) * (seconds + 1);
    QTimer::singleShot(snapshotMs + seconds * 1'000, &application, &QApplication::quit);
    QApplication::exec();
    probe.stop();

    const qint64 shown = models.log.endRow();
    std::ranges::sort(gaps);
    std::ranges::sort(snapshotGaps);
    std::printf(
        "first snapshot of %d nodes and %d clients: %d and %d shown; loop late by p50 %.2f ms, "
        "p99 %.2f ms, max %.2f ms\n",
        nodeCount, clientCount, models.nodes.rowCount(), models.clients.rowCount(),
        percentile(snapshotGaps, 0.5), percentile(snapshotGaps, 0.99), percentile(snapshotGaps, 1));
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
    const bool isWhole
        = models.nodes.rowCount() == nodeCount && models.clients.rowCount() == clientCount;
    return isWhole && shown >= expected * 8 / 10 ? 0 : 1;
}
