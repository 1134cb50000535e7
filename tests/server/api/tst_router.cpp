// SPDX-License-Identifier: Apache-2.0
#include "server/api/router.h"

#include <QTest>

using namespace gatehouse::api;
using namespace Qt::StringLiterals;

class RouterTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void findsByMethodAndPath_data();
    void findsByMethodAndPath();
    void namesTheMethodsThereAre();
};

void RouterTest::findsByMethodAndPath_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("answer"); // ids, "wrong method" or "nothing"
    const auto row = [](const char* method, const char* path, const char* answer) {
        QTest::addRow("%s %s", method, path)
            << QByteArray(method) << QString::fromLatin1(path) << QString::fromLatin1(answer);
    };
    row("GET", "/api/task", "");
    row("HEAD", "/api/task", "");
    row("GET", "/api/task/", "");
    row("POST", "/api/task", "");
    row("GET", "/api/task/17", "17");
    row("GET", "/api/task/17/status", "17");
    row("GET", "/api/task/9223372036854775807", "9223372036854775807");
    row("GET", "/api/task/9223372036854775808", "nothing");
    row("GET", "/api/task/0", "nothing");
    row("GET", "/api/task/01", "nothing");
    row("GET", "/api/task/-1", "nothing");
    row("GET", "/api/task/1e3", "nothing");
    row("GET", "/api/task/ 1", "nothing");
    row("GET", "/api/task//1", "nothing");
    row("GET", "/api", "nothing");
    row("GET", "/api/Task", "nothing");
    row("GET", "", "nothing");
    row("GET", "/", "nothing");
    row("PATCH", "/api/task", "wrong method");
    row("POST", "/api/task/17", "wrong method");
    row("get", "/api/task", "wrong method");
}

void RouterTest::findsByMethodAndPath()
{
    QFETCH(QByteArray, method);
    QFETCH(QString, path);
    QFETCH(QString, answer);
    Router router;
    for (const char* pattern : {"/api/task", "/api/task/{id}", "/api/task/{id}/status"})
        router.add("GET", QString::fromLatin1(pattern), Caller::User, {});
    router.add("POST", u"/api/task"_s, Caller::User, {});
    const RouteAnswer found = router.find(method, path);
    QString text = u"nothing"_s;
    if (std::holds_alternative<WrongMethod>(found)) {
        text = u"wrong method"_s;
    } else if (const auto* route = std::get_if<RouteFound>(&found)) {
        QStringList ids;
        for (const qint64 id : route->ids)
            ids.append(QString::number(id));
        text = ids.join(u',');
    }
    QCOMPARE(text, answer);
}

void RouterTest::namesTheMethodsThereAre()
{
    Router router;
    router.add("GET", u"/a"_s, Caller::User, {});
    router.add("POST", u"/a"_s, Caller::Node, {});
    const RouteAnswer found = router.find("DELETE", u"/a"_s);
    const auto* wrong = std::get_if<WrongMethod>(&found);
    QVERIFY(wrong);
    QCOMPARE(wrong->allowed, (QByteArrayList{"GET", "HEAD", "POST", "OPTIONS"}));
}

QTEST_APPLESS_MAIN(RouterTest)
#include "tst_router.moc"
