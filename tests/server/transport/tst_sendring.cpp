// SPDX-License-Identifier: Apache-2.0
#include "server/transport/sendring.h"

#include <QTest>

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

using gatehouse::transport::SendRing;

namespace {

/// Two connected stream sockets; the ring sends into the first.
struct SocketPair
{
    SocketPair() { ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()); }
    ~SocketPair()
    {
        closeEnd(0);
        closeEnd(1);
    }
    Q_DISABLE_COPY_MOVE(SocketPair)

    void closeEnd(size_t end)
    {
        if (fds[end] >= 0)
            ::close(std::exchange(fds[end], -1));
    }
    QByteArray arrived() const
    {
        QByteArray octets(1 << 20, '\0');
        octets.resize(std::max<qsizetype>(
            0, ::recv(fds[1], octets.data(), size_t(octets.size()), MSG_DONTWAIT)));
        return octets;
    }
    void fill() const
    {
        const QByteArray octets(4'096, 'f');
        while (::send(fds[0], octets.data(), size_t(octets.size()), MSG_DONTWAIT) > 0) { }
    }

    std::array<int, 2> fds{-1, -1};
};

void addText(SendRing& ring, int descriptor, QByteArrayView text)
{
    ring.add(descriptor, {&text, 1});
}

} // namespace

class TestSendRing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void sendsToEachWhatIsItsOwn();
    void partsLeaveInOrder();
    void canBeUsedAgainAndAgain();
    void takesAsManyAsItHasRoomFor();
    void fullSocketTakesNothingAndHoldsUpNobody();
    void almostFullSocketTakesAPart();
    void brokenConnectionIsAnErrorOfItsOwn();
    void withoutADescriptorThereIsNoRing();

private:
    std::unique_ptr<SendRing> m_ring;
};

void TestSendRing::init()
{
    QString why;
    m_ring = SendRing::create(why);
    if (!m_ring)
        QSKIP(qPrintable(why));
}

void TestSendRing::sendsToEachWhatIsItsOwn()
{
    const SocketPair a;
    const SocketPair b;
    addText(*m_ring, a.fds[0], "for a");
    addText(*m_ring, b.fds[0], "for bee");
    const auto results = m_ring->sendAll();
    QCOMPARE(results.size(), size_t(2));
    QCOMPARE(results[0], 5);
    QCOMPARE(results[1], 7);
    QCOMPARE(a.arrived(), QByteArray("for a"));
    QCOMPARE(b.arrived(), QByteArray("for bee"));
}

void TestSendRing::partsLeaveInOrder()
{
    const SocketPair pair;
    std::vector<QByteArray> texts;
    QByteArray all;
    for (int i = 0; i < 64; ++i) {
        texts.push_back(QByteArray::number(i) + ' ');
        all += texts.back();
    }
    const std::vector<QByteArrayView> parts(texts.begin(), texts.end());
    m_ring->add(pair.fds[0], parts);
    QCOMPARE(m_ring->sendAll()[0], int(all.size()));
    QCOMPARE(pair.arrived(), all);
}

void TestSendRing::canBeUsedAgainAndAgain()
{
    const SocketPair pair;
    for (int i = 0; i < 2'000; ++i) { // round the ring several times
        const QByteArray text = QByteArray::number(i);
        addText(*m_ring, pair.fds[0], text);
        QCOMPARE(m_ring->sendAll().size(), size_t(1));
        QCOMPARE(pair.arrived(), text);
    }
    QVERIFY(m_ring->sendAll().empty());
}

void TestSendRing::takesAsManyAsItHasRoomFor()
{
    const SocketPair pair;
    size_t added = 0;
    for (; m_ring->hasRoomFor(1); ++added)
        addText(*m_ring, pair.fds[0], "x");
    QCOMPARE(added, SendRing::Capacity);
    QCOMPARE(m_ring->sendAll().size(), SendRing::Capacity);
    QCOMPARE(pair.arrived().size(), qsizetype(SendRing::Capacity));
    QVERIFY(m_ring->hasRoomFor(64));
    // Parts have their bound too, and it frees itself as well.
    const std::vector<QByteArrayView> parts(64, QByteArrayView("y"));
    for (added = 0; m_ring->hasRoomFor(parts.size()); ++added)
        m_ring->add(pair.fds[0], parts);
    QVERIFY(added > 0 && added < SendRing::Capacity);
    m_ring->sendAll();
    QCOMPARE(pair.arrived().size(), qsizetype(added * parts.size()));
    QVERIFY(m_ring->hasRoomFor(parts.size()));
}

void TestSendRing::fullSocketTakesNothingAndHoldsUpNobody()
{
    const SocketPair full;
    const SocketPair free;
    full.fill();
    addText(*m_ring, full.fds[0], "no room");
    addText(*m_ring, free.fds[0], "room");
    const auto results = m_ring->sendAll();
    QCOMPARE(results[0], -EAGAIN);
    QCOMPARE(results[1], 4);
    QCOMPARE(free.arrived(), QByteArray("room"));
}

void TestSendRing::almostFullSocketTakesAPart()
{
    const SocketPair pair;
    const QByteArray much(8 << 20, 'm');
    addText(*m_ring, pair.fds[0], much);
    const qint32 taken = m_ring->sendAll()[0];
    QVERIFY(taken > 0 && taken < much.size());
}

void TestSendRing::brokenConnectionIsAnErrorOfItsOwn()
{
    SocketPair broken;
    const SocketPair whole;
    broken.closeEnd(1);
    addText(*m_ring, broken.fds[0], "nobody"); // and no SIGPIPE
    addText(*m_ring, whole.fds[0], "somebody");
    addText(*m_ring, -1, "nothing");
    const auto results = m_ring->sendAll();
    QCOMPARE(results[0], -EPIPE);
    QCOMPARE(results[1], 8);
    QCOMPARE(results[2], -EBADF);
}

void TestSendRing::withoutADescriptorThereIsNoRing()
{
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    QString why;
    const auto ring = SendRing::create(why);
    ::setrlimit(RLIMIT_NOFILE, &before);
    QVERIFY(!ring);
    QVERIFY2(why.startsWith(QStringLiteral("io_uring_setup: ")), qPrintable(why));
}

QTEST_GUILESS_MAIN(TestSendRing)
#include "tst_sendring.moc"
