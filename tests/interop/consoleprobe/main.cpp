// SPDX-License-Identifier: Apache-2.0
// Connects as the console does and tells what its page models hold: console-probe URL TOKEN-FILE
// The line "dump" on standard input is answered by one line of JSON, "quit" ends. Each new state of
// the connection is a line by itself. Rows are read as a view reads them, through index() and
// data(): what is printed is what a page would show.
#include "admin-gui/client/socketiolink.h"
#include "admin-gui/models/consolemodels.h"

#include <QCoreApplication>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSocketNotifier>

#include <unistd.h>

#include <cstdio>

namespace gatehouse::gui {

namespace {

QString stateName(LinkState state)
{
    switch (state) {
    case LinkState::Offline:
        return QStringLiteral("offline");
    case LinkState::Connecting:
        return QStringLiteral("connecting");
    case LinkState::Live:
        return QStringLiteral("live");
    case LinkState::Stale:
        return QStringLiteral("stale");
    case LinkState::Lost:
        return QStringLiteral("lost");
    case LinkState::Refused:
        return QStringLiteral("refused");
    }
    return {};
}

/// Rows below `parent`: the header's text of each column -> its value, `key`, and `rows` of a tree.
QJsonArray rowsOf(const QAbstractItemModel& model, const QModelIndex& parent = {})
{
    QJsonArray rows;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        QJsonObject object;
        for (int column = 0; column < model.columnCount(parent); ++column) {
            const QString title = model.headerData(column, Qt::Horizontal).toString();
            const QVariant value = model.data(model.index(row, column, parent), Qt::DisplayRole);
            object.insert(title, QJsonValue::fromVariant(value));
        }
        const QModelIndex first = model.index(row, 0, parent);
        object.insert(QStringLiteral("key"), model.data(first, KeyRole).toString());
        if (model.parent(first) != parent)
            object.insert(QStringLiteral("strayParent"), true);
        if (const QJsonArray below = rowsOf(model, first); !below.isEmpty())
            object.insert(QStringLiteral("rows"), below);
        rows.append(object);
    }
    return rows;
}

QJsonArray linesOf(const LineSource& log)
{
    QJsonArray lines;
    for (qint64 row = log.firstRow(); row < log.endRow(); ++row) {
        const LogLine line = log.line(row);
        lines.append(QJsonObject{{QStringLiteral("at"), line.atMs},
            {QStringLiteral("level"), QString(line.letter)},
            {QStringLiteral("category"), line.category}, {QStringLiteral("text"), line.text},
            {QStringLiteral("isMarker"), line.isMarker}});
    }
    return lines;
}

void print(const QJsonObject& object)
{
    std::puts(QJsonDocument(object).toJson(QJsonDocument::Compact).constData());
    std::fflush(stdout);
}

QJsonObject dump(const AdminConnection& connection, const ConsoleModels& models)
{
    QJsonObject overview = models.overview.latest().toJson();
    overview.insert(
        QStringLiteral("samples"), qint64(models.overview.series(OverviewModel::Clients).size()));
    return {{QStringLiteral("dump"), true},
        {QStringLiteral("state"), stateName(connection.state())},
        {QStringLiteral("gaps"), connection.gapCount()},
        {QStringLiteral("startedAt"), connection.hello().startedAt},
        {QStringLiteral("admin"), connection.hello().adminName},
        {QStringLiteral("overview"), overview}, {QStringLiteral("rooms"), rowsOf(models.rooms)},
        {QStringLiteral("clients"), rowsOf(models.clients)},
        {QStringLiteral("nodes"), rowsOf(models.nodes)},
        {QStringLiteral("tasks"), rowsOf(models.tasks)},
        {QStringLiteral("log"), linesOf(models.log)}};
}

/// Whole lines of standard input; the end of it is the line "quit".
class Orders final
{
public:
    template <class Handler>
    void readInto(Handler&& handle)
    {
        char bytes[4096];
        const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
        m_rest += count > 0 ? QByteArray(bytes, count) : QByteArrayLiteral("\nquit\n");
        for (qsizetype end = m_rest.indexOf('\n'); end >= 0; end = m_rest.indexOf('\n')) {
            handle(m_rest.first(end).trimmed());
            m_rest.remove(0, end + 1);
        }
    }

private:
    QByteArray m_rest;
};

} // namespace

} // namespace gatehouse::gui

int main(int argc, char** argv)
{
    using namespace gatehouse::gui;
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    QFile token(arguments.value(2));
    if (arguments.size() != 3 || !token.open(QIODevice::ReadOnly)) {
        std::fputs("usage: console-probe URL TOKEN-FILE\n", stderr);
        return 2;
    }
    const gatehouse::SystemClock clock;
    AdminConnection connection(
        std::make_unique<SocketIoLink>(), std::make_unique<HttpTokenSource>(), clock);
    ConsoleModels models(connection);
    QObject::connect(
        &connection, &AdminConnection::stateChanged, &application, [&connection](LinkState state) {
            print({{QStringLiteral("event"), stateName(state)},
                {QStringLiteral("reason"), connection.reason().detail}});
        });

    Orders orders;
    QSocketNotifier input(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(&input, &QSocketNotifier::activated, &application, [&] {
        orders.readInto([&](const QByteArray& order) {
            if (order == "dump")
                print(dump(connection, models));
            else if (order == "quit")
                QCoreApplication::quit();
        });
    });
    Credentials credentials;
    credentials.token = token.readAll().trimmed();
    connection.open(QUrl(arguments.at(1)), credentials);
    return QCoreApplication::exec();
}
