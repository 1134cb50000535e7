// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/tokensource.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QtTest>

using namespace gatehouse;
using namespace gatehouse::gui;
using namespace Qt::StringLiterals;

namespace {

QByteArray response(const QByteArray& status, const QByteArray& body = {})
{
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + QByteArray::number(body.size())
        + "\r\n\r\n" + body;
}

} // namespace

class TestTokenSource : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersBecomeTokensOrReasons_data()
    {
        QTest::addColumn<QByteArray>("sent");
        QTest::addColumn<QByteArray>("token");
        QTest::addColumn<int>("code");
        QTest::newRow("token") << response("200 OK", R"({"access_token":"t","expires_in":900})")
                               << QByteArray("t") << -1;
        QTest::newRow("wrong password")
            << response("401 Unauthorized", "{}") << QByteArray() << int(ErrorCode::BadCredentials);
        QTest::newRow("too many attempts")
            << response("429 Too Many") << QByteArray() << int(ErrorCode::RateLimited);
        QTest::newRow("no such address")
            << response("404 Not Found") << QByteArray() << int(ErrorCode::NotFound);
        QTest::newRow("not JSON") << response("200 OK", "<a/>") << QByteArray()
                                  << int(ErrorCode::Malformed);
        QTest::newRow("token is no text") << response("200 OK", R"({"access_token":5})")
                                          << QByteArray() << int(ErrorCode::Malformed);
        QTest::newRow("a redirect is not followed")
            << response("302 Found\r\nLocation: http://127.0.0.1:1/") << QByteArray()
            << int(ErrorCode::Malformed);
        QTest::newRow("hangs up") << QByteArray() << QByteArray() << int(ErrorCode::Unavailable);
    }

    void answersBecomeTokensOrReasons()
    {
        QFETCH(QByteArray, sent);
        QFETCH(QByteArray, token);
        QFETCH(int, code);
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        QByteArray request;
        connect(&server, &QTcpServer::newConnection, this, [&] {
            QTcpSocket* socket = server.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, this, [&request, &sent, socket] {
                request += socket->readAll();
                if (!request.contains("\"password\""))
                    return;
                socket->write(sent);
                socket->disconnectFromHost();
            });
        });
        HttpTokenSource source;
        std::optional<Result<QByteArray>> answer;
        source.fetch(QUrl(u"http://127.0.0.1:%1/ignored"_s.arg(server.serverPort())), u"demo"_s,
            u"s3cret"_s, [&](const auto& result) { answer = result; });
        QTRY_VERIFY(answer);
        QVERIFY(request.startsWith("POST /api/token/admin HTTP/1.1\r\n"));
        QVERIFY(request.contains("{\"name\":\"demo\",\"password\":\"s3cret\"}"));
        if (code < 0)
            QCOMPARE(answer->value(), token);
        else
            QCOMPARE(int(answer->error().code), code);
    }

    void aCancelledRequestAnswersNothing()
    {
        QTcpServer server;
        QVERIFY(server.listen(QHostAddress::LocalHost));
        HttpTokenSource source;
        int answers = 0;
        source.fetch(QUrl(u"http://127.0.0.1:%1"_s.arg(server.serverPort())), u"a"_s, u"b"_s,
            [&](const auto&) { ++answers; });
        QTRY_VERIFY(server.hasPendingConnections());
        source.cancel();
        QCoreApplication::processEvents();
        QCOMPARE(answers, 0);
    }
};

QTEST_GUILESS_MAIN(TestTokenSource)
#include "tst_tokensource.moc"
