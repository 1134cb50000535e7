// SPDX-License-Identifier: Apache-2.0
#include "tests/hostile/rawpeer.h"
#include "tests/support/scriptedwebsocket.h"
#include "tests/support/servedprogram.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

using protocol::WebSocketOpcode;

/// What somebody does to the server; says what came of it.
using Attempt = QByteArray (*)(quint16 port);

struct Case
{
    const char* name;
    QStringList settings;
    Attempt attempt;
    const char* outcome;
    const char* metric; ///< has counted it; empty where nothing is refused
};

QStringList with(std::initializer_list<const char*> settings)
{
    QStringList list;
    for (const char* setting : settings)
        list << QString::fromLatin1(setting);
    return list;
}

QByteArray status(const HttpReply& reply)
{
    return QByteArray::number(reply.status);
}

QByteArray get(quint16 port, const QByteArray& target, const protocol::HttpHeaders& headers = {})
{
    return status(httpRequest(port, "GET", target, headers));
}

QByteArray newPolling(quint16 port)
{
    return get(port, "/socket.io/?EIO=4&transport=polling");
}

/// A list, because its elements are made from the first to the last.
QByteArray inOrder(const QByteArrayList& outcomes)
{
    return outcomes.join(' ');
}

/// How the server ends a WebSocket that says these things one after the other.
QByteArray endOf(quint16 port, const QByteArrayList& texts)
{
    ScriptedWebSocket socket;
    if (!socket.open(port))
        return "not opened: " + status(socket.handshake());
    for (const QByteArray& text : texts)
        socket.sendText(text);
    if (!socket.waitForEnd())
        return "stays open";
    return "close " + QByteArray::number(socket.closeCode().value_or(0));
}

QByteArray event(qsizetype size)
{
    const QByteArray empty = "42[\"a\",\"\"]";
    return "42[\"a\",\"" + QByteArray(size - empty.size(), 'x') + "\"]";
}

QByteArray deepEvent(int depth)
{
    return "42[\"a\"," + QByteArray(depth, '[') + QByteArray(depth, ']') + "]";
}

QByteArray afterPost(quint16 port, const QByteArray& body)
{
    const QByteArray target = sessionTarget(openPolling(port));
    const QByteArray posted = status(httpRequest(port, "POST", target, {}, body));
    return posted + (get(port, target) == "400" ? ", over" : ", goes on");
}

QByteArray tooManyUnidentified(quint16 port)
{
    ScriptedWebSocket first;
    ScriptedWebSocket second;
    for (ScriptedWebSocket* socket : {&first, &second}) {
        socket->open(port);
        socket->sendText("40");
        socket->receiveText(); // open
        socket->receiveText(); // CONNECT answer
    }
    first.waitForEnd();
    return "close " + QByteArray::number(first.closeCode().value_or(0));
}

QByteArray tooManyNamespaces(quint16 port)
{
    ScriptedWebSocket socket;
    socket.open(port);
    socket.receiveText();
    socket.sendText("40");
    socket.receiveText();
    socket.sendText("40/tasks,");
    return socket.receiveText();
}

QByteArray floodOfPings(quint16 port)
{
    ScriptedWebSocket socket;
    socket.open(port);
    for (int i = 0; i < 20; ++i)
        socket.sendFrame(WebSocketOpcode::Ping, "p");
    socket.waitForEnd();
    return "close " + QByteArray::number(socket.closeCode().value_or(0));
}

QByteArray thirdConnection(quint16 port)
{
    const RawPeer first(port);
    const RawPeer second(port);
    RawPeer third(port);
    third.waitForEnd();
    return QByteArray::number(third.status());
}

QByteArray secondRequestCloses(quint16 port)
{
    RawPeer peer(port);
    peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
              "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    peer.waitForEnd();
    return QByteArray::number(peer.received().count("HTTP/1.1 200")) + " answers, "
        + QByteArray::number(peer.received().count("Connection: close")) + " last";
}

QByteArray guessTokens(quint16 port)
{
    QByteArray statuses;
    for (int i = 0; i < 4; ++i) {
        protocol::HttpHeaders headers;
        headers.add("Authorization", "Bearer aaaa.bbbb." + QByteArray::number(1'000 + i));
        statuses += get(port, "/api/task", headers) + ' ';
    }
    return statuses.trimmed();
}

QByteArray guessPasswordsOf(const QByteArrayList& accounts, quint16 port)
{
    QByteArrayList statuses;
    for (const QByteArray& account : accounts) {
        protocol::HttpHeaders headers;
        headers.add("Content-Type", "application/json");
        statuses.append(status(httpRequest(port, "POST", "/api/token/user", headers,
            "{\"username\":\"" + account + "\",\"password\":\"wrong-one\"}")));
    }
    return statuses.join(' ');
}

QByteArray guessPasswords(quint16 port)
{
    return guessPasswordsOf({"nobody", "nobody", "nobody"}, port);
}

QByteArray guessAccounts(quint16 port)
{
    return guessPasswordsOf({"one", "another", "a third"}, port);
}

QByteArray unfinishedUpgrade(quint16 port)
{
    const QByteArray sid = openPolling(port);
    ScriptedWebSocket socket;
    socket.open(port, "/socket.io/?EIO=4&transport=websocket&sid=" + sid);
    socket.sendText("2probe");
    socket.waitForEnd();
    return "close " + QByteArray::number(socket.closeCode().value_or(0)) + ", session "
        + status(httpRequest(port, "POST", sessionTarget(sid), {}, "3"));
}

constexpr char protocolErrors[] = "gatehouse_protocol_errors_total";
constexpr char connectTimeouts[] = "gatehouse_connect_timeouts_total";

const std::vector<Case>& cases()
{
    static const std::vector<Case> all{
        {"header_size", with({"http.header_size=1KiB"}),
            [](quint16 port) -> QByteArray {
                protocol::HttpHeaders headers;
                headers.add("X-Long", QByteArray(2'000, 'x'));
                return get(port, "/healthz", headers);
            },
            "431", "gatehouse_http_refusals_total{what=\"header\"}"},
        {"header_fields", with({"http.header_fields=10"}),
            [](quint16 port) -> QByteArray {
                protocol::HttpHeaders headers;
                for (int i = 0; i < 20; ++i)
                    headers.add("X-" + QByteArray::number(i), "x");
                return get(port, "/healthz", headers);
            },
            "431", "gatehouse_http_refusals_total{what=\"header\"}"},
        {"url_size", with({"http.url_size=256"}),
            [](quint16 port) -> QByteArray {
                return get(port, "/healthz?" + QByteArray(256, 'x'));
            },
            "414", "gatehouse_http_refusals_total{what=\"url\"}"},
        {"body_size", with({"http.body_size=1KiB", "limits.message_size=1KiB"}),
            [](quint16 port) -> QByteArray {
                return status(
                    httpRequest(port, "POST", "/api/token/user", {}, QByteArray(1'025, 'x')));
            },
            "413", "gatehouse_http_refusals_total{what=\"body\"}"},
        {"requests_per_connection", with({"http.requests_per_connection=2"}), secondRequestCloses,
            "2 answers, 1 last", ""},
        {"connections_per_address", with({"http.connections_per_address=2"}), thirdConnection,
            "503", "gatehouse_connections_refused_total{limit=\"address\"}"},
        {"connections", with({"http.connections=2"}), thirdConnection, "503",
            "gatehouse_connections_refused_total{limit=\"total\"}"},
        {"cors.origins", with({"cors.origins=https://ui.example"}),
            [](quint16 port) -> QByteArray {
                protocol::HttpHeaders headers;
                headers.add("Origin", "https://evil.example");
                return get(port, "/socket.io/?EIO=4&transport=polling", headers);
            },
            "403", "gatehouse_session_refusals_total{what=\"origin\"}"},
        {"sessions", with({"limits.sessions=1"}),
            [](quint16 port) -> QByteArray {
                return inOrder({newPolling(port), newPolling(port)});
            },
            "200 503", "gatehouse_session_refusals_total{what=\"session\"}"},
        {"sessions_per_address", with({"limits.sessions_per_address=1"}),
            [](quint16 port) -> QByteArray {
                return inOrder({newPolling(port), newPolling(port)});
            },
            "200 429", "gatehouse_session_refusals_total{what=\"address\"}"},
        {"sessions_per_address, WebSocket", with({"limits.sessions_per_address=1"}),
            [](quint16 port) -> QByteArray {
                return inOrder({newPolling(port), endOf(port, {})});
            },
            "200 not opened: 429", "gatehouse_session_refusals_total{what=\"address\"}"},
        {"handshake_rate", with({"limits.handshake_rate=1", "limits.handshake_burst=1"}),
            [](quint16 port) -> QByteArray {
                return inOrder({newPolling(port), newPolling(port), newPolling(port)});
            },
            "200 200 429", "gatehouse_session_refusals_total{what=\"handshake-rate\"}"},
        {"unidentified_per_address", with({"limits.unidentified_per_address=1"}),
            tooManyUnidentified, "close 4001",
            "gatehouse_session_refusals_total{what=\"unidentified\"}"},
        {"namespaces_per_session", with({"limits.namespaces_per_session=1"}), tooManyNamespaces,
            R"(44/tasks,{"message":"Too many namespaces"})",
            "gatehouse_session_refusals_total{what=\"namespace\"}"},
        {"message_size", with({"limits.message_size=1KiB"}),
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", event(1'025)});
            },
            "close 1009", "gatehouse_websocket_faults_total{what=\"too-big\"}"},
        {"message_size, polling", with({"limits.message_size=1KiB"}),
            [](quint16 port) -> QByteArray { return afterPost(port, event(1'025)); },
            "413, goes on", "gatehouse_session_refusals_total{what=\"body\"}"},
        {"unidentified_message_size", {},
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", event(16 * 1'024 + 2)});
            },
            "close 1009", "gatehouse_session_refusals_total{what=\"unidentified-message\"}"},
        {"message_rate", with({"limits.message_rate=1", "limits.message_burst=2"}),
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", "3", "3", "3", "3", "3", "3"});
            },
            "close 4029", "gatehouse_rate_limited_total{what=\"messages\"}"},
        {"message_rate, polling", with({"limits.message_rate=1", "limits.message_burst=2"}),
            [](quint16 port) -> QByteArray {
                return afterPost(port,
                    "40\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3\x1e"
                    "3");
            },
            "200, over", "gatehouse_rate_limited_total{what=\"messages\"}"},
        {"byte_rate",
            with({"limits.message_size=1KiB", "limits.byte_rate=1", "limits.byte_burst=1KiB"}),
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", event(900), event(900), event(900)});
            },
            "close 4029", "gatehouse_rate_limited_total{what=\"bytes\"}"},
        {"control_frame_rate",
            with({"limits.control_frame_rate=1", "limits.control_frame_burst=2"}), floodOfPings,
            "close 4029", "gatehouse_rate_limited_total{what=\"control-frames\"}"},
        {"packets_per_payload", with({"limits.packets_per_payload=2"}),
            [](quint16 port) -> QByteArray {
                return afterPost(port,
                    "40\x1e"
                    "3\x1e"
                    "3");
            },
            "400, over", protocolErrors},
        {"namespace_name_size", with({"limits.namespace_name_size=8"}),
            [](quint16 port) -> QByteArray { return endOf(port, {"40/12345678,"}); }, "close 1002",
            protocolErrors},
        {"event_name_size", with({"limits.event_name_size=8"}),
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", "42[\"123456789\"]"});
            },
            "close 1002", protocolErrors},
        {"json_depth", with({"limits.json_depth=5"}),
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", deepEvent(5)});
            },
            "close 1002", protocolErrors},
        {"attachments", with({"limits.attachments=1"}),
            [](quint16 port) -> QByteArray {
                return endOf(port, {"40", "452-[\"a\",{\"_placeholder\":true,\"num\":0}]"});
            },
            "close 1002", protocolErrors},
        {"attachment_size", with({"limits.attachment_size=4"}),
            [](quint16 port) -> QByteArray {
                return afterPost(port,
                    "40\x1e"
                    "451-[\"a\",{\"_placeholder\":true,\"num\":0}]\x1e"
                    "bAAAAAAA=");
            },
            "200, over", protocolErrors},
        {"connect_timeout", with({"limits.connect_timeout=1s"}),
            [](quint16 port) -> QByteArray { return endOf(port, {}); }, "close 1008",
            connectTimeouts},
        {"identify_timeout", with({"limits.identify_timeout=200ms"}),
            [](quint16 port) -> QByteArray { return endOf(port, {"40"}); }, "close 4001",
            connectTimeouts},
        {"upgrade_timeout", with({"limits.upgrade_timeout=1s"}), unfinishedUpgrade,
            "close 1008, session 200", ""},
        {"ping_timeout", with({"limits.ping_interval=200ms", "limits.ping_timeout=200ms"}),
            [](quint16 port) -> QByteArray { return endOf(port, {"40"}); }, "close 1001",
            "gatehouse_ping_timeouts_total"},
        {"token_failures", with({"auth.token_failures=3"}), guessTokens, "401 401 401 429",
            "gatehouse_tokens_total{outcome=\"locked\"}"},
        {"failures", with({"auth.failures=2"}), guessPasswords, "401 401 429",
            "gatehouse_logins_total{outcome=\"locked\"}"},
        {"address_failures", with({"auth.address_failures=2"}), guessAccounts, "401 401 429",
            "gatehouse_logins_total{outcome=\"locked\"}"},
    };
    return all;
}

} // namespace

/// The table of docs/limits.md, tried on the program: each bound as its key sets it, what happens
/// beyond it, and the number that says so.
class tst_Limits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneMoreHasANamedOutcomeAndACounter_data();
    void oneMoreHasANamedOutcomeAndACounter();
};

void tst_Limits::oneMoreHasANamedOutcomeAndACounter_data()
{
    QTest::addColumn<int>("index");
    for (size_t i = 0; i < cases().size(); ++i)
        QTest::newRow(cases()[i].name) << int(i);
}

void tst_Limits::oneMoreHasANamedOutcomeAndACounter()
{
    QFETCH(int, index);
    const Case& tried = cases()[size_t(index)];
    ServedProgram server(QStringLiteral(GATEHOUSE_BINARY));
    QVERIFY2(server.start(tried.settings), server.log().constData());
    const QByteArray metric(tried.metric);
    if (!metric.isEmpty())
        QCOMPARE(server.metric(metric), std::optional(0.0));
    QCOMPARE(tried.attempt(server.port()), QByteArray(tried.outcome));
    if (!metric.isEmpty()) {
        QVERIFY(ServedProgram::waitLooking([&] { return server.metric(metric).value_or(0) >= 1; }));
    }
    QVERIFY(server.isRunning());
}

QTEST_GUILESS_MAIN(tst_Limits)
#include "tst_limits.moc"
