// SPDX-License-Identifier: Apache-2.0
#include "server/app/configurationreader.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;
using Profile = ListenerTable::Profile;

class TestListenerTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theExampleIsGood();
    void everyKeyArrives();
    void profilesHaveTheirDefaults();
    void mistakesHaveTheirPlace_data();
    void mistakesHaveTheirPlace();
    void plainBeyondLoopbackIsAsked();
};

static ConfigurationReader::Report read(const QByteArray& toml)
{
    ConfigurationReader reader;
    reader.readToml(toml, QStringLiteral("g.toml"), QStringLiteral("/"));
    return reader.finish();
}

void TestListenerTables::theExampleIsGood()
{
    ConfigurationReader reader;
    reader.readFile(QStringLiteral(GATEHOUSE_SOURCE_DIR "/examples/services/gatehouse.toml"));
    const auto report = reader.finish();
    QVERIFY2(report.isGood(), qPrintable(report.errors.join(u'\n')));
    const auto& listeners = report.configuration.listeners;
    QCOMPARE(listeners.size(), 2U);
    QCOMPARE(listeners[0].profile, Profile::Services);
    QCOMPARE(listeners[0].listen, QStringLiteral("127.0.0.1:12345"));
    QVERIFY(listeners[0].path.isEmpty());
    QCOMPARE(listeners[0].origins, std::optional(QStringList()));
    QCOMPARE(listeners[0].options.maxQueueAge, Millis{120'000});
    QCOMPARE(listeners[1].profile, Profile::Backends);
    QCOMPARE(listeners[1].path, QStringLiteral("/service"));
    QVERIFY(report.configuration.services.allowedTypes.contains(QStringLiteral("cursor-move")));
}

void TestListenerTables::everyKeyArrives()
{
    const auto report = read(R"([relay.shop]
[[listener]]
name = "pages"
profile = "shop"
listen = "127.0.0.1:0"
path = "/live"
tls = false
allow_plain_public = true
require_identity = true
origins = ["https://a.example"]
dialect = "flat"
event_key = "kind"
events_in = {ping = "mock"}
events_out = {mock = "pong"}
members_in = {_seq = "_id"}
members_out = {_id = "seq"}
message_size = "2KiB"
queue_size = "8KiB"
total_queue_size = "1MiB"
queue_age = "5s"
ping_interval = "1s"
ping_timeout = "2s"
sessions = 3
sessions_per_address = 2
handshake_rate = 4
handshake_burst = 5
message_rate = 6
message_burst = 7
byte_rate = "9KiB"
byte_burst = "10KiB"
rooms_per_client = 11
json_depth = 12
)");
    QVERIFY2(report.isGood(), qPrintable(report.errors.join(u'\n')));
    const ListenerTable& listener = report.configuration.listeners.at(0);
    const session::PlainOptions& o = listener.options;
    QCOMPARE(listener.profile, Profile::Relay);
    QCOMPARE(listener.relay, QStringLiteral("shop"));
    QCOMPARE(listener.path, QStringLiteral("/live"));
    QVERIFY(!listener.isTls && listener.allowPlainPublic && listener.requiresIdentity);
    QCOMPARE(listener.origins, std::optional(QStringList{QStringLiteral("https://a.example")}));
    QCOMPARE(o.name, QStringLiteral("pages"));
    QCOMPARE(o.dialect.eventKey, "kind");
    QCOMPARE(o.dialect.eventsIn.value("ping"), "mock");
    QCOMPARE(o.dialect.eventsOut.value("mock"), "pong");
    QCOMPARE(o.dialect.membersIn.value("_seq"), "_id");
    QCOMPARE(o.dialect.membersOut.value("_id"), "seq");
    QCOMPARE(o.maxMessageBytes, 2'048);
    QCOMPARE(o.maxQueuedBytes, 8'192);
    QCOMPARE(o.maxTotalQueuedBytes, 1 << 20);
    QCOMPARE(o.maxQueueAge, Millis{5'000});
    QCOMPARE(o.pingInterval, Millis{1'000});
    QCOMPARE(o.pingTimeout, Millis{2'000});
    QCOMPARE(o.maxSessions, 3);
    QCOMPARE(o.perAddress.maxSessions, 2);
    QCOMPARE(o.perAddress.handshakes.perSecond, 4);
    QCOMPARE(o.perAddress.handshakes.burst, 5);
    QCOMPARE(o.messages.perSecond, 6);
    QCOMPARE(o.messages.burst, 7);
    QCOMPARE(o.bytes.perSecond, 9'216);
    QCOMPARE(o.bytes.burst, 10'240);
    QCOMPARE(o.maxRoomsPerSocket, 11);
    QCOMPARE(listener.maxDepth, 12);
}

void TestListenerTables::profilesHaveTheirDefaults()
{
    const auto report = read(R"([relay.shop]
[[listener]]
name = "clients"
listen = "127.0.0.1:1"
profile = "services"
[[listener]]
name = "backends"
path = "/service"
profile = "backends"
[[listener]]
name = "pages"
path = "/live"
profile = "shop"
)");
    QVERIFY2(report.isGood(), qPrintable(report.errors.join(u'\n')));
    const auto& listeners = report.configuration.listeners;
    QVERIFY(!listeners[0].options.dialect.isFlat());
    QCOMPARE(listeners[0].options.maxMessageBytes, 1 << 20);
    QVERIFY(listeners[0].options.messages.isLimited());
    QCOMPARE(listeners[1].options.maxMessageBytes, 128 << 20);
    QVERIFY(!listeners[1].options.messages.isLimited());
    QVERIFY(listeners[2].options.dialect.isFlat());
    QCOMPARE(listeners[2].options.maxQueuedBytes, 1 << 20);
    QVERIFY(!listeners[2].origins);
}

void TestListenerTables::mistakesHaveTheirPlace_data()
{
    QTest::addColumn<QByteArray>("table");
    QTest::addColumn<QString>("start"); ///< of the only mistake
    const auto row = [](const char* tag, const char* table, const char* start) {
        QTest::newRow(tag) << QByteArray(table) << QString::fromLatin1(start);
    };
    const QByteArray good = "[[listener]]\nname = \"a\"\nlisten = \"127.0.0.1:1\"\n";
    const auto extended = [&](const char* tag, const char* line, const char* start) {
        QTest::newRow(tag) << QByteArray(good + line) << QString::fromLatin1(start);
    };
    row("no list", "[listener]\nname = \"a\"\n", "g.toml:1:");
    extended("no profile", "", "g.toml:1:");
    extended("unknown profile", "profile = \"shop\"\n", "g.toml:4:11: ");
    extended("unknown key", "profile = \"services\"\npth = \"/\"\n", "g.toml:5:1: ");
    extended("path without slash", "profile = \"services\"\npath = \"x\"\n", "g.toml:5:8: ");
    extended("flat services", "profile = \"services\"\ndialect = \"flat\"\n", "g.toml:5:11: ");
    extended("identity of services", "profile = \"services\"\nrequire_identity = true\n",
        "g.toml:5:20: ");
    extended("message over the burst", "profile = \"services\"\nmessage_size = \"65MiB\"\n",
        "g.toml:1:");
    extended("queue too small", "profile = \"services\"\nqueue_size = 1\n", "g.toml:5:14: ");
    row("not an address",
        "[[listener]]\nname = \"a\"\nlisten = \"nowhere\"\nprofile = \"services\"\n",
        "g.toml:3:10: ");
    row("every path of the main one", "[[listener]]\nname = \"a\"\nprofile = \"services\"\n",
        "g.toml:1:");
    row("a path of the server's",
        "[[listener]]\nname = \"a\"\npath = \"/api/x\"\nprofile = \"services\"\n", "g.toml:3:8: ");
    extended("a name twice",
        "profile = \"services\"\n[[listener]]\nname = \"a\"\npath = \"/b\"\n"
        "profile = \"services\"\n",
        "g.toml:5:");
    extended("a place twice",
        "profile = \"services\"\n[[listener]]\nname = \"b\"\nlisten = \"127.0.0.1:1\"\n"
        "profile = \"services\"\n",
        "g.toml:5:");
    extended("TLS and not at one address",
        "profile = \"services\"\n[[listener]]\nname = \"b\"\nlisten = \"127.0.0.1:1\"\n"
        "path = \"/b\"\ntls = false\nprofile = \"services\"\n",
        "g.toml:5:");
}

void TestListenerTables::mistakesHaveTheirPlace()
{
    QFETCH(QByteArray, table);
    QFETCH(QString, start);
    const auto report = read(table);
    QCOMPARE(report.errors.size(), 1);
    QVERIFY2(report.errors.front().startsWith(start), qPrintable(report.errors.front()));
    QVERIFY2(report.errors.front().contains(u"listener"), qPrintable(report.errors.front()));
}

void TestListenerTables::plainBeyondLoopbackIsAsked()
{
    const QByteArray table("[[listener]]\nname = \"a\"\nlisten = \"0.0.0.0:1\"\n"
                           "profile = \"services\"\n");
    const auto refused = read(table);
    QCOMPARE(refused.errors.size(), 1);
    QVERIFY(refused.errors.front().contains(u"allow_plain_public"));
    QVERIFY(read(table + "allow_plain_public = true\n").isGood());
}

QTEST_GUILESS_MAIN(TestListenerTables)
#include "tst_listenertables.moc"
