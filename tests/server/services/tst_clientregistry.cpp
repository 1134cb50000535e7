// SPDX-License-Identifier: Apache-2.0
#include "server/services/clientregistry.h"
#include "tests/server/services/fakesocket.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::services;
using gatehouse::test::FakeSocket;

class TestClientRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void clientsAreFoundByEverything();
    void namesAreUniqueAndFreed();
    void clientsWithoutAPortAreToldApart();
    void theListIsInTheOrderTheyCame();
};

void TestClientRegistry::clientsAreFoundByEverything()
{
    ClientRegistry registry;
    FakeSocket socket("s", 5);
    ServiceClient& client = registry.add(socket);
    QCOMPARE(client.sender(), R"([["192.0.2.7",5],null])");
    QCOMPARE(registry.bind(client, "b\"ob"), "b\"ob");
    QCOMPARE(client.sender(), R"([["192.0.2.7",5],"b\"ob"])");
    QCOMPARE(registry.byName("b\"ob"), &client);
    QCOMPARE(registry.byAddress(QStringLiteral("192.0.2.7"), 5), &client);
    QCOMPARE(registry.byAddress(QStringLiteral("192.0.2.7"), 6), nullptr);
    QCOMPARE(registry.find(SessionId{"s"}), &client);
    QCOMPARE(registry.find(socket), &client);
    registry.remove(socket);
    QCOMPARE(registry.byName("b\"ob"), nullptr);
    QCOMPARE(registry.byAddress(QStringLiteral("192.0.2.7"), 5), nullptr);
    QCOMPARE(registry.find(SessionId{"s"}), nullptr);
    registry.remove(socket);
}

void TestClientRegistry::namesAreUniqueAndFreed()
{
    ClientRegistry registry;
    FakeSocket a("a", 1);
    FakeSocket b("b", 2);
    FakeSocket c("c", 3);
    FakeSocket d("d", 4);
    QCOMPARE(registry.bind(registry.add(a), "bob"), "bob");
    QCOMPARE(registry.bind(registry.add(b), "bob_1"), "bob_1");
    QCOMPARE(registry.bind(registry.add(c), "bob"), "bob_2");
    registry.remove(b);
    QCOMPARE(registry.bind(registry.add(d), "bob"), "bob_1");
    registry.remove(a);
    FakeSocket again("e", 5);
    QCOMPARE(registry.bind(registry.add(again), "bob"), "bob");
}

void TestClientRegistry::clientsWithoutAPortAreToldApart()
{
    ClientRegistry registry;
    FakeSocket a("a");
    FakeSocket b("b");
    const ServiceClient& first = registry.add(a);
    const ServiceClient& second = registry.add(b);
    QVERIFY(first.port > 65'535 && second.port > 65'535);
    QVERIFY(first.port != second.port);
    QCOMPARE(registry.byAddress(first.host, second.port), &second);
}

void TestClientRegistry::theListIsInTheOrderTheyCame()
{
    ClientRegistry registry;
    std::vector<std::unique_ptr<FakeSocket>> sockets;
    for (quint16 port = 1; port <= 20; ++port) {
        sockets.push_back(std::make_unique<FakeSocket>(QByteArray::number(port), port));
        registry.add(*sockets.back());
    }
    registry.remove(*sockets[4]);
    qint64 last = 0;
    for (const ServiceClient* client : registry.all()) {
        QVERIFY(client->port > last);
        last = client->port;
    }
    QCOMPARE(registry.all().size(), 19U);
}

QTEST_APPLESS_MAIN(TestClientRegistry)
#include "tst_clientregistry.moc"
