// SPDX-License-Identifier: Apache-2.0
// `gatehouse import` beside a running server: what it changes about rights counts for those who are
// connected, and is in the audit trail with both states.
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTest>

#include <csignal>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace Qt::StringLiterals;

class tst_DirectoryReload : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void changedRightsReachLiveSocketsAndTheAudit();

private:
    bool import(const QJsonObject& change);
    bool connectUser(ScriptedWebSocket& socket, int id);
    bool hears(ScriptedWebSocket& socket, const QByteArray& text);
    std::vector<QJsonObject> audited(const QString& action) const;

    std::unique_ptr<ServedProgram> m_server;
};

void tst_DirectoryReload::init()
{
    m_server = std::make_unique<ServedProgram>(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY(m_server->command({u"import"_s, QStringLiteral(FEDERATION_FILE)}));
    QVERIFY(m_server->start());
}

bool tst_DirectoryReload::import(const QJsonObject& change)
{
    QJsonObject all = change;
    all.insert(u"format"_s, u"gatehouse-import"_s);
    all.insert(u"version"_s, 1);
    QFile file(m_server->path(u"change.json"_s));
    return file.open(QIODevice::WriteOnly) && file.write(QJsonDocument(all).toJson()) > 0
        && file.flush() && m_server->command({u"import"_s, file.fileName()});
}

bool tst_DirectoryReload::connectUser(ScriptedWebSocket& socket, int id)
{
    const auto token = m_server->command(
        {u"token"_s, u"mint"_s, u"--kind"_s, u"user"_s, u"--id"_s, QString::number(id)});
    protocol::HttpHeaders headers;
    headers.add("Authorization", "Bearer " + token.value_or(QByteArray()).trimmed());
    if (!socket.open(m_server->port(), "/socket.io/?EIO=4&transport=websocket", headers))
        return false;
    socket.receiveText();
    socket.sendText("40/tasks,");
    return socket.receiveText().startsWith("40/tasks,");
}

bool tst_DirectoryReload::hears(ScriptedWebSocket& socket, const QByteArray& text)
{
    QByteArray heard;
    do {
        heard = socket.receiveText();
    } while (!heard.isNull() && !heard.contains(text));
    return !heard.isNull();
}

/// Before and after of each such change, in their order.
std::vector<QJsonObject> tst_DirectoryReload::audited(const QString& action) const
{
    std::vector<QJsonObject> found;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"audit"_s);
        database.setDatabaseName(m_server->dataPath() + u"/gatehouse.sqlite"_s);
        database.open();
        QSqlQuery query(database);
        query.prepare(u"SELECT actor_kind, actor_name, target, outcome, detail FROM audit WHERE "
                      "action = ? ORDER BY id"_s);
        query.addBindValue(action);
        query.exec();
        while (query.next()) {
            QJsonObject entry
                = QJsonDocument::fromJson(query.value(4).toString().toUtf8()).object();
            entry.insert(u"who"_s,
                QStringList{query.value(0).toString(), query.value(1).toString()}.join(u' '));
            entry.insert(u"target"_s, query.value(2).toString());
            entry.insert(u"outcome"_s, query.value(3).toString());
            found.push_back(entry);
        }
    }
    QSqlDatabase::removeDatabase(u"audit"_s);
    return found;
}

void tst_DirectoryReload::changedRightsReachLiveSocketsAndTheAudit()
{
    ScriptedWebSocket ada;
    ScriptedWebSocket bob;
    QVERIFY(connectUser(bob, 5));
    QVERIFY(connectUser(ada, 4));
    QVERIFY(hears(bob, "User <ada> joined room <collaboration_1>"));
    QVERIFY(hears(ada, "User <ada> joined room <collaboration_1>"));

    // The rules of one user: its role goes, a rule of its own comes later.
    const auto userAda = [](const QJsonArray& roles, const QJsonArray& rules) {
        return QJsonObject{{u"users"_s,
            QJsonArray{QJsonObject{{u"username"_s, u"ada"_s}, {u"organization"_s, u"Alpha"_s},
                {u"roles"_s, roles}, {u"rules"_s, rules}}}}};
    };
    QElapsedTimer timer;
    timer.start();
    QVERIFY(import(userAda({}, {})));
    const qint64 imported = timer.elapsed();
    QVERIFY(hears(bob, "ada left room collaboration_1"));
    qInfo("imported after %lld ms, told after %lld ms", imported, timer.elapsed());
    QVERIFY(import(userAda({}, {u"event/receive/collaboration"_s})));
    QVERIFY(hears(ada, "User <ada> joined room <collaboration_1>"));

    // The rules of a role.
    QVERIFY(import({{u"roles"_s,
        QJsonArray{QJsonObject{
            {u"name"_s, u"Tester"_s}, {u"rules"_s, QJsonArray{u"task/view/collaboration"_s}}}}}}));
    QVERIFY(hears(ada, "bob left room collaboration_1"));

    m_server->signal(SIGTERM);
    QCOMPARE(m_server->waitForEnd(), std::optional(0));
    const std::vector<QJsonObject> users = audited(u"directory:user"_s);
    QCOMPARE(users.size(), size_t(2));
    QCOMPARE(users[0][u"who"_s].toString(), u"system import"_s);
    QCOMPARE(users[0][u"target"_s].toString(), u"user 4"_s);
    QCOMPARE(users[0][u"outcome"_s].toString(), u"ok"_s);
    QCOMPARE(users[0][u"before"_s][u"roles"_s].toArray().size(), 1);
    QCOMPARE(users[0][u"after"_s][u"roles"_s].toArray(), QJsonArray());
    QCOMPARE(users[1][u"before"_s][u"rules"_s].toArray(), QJsonArray());
    QCOMPARE(
        users[1][u"after"_s][u"rules"_s].toArray(), QJsonArray{u"event/RECEIVE/COLLABORATION"_s});
    const std::vector<QJsonObject> roles = audited(u"directory:role"_s);
    QCOMPARE(roles.size(), size_t(1));
    QCOMPARE(roles[0][u"before"_s][u"rules"_s].toArray().size(), 8);
    QCOMPARE(roles[0][u"after"_s][u"rules"_s].toArray(), QJsonArray{u"task/VIEW/COLLABORATION"_s});
}

QTEST_GUILESS_MAIN(tst_DirectoryReload)
#include "tst_directoryreload.moc"
