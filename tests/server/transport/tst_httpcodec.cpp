// SPDX-License-Identifier: Apache-2.0
#include "server/transport/httpcodec.h"

#include <QTest>

using namespace gatehouse::transport;
using Progress = HttpRequestReader::Progress;

class TestHttpCodec : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goodRequestsAreRead_data();
    void goodRequestsAreRead();
    void badRequestsAreRefused_data();
    void badRequestsAreRefused();
    void chunkingDoesNotMatter_data();
    void chunkingDoesNotMatter();
    void theLastChunkMayComeOctetByOctet_data();
    void theLastChunkMayComeOctetByOctet();
    void limitsAreExact();
    void bodyOverTheLimitIsRefusedWhileReading();
    void pipelinedOctetsAreNotTouched();
    void trailersDoNotBecomeHeaders();
    void pathAndQueryAreDecodedOnce();
};

namespace {

struct Outcome
{
    Progress progress = Progress::NeedMore;
    gatehouse::protocol::HttpRequest request;
    HttpHead head;
    HttpRefusal refusal;
    qsizetype consumed = 0;
};

/// Feeds `octets` as a socket would: everything that has come, from the start of the request.
Outcome read(const QByteArray& octets, qsizetype step = 1'000'000, HttpLimits limits = {})
{
    HttpRequestReader reader(limits);
    Outcome outcome;
    qsizetype seen = 0;
    while (outcome.progress == Progress::NeedMore && seen < octets.size()) {
        seen = std::min(octets.size(), seen + step);
        outcome.progress = reader.readHead(QByteArrayView(octets).first(seen));
    }
    if (outcome.progress == Progress::Done) {
        outcome.head = reader.head();
        outcome.consumed = reader.head().octets;
        if (reader.head().hasBody) {
            outcome.progress = Progress::NeedMore;
            while (outcome.progress == Progress::NeedMore) {
                qsizetype consumed = 0;
                outcome.progress = reader.readBody(
                    QByteArrayView(octets).sliced(outcome.consumed, seen - outcome.consumed),
                    consumed);
                outcome.consumed += consumed;
                if (outcome.progress == Progress::NeedMore && seen == octets.size())
                    break;
                seen = std::min(octets.size(), seen + step);
            }
        }
    }
    if (outcome.progress == Progress::Done)
        outcome.request = reader.takeRequest();
    if (outcome.progress == Progress::Refused)
        outcome.refusal = reader.refusal();
    return outcome;
}

} // namespace

void TestHttpCodec::goodRequestsAreRead_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("keepsAlive");
    const auto row = [](const char* name, const char* octets, const char* method, const char* body,
                         bool keepsAlive) {
        QTest::newRow(name) << QByteArray(octets) << QByteArray(method) << QByteArray(body)
                            << keepsAlive;
    };
    row("get", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "", true);
    row("http/1.0", "GET /x HTTP/1.0\r\n\r\n", "GET", "", false);
    row("http/1.0 keep-alive", "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET", "",
        true);
    row("close", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "GET", "", false);
    row("close in a list", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", "GET", "",
        false);
    row("close in the second field",
        "GET /x HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", "GET", "",
        false);
    row("post", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "POST", "abc", true);
    row("empty post", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST", "", true);
    row("chunked",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2;ext=\"q\"\r\nde\r\n0\r\n\r\n",
        "POST", "abcde", true);
    row("absolute form", "GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "", true);
    row("octets above 0x7F in a value", "GET /x HTTP/1.1\r\nHost: a\r\nX: \xC3\xA9\r\n\r\n", "GET",
        "", true);
}

void TestHttpCodec::goodRequestsAreRead()
{
    QFETCH(QByteArray, octets);
    QFETCH(bool, keepsAlive);
    const Outcome outcome = read(octets);
    QVERIFY2(outcome.progress == Progress::Done, outcome.refusal.reason.constData());
    QTEST(outcome.request.method, "method");
    QTEST(outcome.request.body, "body");
    QCOMPARE(outcome.request.path, QStringLiteral("/x"));
    QCOMPARE(outcome.head.keepsAlive, keepsAlive);
    QCOMPARE(outcome.consumed, octets.size());
}

void TestHttpCodec::badRequestsAreRefused_data()
{
    QTest::addColumn<QByteArray>("octets");
    QTest::addColumn<int>("status");
    const auto row = [](const char* name, const QByteArray& octets, int status) {
        QTest::newRow(name) << octets << status;
    };
    const auto get = [](const char* fields) -> QByteArray {
        return QByteArray("GET / HTTP/1.1\r\nHost: a\r\n") + fields + "\r\n";
    };
    const auto post = [](const char* fields, const char* body) -> QByteArray {
        return QByteArray("POST / HTTP/1.1\r\nHost: a\r\n") + fields + "\r\n" + body;
    };
    row("garbage", "\x16\x03\x01\x02garbage\r\n\r\n", 400);
    row("no version", "GET /\r\n\r\n", 400);
    row("unknown version", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505);
    row("http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    row("no host", "GET / HTTP/1.1\r\n\r\n", 400);
    row("two hosts", get("Host: b\r\n"), 400);
    row("space before the colon", get("X : y\r\n"), 400);
    row("line without colon", get("broken\r\n"), 400);
    row("folded field", get("X: a\r\n b\r\n"), 400);
    row("folded field with tab", get("X: a\r\n\tb\r\n"), 400);
    row("bare line feed after the version", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", 505);
    row("bare line feed after a field", "GET / HTTP/1.1\r\nHost: a\nX: y\n\n\r\n\r\n", 400);
    row("line feed in a value", get("X: a\nY: b\r\n"), 400);
    row("carriage return in a value", get("X: a\rb\r\n"), 400);
    row("nul in a value", QByteArrayLiteral("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"), 400);
    row("both length and encoding",
        post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400);
    row("both, other order",
        post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400);
    row("two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400);
    row("two equal lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400);
    row("list of lengths", post("Content-Length: 3, 3\r\n", "abc"), 400);
    row("negative length", post("Content-Length: -4\r\n", "abc"), 400);
    row("signed length", post("Content-Length: +3\r\n", "abc"), 400);
    row("hexadecimal length", post("Content-Length: 0x3\r\n", "abc"), 400);
    row("length of 2^64+1", post("Content-Length: 18446744073709551617\r\n", "abc"), 400);
    row("length of 2^63+1", post("Content-Length: 9223372036854775809\r\n", "abc"), 413);
    row("empty length", post("Content-Length: \r\n", "abc"), 400);
    row("two encodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""),
        400);
    row("unknown encoding", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501);
    row("chunked not last", post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 501);
    row("chunked with tail", post("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n"), 501);
    row("encoding in http/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400);
    row("bad chunk size", post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"), 400);
    row("chunk without its end", post("Transfer-Encoding: chunked\r\n", "3\r\nabcX\r\n0\r\n\r\n"),
        400);
    row("chunk of 2^64", post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n"), 400);
    row("body too large", post("Content-Length: 1000001\r\n", ""), 413);
    row("chunk too large", post("Transfer-Encoding: chunked\r\n", "F4241\r\nabc"), 413);
    row("target too long", "GET /" + QByteArray(9'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414);
    row("endless target", "GET /" + QByteArray(20'000, 'a'), 414);
    row("header too large", get("X: ") + QByteArray(20'000, 'a'), 431);
    row("one field too large",
        "GET / HTTP/1.1\r\nHost: a\r\nX: " + QByteArray(20'000, 'a') + "\r\n\r\n", 431);
    row("too many fields",
        "GET / HTTP/1.1\r\nHost: a\r\n" + QByteArray("X: y\r\n").repeated(100) + "\r\n", 431);
    row("unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    row("connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    row("trace", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    row("lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
    row("relative target", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("fragment in the target", "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("cut escape", "GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("signed escape", "GET /%+1 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("nul by escape", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("bad utf-8 by escape", "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    row("unknown expectation", get("Expect: 200-ok\r\n"), 417);
}

void TestHttpCodec::badRequestsAreRefused()
{
    QFETCH(QByteArray, octets);
    const Outcome outcome = read(octets);
    QCOMPARE(int(outcome.progress), int(Progress::Refused));
    QTEST(outcome.refusal.status, "status");
    QVERIFY(!outcome.refusal.reason.isEmpty());
    // However it is cut, the answer is the same.
    for (const qsizetype step : {1, 2, 3, 7}) {
        const Outcome inPieces = read(octets, step);
        QCOMPARE(int(inPieces.progress), int(Progress::Refused));
        QTEST(inPieces.refusal.status, "status");
    }
}

void TestHttpCodec::chunkingDoesNotMatter_data()
{
    QTest::addColumn<int>("step");
    for (int step : {1, 2, 3, 5, 17, 64})
        QTest::newRow(qPrintable(QStringLiteral("%1 octets").arg(step))) << step;
}

void TestHttpCodec::chunkingDoesNotMatter()
{
    QFETCH(int, step);
    const Outcome outcome
        = read("POST /p?q=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
               "4\r\nwiki\r\n6;x=y\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\n",
            step);
    QVERIFY2(outcome.progress == Progress::Done, outcome.refusal.reason.constData());
    QCOMPARE(outcome.request.body, QByteArray("wikipedia in \r\n\r\nchunks."));
    QCOMPARE(outcome.request.queryItem(QStringLiteral("q")), QStringLiteral("1"));
}

void TestHttpCodec::theLastChunkMayComeOctetByOctet_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Progress>("progress");
    QTest::newRow("empty body") << QByteArray("0\r\n\r\n") << Progress::Done;
    QTest::newRow("after a chunk") << QByteArray("1\r\na\r\n0\r\n\r\n") << Progress::Done;
    QTest::newRow("trailer") << QByteArray("0\r\nA: b\r\n\r\n") << Progress::Done;
    QTest::newRow("several zeros") << QByteArray("000\r\n\r\n") << Progress::Done;
    QTest::newRow("cut in the end") << QByteArray("0\r\nh") << Progress::NeedMore;
    QTest::newRow("not a trailer") << QByteArray("0\r\nhello\r\n\r\n") << Progress::Refused;
}

void TestHttpCodec::theLastChunkMayComeOctetByOctet()
{
    QFETCH(QByteArray, body);
    for (const qsizetype step : {1, 2, 3, 4, 5, 100}) {
        const Outcome outcome
            = read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body, step);
        QTEST(outcome.progress, "progress");
    }
}

void TestHttpCodec::limitsAreExact()
{
    HttpLimits limits;
    limits.maxBodyBytes = 10;
    limits.maxTargetBytes = 20;
    limits.maxHeaderFields = 3;
    limits.maxHeaderBytes = 200;
    const auto status = [&](const QByteArray& octets) {
        const Outcome outcome = read(octets, 1'000'000, limits);
        return outcome.progress == Progress::Done ? 200 : outcome.refusal.status;
    };
    const auto withBody = [](int size) -> QByteArray {
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + QByteArray::number(size)
            + "\r\n\r\n" + QByteArray(size, 'b');
    };
    QCOMPARE(status(withBody(10)), 200);
    QCOMPARE(status(withBody(11)), 413);
    const auto chunked = [](int size) -> QByteArray {
        return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbbbbb\r\n"
            + QByteArray::number(size - 5, 16) + "\r\n" + QByteArray(size - 5, 'b')
            + "\r\n0\r\n\r\n";
    };
    QCOMPARE(status(chunked(10)), 200);
    QCOMPARE(status(chunked(11)), 413);
    const auto withTarget = [](int size) -> QByteArray {
        return "GET /" + QByteArray(size - 1, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    QCOMPARE(status(withTarget(20)), 200);
    QCOMPARE(status(withTarget(21)), 414);
    const auto withFields = [](int count) -> QByteArray {
        return "GET / HTTP/1.1\r\nHost: a\r\n" + QByteArray("X: y\r\n").repeated(count - 1)
            + "\r\n";
    };
    QCOMPARE(status(withFields(3)), 200);
    QCOMPARE(status(withFields(4)), 431);
    const auto withHead = [](int size) -> QByteArray {
        const QByteArray start("GET / HTTP/1.1\r\nHost: a\r\nX: ");
        return start + QByteArray(size - start.size() - 4, 'y') + "\r\n\r\n";
    };
    QCOMPARE(withHead(200).size(), 200);
    QCOMPARE(status(withHead(200)), 200);
    QCOMPARE(status(withHead(201)), 431);
}

void TestHttpCodec::bodyOverTheLimitIsRefusedWhileReading()
{
    HttpLimits limits;
    limits.maxBodyBytes = 100;
    QByteArray octets("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1'000; ++i)
        octets += "A\r\n0123456789\r\n";
    const Outcome outcome = read(octets, 50, limits);
    QCOMPARE(outcome.refusal.status, 413);
    QVERIFY(outcome.consumed < 400);
}

void TestHttpCodec::pipelinedOctetsAreNotTouched()
{
    const QByteArray first("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    const Outcome outcome = read(first + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    QCOMPARE(int(outcome.progress), int(Progress::Done));
    QCOMPARE(outcome.consumed, first.size());
    QCOMPARE(outcome.request.body, QByteArray("ok"));
}

void TestHttpCodec::trailersDoNotBecomeHeaders()
{
    const Outcome outcome = read("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "2\r\nok\r\n0\r\nAuthorization: Bearer x\r\n\r\n");
    QCOMPARE(int(outcome.progress), int(Progress::Done));
    QVERIFY(!outcome.request.headers.has("Authorization"));
}

void TestHttpCodec::pathAndQueryAreDecodedOnce()
{
    const Outcome outcome
        = read("GET /a%20b%252f/%C3%A9?x=1%262&y=%C3%A9+z HTTP/1.1\r\nHost: a\r\n\r\n");
    QCOMPARE(int(outcome.progress), int(Progress::Done));
    QCOMPARE(outcome.request.path, QStringLiteral("/a b%2f/\u00e9"));
    QCOMPARE(outcome.request.queryItem(QStringLiteral("x")), QStringLiteral("1&2"));
    QCOMPARE(outcome.request.queryItem(QStringLiteral("y")), QStringLiteral("\u00e9+z"));
}

QTEST_GUILESS_MAIN(TestHttpCodec)
#include "tst_httpcodec.moc"
