// SPDX-License-Identifier: Apache-2.0
#include "server/hub/hub.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::hub;
using protocol::Shedding;

class TestSlowPolicies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusesWhatIsNoRule_data();
    void refusesWhatIsNoRule();
    void theFirstRuleThatFitsCounts_data();
    void theFirstRuleThatFitsCounts();
    void aKeyIsRoomEventAndField();
    void thePublishedPacketSaysIt();
};

void TestSlowPolicies::refusesWhatIsNoRule_data()
{
    QTest::addColumn<QString>("rule");
    for (const char* rule : {"", "/tasks event a", "/tasks event a drop-oldest now",
             "tasks event a drop-oldest", "/tasks topic a drop-oldest", "/tasks event a drop",
             "/tasks event a drop-oldest:x", "/tasks event a disconnect:x"})
        QTest::newRow(rule) << QString::fromLatin1(rule);
}

void TestSlowPolicies::refusesWhatIsNoRule()
{
    QFETCH(QString, rule);
    const auto policies = SlowPolicies::parse({QStringLiteral("/ event good drop-oldest"), rule});
    QVERIFY(!policies);
    QCOMPARE(policies.error().code, ErrorCode::BadRequest);
    QVERIFY(policies.error().detail.contains(u'"' + rule + u'"'));
}

void TestSlowPolicies::theFirstRuleThatFitsCounts_data()
{
    QTest::addColumn<QByteArray>("nsp");
    QTest::addColumn<QByteArray>("room");
    QTest::addColumn<QByteArray>("event");
    QTest::addColumn<QByteArray>("action");
    const auto row = [](const char* name, const char* nsp, const char* room, const char* event,
                         const char* action) {
        QTest::newRow(name) << QByteArray(nsp) << QByteArray(room) << QByteArray(event)
                            << QByteArray(action);
    };
    row("event", "/tasks", "", "algorithm_log", "oldest");
    row("event in any room", "/tasks", "collaboration_1", "algorithm_log", "oldest");
    row("event of another namespace", "/", "", "algorithm_log", "none");
    row("no rule", "/tasks", "", "new_task", "none");
    row("room by prefix", "/tasks", "view_7", "anything", "latest");
    row("an earlier rule excepts one event", "/tasks", "view_7", "kill_containers", "none");
    row("several rooms or none", "/tasks", "", "anything", "none");
    row("event by prefix", "/gh-admin", "", "change", "oldest");
}

void TestSlowPolicies::theFirstRuleThatFitsCounts()
{
    QFETCH(QByteArray, nsp);
    QFETCH(QByteArray, room);
    QFETCH(QByteArray, event);
    QFETCH(QByteArray, action);
    const auto policies
        = SlowPolicies::parse({QStringLiteral("/tasks event algorithm_log drop-oldest"),
            QStringLiteral("/tasks  event kill_containers disconnect"),
            QStringLiteral("/tasks room view_* keep-latest"),
            QStringLiteral("/gh-admin event * drop-oldest")});
    QVERIFY(policies);
    const Shedding shedding = policies->sheddingOf({nsp}, {room}, event, {});
    QCOMPARE(shedding.isAllowed(), action != "none");
    QCOMPARE(shedding.isOldestFirst(), action == "oldest");
    QCOMPARE(shedding.isKeepLatest(), action == "latest");
}

void TestSlowPolicies::aKeyIsRoomEventAndField()
{
    const auto policies = SlowPolicies::parse({QStringLiteral("/ event progress keep-latest:run"),
        QStringLiteral("/ event * keep-latest")});
    QVERIFY(policies);
    const auto of = [&](const char* room, const char* event, const char* args) {
        return policies->sheddingOf({"/"}, {room}, event, args);
    };
    const Shedding first = of("r", "progress", R"({"run":7,"percent":1})");
    QVERIFY(first.isKeepLatest());
    QCOMPARE(of("r", "progress", R"({"percent":99,"run":7},"more")"), first);
    QVERIFY(of("r", "progress", R"({"run":8})") != first);
    QVERIFY(of("s", "progress", R"({"run":7})") != first);
    // Nothing to tell them apart by: nothing may go.
    QVERIFY(!of("r", "progress", R"({"percent":1})").isAllowed());
    QVERIFY(!of("r", "progress", "7").isAllowed());
    QVERIFY(!of("r", "progress", "").isAllowed());
    QCOMPARE(of("r", "state", "1"), of("r", "state", "2"));
    QVERIFY(of("r", "state", "1") != of("r", "other", "1"));
}

void TestSlowPolicies::thePublishedPacketSaysIt()
{
    class Recorder final : public Subscriber
    {
    public:
        const SocketId& socketId() const override { return m_id; }
        void deliver(const protocol::EncodedPacketPtr& packet, Urgency) override
        {
            sheddings.push_back(packet->shedding());
        }
        std::vector<Shedding> sheddings;

    private:
        SocketId m_id{"one"};
    };
    const ManualClock clock;
    HubOptions options;
    options.slowPolicies = *SlowPolicies::parse({QStringLiteral("/ room view drop-oldest")});
    Hub hub(clock, options);
    Recorder recorder;
    hub.attach({"/"}, recorder);
    hub.join({"/"}, {"view"}, recorder);
    hub.join({"/"}, {"other"}, recorder);
    Publication publication;
    publication.nsp = {"/"};
    publication.event = "e";
    for (const std::vector<RoomName>& rooms :
        std::vector<std::vector<RoomName>>{{{"view"}}, {{"other"}}, {{"view"}, {"other"}}, {}}) {
        publication.rooms = rooms;
        hub.publish(publication);
    }
    const std::vector<Shedding> wanted{Shedding::oldestFirst(), Shedding(), Shedding(), Shedding()};
    QVERIFY(recorder.sheddings == wanted);
    hub.detach({"/"}, recorder);
}

QTEST_GUILESS_MAIN(TestSlowPolicies)
#include "tst_slowpolicies.moc"
