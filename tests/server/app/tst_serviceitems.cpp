// SPDX-License-Identifier: Apache-2.0
// What the console is told of services, with real ones on a bus within the process.
#include "common/model/serviceinfo.h"
#include "server/app/serviceitems.h"
#include "server/bus/localbus.h"
#include "tests/server/services/fakesocket.h"

#include <QCoreApplication>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::services;
using namespace Qt::StringLiterals;
using gatehouse::session::CloseCode;
using gatehouse::test::FakeSocket;

namespace {

struct Rig
{
    Rig()
        : bus(clock, {.nodeName = "house"}),
          profile(ServicesOptions{}, bus, clock, [](const QString&, const QByteArray& token) {
              access::Principal principal;
              principal.kind = access::PrincipalKind::Service;
              principal.id = token.toInt();
              return Result<access::Principal>(principal);
          })
    {
    }
    static void spin()
    {
        for (int turn = 0; turn < 10; ++turn)
            QCoreApplication::processEvents();
    }
    std::unique_ptr<FakeSocket> service(const QByteArray& token, const QByteArray& registration)
    {
        auto socket = std::make_unique<FakeSocket>("session " + token);
        socket->authorize(token);
        socket->open(profile.services());
        socket->say(R"({"type":"service-register","content":)" + registration + '}');
        spin();
        return socket;
    }
    QStringList keys() const
    {
        QStringList all;
        for (const auto& [key, item] : app::serviceItems(bus, &profile)) {
            all.append(key);
            // Each of them is one the console can read.
            const auto read = model::ServicesItem::fromJson(item);
            if (!read || read->toJson() != item)
                qFatal("not an item of the protocol: %s", qPrintable(key));
        }
        return all;
    }
    template <class Item>
    Item item(const QString& key) const
    {
        const auto items = app::serviceItems(bus, &profile);
        const auto found = items.find(key);
        const auto read = found == items.end() ? std::nullopt : Item::fromJson(found->second);
        if (!read)
            qFatal("no item %s", qPrintable(key));
        return *read;
    }

    ManualClock clock;
    bus::LocalBus bus;
    ServicesProfile profile;
};

} // namespace

class TestServiceItems : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theBusIsAlwaysThere();
    void aServiceWithItsTypesAndQueues();
    void whoWantsEverything();
    void onesOfOtherServersHaveNoConnection();
    void whatWaitsAndWhatIsDead();
    void callsAndRequestsAreCounted();
    void nobodyIsLeftBehind();
};

void TestServiceItems::theBusIsAlwaysThere()
{
    Rig rig;
    QCOMPARE(rig.keys(), QStringList{u"bus"_s});
    QCOMPARE(app::serviceItems(rig.bus, nullptr).size(), size_t(1));
    const auto info = rig.item<model::BusInfo>(u"bus"_s);
    QCOMPARE(info.link, u"up"_s);
    QCOMPARE(info.node, u"house"_s);
    std::vector<bus::Reply> held;
    bus::Bus& bus = rig.bus;
    const bus::Ticket serving = bus.serve(
        "slow", [&](const bus::Message&, bus::Reply reply) { held.push_back(std::move(reply)); });
    Rig::spin();
    const bus::Ticket asked
        = bus.request({.queue = "slow", .body = "{}"}, [](const Result<bus::Answer>&) {});
    Rig::spin();
    QCOMPARE(rig.item<model::BusInfo>(u"bus"_s).pendingRequests, 1);
    QCOMPARE(rig.item<model::BusInfo>(u"bus"_s).unansweredCalls, 1);
}

void TestServiceItems::aServiceWithItsTypesAndQueues()
{
    Rig rig;
    const auto files = rig.service(
        "7", R"({"name":"Files","wanted":["file-join","file-leave"],"queues":["q"]})");
    const auto other = rig.service("8", R"({"name":"Other","wanted":["file-join"]})");
    QCOMPARE(rig.keys(),
        (QStringList{u"bus"_s, u"service service.Files"_s, u"service service.Other"_s,
            u"type file-join"_s, u"type file-leave"_s}));
    const auto info = rig.item<model::ServiceInfo>(u"service service.Files"_s);
    QCOMPARE(info.node, u"house"_s);
    QCOMPARE(info.types, (std::vector<QString>{u"file-join"_s, u"file-leave"_s}));
    QCOMPARE(info.queues, std::vector<QString>{u"q"_s});
    QVERIFY(info.here);
    QCOMPARE(info.here->id, 7);
    QCOMPARE(info.here->sessionId, u"session 7"_s);
    QVERIFY(info.here->isRegistered);
    const auto type = rig.item<model::ServiceTypeInfo>(u"type file-join"_s);
    QVERIFY(type.isWanted);
    QCOMPARE(type.wantedBy, (std::vector<QString>{u"service.Files"_s, u"service.Other"_s}));
    QCOMPARE(type.held, 0);
}

void TestServiceItems::whoWantsEverything()
{
    Rig rig;
    FakeSocket bob("bob", 5);
    bob.open(rig.profile.clients());
    bob.say(R"({"type":"early","content":0})");
    Rig::spin();
    QVERIFY(!rig.item<model::ServiceTypeInfo>(u"type early"_s).isWanted);
    const auto all = rig.service("7", R"({"name":"All","wanted":"all"})");
    QCOMPARE(
        rig.item<model::ServiceInfo>(u"service service.All"_s).types, std::vector<QString>{u"*"_s});
    // What waited has gone out, and nobody names a type.
    QCOMPARE(rig.keys(), (QStringList{u"bus"_s, u"service service.All"_s}));
    bob.close(CloseCode::Normal, QLatin1StringView("transport close"));
}

void TestServiceItems::onesOfOtherServersHaveNoConnection()
{
    Rig rig;
    bus::Service elsewhere;
    elsewhere.name = "service.Elsewhere";
    elsewhere.topics = {"services.a", "not-a-type"};
    const bus::Ticket ticket = rig.bus.announce(elsewhere);
    Rig::spin();
    const auto info = rig.item<model::ServiceInfo>(u"service service.Elsewhere"_s);
    QVERIFY(!info.here);
    QCOMPARE(info.types, std::vector<QString>{u"a"_s});
}

void TestServiceItems::whatWaitsAndWhatIsDead()
{
    Rig rig;
    FakeSocket bob("bob", 5);
    bob.open(rig.profile.clients());
    for (int i = 0; i < 3; ++i)
        bob.say(R"({"type":"nobody-wants","content":0})");
    Rig::spin();
    const auto waits = rig.item<model::ServiceTypeInfo>(u"type nobody-wants"_s);
    QVERIFY(!waits.isWanted);
    QVERIFY(waits.wantedBy.empty());
    QCOMPARE(waits.held, 3);
    QCOMPARE(waits.dead, 0);
    for (int i = 0; i < 44; ++i) {
        rig.clock.advance(Millis{250});
        rig.profile.tick();
        Rig::spin();
    }
    const auto dead = rig.item<model::ServiceTypeInfo>(u"type nobody-wants"_s);
    QCOMPARE(dead.held, 0);
    QCOMPARE(dead.dead, 3);
    bob.close(CloseCode::Normal, QLatin1StringView("transport close"));
}

void TestServiceItems::callsAndRequestsAreCounted()
{
    Rig rig;
    const auto shard = rig.service("7", R"({"name":"Shard","queues":["shard"]})");
    const auto asker = rig.service("8", R"({"name":"Asker"})");
    asker->say(
        R"({"type":"bus-request","uuid":"u1","content":{"queue":"shard","body":{},"timeout_ms":60000}})");
    Rig::spin();
    QCOMPARE(rig.item<model::ServiceInfo>(u"service service.Shard"_s).here->calls, 1);
    QCOMPARE(rig.item<model::ServiceInfo>(u"service service.Asker"_s).here->requests, 1);
    QCOMPARE(rig.item<model::BusInfo>(u"bus"_s).pendingRequests, 1);
}

void TestServiceItems::nobodyIsLeftBehind()
{
    Rig rig;
    auto files = rig.service("7", R"({"name":"Files","wanted":["file-join"]})");
    QCOMPARE(rig.keys().size(), 3);
    files->close(CloseCode::Normal, QLatin1StringView("transport close"));
    Rig::spin();
    QCOMPARE(rig.keys(), QStringList{u"bus"_s});
}

QTEST_GUILESS_MAIN(TestServiceItems)
#include "tst_serviceitems.moc"
