// SPDX-License-Identifier: Apache-2.0
#include "server/access/accountmark.h"
#include "server/events/logtopic.h"
#include "server/events/memberstopic.h"
#include "server/events/overviewtopic.h"
#include "tests/server/events/house.h"

#include <QMap>
#include <QRandomGenerator>

#include <random>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// A console: requests with acks, and a mirror of each topic kept up by the changes alone.
class Console
{
public:
    Console(House& house, const QByteArray& token) : m_house(house), m_peer(house.openSession({}))
    {
        m_peer->sendText(QByteArray("40/gh-admin,{\"token\":\"" + token + "\"}"));
        read();
    }
    explicit Console(House& house) : Console(house, house.minter.adminToken(1, u"ada"_s)) { }

    QJsonObject request(const QByteArray& event, const QJsonObject& argument)
    {
        return requestRaw(event, QJsonDocument(argument).toJson(QJsonDocument::Compact));
    }
    QJsonObject requestRaw(const QByteArray& event, const QByteArray& args)
    {
        const QByteArray id = QByteArray::number(++m_lastId);
        m_peer->sendText(QByteArray("42/gh-admin," + id + "[\"" + event + "\"," + args + ']'));
        const bool answered = QTest::qWaitFor(
            [&] {
                read();
                return m_acks.contains(m_lastId);
            },
            10'000);
        return answered ? m_acks.take(m_lastId).at(0).toObject() : QJsonObject();
    }

    /// Subscribes and reads every page; changes that came meanwhile are applied on top.
    void subscribe(const QString& topic, int pageSize = 1'000)
    {
        Mirror& mirror = m_mirrors[topic];
        mirror = {};
        mirror.isLoading = true;
        QJsonObject page = request("subscribe", {{u"topic"_s, topic}, {u"pageSize"_s, pageSize}});
        QVERIFY2(page.value(u"ok"_s).toBool(), QJsonDocument(page).toJson().constData());
        mirror.version = page.value(u"version"_s).toInteger();
        for (;;) {
            ++mirror.pages;
            const QJsonArray items = page.value(u"items"_s).toArray();
            QVERIFY(items.size() <= pageSize);
            for (const QJsonValue& item : items) {
                const QString key = keyOf(item.toObject());
                mirror.order.append(key);
                mirror.items.insert(key, item.toObject());
            }
            const QJsonValue cursor = page.value(u"cursor"_s);
            if (cursor.isNull())
                break;
            if (betweenPages)
                betweenPages();
            page = request("page", {{u"topic"_s, topic}, {u"cursor"_s, cursor}});
            QVERIFY2(page.value(u"ok"_s).toBool(), QJsonDocument(page).toJson().constData());
        }
        mirror.isLoading = false;
        for (const QJsonObject& change : std::exchange(mirror.waiting, {}))
            apply(change);
    }

    QMap<QString, QJsonObject> items(const QString& topic)
    {
        read();
        return m_mirrors[topic].items;
    }
    bool answered(int id) const { return m_acks.contains(id); }
    QJsonObject answer(int id) const { return m_acks.value(id).at(0).toObject(); }
    QStringList order(const QString& topic) { return m_mirrors[topic].order; }
    int pages(const QString& topic) { return m_mirrors[topic].pages; }

    void read()
    {
        session::fake::Rig::settle();
        for (const QByteArray& text : m_peer->takeTexts()) {
            if (text.startsWith("42/gh-admin,")) {
                const QJsonArray event = QJsonDocument::fromJson(text.sliced(12)).array();
                if (event.at(0).toString() == u"change")
                    apply(event.at(1).toObject());
                else
                    events.append(event);
            } else if (text.startsWith("43/gh-admin,")) {
                const qsizetype bracket = text.indexOf('[');
                m_acks.insert(text.mid(12, bracket - 12).toInt(),
                    QJsonDocument::fromJson(text.sliced(bracket)).array());
            } else {
                packets.append(text);
            }
        }
    }

    session::fake::Peer& peer() { return *m_peer; }
    std::function<void()> betweenPages;
    QList<QJsonArray> events;
    QByteArrayList packets;
    QList<QJsonObject> logChanges;
    int gaps = 0;
    int changeMessages = 0;

private:
    struct Mirror
    {
        bool isLoading = false;
        qint64 version = -1;
        int pages = 0;
        QStringList order;
        QMap<QString, QJsonObject> items;
        QList<QJsonObject> waiting;
    };

    /// Lines of the log are known by their number.
    static QString keyOf(const QJsonObject& item)
    {
        return item.contains(u"seq"_s) ? QString::number(item.value(u"seq"_s).toInteger())
                                       : item.value(u"key"_s).toString();
    }

    void apply(const QJsonObject& change)
    {
        Mirror& mirror = m_mirrors[change.value(u"topic"_s).toString()];
        if (mirror.isLoading) {
            mirror.waiting.append(change);
            return;
        }
        ++changeMessages;
        if (change.value(u"from"_s).toInteger() != mirror.version)
            ++gaps;
        mirror.version = change.value(u"version"_s).toInteger();
        if (change.contains(u"lines"_s))
            logChanges.append(change);
        const QJsonArray lines = change.value(u"lines"_s).toArray();
        for (const QJsonValue& line : lines)
            mirror.items.insert(keyOf(line.toObject()), line.toObject());
        const QJsonArray changes = change.value(u"changes"_s).toArray();
        for (const QJsonValue& value : changes) {
            const QJsonObject entry = value.toObject();
            const QString key = keyOf(entry);
            if (entry.value(u"op"_s).toString() == u"remove")
                mirror.items.remove(key);
            else
                mirror.items.insert(key, entry.value(u"item"_s).toObject());
        }
    }

    House& m_house;
    session::fake::PeerPtr m_peer;
    int m_lastId = 0;
    QHash<int, QJsonArray> m_acks;
    QMap<QString, Mirror> m_mirrors;
};

/// Without what changes by being looked at.
QMap<QString, QJsonObject> withoutCounters(QMap<QString, QJsonObject> items)
{
    for (QJsonObject& item : items) {
        for (const char* counter :
            {"queuedBytes", "packetsIn", "packetsOut", "bytesIn", "bytesOut"})
            item.remove(QLatin1StringView(counter));
    }
    return items;
}

} // namespace

class AdminNamespaceTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void onlyAdminsComeIn_data();
    void onlyAdminsComeIn();
    void greetsWithHello();
    void endsWithItsToken_data();
    void endsWithItsToken();
    void endsWithItsAccount_data();
    void endsWithItsAccount();
    void changesRebuildWhatASnapshotShows_data();
    void changesRebuildWhatASnapshotShows();
    void changesBetweenPagesAreNotLost();
    void everySubscriptionIsAnswered();
    void tasksComeNewestFirst();
    void changesAreMerged();
    void whoMissedTheLastChangeSeesTheGap_data();
    void whoMissedTheLastChangeSeesTheGap();
    void whoMissedNothingIsToldNothing();
    void unwatchedTopicsAreSilent();
    void nodesShowTheirHistoryAndWhatDeservesALook();
    void metricsOfANodeAreShown_data();
    void metricsOfANodeAreShown();
    void overviewCountsPlainClients();
    void overviewCounts();
    void servicesAreLookedAt();
    void plainClientsAreWhoTheyAre();
    void logShowsTailThenEveryLine();
    void logDropsAndCountsWhatIsTooFast();
    void logKeepsNoMoreThanMessagesCanCarry();
    void secondWatcherOfTheLogSeesNoGap();
    void refusesBadRequests_data();
    void refusesBadRequests();
    void disconnectsAClient();
    void demotesAClient();
    void killsATask();
    void asksANodeToRenewItsToken();
    void pingsANode();
    void sendsToARoom();
    void sendsBinaryToARoom();
    void echoesAnything();
    void everyActionIsAudited_data();
    void everyActionIsAudited();
};

void AdminNamespaceTest::onlyAdminsComeIn_data()
{
    QTest::addColumn<QString>("who");
    QTest::addColumn<QByteArray>("code");
    QTest::newRow("nobody") << u"none"_s << QByteArray("token-missing");
    QTest::newRow("garbage") << u"garbage"_s << QByteArray("token-invalid");
    QTest::newRow("another key") << u"forged"_s << QByteArray("token-invalid");
    QTest::newRow("expired admin") << u"expired"_s << QByteArray("token-expired");
    QTest::newRow("user with every rule") << u"user"_s << QByteArray("forbidden");
    QTest::newRow("node") << u"node"_s << QByteArray("forbidden");
    QTest::newRow("service") << u"service"_s << QByteArray("forbidden");
    QTest::newRow("container") << u"container"_s << QByteArray("token-invalid");
}

void AdminNamespaceTest::onlyAdminsComeIn()
{
    QFETCH(QString, who);
    QFETCH(QByteArray, code);
    House house;
    QByteArray token;
    if (who == u"garbage") {
        token = "a.b.c";
    } else if (who == u"forged") {
        token = access::TokenMinter("another secret, long enough as well", {}, house.clock)
                    .adminToken(1, u"eve"_s);
    } else if (who == u"expired") {
        token = house.minter.adminToken(1, u"ada"_s);
        house.clock.advance(std::chrono::hours(9));
    } else if (who == u"user") {
        token = house.userToken(u"root"_s);
    } else if (who == u"node") {
        token = house.nodeToken(u"a-heart"_s);
    } else if (who == u"service") {
        token = house.minter.serviceToken(5, u"backup"_s);
    } else if (who == u"container") {
        token = house.minter.containerToken(
            {house.node(u"a-heart"_s), house.organization(u"Aachen"_s),
                house.collaboration(u"heart"_s), {}, 0, TaskId{1}, u"image"_s, {}});
    }
    Console console(house, token);
    QCOMPARE(console.packets,
        QByteArrayList{"44/gh-admin,{\"data\":{\"code\":\"" + code
            + "\"},\"message\":\"admin principal required\"}"});
    QVERIFY(console.events.isEmpty());
}

void AdminNamespaceTest::greetsWithHello()
{
    House house;
    Console console(house);
    QCOMPARE(console.events.size(), 1);
    const QJsonArray hello = console.events[0];
    QCOMPARE(hello.at(0).toString(), u"hello"_s);
    const QJsonObject said = hello.at(1).toObject();
    QCOMPARE(said.value(u"protocol"_s).toInt(), 1);
    QCOMPARE(
        said.value(u"principal"_s).toObject(), (QJsonObject{{u"id"_s, 1}, {u"name"_s, u"ada"_s}}));
    QCOMPARE(said.value(u"now"_s).toInteger(), house.clock.wall().count());
    QVERIFY(!said.value(u"epoch"_s).toString().isEmpty());
}

void AdminNamespaceTest::endsWithItsToken_data()
{
    QTest::addColumn<int>("wallJump");
    QTest::newRow("time passes") << 0;
    QTest::newRow("wall clock set back does not help") << -3'600'000;
}

void AdminNamespaceTest::endsWithItsToken()
{
    QFETCH(int, wallJump);
    House house;
    Console console(house, house.minter.adminToken(1, u"ada"_s, std::chrono::seconds(5)));
    house.clock.jumpWall(Millis{wallJump});
    console.events.clear();
    house.pass(Millis{4'900});
    console.read();
    QVERIFY(console.events.isEmpty());
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.events, QList<QJsonArray>{QJsonArray{u"session_expired"_s}});
    QCOMPARE(console.packets.last(), QByteArray("41/gh-admin,"));
}

void AdminNamespaceTest::endsWithItsAccount_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<bool>("isLoggedIn"); // else the token was minted for nobody's account
    QTest::addColumn<bool>("ends");
    QTest::newRow("nothing") << u"nothing"_s << true << false;
    QTest::newRow("removed") << u"remove"_s << true << true;
    QTest::newRow("another password") << u"password"_s << true << true;
    QTest::newRow("another account with the id") << u"replace"_s << true << true;
    QTest::newRow("minted token stays") << u"remove"_s << false << false;
}

void AdminNamespaceTest::endsWithItsAccount()
{
    QFETCH(QString, change);
    QFETCH(bool, isLoggedIn);
    QFETCH(bool, ends);
    House house;
    const work::AdminAccount account{{3}, u"ada"_s, "phc", Millis{7}};
    house.directory.addAdmin(account);
    const QByteArray mark = isLoggedIn ? access::accountMark("phc") : QByteArray();
    const QByteArray token = house.minter.adminToken(3, u"ada"_s, std::nullopt, mark);
    Console console(house, token);
    console.events.clear();
    work::DirectoryContent content = house.store->loadStartState()->directory;
    if (change == u"nothing")
        content.admins = {account};
    else if (change == u"password")
        content.admins = {{{3}, u"ada"_s, "phc 2", Millis{7}}};
    else if (change == u"replace")
        content.admins = {{{3}, u"eve"_s, "phc 3", Millis{8}}};
    house.directory.replace(std::move(content));
    console.read();
    QCOMPARE(console.events.isEmpty(), !ends);
    if (ends) {
        QCOMPARE(console.events, QList<QJsonArray>{QJsonArray{u"session_expired"_s}});
        QCOMPARE(console.packets.last(), QByteArray("41/gh-admin,"));
    }
    // Its token opens nothing either.
    Console again(house, token);
    QCOMPARE(again.events.isEmpty(), ends);
}

void AdminNamespaceTest::changesRebuildWhatASnapshotShows_data()
{
    QTest::addColumn<QString>("topic");
    QTest::addColumn<int>("seed");
    for (const char* topic : {"rooms", "members", "clients", "nodes", "tasks"}) {
        for (int seed = 1; seed <= 3; ++seed)
            QTest::newRow(
                qPrintable(QStringLiteral("%1, seed %2").arg(QLatin1StringView(topic)).arg(seed)))
                << QString::fromLatin1(topic) << seed;
    }
}

void AdminNamespaceTest::changesRebuildWhatASnapshotShows()
{
    QFETCH(QString, topic);
    QFETCH(int, seed);
    House house;
    Console watcher(house);
    Console fresh(house);
    watcher.subscribe(topic);
    std::mt19937 random(quint32(seed) * 7919u);
    const QStringList nodes{u"a-heart"_s, u"b-heart"_s, u"a-lung"_s, u"c-lung"_s};
    const QStringList users{u"root"_s, u"anna"_s, u"bert"_s, u"olga"_s};
    std::vector<Client> clients;
    qint64 lastTask = 0;
    for (int step = 0; step < 60; ++step) {
        const auto pick = [&](const QStringList& list) {
            return list[qsizetype(random() % quint32(list.size()))];
        };
        switch (random() % 8) {
        case 0:
            clients.push_back(house.connectNode(pick(nodes)));
            break;
        case 1:
            clients.push_back(house.connectUser(pick(users)));
            break;
        case 2:
        case 3:
            if (!clients.empty()) {
                const size_t victim = random() % clients.size();
                clients[victim].die();
                clients.erase(clients.begin() + std::ptrdiff_t(victim));
            }
            break;
        case 4:
            if (!clients.empty()) {
                Client& client = clients[random() % clients.size()];
                client.emitEvent("node_info_update", R"({"encryption":false,"labels":["a","b"]})");
                client.emitEvent("ping");
            }
            break;
        case 5:
            lastTask = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s})
                           .value(u"id"_s)
                           .toInteger();
            break;
        case 6:
            if (lastTask != 0) {
                house.call("PATCH", u"/api/run/%1"_s.arg(house.runOf(lastTask, u"Aachen"_s)),
                    house.nodeToken(u"a-heart"_s), R"({"status":"active"})");
            }
            break;
        case 7:
            house.pass(Millis{qint64(random() % 400)});
            break;
        }
    }
    // Counters are compared every two seconds; tasks are read from the database; what deserves a
    // look is looked for every five.
    for (int i = 0; i < 60; ++i) {
        house.pass(Millis{100});
        QTest::qWait(1);
    }
    fresh.subscribe(topic);
    QTRY_COMPARE_WITH_TIMEOUT((house.pass(Millis{100}), withoutCounters(watcher.items(topic))),
        withoutCounters(fresh.items(topic)), 5'000);
    QCOMPARE(watcher.gaps, 0);
    QVERIFY(watcher.changeMessages > 0);
    QVERIFY(!fresh.items(topic).isEmpty() || topic == u"rooms" || topic == u"members");
}

void AdminNamespaceTest::changesBetweenPagesAreNotLost()
{
    House house;
    std::vector<Client> clients;
    for (const QString& name : {u"a-heart"_s, u"b-heart"_s, u"a-lung"_s, u"c-lung"_s})
        clients.push_back(house.connectNode(name));
    Console console(house);
    int turn = 0;
    console.betweenPages = [&] {
        if (turn < 3)
            clients[size_t(turn++)].die();
        clients.push_back(house.connectUser(u"anna"_s));
        house.pass(Millis{100});
    };
    console.subscribe(u"members"_s, 2);
    QVERIFY(console.pages(u"members"_s) > 3);
    house.pass(Millis{100});
    Console fresh(house);
    fresh.subscribe(u"members"_s);
    QCOMPARE(console.items(u"members"_s), fresh.items(u"members"_s));
    QCOMPARE(console.gaps, 0);
}

/// Also one that is replaced while its first page is read from the database.
void AdminNamespaceTest::everySubscriptionIsAnswered()
{
    House house;
    Console console(house);
    console.peer().sendText("42/gh-admin,101[\"subscribe\",{\"topic\":\"tasks\"}]");
    console.peer().sendText("42/gh-admin,102[\"subscribe\",{\"topic\":\"tasks\"}]");
    console.peer().sendText("42/gh-admin,103[\"unsubscribe\",{\"topic\":\"tasks\"}]");
    console.peer().sendText("42/gh-admin,104[\"subscribe\",{\"topic\":\"tasks\"}]");
    QTRY_VERIFY((console.read(), console.answered(104)));
    for (const int id : {101, 102}) {
        QTRY_VERIFY((console.read(), console.answered(id)));
        QCOMPARE(console.answer(id).value(u"error"_s).toObject().value(u"code"_s).toString(),
            u"conflict"_s);
    }
    QVERIFY(console.answer(104).value(u"ok"_s).toBool());
    // A page of a subscription that is replaced as well; this one has to be read first.
    constexpr int tasksPerRead = 200;
    work::TaskRequest request;
    request.image = u"harbor/average:1"_s;
    request.collaboration = house.collaboration(u"heart"_s);
    request.initOrganization = house.organization(u"Aachen"_s);
    request.initUser = house.directory.user(u"anna"_s)->id;
    request.organizations = {{house.organization(u"Aachen"_s), {}}};
    for (int i = 0; i < tasksPerRead; ++i)
        house.tasks.create(request, [](const Result<work::CreatedTask>&) {});
    QTRY_COMPARE(house.tasks.openTaskCount(), tasksPerRead);
    console.peer().sendText(
        QByteArray("42/gh-admin,105[\"subscribe\",{\"topic\":\"tasks\",\"pageSize\":"
            + QByteArray::number(tasksPerRead) + "}]"));
    QTRY_VERIFY((console.read(), console.answered(105)));
    console.peer().sendText("42/gh-admin,106[\"page\",{\"topic\":\"tasks\",\"cursor\":\"1\"}]");
    console.peer().sendText("42/gh-admin,107[\"subscribe\",{\"topic\":\"tasks\"}]");
    QTRY_VERIFY((console.read(), console.answered(107)));
    QTRY_VERIFY((console.read(), console.answered(106)));
    QCOMPARE(console.answer(106).value(u"error"_s).toObject().value(u"code"_s).toString(),
        u"conflict"_s);
    // The last one lives.
    house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s});
    console.changeMessages = 0;
    QTRY_VERIFY((house.pass(Millis{100}), console.read(), console.changeMessages > 0));
}

void AdminNamespaceTest::tasksComeNewestFirst()
{
    House house;
    QStringList expected;
    for (int i = 0; i < 5; ++i) {
        expected.prepend(QString::number(
            house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger()));
    }
    Console console(house);
    console.subscribe(u"tasks"_s, 2);
    QCOMPARE(console.order(u"tasks"_s), expected);
    QCOMPARE(console.pages(u"tasks"_s), 3);
    const QJsonObject task = console.items(u"tasks"_s).first();
    QCOMPARE(task.value(u"user"_s).toString(), u"anna"_s);
    QCOMPARE(
        task.value(u"runs"_s).toArray().at(0).toObject().value(u"node"_s).toString(), u"a-heart"_s);
}

void AdminNamespaceTest::changesAreMerged()
{
    House house;
    Console console(house);
    console.subscribe(u"rooms"_s);
    Client node = house.connectNode(u"a-heart"_s);
    for (int i = 0; i < 50; ++i)
        house.announcer.killEverythingOn(*house.directory.node(u"a-heart"_s));
    console.read();
    QCOMPARE(console.changeMessages, 0);
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.changeMessages, 1);
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.changeMessages, 1);
    QCOMPARE(console.items(u"rooms"_s).size(), 3);
}

void AdminNamespaceTest::whoMissedTheLastChangeSeesTheGap_data()
{
    QTest::addColumn<QString>("topic");
    for (const char* topic : {"rooms", "members", "clients", "nodes", "tasks", "log"})
        QTest::newRow(topic) << QString::fromLatin1(topic);
}

void AdminNamespaceTest::whoMissedTheLastChangeSeesTheGap()
{
    QFETCH(QString, topic);
    House house;
    Console console(house);
    Console other(house);
    console.subscribe(topic);
    other.subscribe(topic);
    // It takes nothing, and a policy gives up for it what changed; then all is quiet.
    console.peer().isStalled = true;
    Client node = house.connectNode(u"a-heart"_s);
    house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s});
    model::LogEntry line;
    line.text = u"a line"_s;
    house.liveLog.append({line});
    const auto somethingIsSaid = [&] {
        return QTest::qWaitFor(
            [&] {
                house.pass(Millis{10}); // tasks are read from the database first
                return !console.peer().unsent.isEmpty();
            },
            10'000);
    };
    QVERIFY(somethingIsSaid());
    console.peer().shed += quint64(console.peer().unsent.size());
    console.peer().unsent.clear();
    // What says so is given up as well; it is said again.
    QVERIFY(somethingIsSaid());
    console.peer().shed += quint64(console.peer().unsent.size());
    console.peer().unsent.clear();
    house.pass(Millis{100});
    console.peer().resume();
    console.read();
    QCOMPARE(console.gaps, 1);
    console.subscribe(topic);
    QCOMPARE(withoutCounters(console.items(topic)), withoutCounters(other.items(topic)));
    QCOMPARE(other.gaps, 0);
    // Once it knows, there is nothing more to say.
    console.peer().takeTexts();
    house.pass(Millis{100});
    QVERIFY(console.peer().takeTexts().isEmpty());
}

void AdminNamespaceTest::whoMissedNothingIsToldNothing()
{
    House house;
    Console console(house);
    console.subscribe(u"nodes"_s);
    Client node = house.connectNode(u"a-heart"_s);
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.changeMessages, 1);
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.changeMessages, 1);
    // Something of another namespace was given up for its session: told once, no gap.
    ++console.peer().shed;
    house.pass(Millis{100});
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.changeMessages, 2);
    QCOMPARE(console.gaps, 0);
}

void AdminNamespaceTest::unwatchedTopicsAreSilent()
{
    House house;
    Console console(house);
    console.subscribe(u"rooms"_s);
    QVERIFY(console.request("unsubscribe", {{u"topic"_s, u"rooms"_s}}).value(u"ok"_s).toBool());
    Client node = house.connectNode(u"a-heart"_s);
    house.pass(Millis{5'000});
    console.read();
    QCOMPARE(console.changeMessages, 0);
    const QJsonObject page
        = console.request("page", {{u"topic"_s, u"rooms"_s}, {u"cursor"_s, u"1"_s}});
    QVERIFY(!page.value(u"ok"_s).toBool());
}

void AdminNamespaceTest::nodesShowTheirHistoryAndWhatDeservesALook()
{
    House house;
    Console watcher(house);
    watcher.subscribe(u"nodes"_s);
    const QString key = QString::number(house.node(u"a-heart"_s).value);
    Client first;
    const auto attention = [&] {
        for (int i = 0; i < 6; ++i) {
            house.pass(Millis{900});
            watcher.peer().sendText("3"); // alive, also where no ping has come
            if (first.isConnected())
                first.peer().sendText("3");
        }
        QStringList list;
        const QJsonArray shown
            = watcher.items(u"nodes"_s).value(key).value(u"attention"_s).toArray();
        for (const QJsonValue& value : shown)
            list += value.toString();
        return list;
    };
    const auto field
        = [&](const QString& name) { return watcher.items(u"nodes"_s).value(key).value(name); };
    QCOMPARE(attention(), QStringList());
    QCOMPARE(field(u"history"_s), QJsonValue(QJsonArray()));

    first = house.connectNode(u"a-heart"_s);
    Client second = house.connectNode(u"a-heart"_s);
    QCOMPARE(attention(), QStringList{u"duplicate"_s});
    second.die();
    QCOMPARE(attention(), QStringList());
    const QJsonArray history = field(u"history"_s).toArray();
    QCOMPARE(history.size(), 3);
    QCOMPARE(history[2].toObject().value(u"event"_s).toString(), u"disconnected"_s);
    QCOMPARE(history[2].toObject().value(u"sockets"_s).toInt(), 1);

    const qint64 task
        = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s}).value(u"id"_s).toInteger();
    const QString run = u"/api/run/%1"_s.arg(house.runOf(task, u"Aachen"_s));
    house.call("PATCH", run, house.nodeToken(u"a-heart"_s), R"({"status":"active"})");
    QCOMPARE(attention(), QStringList());
    QCOMPARE(field(u"activeRuns"_s).toInt(), 1);
    const QJsonValue seenAtFirst = field(u"lastSeen"_s);
    house.clock.advance(Millis{150'000});
    // Seen, not changed: neither for what is stuck nor for what is orphaned.
    const auto isUntouched = [&] {
        const QJsonObject told = house.callJson("GET", run, house.userToken(u"anna"_s));
        const auto kept = store::await<work::RunRecord>([&](auto done) {
            house.store->run(RunId{house.runOf(task, u"Aachen"_s)}, std::move(done));
        });
        return told.value(u"status"_s).toString() == u"active"_s
            && told.value(u"finished_at"_s).isNull() && kept
            && kept->run.status == work::RunStatus::Active && !kept->run.finishedAt;
    };
    QCOMPARE(attention(), (QStringList{u"silent"_s, u"stuck-runs"_s}));
    QCOMPARE(field(u"lastSeen"_s), seenAtFirst);
    QVERIFY(field(u"online"_s).toBool());
    QVERIFY(isUntouched());
    const qint64 pinged = house.clock.wall().count();
    first.emitEvent("ping");
    QCOMPARE(attention(), QStringList());
    QCOMPARE(field(u"lastSeen"_s).toInteger(), pinged);
    first.die();
    QCOMPARE(attention(), QStringList{u"orphaned-runs"_s});
    QVERIFY(!field(u"online"_s).toBool());
    QVERIFY(isUntouched());
    house.call("POST", u"/api/kill/task"_s, house.userToken(u"anna"_s),
        "{\"id\":" + QByteArray::number(task) + '}');
    QCOMPARE(attention(), QStringList());
    QCOMPARE(field(u"pendingKills"_s).toInt(), 1);
    for (int i = 0; i < 2; ++i) {
        Client brief = house.connectNode(u"a-heart"_s);
        brief.die();
    }
    QCOMPARE(attention(), QStringList{u"flapping"_s});
    QCOMPARE(field(u"flaps"_s).toInt(), 3);
}

void AdminNamespaceTest::metricsOfANodeAreShown_data()
{
    QTest::addColumn<QByteArray>("told");
    QTest::addColumn<QByteArray>("shown"); // empty: nothing
    const QByteArray all
        = R"({"cpu_percent":12.5,"memory_percent":40.1,"num_algorithm_containers":2,"os":"posix",)"
          R"("platform":"linux","cpu_count":8,"memory_total":33567850496,)"
          R"("memory_available":20104568832})";
    QTest::newRow("as vantage6 4.14 tells them") << all << all;
    const QByteArray gpus = R"({"cpu_count":8,"gpu_count":2,"gpu_load":[1,99],"gpu_memory_used":)"
                            R"([1024,2048],"gpu_memory_free":[0,1],"gpu_temperature":[50,61.5]})";
    QTest::newRow("of GPUs") << gpus << gpus;
    QTest::newRow("what nobody knows is left out") << QByteArray(
        R"({"cpu_count":8,"secret":"x","OS":"a"})") << QByteArray(R"({"cpu_count":8})");
    QTest::newRow("wrong kinds are left out")
        << QByteArray(R"({"cpu_count":"8","os":1,"gpu_load":[1,"2"],"gpu_count":2,"platform":{}})")
        << QByteArray(R"({"gpu_count":2})");
    QTest::newRow("numbers beyond all are left out") << QByteArray(
        R"({"cpu_percent":1e999,"memory_total":-1e999,"gpu_load":[1,1e999],"cpu_count":8})")
                                                     << QByteArray(R"({"cpu_count":8})");
    QTest::newRow("numbers next to nothing stay")
        << QByteArray(R"({"cpu_percent":1e-5,"memory_total":1.7e308})")
        << QByteArray(R"({"cpu_percent":1e-5,"memory_total":1.7e308})");
    QTest::newRow("numbers smaller than any are left out") << QByteArray(
        R"({"cpu_percent":1e-999,"cpu_count":8})") << QByteArray(R"({"cpu_count":8})");
    QTest::newRow("nothing of use") << QByteArray("{}") << QByteArray("{}");
    QTest::newRow("no object") << QByteArray("7") << QByteArray();
    QTest::newRow("too large") << QByteArray(R"({"os":")" + QByteArray(8'192, 'x') + "\"}")
                               << QByteArray();
}

void AdminNamespaceTest::metricsOfANodeAreShown()
{
    QFETCH(QByteArray, told);
    QFETCH(QByteArray, shown);
    House house;
    Console console(house);
    console.subscribe(u"nodes"_s);
    const QString key = QString::number(house.node(u"a-heart"_s).value);
    const auto field = [&](const QString& name) {
        house.pass(Millis{100});
        return console.items(u"nodes"_s).value(key).value(name);
    };
    Client user = house.connectUser(u"anna"_s);
    Client node = house.connectNode(u"a-heart"_s);
    user.emitEvent("node_metrics_update", told);
    QCOMPARE(field(u"metrics"_s), QJsonValue(QJsonValue::Null));
    house.clock.advance(Millis{1'000});
    const qint64 at = house.clock.wall().count();
    node.emitEvent("node_metrics_update", told);
    const QJsonValue nothing(QJsonValue::Null);
    const QJsonValue expected
        = shown.isEmpty() ? nothing : QJsonValue(QJsonDocument::fromJson(shown).object());
    QCOMPARE(field(u"metrics"_s), expected);
    QCOMPARE(field(u"metricsAt"_s), shown.isEmpty() ? nothing : QJsonValue(at));
    if (!shown.isEmpty())
        QCOMPARE(field(u"lastSeen"_s).toInteger(), at);
    node.die();
    QCOMPARE(field(u"metrics"_s), nothing);
}

void AdminNamespaceTest::servicesAreLookedAt()
{
    House house;
    const auto put = [&](const QString& key, int held) {
        house.serviceItems[key] = {{u"key"_s, key}, {u"held"_s, held}};
    };
    put(u"type a"_s, 0);
    put(u"type b"_s, 1);
    Console console(house);
    console.subscribe(u"services"_s);
    QCOMPARE(console.items(u"services"_s).keys(), (QStringList{u"type a"_s, u"type b"_s}));
    house.pass(Millis{100});
    put(u"type a"_s, 2);
    put(u"service C"_s, 0);
    house.serviceItems.erase(u"type b"_s);
    const int before = console.changeMessages;
    for (int i = 0; i < 11; ++i)
        house.pass(Millis{100});
    QCOMPARE(console.items(u"services"_s).keys(), (QStringList{u"service C"_s, u"type a"_s}));
    QCOMPARE(console.items(u"services"_s).value(u"type a"_s).value(u"held"_s).toInt(), 2);
    QCOMPARE(console.changeMessages, before + 1);
}

namespace {

/// One client that speaks something else.
class OtherSource final : public session::SessionSource
{
public:
    std::vector<session::SessionView> sessions() const override
    {
        return std::vector<session::SessionView>(1);
    }
    std::optional<session::SessionView> session(const SessionId&) const override { return {}; }
    std::optional<SessionId> sessionOf(const SocketId&) const override { return {}; }
    std::optional<session::SocketView> socket(const SocketId& id) const override
    {
        if (id != SocketId{"plain"})
            return std::nullopt;
        session::SocketView view{.session = {"session"},
            .nsp = {"/"},
            .principal = {},
            .peerAddress = {},
            .peerPort = 0};
        view.principal.kind = access::PrincipalKind::User;
        view.principal.id = 7;
        view.principal.name = u"bob"_s;
        return view;
    }
    bool closeSession(const SessionId&, session::CloseCode, QLatin1StringView) override
    {
        return false;
    }
    void addObserver(session::SessionObserver*) override { }
    void removeObserver(session::SessionObserver*) override { }
};

class OtherClient final : public hub::Subscriber
{
public:
    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr&, hub::Urgency) override { }

private:
    const SocketId m_id{"plain"};
};

} // namespace

void AdminNamespaceTest::plainClientsAreWhoTheyAre()
{
    ManualClock clock;
    hub::Hub hub(clock);
    OtherSource source;
    OtherClient client;
    hub.attach({"/"}, client);
    hub.join({"/"}, {"room"}, client);
    events::MembersTopic topic(hub, {&source}, clock);
    topic.start();
    const auto item = topic.item(topic.keys().front());
    topic.stop();
    hub.detach({"/"}, client);
    QVERIFY(item);
    const QJsonObject shown = QJsonDocument::fromJson(*item).object();
    QCOMPARE(shown.value(u"sessionId"_s).toString(), u"session"_s);
    QCOMPARE(shown.value(u"kind"_s).toString(), u"user"_s);
    QCOMPARE(shown.value(u"name"_s).toString(), u"bob"_s);
    QCOMPARE(source.sessionCount(), 1);
}

/// Clients of the plain listeners count as those of Socket.IO do.
void AdminNamespaceTest::overviewCountsPlainClients()
{
    House house;
    OtherSource services;
    events::AdminServices all{*house.server, house.hub, house.identities, house.directory,
        house.presence, house.tasks, *house.store, house.liveLog, house.metrics, house.loopLag,
        house.audit, house.clock, house.history, {&services, &services}};
    events::OverviewTopic topic(all, Millis{1'000}, Millis{0});
    topic.start();
    Client node = house.connectNode(u"a-heart"_s);
    const auto item = topic.item(topic.keys().front());
    topic.stop();
    QVERIFY(item);
    QCOMPARE(QJsonDocument::fromJson(*item).object().value(u"clients"_s).toInt(), 3);
}

void AdminNamespaceTest::overviewCounts()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s});
    Console console(house);
    console.subscribe(u"overview"_s);
    for (int i = 0; i < 11; ++i) {
        node.emitEvent("ping");
        house.pass(Millis{100});
    }
    const QJsonObject item = console.items(u"overview"_s).value(u"server"_s);
    QCOMPARE(item.value(u"clients"_s).toInt(), 2);
    QCOMPARE(item.value(u"sockets"_s).toInt(), 2);
    QCOMPARE(item.value(u"rooms"_s).toInt(), 3);
    QCOMPARE(item.value(u"nodesOnline"_s).toInt(), 1);
    QCOMPARE(item.value(u"nodesTotal"_s).toInt(), 4);
    QCOMPARE(item.value(u"tasksOpen"_s).toInt(), 1);
    QCOMPARE(item.value(u"runsActive"_s).toInt(), 2);
    QVERIFY(item.value(u"eventsInPerSecond"_s).toDouble() > 0);
    QVERIFY(item.value(u"residentBytes"_s).toInteger() > 0);
    // Once a second, not at every turn of the timer.
    QVERIFY(console.changeMessages <= 2);
}

void AdminNamespaceTest::logShowsTailThenEveryLine()
{
    House house;
    const auto append = [&](int count) {
        std::vector<model::LogEntry> lines(static_cast<size_t>(count));
        for (model::LogEntry& line : lines)
            line.text = u"<img src=x>"_s;
        house.liveLog.append(std::move(lines));
    };
    append(10);
    Console console(house);
    const QJsonObject snapshot
        = console.request("subscribe", {{u"topic"_s, u"log"_s}, {u"tail"_s, 3}});
    QCOMPARE(snapshot.value(u"items"_s).toArray().size(), 3);
    const qint64 version = snapshot.value(u"version"_s).toInteger();
    QCOMPARE(snapshot.value(u"items"_s).toArray().last().toObject().value(u"seq"_s).toInteger(),
        version);
    append(5);
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.logChanges.size(), 1);
    const QJsonObject change = console.logChanges[0];
    QCOMPARE(change.value(u"from"_s).toInteger(), version);
    QCOMPARE(change.value(u"version"_s).toInteger(), version + 5);
    QCOMPARE(change.value(u"dropped"_s).toInt(), 0);
    QCOMPARE(change.value(u"lines"_s).toArray().size(), 5);
    QCOMPARE(change.value(u"lines"_s).toArray().at(0).toObject().value(u"text"_s).toString(),
        u"<img src=x>"_s);
}

void AdminNamespaceTest::logKeepsNoMoreThanMessagesCanCarry()
{
    observe::LiveLog log(observe::LiveLogOptions{});
    events::AdminOptions options;
    options.maxPageBytes = 10'000;
    events::LogTopic topic(log, options);
    topic.start();
    std::vector<model::LogEntry> lines(1'000);
    for (model::LogEntry& line : lines)
        line.text = QString(1'000, u'x');
    log.append(std::move(lines));
    quint64 told = 0;
    quint64 dropped = 0;
    while (const auto changes = topic.takeChanges({1'000, options.maxPageBytes})) {
        const QJsonObject json
            = QJsonDocument::fromJson(QByteArray('{' + changes->members + '}')).object();
        told += quint64(json.value(u"lines"_s).toArray().size());
        dropped += quint64(json.value(u"dropped"_s).toInteger());
    }
    QCOMPARE(told + dropped, quint64(1'000));
    QVERIFY(told <= 100);
    QVERIFY(told >= 50);
    topic.stop();
}

void AdminNamespaceTest::logDropsAndCountsWhatIsTooFast()
{
    events::AdminOptions options;
    options.maxLogLinesPerSecond = 100;
    House house({}, options);
    Console console(house);
    console.request("subscribe", {{u"topic"_s, u"log"_s}});
    house.liveLog.append(std::vector<model::LogEntry>(250));
    house.pass(Millis{100});
    house.pass(Millis{100});
    house.liveLog.append(std::vector<model::LogEntry>(50));
    house.pass(Millis{100});
    console.read();
    QCOMPARE(console.logChanges.size(), 2);
    QCOMPARE(console.logChanges[0].value(u"lines"_s).toArray().size(), 100);
    QCOMPARE(console.logChanges[0].value(u"dropped"_s).toInt(), 150);
    QCOMPARE(console.logChanges[1].value(u"lines"_s).toArray().size(), 10);
    QCOMPARE(console.logChanges[1].value(u"dropped"_s).toInt(), 40);
    QCOMPARE(console.logChanges[1].value(u"from"_s), console.logChanges[0].value(u"version"_s));
}

void AdminNamespaceTest::secondWatcherOfTheLogSeesNoGap()
{
    House house;
    Console first(house);
    first.subscribe(u"log"_s);
    house.liveLog.append(std::vector<model::LogEntry>(4));
    Console second(house);
    second.subscribe(u"log"_s);
    house.liveLog.append(std::vector<model::LogEntry>(2));
    house.pass(Millis{100});
    first.read();
    second.read();
    QCOMPARE(first.gaps, 0);
    QCOMPARE(second.gaps, 0);
    QCOMPARE(second.logChanges.size(), 1);
    QCOMPARE(second.logChanges[0].value(u"lines"_s).toArray().size(), 2);
}

void AdminNamespaceTest::refusesBadRequests_data()
{
    QTest::addColumn<QByteArray>("event");
    QTest::addColumn<QByteArray>("args");
    QTest::addColumn<QString>("code");
    const auto row = [](const char* name, const char* event, const char* args, const char* code) {
        QTest::newRow(name) << QByteArray(event) << QByteArray(args) << QString::fromLatin1(code);
    };
    row("unknown event", "explode", "{}", "bad-request");
    row("unknown topic", "subscribe", R"({"topic":"secrets"})", "bad-request");
    row("no topic", "subscribe", "{}", "bad-request");
    row("text for an object", "subscribe", R"("rooms")", "bad-request");
    row("page before subscribe", "page", R"({"topic":"rooms","cursor":"1"})", "bad-request");
    row("disconnect of nobody", "client:disconnect", R"({"sessionId":"x"})", "not-found");
    row("demotion of nobody", "client:demote", R"({"sessionId":"x"})", "not-found");
    row("demotion without argument", "client:demote", "null", "bad-request");
    row("disconnect without argument", "client:disconnect", "null", "bad-request");
    row("kill of no task", "task:kill", R"({"taskId":0})", "bad-request");
    row("kill of unknown task", "task:kill", R"({"taskId":12345})", "not-found");
    row("renewal of unknown node", "node:renewToken", R"({"nodeId":12345})", "not-found");
    row("ping of unknown node", "node:ping", R"({"nodeId":12345})", "not-found");
    row("unknown room", "room:send", R"({"nsp":"/tasks","room":"x","event":"e","args":[]})",
        "not-found");
    row("unknown namespace", "room:send", R"({"nsp":"/x","room":"x","event":"e","args":[]})",
        "not-found");
    row("reserved event", "room:send",
        R"({"nsp":"/tasks","room":"all_nodes","event":"disconnect","args":[]})", "bad-request");
    row("args that are no list", "room:send",
        R"({"nsp":"/tasks","room":"all_nodes","event":"e","args":{}})", "bad-request");
}

void AdminNamespaceTest::refusesBadRequests()
{
    QFETCH(QByteArray, event);
    QFETCH(QByteArray, args);
    QFETCH(QString, code);
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Console console(house);
    const QJsonObject answer = console.requestRaw(event, args);
    QCOMPARE(answer.value(u"ok"_s), QJsonValue(false));
    QCOMPARE(answer.value(u"error"_s).toObject().value(u"code"_s).toString(), code);
}

void AdminNamespaceTest::disconnectsAClient()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Console console(house);
    console.subscribe(u"clients"_s);
    QString session;
    const auto clients = console.items(u"clients"_s);
    for (const QJsonObject& item : clients) {
        if (item.value(u"kind"_s).toString() == u"node")
            session = item.value(u"sessionId"_s).toString();
    }
    const QJsonObject answer = console.request(
        "client:disconnect", {{u"sessionId"_s, session}, {u"reason"_s, u"test"_s}});
    QVERIFY(answer.value(u"ok"_s).toBool());
    QVERIFY(node.isClosed());
    QVERIFY(node.peer().closeCode == session::CloseCode::Kicked);
    QCOMPARE(house.audit.entries.back().before.value(u"name"_s), u"a-heart"_s);
    house.pass(Millis{100});
    QVERIFY(!console.items(u"clients"_s).contains(session));
}

void AdminNamespaceTest::demotesAClient()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Console console(house);
    console.subscribe(u"clients"_s);
    QJsonObject client;
    for (const QJsonObject& item : console.items(u"clients"_s)) {
        if (item.value(u"kind"_s) == u"node"_s)
            client = item;
    }
    const QJsonObject argument{
        {u"sessionId"_s, client.value(u"sessionId"_s)}, {u"reason"_s, u"x"_s}};
    QCOMPARE(console.request("client:demote", argument), (QJsonObject{{u"ok"_s, true}}));
    const QJsonObject socket = client.value(u"sockets"_s).toArray().at(0).toObject();
    QCOMPARE(house.demoted.size(), size_t(1));
    QCOMPARE(house.demoted.front().value, socket.value(u"socketId"_s).toString().toUtf8());
    QVERIFY(!node.isClosed());
    // The id of a session says nobody later who it was.
    QCOMPARE(house.audit.entries.back().before,
        (QJsonObject{{u"kind"_s, u"node"_s}, {u"id"_s, house.node(u"a-heart"_s).value},
            {u"name"_s, u"a-heart"_s}}));
    house.demotion = failure(ErrorCode::Conflict, u"the client has no login"_s);
    const QJsonObject refused = console.request("client:demote", argument);
    QCOMPARE(refused.value(u"error"_s).toObject().value(u"code"_s).toString(), u"conflict"_s);
    QCOMPARE(house.audit.entries.back().before.value(u"name"_s), u"a-heart"_s);
}

void AdminNamespaceTest::killsATask()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    const qint64 task = house.createTask(u"anna"_s, u"heart"_s, {u"Aachen"_s, u"Bergen"_s})
                            .value(u"id"_s)
                            .toInteger();
    Console console(house);
    const QJsonObject answer
        = console.request("task:kill", {{u"taskId"_s, task}, {u"reason"_s, u"test"_s}});
    QCOMPARE(answer, (QJsonObject{{u"ok"_s, true}, {u"runs"_s, 2}}));
    QCOMPARE(node.take("kill_containers").size(), 1);
    const QJsonObject again = console.request("task:kill", {{u"taskId"_s, task}});
    QVERIFY(!again.value(u"ok"_s).toBool());
}

void AdminNamespaceTest::asksANodeToRenewItsToken()
{
    House house;
    Client one = house.connectNode(u"a-heart"_s);
    Client two = house.connectNode(u"a-heart"_s);
    one.take();
    two.take();
    Console console(house);
    const QJsonObject argument{{u"nodeId"_s, house.node(u"a-heart"_s).value}};
    QCOMPARE(console.request("node:renewToken", argument),
        (QJsonObject{{u"ok"_s, true}, {u"sockets"_s, 2}}));
    QCOMPARE(one.take(), QByteArrayList{"expired_token"});
    QCOMPARE(two.take(), QByteArrayList{"expired_token"});
}

void AdminNamespaceTest::pingsANode()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    node.take();
    Console console(house);
    // The request waits for the node's answer, which comes while it does.
    QTimer answerer;
    connect(&answerer, &QTimer::timeout, &answerer, [&] {
        for (const QByteArray& text : node.peer().takeTexts()) {
            if (text == "2") {
                house.clock.advance(Millis{7});
                node.peer().sendText("3");
            }
        }
    });
    answerer.start(1);
    const QJsonObject answer
        = console.request("node:ping", {{u"nodeId"_s, house.node(u"a-heart"_s).value}});
    QCOMPARE(answer, (QJsonObject{{u"ok"_s, true}, {u"roundTripMs"_s, 7}}));
}

void AdminNamespaceTest::sendsToARoom()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Client other = house.connectNode(u"c-lung"_s);
    node.take();
    other.take();
    Console console(house);
    const QByteArray room
        = "collaboration_" + QByteArray::number(house.collaboration(u"heart"_s).value);
    const QJsonObject answer = console.requestRaw("room:send",
        "{\"nsp\":\"/tasks\",\"room\":\"" + room
            + "\",\"event\":\"note\",\"args\":[ {\"z\":1,\"a\":12345678901234567890}, 1.50 ],"
              "\"reason\":\"test\"}");
    QCOMPARE(answer, (QJsonObject{{u"ok"_s, true}, {u"recipients"_s, 1}}));
    QCOMPARE(node.take(), QByteArrayList{"note {\"z\":1,\"a\":12345678901234567890}, 1.50"});
    QCOMPARE(other.take(), QByteArrayList());
}

void AdminNamespaceTest::sendsBinaryToARoom()
{
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    node.take();
    Console console(house);
    const auto send = [&](const QByteArray& argument) {
        console.peer().sendText(QByteArray("451-/gh-admin,9[\"room:send\"," + argument + ']'));
        console.peer().sendBinary(QByteArrayView("\x00\xff\x01", 3));
        session::fake::Rig::settle();
        const QByteArrayList texts = console.peer().takeTexts();
        return texts.value(0);
    };
    QCOMPARE(send(R"({"nsp":"/tasks","room":"all_nodes","event":"blob",)"
                  R"("args":[{"_placeholder":true,"num":0}]})"),
        QByteArray("43/gh-admin,9[{\"ok\":true,\"recipients\":1}]"));
    QCOMPARE(node.peer().takeTexts(),
        QByteArrayList{"451-/tasks,[\"blob\",{\"_placeholder\":true,\"num\":0}]"});
    QCOMPARE(node.peer().binaries, QList<QByteArray>{QByteArray("\x00\xff\x01", 3)});
    QVERIFY(send(R"({"nsp":"/tasks","room":"all_nodes","event":"blob","args":[],)"
                 R"("reason":{"_placeholder":true,"num":0}})")
                .contains("\"ok\":false"));
}

void AdminNamespaceTest::echoesAnything()
{
    House house;
    Console console(house);
    console.peer().sendText("42/gh-admin,7[\"echo\",1.0,{\"b\":1,\"a\":\"\\u00e9\"},null]");
    session::fake::Rig::settle();
    QCOMPARE(console.peer().takeTexts(),
        QByteArrayList{"43/gh-admin,7[1.0,{\"b\":1,\"a\":\"\\u00e9\"},null]"});
    console.peer().sendText("451-/gh-admin,8[\"echo\",{\"_placeholder\":true,\"num\":0}]");
    console.peer().sendBinary(QByteArrayView("\x00\x01", 2));
    session::fake::Rig::settle();
    QCOMPARE(console.peer().takeTexts(),
        QByteArrayList{"461-/gh-admin,8[{\"_placeholder\":true,\"num\":0}]"});
    QCOMPARE(console.peer().binaries, QList<QByteArray>{QByteArray("\x00\x01", 2)});
}

void AdminNamespaceTest::everyActionIsAudited_data()
{
    QTest::addColumn<QByteArray>("event");
    QTest::addColumn<QByteArray>("args");
    QTest::addColumn<QString>("target");
    QTest::addColumn<QString>("outcome");
    QTest::newRow("disconnect") << QByteArray("client:disconnect")
                                << QByteArray(R"({"sessionId":"x","reason":"why"})")
                                << u"session x"_s << u"not-found"_s;
    QTest::newRow("demote") << QByteArray("client:demote")
                            << QByteArray(R"({"sessionId":"x","reason":"why"})") << u"session x"_s
                            << u"not-found"_s;
    QTest::newRow("kill") << QByteArray("task:kill")
                          << QByteArray(R"({"taskId":77,"reason":"why"})") << u"task 77"_s
                          << u"not-found"_s;
    QTest::newRow("renew") << QByteArray("node:renewToken")
                           << QByteArray(R"({"nodeId":9999,"reason":"why"})") << u"node 9999"_s
                           << u"not-found"_s;
    QTest::newRow("ping") << QByteArray("node:ping")
                          << QByteArray(R"({"nodeId":9999,"reason":"why"})") << u"node 9999"_s
                          << u"not-found"_s;
    QTest::newRow("send")
        << QByteArray("room:send")
        << QByteArray(R"({"nsp":"/tasks","room":"all_nodes","event":"e","args":[],"reason":"why"})")
        << u"/tasks all_nodes"_s << u"ok"_s;
}

void AdminNamespaceTest::everyActionIsAudited()
{
    QFETCH(QByteArray, event);
    QFETCH(QByteArray, args);
    QFETCH(QString, target);
    QFETCH(QString, outcome);
    House house;
    Client node = house.connectNode(u"a-heart"_s);
    Console console(house);
    console.requestRaw(event, args);
    QCOMPARE(house.audit.entries.size(), size_t(1));
    const observe::AuditEntry& entry = house.audit.entries[0];
    QCOMPARE(entry.actorKind, u"admin"_s);
    QCOMPARE(entry.actorName, u"ada"_s);
    QCOMPARE(entry.address, u"192.0.2.7"_s);
    QCOMPARE(entry.action, QString::fromUtf8(event));
    QCOMPARE(entry.target, target);
    QCOMPARE(entry.reason, u"why"_s);
    QCOMPARE(entry.outcome, outcome);
}

QTEST_GUILESS_MAIN(AdminNamespaceTest)
#include "tst_adminnamespace.moc"
