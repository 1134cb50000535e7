// SPDX-License-Identifier: Apache-2.0
#include "common/core/observerlist.h"
#include "server/hub/hub.h"

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::hub;

namespace {

const NamespaceName tasks{"/tasks"};
const NamespaceName other{"/other"};

class Listener : public Subscriber
{
public:
    explicit Listener(QByteArray id) : m_id{std::move(id)} { }

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr& packet, Urgency urgency) override
    {
        received.push_back(packet);
        urgencies.push_back(urgency);
        if (onDeliver)
            onDeliver();
    }

    std::vector<protocol::EncodedPacketPtr> received;
    std::vector<Urgency> urgencies;
    std::function<void()> onDeliver;

private:
    SocketId m_id;
};

/// Writes every change down as one line.
class Diary : public HubObserver
{
public:
    void subscriberAttached(const NamespaceName&, const Subscriber& s) override
    {
        add("attached", s);
    }
    void subscriberDetached(const NamespaceName&, const Subscriber& s) override
    {
        add("detached", s);
    }
    void roomOpened(const NamespaceName&, const RoomName& r) override
    {
        lines << "opened " + r.value;
    }
    void roomClosed(const NamespaceName&, const RoomName& r) override
    {
        lines << "closed " + r.value;
    }
    void memberJoined(const NamespaceName&, const RoomName& r, const Subscriber& s) override
    {
        add("joined " + r.value, s);
    }
    void memberLeft(const NamespaceName&, const RoomName& r, const Subscriber& s) override
    {
        add("left " + r.value, s);
    }
    void published(const Publication& p, const Delivery& d) override
    {
        lines << "published " + p.event + ' ' + QByteArray::number(d.recipients) + '#'
                + QByteArray::number(d.sequence);
        if (onPublished)
            onPublished();
    }

    QByteArrayList lines;
    std::function<void()> onPublished;

private:
    void add(const QByteArray& what, const Subscriber& s)
    {
        lines << what + ' ' + s.socketId().value;
    }
};

Publication pingTo(std::vector<RoomName> rooms, std::vector<SocketId> except = {})
{
    Publication publication;
    publication.nsp = tasks;
    publication.rooms = std::move(rooms);
    publication.event = "ping";
    publication.args = "{\"a\":1}";
    publication.except = std::move(except);
    return publication;
}

} // namespace

class TestHub : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void aRoomOpensWithItsFirstMemberAndClosesWithItsLast();
    void joiningTwiceChangesNothing();
    void leavingARoomOneIsNotInChangesNothing();
    void everyMemberGetsTheSamePacketEncodedOnce();
    void theUnionOfRoomsReachesEachMemberOnce();
    void anExcludedSocketGetsNothing();
    void anEventWithoutRoomsReachesTheWholeNamespace();
    void namespacesDoNotHearEachOther();
    void nobodyListeningEncodesNothingAndStillCounts();
    void sequenceNumbersGoOnAfterTheRoomWasEmpty();
    void forgottenRoomsNeverGoBack();
    void aRoomNamedTwiceCountsOnce();
    void urgencyReachesTheSubscriber();
    void detachingLeavesEveryRoomInTheOrderOfJoining();
    void aSubscriberDetachedDuringDeliveryGetsNothingMore();
    void publishingFromInsideADeliveryIsComplete();
    void membershipSurvivesManyRandomChanges();
    void anObserverMayRemoveItselfWhileCalled();
    void theBinaryEventCarriesItsAttachments();

private:
    ManualClock m_clock;
    std::unique_ptr<Hub> m_hub;
    Diary m_diary;
    Listener m_a{"a"};
    Listener m_b{"b"};
    Listener m_c{"c"};
};

void TestHub::init()
{
    m_hub = std::make_unique<Hub>(m_clock);
    for (Listener* listener : {&m_a, &m_b, &m_c}) {
        listener->received.clear();
        listener->urgencies.clear();
        listener->onDeliver = nullptr;
        m_hub->attach(tasks, *listener);
    }
    m_diary.lines.clear();
    m_diary.onPublished = nullptr;
    m_hub->addObserver(&m_diary);
}

void TestHub::cleanup()
{
    m_hub.reset();
}

void TestHub::aRoomOpensWithItsFirstMemberAndClosesWithItsLast()
{
    QVERIFY(m_hub->join(tasks, {"r"}, m_a));
    QVERIFY(m_hub->join(tasks, {"r"}, m_b));
    const auto room = m_hub->room(tasks, {"r"});
    QVERIFY(room);
    QCOMPARE(room->memberCount, 2);
    QCOMPARE(room->createdAt, m_clock.wall());
    QVERIFY(m_hub->isMember(tasks, {"r"}, {"a"}));
    QVERIFY(m_hub->leave(tasks, {"r"}, m_a));
    QVERIFY(!m_hub->isMember(tasks, {"r"}, {"a"}));
    QVERIFY(m_hub->leave(tasks, {"r"}, m_b));
    QVERIFY(!m_hub->room(tasks, {"r"}));
    QVERIFY(m_hub->rooms().empty());
    QCOMPARE(m_diary.lines,
        QByteArrayList(
            {"opened r", "joined r a", "joined r b", "left r a", "left r b", "closed r"}));
}

void TestHub::joiningTwiceChangesNothing()
{
    QVERIFY(m_hub->join(tasks, {"r"}, m_a));
    QVERIFY(!m_hub->join(tasks, {"r"}, m_a));
    QCOMPARE(m_hub->members(tasks, {"r"}).size(), size_t(1));
    QCOMPARE(m_hub->publish(pingTo({{"r"}})).recipients, 1);
}

void TestHub::leavingARoomOneIsNotInChangesNothing()
{
    m_hub->join(tasks, {"r"}, m_a);
    QVERIFY(!m_hub->leave(tasks, {"r"}, m_b));
    QVERIFY(!m_hub->leave(tasks, {"never opened"}, m_a));
    QCOMPARE(m_hub->room(tasks, {"r"})->memberCount, 1);
}

void TestHub::everyMemberGetsTheSamePacketEncodedOnce()
{
    m_hub->join(tasks, {"r"}, m_a);
    m_hub->join(tasks, {"r"}, m_b);
    const Delivery delivery = m_hub->publish(pingTo({{"r"}}));
    QCOMPARE(delivery.recipients, 2);
    QCOMPARE(delivery.sequence, quint64(1));
    QCOMPARE(m_a.received.size(), size_t(1));
    QCOMPARE(m_a.received[0].get(), m_b.received.at(0).get());
    QCOMPARE(m_a.received[0]->text(), "42/tasks,[\"ping\",{\"a\":1}]");
    QVERIFY(m_c.received.empty());
}

void TestHub::theUnionOfRoomsReachesEachMemberOnce()
{
    m_hub->join(tasks, {"r"}, m_a);
    m_hub->join(tasks, {"r"}, m_b);
    m_hub->join(tasks, {"s"}, m_b);
    m_hub->join(tasks, {"s"}, m_c);
    QCOMPARE(m_hub->publish(pingTo({{"r"}, {"s"}, {"absent"}})).recipients, 3);
    QCOMPARE(m_b.received.size(), size_t(1));
    QCOMPARE(m_hub->room(tasks, {"r"})->sequence, quint64(1));
    QCOMPARE(m_hub->room(tasks, {"s"})->sequence, quint64(1));
}

void TestHub::anExcludedSocketGetsNothing()
{
    m_hub->join(tasks, {"r"}, m_a);
    m_hub->join(tasks, {"r"}, m_b);
    QCOMPARE(m_hub->publish(pingTo({{"r"}}, {{"b"}, {"unknown"}})).recipients, 1);
    QVERIFY(m_b.received.empty());
    // The exclusion was for that one event.
    QCOMPARE(m_hub->publish(pingTo({{"r"}})).recipients, 2);
}

void TestHub::anEventWithoutRoomsReachesTheWholeNamespace()
{
    const Delivery delivery = m_hub->publish(pingTo({}));
    QCOMPARE(delivery.recipients, 3);
    QCOMPARE(delivery.sequence, quint64(0));
}

void TestHub::namespacesDoNotHearEachOther()
{
    Listener stranger("stranger");
    m_hub->attach(other, stranger);
    m_hub->join(other, {"r"}, stranger);
    m_hub->join(tasks, {"r"}, m_a);
    QCOMPARE(m_hub->publish(pingTo({{"r"}})).recipients, 1);
    QVERIFY(stranger.received.empty());
    QCOMPARE(m_hub->subscriberCount(other), 1);
    QCOMPARE(m_hub->rooms().size(), size_t(2));
    m_hub->detach(other, stranger);
}

void TestHub::nobodyListeningEncodesNothingAndStillCounts()
{
    const Delivery first = m_hub->publish(pingTo({{"empty"}}));
    QCOMPARE(first.recipients, 0);
    QCOMPARE(first.sequence, quint64(1));
    m_hub->join(tasks, {"empty"}, m_a);
    QCOMPARE(m_hub->room(tasks, {"empty"})->sequence, quint64(1));
    QCOMPARE(m_hub->publish(pingTo({{"empty"}})).sequence, quint64(2));
}

void TestHub::sequenceNumbersGoOnAfterTheRoomWasEmpty()
{
    m_hub->join(tasks, {"r"}, m_a);
    m_hub->publish(pingTo({{"r"}}));
    m_hub->publish(pingTo({{"r"}}));
    m_hub->leave(tasks, {"r"}, m_a);
    m_hub->join(tasks, {"r"}, m_b);
    QCOMPARE(m_hub->publish(pingTo({{"r"}})).sequence, quint64(3));
}

void TestHub::forgottenRoomsNeverGoBack()
{
    Hub hub(m_clock, HubOptions{.maxRememberedRooms = 2});
    for (int i = 0; i < 5; ++i)
        hub.publish(pingTo({{"busy"}}));
    hub.publish(pingTo({{"x"}}));
    hub.publish(pingTo({{"y"}})); // over the bound: all are forgotten at once
    QVERIFY(hub.publish(pingTo({{"busy"}})).sequence > 5);
    QVERIFY(hub.publish(pingTo({{"x"}})).sequence > 1);
}

void TestHub::aRoomNamedTwiceCountsOnce()
{
    m_hub->join(tasks, {"r"}, m_a);
    QCOMPARE(m_hub->publish(pingTo({{"r"}, {"r"}})).recipients, 1);
    QCOMPARE(m_hub->room(tasks, {"r"})->sequence, quint64(1));
}

void TestHub::urgencyReachesTheSubscriber()
{
    Publication publication = pingTo({});
    publication.urgency = Urgency::Volatile;
    m_hub->publish(publication);
    QCOMPARE(m_a.urgencies, std::vector<Urgency>({Urgency::Volatile}));
}

void TestHub::detachingLeavesEveryRoomInTheOrderOfJoining()
{
    m_hub->join(tasks, {"r"}, m_a);
    m_hub->join(tasks, {"s"}, m_a);
    QCOMPARE(m_hub->roomsOf(tasks, {"a"}), std::vector<RoomName>({{"r"}, {"s"}}));
    m_diary.lines.clear();
    m_hub->detach(tasks, m_a);
    QCOMPARE(m_diary.lines,
        QByteArrayList({"left r a", "closed r", "left s a", "closed s", "detached a"}));
    QCOMPARE(m_hub->subscriberCount(tasks), 2);
    QVERIFY(m_hub->roomsOf(tasks, {"a"}).empty());
    m_hub->detach(tasks, m_a); // a second time is harmless
}

void TestHub::aSubscriberDetachedDuringDeliveryGetsNothingMore()
{
    for (Listener* listener : {&m_a, &m_b, &m_c})
        m_hub->join(tasks, {"r"}, *listener);
    m_a.onDeliver = [this] {
        m_hub->detach(tasks, m_a);
        m_hub->detach(tasks, m_b);
    };
    QCOMPARE(m_hub->publish(pingTo({{"r"}})).recipients, 2);
    QVERIFY(m_b.received.empty());
    QCOMPARE(m_c.received.size(), size_t(1));
}

void TestHub::publishingFromInsideADeliveryIsComplete()
{
    for (Listener* listener : {&m_a, &m_b, &m_c})
        m_hub->join(tasks, {"r"}, *listener);
    m_b.onDeliver = [this] {
        m_b.onDeliver = nullptr;
        QCOMPARE(m_hub->publish(pingTo({{"r"}})).recipients, 3);
    };
    QCOMPARE(m_hub->publish(pingTo({{"r"}})).recipients, 3);
    QCOMPARE(m_a.received.size(), size_t(2));
    QCOMPARE(m_c.received.size(), size_t(2));
}

void TestHub::membershipSurvivesManyRandomChanges()
{
    constexpr int people = 40;
    constexpr int roomCount = 7;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::array<std::vector<int>, roomCount> expected;
    for (int i = 0; i < people; ++i) {
        listeners.push_back(std::make_unique<Listener>("p" + QByteArray::number(i)));
        m_hub->attach(tasks, *listeners.back());
    }
    quint32 seed = 12345;
    const auto next = [&seed](int bound) {
        seed = seed * 1664525u + 1013904223u;
        return int((seed >> 8) % quint32(bound));
    };
    for (int step = 0; step < 20'000; ++step) {
        const int person = next(people);
        const int number = next(roomCount);
        const RoomName room{"room" + QByteArray::number(number)};
        auto& members = expected[size_t(number)];
        const auto at = std::find(members.begin(), members.end(), person);
        if (next(2)) {
            QCOMPARE(m_hub->join(tasks, room, *listeners[size_t(person)]), at == members.end());
            if (at == members.end())
                members.push_back(person);
        } else {
            QCOMPARE(m_hub->leave(tasks, room, *listeners[size_t(person)]), at != members.end());
            if (at != members.end())
                members.erase(at);
        }
    }
    for (int number = 0; number < roomCount; ++number) {
        const RoomName room{"room" + QByteArray::number(number)};
        std::vector<QByteArray> got;
        for (const MemberView& member : m_hub->members(tasks, room))
            got.push_back(member.socket.value);
        std::vector<QByteArray> want;
        for (const int person : expected[size_t(number)])
            want.push_back("p" + QByteArray::number(person));
        std::sort(got.begin(), got.end());
        std::sort(want.begin(), want.end());
        QCOMPARE(got, want);
    }
    for (const auto& listener : listeners)
        m_hub->detach(tasks, *listener);
    QVERIFY(m_hub->rooms().empty());
}

void TestHub::anObserverMayRemoveItselfWhileCalled()
{
    Diary second;
    m_hub->addObserver(&second);
    m_diary.onPublished = [this] { m_hub->removeObserver(&m_diary); };
    m_hub->publish(pingTo({}));
    m_hub->publish(pingTo({}));
    QCOMPARE(m_diary.lines.size(), 1);
    QCOMPARE(second.lines.size(), 2);
    second.onPublished = [this, &second] {
        m_hub->removeObserver(&second);
        m_hub->addObserver(&m_diary); // hears the next one
    };
    m_hub->publish(pingTo({}));
    QCOMPARE(m_diary.lines.size(), 1);
    m_diary.onPublished = nullptr;
    m_hub->publish(pingTo({}));
    QCOMPARE(m_diary.lines.size(), 2);
    QCOMPARE(second.lines.size(), 3);
}

void TestHub::theBinaryEventCarriesItsAttachments()
{
    m_hub->join(tasks, {"r"}, m_a);
    Publication publication = pingTo({{"r"}});
    publication.args = "{\"_placeholder\":true,\"num\":0}";
    publication.attachments = {QByteArray("\x00\x01", 2)};
    m_hub->publish(publication);
    QCOMPARE(m_a.received.at(0)->text(), "451-/tasks,[\"ping\",{\"_placeholder\":true,\"num\":0}]");
    QCOMPARE(m_a.received.at(0)->attachments(), publication.attachments);
}

QTEST_GUILESS_MAIN(TestHub)
#include "tst_hub.moc"
