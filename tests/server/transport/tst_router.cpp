// SPDX-License-Identifier: Apache-2.0
#include "server/transport/router.h"

#include <QTest>

using namespace gatehouse;

namespace {

struct Handler : session::HttpHandler
{
    void handleRequest(const session::HttpExchangePtr&) override { }
};

struct Acceptor : session::WebSocketAcceptor
{
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest&) override
    {
        return {};
    }
    void linkOpened(const protocol::HttpRequest&, std::unique_ptr<session::WebSocketLink>) override
    {
    }
};

} // namespace

class TestRouter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void longestPrefixWins()
    {
        Handler api;
        Handler tasks;
        Handler socketIo;
        transport::Router router;
        router.addHandler("/api", &api);
        router.addHandler("/api/task", &tasks);
        router.addHandler("/socket.io/", &socketIo);
        QCOMPARE(router.handlerFor(QStringLiteral("/api")), &api);
        QCOMPARE(router.handlerFor(QStringLiteral("/api/")), &api);
        QCOMPARE(router.handlerFor(QStringLiteral("/api/node")), &api);
        QCOMPARE(router.handlerFor(QStringLiteral("/api/task/3")), &tasks);
        QCOMPARE(router.handlerFor(QStringLiteral("/api/tasks")), &api);
        QCOMPARE(router.handlerFor(QStringLiteral("/socket.io/")), &socketIo);
        QCOMPARE(router.handlerFor(QStringLiteral("/apiary")), nullptr);
        QCOMPARE(router.handlerFor(QStringLiteral("/API")), nullptr);
        QCOMPARE(router.handlerFor(QStringLiteral("/")), nullptr);
    }

    void acceptorsTakeExactlyTheirPath()
    {
        Acceptor acceptor;
        transport::Router router;
        router.addAcceptor("/socket.io/", &acceptor);
        QCOMPARE(router.acceptorFor(QStringLiteral("/socket.io/")), &acceptor);
        QCOMPARE(router.acceptorFor(QStringLiteral("/socket.io")), &acceptor);
        QCOMPARE(router.acceptorFor(QStringLiteral("/socket.io/x")), nullptr);
        QCOMPARE(router.acceptorFor(QStringLiteral("/")), nullptr);
    }

    void aFallbackTakesEveryOtherPath()
    {
        Acceptor acceptor;
        Acceptor fallback;
        transport::Router router;
        router.addAcceptor("/service", &acceptor);
        router.setFallbackAcceptor(&fallback);
        QCOMPARE(router.acceptorFor(QStringLiteral("/service")), &acceptor);
        QCOMPARE(router.acceptorFor(QStringLiteral("/")), &fallback);
        QCOMPARE(router.acceptorFor(QStringLiteral("/x/y")), &fallback);
    }
};

QTEST_GUILESS_MAIN(TestRouter)
#include "tst_router.moc"
