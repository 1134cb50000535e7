// SPDX-License-Identifier: Apache-2.0
#include "server/transport/httpanswer.h"

#include <QRegularExpression>
#include <QTest>

using namespace gatehouse::transport;
using gatehouse::protocol::HttpResponse;

class TestHttpAnswer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answerCarriesLengthDateAndConnection()
    {
        const QByteArray octets = serialize(HttpResponse::text(200, "hello"), {});
        QVERIFY(octets.startsWith("HTTP/1.1 200 OK\r\n"));
        QVERIFY(octets.contains("\r\nContent-Length: 5\r\n"));
        QVERIFY(octets.contains("\r\nConnection: keep-alive\r\n"));
        QVERIFY(octets.endsWith("\r\n\r\nhello"));
        const QRegularExpression date(
            QStringLiteral("\r\nDate: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z]{2} \\d{4} "
                           "\\d\\d:\\d\\d:\\d\\d GMT\r\n"));
        QVERIFY(date.match(QString::fromLatin1(octets)).hasMatch());
    }

    void closingIsSaid()
    {
        QVERIFY(serialize(HttpResponse::text(200, "x"), {.keepsAlive = false})
                    .contains("\r\nConnection: close\r\n"));
    }

    void headHasTheLengthButNoBody()
    {
        const QByteArray octets = serialize(HttpResponse::text(200, "hello"), {.isHead = true});
        QVERIFY(octets.contains("\r\nContent-Length: 5\r\n"));
        QVERIFY(octets.endsWith("\r\n\r\n"));
    }

    void noContentHasNeither()
    {
        const QByteArray octets = serialize({204, {}, "ignored"}, {});
        QVERIFY(!octets.contains("Content-Length"));
        QVERIFY(octets.endsWith("\r\n\r\n"));
    }

    void fieldsCannotBreakTheirLine()
    {
        HttpResponse response = HttpResponse::text(200, "x");
        response.headers.add("X-Good", "fine");
        response.headers.add("X-Bad", "a\r\nSet-Cookie: evil=1");
        response.headers.add("X-Bad\r\nY", "a");
        response.headers.add("X-Nul", QByteArray("a\0b", 3));
        response.headers.add("Content-Length", "999");
        response.headers.add("Transfer-Encoding", "chunked");
        const QByteArray octets = serialize(response, {});
        QVERIFY(octets.contains("X-Good: fine\r\n"));
        QVERIFY(!octets.contains("evil"));
        QVERIFY(!octets.contains("X-Bad"));
        QVERIFY(!octets.contains("X-Nul"));
        QVERIFY(!octets.contains("999"));
        QVERIFY(!octets.contains("chunked"));
    }

    void refusalsAreJson()
    {
        const HttpResponse response = refusalResponse(431, "too much");
        QCOMPARE(response.status, 431);
        QCOMPARE(response.body,
            QByteArray(R"({"error":"request-header-fields-too-large","message":"too much"})"));
    }
};

QTEST_GUILESS_MAIN(TestHttpAnswer)
#include "tst_httpanswer.moc"
