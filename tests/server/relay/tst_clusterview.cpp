// SPDX-License-Identifier: Apache-2.0
// Who is connected where, and what services may ask of all processes: this process is real, the
// others are what they would say on the bus.
#include "server/bus/localbus.h"
#include "server/relay/clustercalls.h"
#include "tests/support/wait.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::relay;
using gatehouse::test::holdsFor;
using gatehouse::test::waitUntil;

namespace {

const NamespaceName root{"/"};

/// Clients that are no more than what a source says about them.
class FakeSource final : public session::SessionSource
{
public:
    std::vector<session::SessionView> sessions() const override { return {}; }
    std::optional<session::SessionView> session(const SessionId&) const override { return {}; }
    std::optional<SessionId> sessionOf(const SocketId& id) const override
    {
        return known.contains(id) ? std::optional(SessionId{id.value}) : std::nullopt;
    }
    std::optional<session::SocketView> socket(const SocketId& id) const override
    {
        return known.contains(id) ? std::optional(known.value(id)) : std::nullopt;
    }
    bool closeSession(const SessionId& id, session::CloseCode, QLatin1StringView reason) override
    {
        closed.append(id.value + ' ' + reason.latin1());
        return true;
    }
    void addObserver(session::SessionObserver* observer) override { watcher = observer; }
    void removeObserver(session::SessionObserver*) override { watcher = nullptr; }

    QHash<SocketId, session::SocketView> known;
    QByteArrayList closed;
    session::SessionObserver* watcher = nullptr;
};

class FakeClient final : public hub::Subscriber
{
public:
    FakeClient(hub::Hub& hub, FakeSource& source, const QByteArray& id, qint64 user, quint16 port)
        : m_hub(hub), m_source(source), m_id{id}
    {
        session::SocketView view{.session = {id},
            .nsp = root,
            .principal = {},
            .peerAddress = QStringLiteral("192.0.2.7"),
            .peerPort = port};
        if (user != 0) {
            view.principal.kind = access::PrincipalKind::User;
            view.principal.id = user;
            view.principal.name = QStringLiteral("user %1").arg(user);
        }
        source.known.insert(m_id, view);
        hub.attach(root, *this);
    }
    ~FakeClient() override
    {
        m_hub.detach(root, *this);
        m_source.known.remove(m_id);
    }

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, hub::Urgency) override
    {
        got.append(packet->text());
    }
    void join(const char* room) { m_hub.join(root, {room}, *this); }

    QByteArrayList got;

private:
    hub::Hub& m_hub;
    FakeSource& m_source;
    SocketId m_id;
};

QByteArray clientJson(const QByteArray& id, const QByteArray& room)
{
    return ClusterClient{
        .id = {id}, .nsp = root, .host = "198.51.100.1", .port = 1, .rooms = {{room}}}
        .toJson();
}

} // namespace

class TestClusterView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void clientsSurviveTheirJson();
    void changesAreToldTogether();
    void othersAreListedAndCounted();
    void aMissedUpdateIsAskedFor();
    void badUpdatesAreRefused_data();
    void badUpdatesAreRefused();
    void aSilentProcessIsGone();
    void aRestartReplacesWhatWasKnown();
    void oneUnreadableClientHidesNoOther();
    void aClientOfAnySizeIsTold();
    void askingInVainIsDoneLessOften();
    void whoWasOverTheBoundIsAskedForLater();
    void beyondTheBoundClientsAreCountedOnly();
    void emitReachesWhomItNames_data();
    void emitReachesWhomItNames();
    void kickEndsClients();
    void badCallsAreRefused_data();
    void badCallsAreRefused();
    void callsAreOffByDefault();
    void namespacesAreGuarded();
    void whoIsNotThereLeavesNothing();
    void longListsAreCut();
    void kicksAreTold();

private:
    void tell(const QByteArray& body)
    {
        bus->publish({.topic = "cluster.clients", .body = body, .properties = {.sender = "b"}});
        spin();
    }
    void update(quint64 sequence, bool isFull, const QByteArray& put, const QByteArray& drop = {},
        const QByteArray& epoch = "e1", int total = 1)
    {
        tell(R"({"node":"b","epoch":")" + epoch + R"(","seq":)" + QByteArray::number(sequence)
            + R"(,"full":)" + (isFull ? "true" : "false") + R"(,"total":)"
            + QByteArray::number(total) + R"(,"put":[)" + put + R"(],"drop":[)" + drop + "]}");
    }
    static void spin()
    {
        for (int i = 0; i < 20; ++i)
            QCoreApplication::processEvents();
    }
    QJsonObject call(const QByteArray& method, const QByteArray& kwargs)
    {
        QByteArray answer;
        const auto ticket = bus->request(
            {.queue = "house",
                .body = R"({"method":")" + method + R"(","args":[],"kwargs":)" + kwargs + '}'},
            [&](const Result<bus::Answer>& got) {
                answer = got ? got->message.body : got.error().detail.toUtf8();
            });
        spin();
        return QJsonDocument::fromJson(answer).object();
    }
    /// Room sizes as "room=clients", in the order of the rooms.
    QByteArrayList rooms()
    {
        QByteArrayList all;
        const QJsonObject resp = call("list_rooms", "{}")[QStringLiteral("resp")].toObject();
        for (const QJsonValue& room : resp[QStringLiteral("rooms")].toArray())
            all.append(room[QStringLiteral("room")].toString().toUtf8() + '='
                + QByteArray::number(room[QStringLiteral("clients")].toInt()));
        return all;
    }

    ManualClock clock;
    std::unique_ptr<hub::Hub> hub;
    std::unique_ptr<bus::Bus> bus;
    std::unique_ptr<FakeSource> source;
    std::unique_ptr<ClusterView> view;
    std::unique_ptr<ClusterCalls> calls;
    std::unique_ptr<FakeClient> anna;
    std::unique_ptr<FakeClient> berta;
    bus::Ticket listening;
    std::vector<bus::Message> heard; ///< what this process says to the others
};

void TestClusterView::init()
{
    hub = std::make_unique<hub::Hub>(clock);
    bus = std::make_unique<bus::LocalBus>(clock, bus::BusOptions{.nodeName = "a"});
    source = std::make_unique<FakeSource>();
    listening = bus->subscribe({}, "cluster.*", [this](const bus::Message& message) {
        if (message.properties.sender != "b")
            heard.push_back(message);
        return bus::Verdict::Accepted;
    });
    view = std::make_unique<ClusterView>(*hub, std::vector<session::SessionSource*>{source.get()},
        *bus, clock, ClusterOptions{.period = Millis{50}, .maxClients = 3});
    calls = std::make_unique<ClusterCalls>(
        ClusterCallOptions{.queue = "house", .methods = ClusterCalls::methodNames()}, *hub, *view,
        *bus);
    spin();
    heard.clear();
    anna = std::make_unique<FakeClient>(*hub, *source, "anna", 12, 5'001);
    berta = std::make_unique<FakeClient>(*hub, *source, "berta", 0, 5'002);
    anna->join("guild_1");
    berta->join("guild_1");
    berta->join("guild_2");
}

void TestClusterView::cleanup()
{
    anna.reset();
    berta.reset();
    calls.reset();
    view.reset();
    listening.reset();
    heard.clear();
    source.reset();
    bus.reset();
    hub.reset();
}

void TestClusterView::clientsSurviveTheirJson()
{
    const ClusterClient client{.id = {"x\"1"},
        .nsp = {"/ä"},
        .principal = "user:12",
        .name = "é",
        .host = "2001:db8::1",
        .port = 65'535,
        .rooms = {{"a"}, {"b\n"}}};
    QCOMPARE(*ClusterClient::fromJson(client.toJson()), client);
    QVERIFY(!ClusterClient::fromJson(R"({"id":"x"})"));
    QVERIFY(!clientAddressOf(R"(["h",65536])"));
    QVERIFY(!clientAddressOf(R"(["h",1,2])"));
}

void TestClusterView::changesAreToldTogether()
{
    QVERIFY(waitUntil([this] {
        return std::any_of(heard.begin(), heard.end(),
            [](const bus::Message& one) { return one.body.contains("guild_2"); });
    }));
    const auto with = std::find_if(heard.begin(), heard.end(),
        [](const bus::Message& one) { return one.body.contains("guild_2"); });
    const QJsonObject body = QJsonDocument::fromJson(with->body).object();
    QCOMPARE(body[QStringLiteral("put")].toArray().size(), 2);
    QCOMPARE(body[QStringLiteral("total")].toInt(), 2);
    heard.clear();
    berta.reset();
    QVERIFY(waitUntil([this] {
        return std::any_of(heard.begin(), heard.end(),
            [](const bus::Message& one) { return one.body.contains(R"("drop":["berta"])"); });
    }));
}

void TestClusterView::othersAreListedAndCounted()
{
    update(1, true, clientJson("carl", "guild_1"));
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=3", "guild_2=1"}));
    update(2, false, clientJson("dora", "guild_2"), R"("carl")");
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=2", "guild_2=2"}));
    const QJsonObject resp
        = call("list_clients", R"({"room":"guild_2"})")[QStringLiteral("resp")].toObject();
    QCOMPARE(resp[QStringLiteral("total")].toInt(), 2);
    const QJsonArray clients = resp[QStringLiteral("clients")].toArray();
    QCOMPARE(clients[0][QStringLiteral("id")].toString(), QStringLiteral("berta"));
    QCOMPARE(clients[0][QStringLiteral("node")].toString(), QStringLiteral("a"));
    QCOMPARE(clients[1][QStringLiteral("id")].toString(), QStringLiteral("dora"));
    QCOMPARE(clients[1][QStringLiteral("node")].toString(), QStringLiteral("b"));
    QCOMPARE(call("list_clients",
                 R"({"offset":1,"limit":1})")[QStringLiteral("resp")][QStringLiteral("clients")]
                 .toArray()
                 .size(),
        1);
    QCOMPARE(view->counters().nodes, quint64(2));
    QCOMPARE(view->counters().clients, quint64(1));
}

void TestClusterView::aMissedUpdateIsAskedFor()
{
    update(1, true, clientJson("carl", "guild_1"));
    heard.clear();
    update(3, false, clientJson("dora", "guild_1"));
    const auto asks = [this] {
        return std::count_if(heard.begin(), heard.end(), [](const bus::Message& one) {
            return one.topic == "cluster.ask" && one.body.contains(R"("of":"b")");
        });
    };
    QCOMPARE(asks(), 1);
    QVERIFY(!view->nodes()[1].isComplete);
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=3", "guild_2=1"})); // what was known stays
    update(4, false, {});
    QCOMPARE(asks(), 1); // not for each of them
    update(5, true, clientJson("dora", "guild_1") + ',' + clientJson("emil", "guild_1"));
    QVERIFY(view->nodes()[1].isComplete);
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=4", "guild_2=1"}));
    QCOMPARE(view->counters().gaps, quint64(1));
}

void TestClusterView::badUpdatesAreRefused_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("no JSON") << QByteArray("{");
    QTest::newRow("no node") << QByteArray(
        R"({"epoch":"e","seq":1,"full":true,"total":0,"put":[],"drop":[]})");
    QTest::newRow("put is no list") << QByteArray(
        R"({"node":"b","epoch":"e","seq":1,"full":true,"total":1,"put":{},"drop":[]})");
    QTest::newRow("in our name") << QByteArray(
        R"({"node":"a","epoch":"e","seq":1,"full":true,"total":0,"put":[],"drop":[]})");
    QTest::newRow("a negative number") << QByteArray(
        R"({"node":"b","epoch":"e","seq":-1,"full":true,"total":0,"put":[],"drop":[]})");
}

void TestClusterView::badUpdatesAreRefused()
{
    QFETCH(QByteArray, body);
    tell(body);
    QCOMPARE(view->counters().badUpdates, quint64(1));
    QCOMPARE(view->nodes().size(), size_t(1));
}

void TestClusterView::aSilentProcessIsGone()
{
    update(1, true, clientJson("carl", "guild_1"));
    clock.advance(Millis{100});
    QVERIFY(view->nodes()[1].isStale);
    clock.advance(Millis{100});
    QVERIFY(waitUntil([this] { return view->nodes().size() == 1; })); // by its own timer
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=2", "guild_2=1"}));
    QCOMPARE(view->counters().lostNodes, quint64(1));
    // One that leaves says so.
    update(1, true, clientJson("carl", "guild_1"));
    tell(
        R"({"node":"b","epoch":"e1","seq":2,"full":false,"total":0,"gone":true,"put":[],"drop":[]})");
    QCOMPARE(view->nodes().size(), size_t(1));
}

void TestClusterView::aRestartReplacesWhatWasKnown()
{
    update(7, true, clientJson("carl", "guild_1"));
    update(1, true, clientJson("dora", "guild_2"), {}, "e2");
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=2", "guild_2=2"}));
    // What the earlier run said last comes late.
    tell(
        R"({"node":"b","epoch":"e1","seq":8,"full":false,"total":0,"gone":true,"put":[],"drop":[]})");
    QCOMPARE(view->nodes().size(), size_t(2));
}

void TestClusterView::oneUnreadableClientHidesNoOther()
{
    update(1, true, clientJson("carl", "guild_1") + R"(,{},{"id":7})", {}, "e1", 3);
    QCOMPARE(view->counters().badUpdates, quint64(0));
    QCOMPARE(view->counters().unreadableClients, quint64(2));
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=3", "guild_2=1"}));
    QVERIFY(!view->nodes()[1].isComplete);
    update(2, false, clientJson("dora", "guild_1"), {}, "e1", 4);
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=4", "guild_2=1"}));
}

void TestClusterView::aClientOfAnySizeIsTold()
{
    ClusterClient client{.id = {"x"},
        .nsp = root,
        .principal = QByteArray(5'000, 'p'),
        .name = QByteArray("x") + QByteArray("é").repeated(5'000),
        .host = "h",
        .port = 1};
    client.rooms.push_back({QByteArray(2'000, 'r')});
    for (int i = 10'000; i < 25'000; ++i)
        client.rooms.push_back({"room" + QByteArray::number(i)});
    const auto read = ClusterClient::fromJson(client.toJson());
    QVERIFY(read);
    QCOMPARE(read->rooms.size(), size_t(10'000));
    QVERIFY(client.name.startsWith(read->name));
    QVERIFY(QString::fromUtf8(read->name).endsWith(u'é'));
    const QByteArray shorter = client.toJson(20'000);
    QVERIFY(shorter.size() <= 20'000);
    QVERIFY(ClusterClient::fromJson(shorter));
    // However little the bus takes.
    calls.reset();
    view = std::make_unique<ClusterView>(*hub, std::vector<session::SessionSource*>{source.get()},
        *bus, clock, ClusterOptions{.period = Millis{50}, .maxClients = 3, .messageBytes = 4'096});
    spin();
    for (int i = 0; i < 500; ++i)
        anna->join(QByteArray("a room with a long name " + QByteArray::number(i)).constData());
    heard.clear();
    QVERIFY(waitUntil([this] {
        return std::any_of(heard.begin(), heard.end(),
            [](const bus::Message& one) { return one.body.contains("long name"); });
    }));
    for (const bus::Message& one : heard)
        QVERIFY2(one.body.size() <= 4'096, QByteArray::number(one.body.size()).constData());
}

void TestClusterView::askingInVainIsDoneLessOften()
{
    calls.reset();
    view = std::make_unique<ClusterView>(*hub, std::vector<session::SessionSource*>{source.get()},
        *bus, clock, ClusterOptions{.period = Millis{600'000}, .maxClients = 3});
    spin();
    update(1, true, clientJson("carl", "guild_1"));
    const auto asks = [this] {
        return std::count_if(heard.begin(), heard.end(), [](const bus::Message& one) {
            return one.topic == "cluster.ask" && one.body.contains("of");
        });
    };
    heard.clear();
    for (int i = 0; i < 130; ++i) {
        clock.advance(Millis{1'000});
        update(quint64(3 + i), false, {});
    }
    QVERIFY2(asks() >= 3 && asks() <= 9, QByteArray::number(asks()).constData());
    update(500, true, clientJson("carl", "guild_1"));
    heard.clear();
    update(502, false, {});
    QCOMPARE(asks(), 1); // it had helped
}

void TestClusterView::whoWasOverTheBoundIsAskedForLater()
{
    QByteArray many;
    for (int i = 0; i < 5; ++i)
        many += (i > 0 ? "," : "") + clientJson("c" + QByteArray::number(i), "guild_9");
    update(1, true, many, {}, "e1", 5);
    heard.clear();
    clock.advance(Millis{60});
    holdsFor([] { return true; }, Millis{120});
    const auto asks = [this] {
        return std::any_of(heard.begin(), heard.end(),
            [](const bus::Message& one) { return one.topic == "cluster.ask"; });
    };
    QVERIFY(!asks()); // they still are too many
    update(2, false, {}, R"("c0","c1","c2")", "e1", 2);
    QVERIFY(waitUntil(asks));
    update(3, true, clientJson("c3", "guild_9") + ',' + clientJson("c4", "guild_9"), {}, "e1", 2);
    QVERIFY(view->nodes()[1].isComplete);
}

void TestClusterView::beyondTheBoundClientsAreCountedOnly()
{
    QByteArray many;
    for (int i = 0; i < 5; ++i)
        many += (i > 0 ? "," : "") + clientJson("c" + QByteArray::number(i), "guild_9");
    update(1, true, many, {}, "e1", 5);
    QCOMPARE(rooms(), (QByteArrayList{"guild_1=2", "guild_2=1", "guild_9=3"}));
    QCOMPARE(view->nodes()[1].clients, qsizetype(5));
    QVERIFY(!view->nodes()[1].isComplete);
    QCOMPARE(view->counters().unlistedClients, quint64(2));
}

void TestClusterView::emitReachesWhomItNames_data()
{
    QTest::addColumn<QByteArray>("whom");
    QTest::addColumn<int>("toAnna");
    QTest::addColumn<int>("toBerta");
    QTest::newRow("a room") << QByteArray(R"("rooms":["guild_2"])") << 0 << 1;
    QTest::newRow("a principal") << QByteArray(R"("principals":["user:12"])") << 1 << 0;
    QTest::newRow("a principal who is not here")
        << QByteArray(R"("principals":["user:13"])") << 0 << 0;
    QTest::newRow("an address") << QByteArray(R"("addresses":[["192.0.2.7",5002]])") << 0 << 1;
    QTest::newRow("a room and a principal, each once")
        << QByteArray(R"("rooms":["guild_1"],"principals":["user:12"])") << 1 << 1;
    QTest::newRow("a client") << QByteArray(R"("clients":["anna"])") << 1 << 0;
    QTest::newRow("everybody") << QByteArray(R"("everybody":true)") << 1 << 1;
    QTest::newRow("everybody but those of a room")
        << QByteArray(R"("everybody":true,"except":["guild_2"])") << 1 << 0;
    QTest::newRow("nobody") << QByteArray(R"("rooms":[])") << 0 << 0;
    QTest::newRow("another namespace")
        << QByteArray(R"("namespace":"/x","rooms":["guild_1"],"principals":["user:12"])") << 0 << 0;
}

void TestClusterView::emitReachesWhomItNames()
{
    QFETCH(QByteArray, whom);
    QFETCH(int, toAnna);
    QFETCH(int, toBerta);
    const QJsonObject answer
        = call("emit", R"({"event":"news","args":[607637793107345431,{"a": 1}],)" + whom + '}');
    QCOMPARE(answer[QStringLiteral("sc")].toInt(), 200);
    QCOMPARE(anna->got.size(), toAnna);
    QCOMPARE(berta->got.size(), toBerta);
    for (const QByteArray& text : anna->got + berta->got)
        QVERIFY2(text.endsWith(R"(["news",607637793107345431,{"a": 1}])"), text.constData());
}

void TestClusterView::kickEndsClients()
{
    update(1, true, clientJson("carl", "guild_1"));
    const QJsonObject answer = call("kick", R"({"rooms":["guild_1"],"except":["berta"]})");
    QCOMPARE(answer[QStringLiteral("resp")][QStringLiteral("clients")].toInt(),
        2); // carl too, elsewhere
    QCOMPARE(source->closed, QByteArrayList{"anna kicked"});
    QCOMPARE(calls->counters().kicked, quint64(1));
}

void TestClusterView::badCallsAreRefused_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("kwargs");
    const auto row = [](const char* name, const char* method, const char* kwargs) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(kwargs);
    };
    row("no such method", "shutdown", "{}");
    row("nobody named", "emit", R"({"event":"news"})");
    row("everybody and a room", "emit", R"({"event":"news","everybody":true,"rooms":["a"]})");
    row("no event", "emit", R"({"rooms":["a"]})");
    row("a reserved event", "emit", R"({"rooms":["a"],"event":"disconnect"})");
    row("args that are no list", "emit", R"({"rooms":["a"],"event":"news","args":{}})");
    row("an address that is none", "emit", R"({"addresses":["x"],"event":"news"})");
    row("rooms that are none", "kick", R"({"rooms":[{}]})");
    row("a negative limit", "list_clients", R"({"limit":-1})");
    row("kwargs that are no object", "kick", "[]");
}

void TestClusterView::badCallsAreRefused()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, kwargs);
    const QJsonObject answer = call(method, kwargs);
    QCOMPARE(answer[QStringLiteral("sc")].toInt(), 400);
    QVERIFY(!answer[QStringLiteral("resp")][QStringLiteral("message")].toString().isEmpty());
    QCOMPARE(calls->counters().refused, quint64(1));
    QVERIFY(anna->got.isEmpty());
}

void TestClusterView::callsAreOffByDefault()
{
    calls = std::make_unique<ClusterCalls>(ClusterCallOptions{}, *hub, *view, *bus);
    spin();
    QVERIFY(call("list_rooms", "{}").isEmpty()); // nobody serves it
    bus->publish({.topic = "control", .body = R"({"method":"kick","kwargs":{"everybody":true}})"});
    spin();
    QVERIFY(source->closed.isEmpty());
    calls = std::make_unique<ClusterCalls>(
        ClusterCallOptions{.queue = "house", .methods = {QStringLiteral("list_rooms")}}, *hub,
        *view, *bus);
    spin();
    QCOMPARE(call("kick", R"({"everybody":true})")[QStringLiteral("sc")].toInt(), 403);
    bus->publish({.topic = "control", .body = R"({"method":"kick","kwargs":{"everybody":true}})"});
    spin();
    QVERIFY(source->closed.isEmpty());
}

void TestClusterView::namespacesAreGuarded()
{
    const auto use = [this](bool isEvery, const QSet<NamespaceName>& named) {
        calls = std::make_unique<ClusterCalls>(ClusterCallOptions{.queue = "house",
                                                   .methods = ClusterCalls::methodNames(),
                                                   .isEveryNamespace = isEvery,
                                                   .namespaces = named,
                                                   .guarded = {{"/gh-admin"}}},
            *hub, *view, *bus);
        spin();
    };
    const auto status = [this](const char* method, const char* kwargs) {
        return call(method, kwargs)[QStringLiteral("sc")].toInt();
    };
    use(true, {});
    QCOMPARE(status("kick", R"({"everybody":true,"namespace":"/gh-admin"})"), 403);
    QCOMPARE(status("emit", R"({"everybody":true,"event":"e","namespace":"/gh-admin"})"), 403);
    QCOMPARE(status("list_clients", R"({"namespace":"/gh-admin"})"), 403);
    QCOMPARE(status("list_rooms", R"({"namespace":"/other"})"), 200);
    use(false, {{"/gh-admin"}});
    QCOMPARE(status("kick", R"({"everybody":true})"), 403);
    QCOMPARE(status("list_clients", R"({"namespace":"/gh-admin"})"), 200);
    QCOMPARE(
        call("list_clients", "{}")[QStringLiteral("resp")][QStringLiteral("total")].toInt(), 0);
    QVERIFY(rooms().isEmpty());
    bus->publish({.topic = "control", .body = R"({"method":"kick","kwargs":{"everybody":true}})"});
    spin();
    QVERIFY(source->closed.isEmpty());
}

void TestClusterView::whoIsNotThereLeavesNothing()
{
    const size_t before = hub->namespaces().size();
    for (int i = 0; i < 10; ++i) {
        const QByteArray nsp = R"("namespace":"/made-up-)" + QByteArray::number(i) + '"';
        QCOMPARE(call("emit", R"({"rooms":["a"],"event":"e",)" + nsp + '}')[QStringLiteral("sc")]
                     .toInt(),
            200);
        QCOMPARE(
            call("kick", R"({"everybody":true,)" + nsp + '}')[QStringLiteral("sc")].toInt(), 200);
    }
    QCOMPARE(hub->namespaces().size(), before);
}

void TestClusterView::longListsAreCut()
{
    calls = std::make_unique<ClusterCalls>(
        ClusterCallOptions{
            .queue = "house", .methods = ClusterCalls::methodNames(), .maxAnswerBytes = 10},
        *hub, *view, *bus);
    spin();
    const auto list = [this](const QByteArray& kwargs) {
        return call("list_clients", kwargs)[QStringLiteral("resp")].toObject();
    };
    const QJsonObject first = list("{}");
    QCOMPARE(first[QStringLiteral("total")].toInt(), 2);
    QCOMPARE(first[QStringLiteral("clients")].toArray().size(), 1); // one always fits
    QCOMPARE(list(R"({"offset":1})")[QStringLiteral("clients")][0][QStringLiteral("id")].toString(),
        QStringLiteral("berta"));
    QCOMPARE(list(R"({"offset":9007199254740993})")[QStringLiteral("clients")].toArray().size(), 0);
    QCOMPARE(rooms().size(), 1);
}

void TestClusterView::kicksAreTold()
{
    QByteArrayList told;
    calls->setKicked([&](const QByteArray& sender, qsizetype clients, const NamespaceName& nsp) {
        told << sender + ' ' + QByteArray::number(clients) + ' ' + nsp.value;
    });
    bus->publish({.topic = "control",
        .body = R"({"method":"kick","kwargs":{"everybody":true}})",
        .properties = {.sender = "service.F"}});
    spin();
    QCOMPARE(told, QByteArrayList{"service.F 2 /"});
    QCOMPARE(source->closed.size(), 2);
}

QTEST_GUILESS_MAIN(TestClusterView)
#include "tst_clusterview.moc"
