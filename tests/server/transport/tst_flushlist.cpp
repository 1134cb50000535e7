// SPDX-License-Identifier: Apache-2.0
#include "server/transport/bytestream.h"
#include "server/transport/flushlist.h"
#include "server/transport/sendring.h"
#include "tests/support/wait.h"

#include <QCoreApplication>
#include <QTest>

#include <unistd.h>

#include <cerrno>

using namespace gatehouse;
using transport::FlushList;
using transport::SendRing;

namespace {

/// A client with one end of a socket pair: what it queues has to come out at the other.
class Client final : public FlushList::Client
{
public:
    explicit Client(FlushList& list) : m_list(list)
    {
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, m_fds.data());
    }
    ~Client() override { std::ranges::for_each(m_fds, ::close); }
    Q_DISABLE_COPY_MOVE(Client)

    void send(QByteArrayView text)
    {
        queued += text;
        m_list.markDirty(*this);
    }
    QByteArray arrived() const
    {
        QByteArray octets(1 << 16, '\0');
        octets.resize(
            std::max<qsizetype>(0, ::read(m_fds[1], octets.data(), size_t(octets.size()))));
        return octets;
    }

    QByteArray queued;
    std::function<void()> onFlush; ///< set: only flush() will do for this one
    int flushes = 0;
    int sends = 0;
    qint32 lastResult = 0;

private:
    void flush() override
    {
        ++flushes;
        queued.remove(0, ::send(m_fds[0], queued.data(), size_t(queued.size()), MSG_NOSIGNAL));
        if (onFlush)
            std::exchange(onFlush, nullptr)();
    }
    int gather(std::span<QByteArrayView> parts, size_t& count) override
    {
        if (onFlush)
            return -1;
        parts[0] = queued;
        count = 1;
        return m_fds[0];
    }
    void sent(qsizetype offered, qint32 result) override
    {
        ++sends;
        lastResult = result;
        QCOMPARE(offered, queued.size());
        if (result > 0)
            queued.remove(0, result);
    }

    FlushList& m_list;
    std::array<int, 2> m_fds{-1, -1};
};

void turn()
{
    QCoreApplication::processEvents();
}

} // namespace

class TestFlushList : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data(); ///< with and without a ring
    void init();
    void cleanup();
    void whatOneTurnProducedLeavesOnceAtItsEnd();
    void oneAloneNeedsNoRing();
    void moreThanARingHolds();
    void manyTurnsKeepEachOnesOrder();
    void dirtiedInAFlushIsForTheNextTurn();
    void destroyedWhileDirty();
    void destroyedByItsOwnFlush();
    void destroyedByAnothersFlush();
    void loopRestsWhenNothingIsDirty();

private:
    void addClients(size_t count)
    {
        for (size_t i = 0; i < count; ++i)
            m_clients.push_back(std::make_unique<Client>(*m_list));
    }

    std::unique_ptr<FlushList> m_list;
    std::vector<std::unique_ptr<Client>> m_clients;
};

void TestFlushList::initTestCase_data()
{
    QTest::addColumn<bool>("hasRing");
    QTest::newRow("one by one") << false;
    QTest::newRow("ring") << true;
}

void TestFlushList::init()
{
    QFETCH_GLOBAL(bool, hasRing);
    m_list = std::make_unique<FlushList>();
    if (!hasRing)
        return;
    QString why;
    m_list->setRing(SendRing::create(why));
    if (!m_list->hasRing())
        QSKIP(qPrintable(why));
}

void TestFlushList::cleanup()
{
    m_clients.clear();
    m_list.reset();
}

void TestFlushList::whatOneTurnProducedLeavesOnceAtItsEnd()
{
    addClients(3);
    for (const auto& client : m_clients) {
        client->send("one ");
        client->send("two");
        QVERIFY(client->arrived().isEmpty());
    }
    turn();
    for (const auto& client : m_clients) {
        QCOMPARE(client->arrived(), QByteArray("one two"));
        QCOMPARE(client->flushes + client->sends, 1);
    }
    QCOMPARE(m_list->ringBatches(), m_list->hasRing() ? quint64(1) : quint64(0));
}

void TestFlushList::oneAloneNeedsNoRing()
{
    addClients(1);
    m_clients[0]->send("alone");
    turn();
    QCOMPARE(m_clients[0]->arrived(), QByteArray("alone"));
    QCOMPARE(m_list->ringBatches(), quint64(0));
}

void TestFlushList::moreThanARingHolds()
{
    addClients(3 * SendRing::Capacity + 44);
    for (size_t i = 0; i < m_clients.size(); ++i)
        m_clients[i]->send(QByteArray::number(qulonglong(i)));
    turn();
    for (size_t i = 0; i < m_clients.size(); ++i)
        QCOMPARE(m_clients[i]->arrived(), QByteArray::number(qulonglong(i)));
    QCOMPARE(m_list->ringBatches() >= 4, m_list->hasRing());
}

void TestFlushList::manyTurnsKeepEachOnesOrder()
{
    addClients(200);
    std::vector<QByteArray> expected(m_clients.size());
    for (int round = 0; round < 60; ++round) {
        // Not the same ones each time.
        for (size_t i = size_t(round) % 3; i < m_clients.size(); i += 1 + size_t(round) % 3) {
            const QByteArray text = QByteArray::number(round) + ' ';
            m_clients[i]->send(text);
            expected[i] += text;
        }
        turn();
    }
    for (size_t i = 0; i < m_clients.size(); ++i)
        QCOMPARE(m_clients[i]->arrived(), expected[i]);
}

void TestFlushList::dirtiedInAFlushIsForTheNextTurn()
{
    addClients(3);
    m_clients[1]->onFlush = [&] { m_clients[0]->send("later"); };
    for (const auto& client : m_clients)
        client->send("now ");
    turn();
    QCOMPARE(m_clients[0]->arrived(), QByteArray("now "));
    turn();
    QCOMPARE(m_clients[0]->arrived(), QByteArray("later"));
}

void TestFlushList::destroyedWhileDirty()
{
    addClients(3);
    for (const auto& client : m_clients)
        client->send("x");
    m_clients[1].reset();
    turn();
    QCOMPARE(m_clients[0]->arrived(), QByteArray("x"));
    QCOMPARE(m_clients[2]->arrived(), QByteArray("x"));
}

void TestFlushList::destroyedByItsOwnFlush()
{
    addClients(4);
    m_clients[1]->onFlush = [&] { m_clients[1].reset(); };
    for (const auto& client : m_clients)
        client->send("x");
    turn();
    QVERIFY(!m_clients[1]);
    for (const size_t other : {0U, 2U, 3U})
        QCOMPARE(m_clients[other]->arrived(), QByteArray("x"));
}

void TestFlushList::destroyedByAnothersFlush()
{
    // One that can be gathered and one that cannot, both still waiting for their turn.
    addClients(5);
    m_clients[1]->onFlush = [&] {
        m_clients[3].reset();
        m_clients[4].reset();
    };
    m_clients[3]->onFlush = [] {};
    for (const auto& client : m_clients)
        client->send("x");
    turn();
    QVERIFY(!m_clients[3] && !m_clients[4]);
    for (const size_t other : {0U, 1U, 2U})
        QCOMPARE(m_clients[other]->arrived(), QByteArray("x"));
}

void TestFlushList::loopRestsWhenNothingIsDirty()
{
    addClients(2);
    for (const auto& client : m_clients)
        client->send("x");
    turn();
    transport::EpollDispatcher::current()->takeUsage();
    test::holdsFor([] { return true; }, Millis{60});
    // Waiting itself takes some; a loop that spins takes ten thousands.
    QVERIFY(transport::EpollDispatcher::current()->takeUsage().turns < 200);
}

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    TestFlushList test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_flushlist.moc"
