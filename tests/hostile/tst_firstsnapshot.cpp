// SPDX-License-Identifier: Apache-2.0
#include "server/transport/server.h"
#include "tests/server/events/house.h"
#include "tests/support/scriptedwebsocket.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr int Nodes = 2'000;
const QStringList topics{
    u"overview"_s, u"rooms"_s, u"members"_s, u"clients"_s, u"nodes"_s, u"tasks"_s, u"log"_s};

/// The whole server behind a real door, with as many nodes, and as many clients that are them.
class Crowd
{
    SystemClock m_time; // the connections of the house's sessions read it to their end

public:
    explicit Crowd(int ioThreads) : door(doorOptions(ioThreads), m_time)
    {
        work::DirectoryContent content = house.store->loadStartState()->directory;
        const CollaborationId heart = house.collaboration(u"heart"_s);
        for (int i = 1; i <= Nodes; ++i) {
            work::Organization organization;
            organization.id = {1'000 + i};
            organization.name = u"organization %1"_s.arg(i);
            content.organizations.push_back(organization);
            work::Node node;
            node.id = {1'000 + i};
            node.name = u"node of organization %1"_s.arg(i);
            node.apiKeyHash = QByteArray::number(i);
            node.collaboration = heart;
            node.organization = organization.id;
            content.nodes.push_back(node);
        }
        house.directory.replace(std::move(content));
        for (int i = 1; i <= Nodes; ++i)
            m_clients.push_back(house.connectNode(u"node of organization %1"_s.arg(i)));
        std::vector<model::LogEntry> lines(2'000);
        for (model::LogEntry& line : lines)
            line.text = QString(200, u'l');
        house.liveLog.append(std::move(lines));
        door.addHandler("/socket.io/", house.server.get());
        door.addAcceptor("/socket.io/", house.server.get());
        isListening = door.listen(QHostAddress(QHostAddress::LocalHost), 0).has_value();
    }
    ~Crowd() { door.close(); }

    House house;
    bool isListening = false;

private:
    static transport::TransportOptions doorOptions(int ioThreads)
    {
        transport::TransportOptions options;
        options.ioThreads = ioThreads;
        return options;
    }

    std::vector<Client> m_clients;

public:
    transport::Server door;
};

} // namespace

/// The console as it is, at the server's end of a real connection: it asks for everything at once
/// and takes the answers when it can.
class tst_FirstSnapshot : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aSlowReaderGetsItAll_data();
    void aSlowReaderGetsItAll();
};

void tst_FirstSnapshot::aSlowReaderGetsItAll_data()
{
    QTest::addColumn<int>("ioThreads");
    QTest::newRow("one thread") << 1;
    QTest::newRow("three threads") << 3;
}

void tst_FirstSnapshot::aSlowReaderGetsItAll()
{
    QFETCH(int, ioThreads);
    Crowd crowd(ioThreads);
    QVERIFY(crowd.isListening);
    ScriptedWebSocket console;
    QVERIFY(console.open(crowd.door.port()));
    console.sendText(QByteArray(
        "40/gh-admin,{\"token\":\"" + crowd.house.minter.adminToken(1, u"ada"_s) + "\"}"));
    QVERIFY(console.receiveText().startsWith("0{"));
    QVERIFY(console.receiveText().startsWith("40/gh-admin"));
    QVERIFY(console.receiveText().contains("hello"));

    // It draws its window and takes nothing; somebody was impatient and asked for all of it again.
    console.tcp().setReadBufferSize(1);
    int asked = 0;
    const auto ask = [&](const char* event, const QJsonObject& argument) {
        console.sendText(QByteArray("42/gh-admin," + QByteArray::number(++asked) + "[\"" + event
            + "\"," + QJsonDocument(argument).toJson(QJsonDocument::Compact) + ']'));
        return asked;
    };
    QHash<int, QString> topicOf;
    for (int round = 0; round < 3; ++round) {
        for (const QString& topic : topics) {
            topicOf.insert(ask("subscribe", {{u"topic"_s, topic}, {u"tail"_s, 2'000}}), topic);
        }
    }
    QVERIFY(waitUntil([&] { return crowd.door.counters().readingPauses > 0; }));
    QVERIFY(holdsFor([&] { return crowd.door.counters().slowConsumers == 0; }, Millis{100}));

    // Now it reads, and asks for each next page as it has the one before.
    console.tcp().setReadBufferSize(0);
    QHash<QString, int> items;
    int whole = 0;
    while (whole < 3 * topics.size()) {
        const QByteArray text = console.receiveText();
        QVERIFY2(!text.isNull(), qPrintable(u"%1 topics are whole"_s.arg(whole)));
        if (!text.startsWith("43/gh-admin,"))
            continue;
        const qsizetype bracket = text.indexOf('[');
        const int id = text.mid(12, bracket - 12).toInt();
        const QJsonObject ack
            = QJsonDocument::fromJson(text.sliced(bracket)).array().at(0).toObject();
        const QString topic = topicOf.value(id);
        if (!ack.value(u"ok"_s).toBool()) { // a page of a subscription that has been replaced
            QVERIFY(!topic.isEmpty());
            ++whole;
            continue;
        }
        items[topic] += int(ack.value(u"items"_s).toArray().size());
        const QJsonValue cursor = ack.value(u"cursor"_s);
        if (cursor.isNull())
            ++whole;
        else
            topicOf.insert(ask("page", {{u"topic"_s, topic}, {u"cursor"_s, cursor}}), topic);
    }
    QVERIFY(items.value(u"nodes"_s) >= Nodes);
    QVERIFY(items.value(u"clients"_s) >= Nodes);
    QVERIFY(items.value(u"log"_s) >= 2'000);
    QCOMPARE(crowd.door.counters().slowConsumers, quint64(0));
    QVERIFY(!console.closeCode());
}

QTEST_GUILESS_MAIN(tst_FirstSnapshot)
#include "tst_firstsnapshot.moc"
