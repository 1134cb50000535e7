// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/epolldispatcher.h"
#include "tests/conformance/fixture.h"
#include "tests/support/httpcall.h"
#include "tests/support/scriptedwebsocket.h"

#include <QCoreApplication>
#include <QLoggingCategory>
#include <QTest>

#include <functional>

namespace gatehouse::conformance {

/// A fixture on a free port of this process, and the requests the suites make of it.
class FixtureServer
{
public:
    using Adjust = std::function<void(transport::TransportOptions&)>;

    /// The requests say that they are of this version of Engine.IO.
    FixtureServer(const QString& fixture, QByteArray path, const Adjust& adjust = {},
        QByteArray version = "4")
        : m_path(std::move(path)), m_version(std::move(version)),
          m_fixture(makeFixture(fixture, m_clock)),
          m_door(adjusted(m_fixture->doorOptions(), adjust), m_clock)
    {
        m_fixture->attach(m_door);
        const auto listening = m_door.listen(QHostAddress::LocalHost, 0);
        Q_ASSERT(listening);
    }
    ~FixtureServer() { m_door.close(); }

    quint16 port() const { return m_door.port(); }
    QByteArray target(const QByteArray& query) const { return m_path + '?' + query; }

    test::HttpReply request(
        const QByteArray& method, const QByteArray& query, const QByteArray& body = {}) const
    {
        return test::httpRequest(port(), method, target(query), {}, body);
    }
    test::HttpReply poll(const QByteArray& sid) const { return request("GET", pollingQuery(sid)); }
    test::HttpReply post(const QByteArray& sid, const QByteArray& body,
        const protocol::HttpHeaders& headers = {}) const
    {
        return test::httpRequest(port(), "POST", target(pollingQuery(sid)), headers, body);
    }
    /// A GET that is not waited for yet.
    test::HttpCall startPoll(const QByteArray& sid) const
    {
        return test::HttpCall(port(), "GET", target(pollingQuery(sid)));
    }

    QByteArray openPolling() const
    {
        const test::HttpReply reply = request("GET", query("polling"));
        return reply.status == 200 ? sidOf(reply.body) : QByteArray();
    }
    bool open(test::ScriptedWebSocket& socket, const QByteArray& query) const
    {
        return socket.open(port(), target(query));
    }
    /// A WebSocket session, its open packet already read.
    bool openSession(test::ScriptedWebSocket& socket) const
    {
        return open(socket, query("websocket")) && socket.receiveText().startsWith("0{");
    }
    bool openUpgrade(test::ScriptedWebSocket& socket, const QByteArray& sid) const
    {
        return open(socket, query("websocket") + "&sid=" + sid);
    }

    QByteArray query(const QByteArray& transport) const
    {
        return "EIO=" + m_version + "&transport=" + transport;
    }
    QByteArray pollingQuery(const QByteArray& sid) const
    {
        return query("polling") + "&sid=" + sid;
    }
    static QByteArray sidOf(const QByteArray& openPacket)
    {
        const auto begin = openPacket.indexOf("\"sid\":\"") + 7;
        return openPacket.mid(begin, openPacket.indexOf('"', begin) - begin);
    }

private:
    static transport::TransportOptions adjusted(
        transport::TransportOptions options, const Adjust& adjust)
    {
        if (adjust)
            adjust(options);
        return options;
    }

    SystemClock m_clock;
    QByteArray m_path;
    QByteArray m_version;
    std::unique_ptr<Fixture> m_fixture;
    transport::Server m_door;
};

/// The ways a WebSocket can be carried, as global data of a test: each of its tests runs over every
/// one of them.
inline void addCarriers()
{
    using transport::StreamKind;
    using transport::TransportOptions;
    QTest::addColumn<FixtureServer::Adjust>("carrier");
    QTest::newRow("descriptor") << FixtureServer::Adjust(
        [](TransportOptions& options) { options.webSocket.stream = StreamKind::Descriptor; });
    QTest::newRow("descriptor, three threads")
        << FixtureServer::Adjust([](TransportOptions& options) { options.ioThreads = 3; });
    QTest::newRow("socket") << FixtureServer::Adjust(
        [](TransportOptions& options) { options.webSocket.stream = StreamKind::Socket; });
}

/// Runs a test object on the dispatcher the server runs on.
template <class Test>
int runOnEpoll(int argc, char* argv[])
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    QLoggingCategory::setFilterRules(QStringLiteral("gh.transport.info=false"));
    Test test;
    return QTest::qExec(&test, argc, argv);
}

} // namespace gatehouse::conformance
