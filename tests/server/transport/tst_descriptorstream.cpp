// SPDX-License-Identifier: Apache-2.0
#include "server/transport/descriptorstream.h"
#include "server/transport/transportcontext.h"
#include "tests/support/wait.h"

#include <QCoreApplication>
#include <QTcpServer>
#include <QTest>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::test;
using transport::ByteStream;
using transport::DescriptorStream;
using transport::EpollDispatcher;

namespace {

/// A stream on one end of a TCP connection and what its receiver saw; the test has the other end.
class Ends final : public ByteStream::Receiver
{
public:
    explicit Ends(const QByteArray& early = {})
    {
        QTcpServer server;
        server.listen(QHostAddress::LocalHost);
        peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(server.serverPort());
        ::connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::fcntl(peer, F_SETFL, O_NONBLOCK);
        descriptor = ::accept4(
            int(server.socketDescriptor()), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        stream = std::make_unique<DescriptorStream>(context, descriptor);
        stream->setEarly(early);
        stream->setReceiver(this);
    }
    ~Ends() override
    {
        stream.reset();
        closePeer();
    }
    Q_DISABLE_COPY_MOVE(Ends)

    void closePeer()
    {
        if (peer >= 0)
            ::close(std::exchange(peer, -1));
    }
    void resetByPeer()
    {
        const linger hard{1, 0};
        ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        closePeer();
    }
    QByteArray takeFromPeer() const
    {
        QByteArray octets(1 << 16, '\0');
        octets.resize(
            std::max<qsizetype>(0, ::recv(peer, octets.data(), size_t(octets.size()), 0)));
        return octets;
    }
    bool sendFromPeer(QByteArrayView octets) const
    {
        return ::send(peer, octets.data(), size_t(octets.size()), MSG_NOSIGNAL) == octets.size();
    }
    void makeSendBufferSmall() const
    {
        const int size = 16'384;
        ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    /// Until neither the sender's nor the peer's takes more.
    void fillBothKernels()
    {
        const int size = 8'192;
        ::setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        const QByteArray much(1 << 20, 'm');
        do {
            readyCount = 0;
            write(much);
        } while (waitUntil([this] { return readyCount > 0; }, Millis{100}));
    }
    qsizetype write(QByteArrayView octets) const { return stream->write({&octets, 1}); }

    void bytesReceived(std::span<char> octets) override
    {
        if (pausesAfter > 0 && octets.size() > pausesAfter) {
            received.append(octets.data(), qsizetype(pausesAfter));
            stream->pauseReading(octets.subspan(std::exchange(pausesAfter, 0)));
            return;
        }
        received.append(octets.data(), qsizetype(octets.size()));
        if (destroysInReceive)
            stream.reset();
    }
    void readyToWrite() override { ++readyCount; }
    void streamEnded() override
    {
        ++endCount;
        stream.reset();
    }

    SystemClock clock;
    std::shared_ptr<transport::TransportContext> context
        = std::make_shared<transport::TransportContext>(transport::TransportOptions{}, clock);
    int peer = -1;
    int descriptor = -1;
    std::unique_ptr<DescriptorStream> stream;
    QByteArray received;
    int readyCount = 0;
    int endCount = 0;
    bool destroysInReceive = false;
    size_t pausesAfter = 0; ///< of the next octets, which are more; once
};

bool isOpen(int descriptor)
{
    return ::fcntl(descriptor, F_GETFD) != -1;
}

/// Turns of the loop in a while in which nothing happens.
quint64 idleTurns()
{
    EpollDispatcher::current()->takeUsage();
    holdsFor([] { return true; }, Millis{60});
    return EpollDispatcher::current()->takeUsage().turns;
}

} // namespace

class TestDescriptorStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void octetsPassBothWays();
    void partsLeaveInOrder();
    void nothingIsReadBeforeStart();
    void earlyOctetsComeFirstAndFromTheLoop();
    void fullKernelTakesAPartAndTellsWhenThereIsRoom();
    void unreadOctetsComeThoughThePeerTakesNothing_data();
    void unreadOctetsComeThoughThePeerTakesNothing();
    void peerThatEndsIsToldAfterItsLastOctets();
    void resetIsToldOnce();
    void writeToABrokenConnectionTakesNothingAndIsFollowedByTheEnd();
    void shutdownEndsOneDirectionOnly();
    void destroyedInsideReceive();
    void destructionClosesTheDescriptor();
};

void TestDescriptorStream::octetsPassBothWays()
{
    Ends ends;
    ends.stream->start();
    QVERIFY(ends.sendFromPeer("hello"));
    QVERIFY(waitUntil([&] { return ends.received == "hello"; }));
    QCOMPARE(ends.write("world"), 5);
    QCOMPARE(ends.takeFromPeer(), QByteArray("world"));
    QCOMPARE(ends.context->counters.bytesIn, quint64(5));
    QCOMPARE(ends.context->counters.bytesOut, quint64(5));
    QCOMPARE(ends.readyCount, 0);
}

void TestDescriptorStream::partsLeaveInOrder()
{
    const Ends ends;
    ends.stream->start();
    std::vector<QByteArray> texts;
    std::vector<QByteArrayView> parts;
    QByteArray all;
    for (size_t i = 0; i < ByteStream::MaxParts; ++i)
        texts.push_back(QByteArray::number(qulonglong(i)) + ' ');
    for (const QByteArray& text : texts) {
        parts.emplace_back(text);
        all += text;
    }
    QCOMPARE(ends.stream->write(parts), all.size());
    QCOMPARE(ends.takeFromPeer(), all);
}

void TestDescriptorStream::nothingIsReadBeforeStart()
{
    Ends ends;
    QVERIFY(ends.sendFromPeer("x"));
    QVERIFY(holdsFor([&] { return ends.received.isEmpty(); }, Millis{60}));
    ends.stream->start();
    QVERIFY(waitUntil([&] { return ends.received == "x"; }));
}

void TestDescriptorStream::earlyOctetsComeFirstAndFromTheLoop()
{
    Ends ends("early ");
    QVERIFY(ends.sendFromPeer("late"));
    ends.stream->start();
    QVERIFY(ends.received.isEmpty());
    QVERIFY(waitUntil([&] { return ends.received == "early late"; }));
    QCOMPARE(ends.context->counters.bytesIn, quint64(4)); // the rest was counted when it was read
    QCOMPARE(ends.readyCount, 0); // nobody was waiting for room
    QVERIFY(idleTurns() < 10);
}

void TestDescriptorStream::fullKernelTakesAPartAndTellsWhenThereIsRoom()
{
    Ends ends;
    ends.stream->start();
    ends.makeSendBufferSmall();
    const QByteArray much(4 << 20, 'm');
    const qsizetype taken = ends.write(much);
    QVERIFY(taken > 0 && taken < much.size());
    QCOMPARE(ends.write(much), 0); // not a part of it until there is room
    qsizetype arrived = 0;
    qsizetype written = taken;
    QVERIFY(waitUntil([&] {
        arrived += ends.takeFromPeer().size();
        if (std::exchange(ends.readyCount, 0) > 0)
            written += ends.write(QByteArrayView(much).sliced(written));
        QCoreApplication::postEvent(this, new QEvent(QEvent::User)); // keep turning
        return arrived == much.size();
    }));
    QCOMPARE(written, much.size());
    QVERIFY(idleTurns() < 10); // and the interest in writing is gone again
}

void TestDescriptorStream::unreadOctetsComeThoughThePeerTakesNothing_data()
{
    QTest::addColumn<QByteArray>("later");
    QTest::newRow("and sends no more") << QByteArray();
    QTest::newRow("and sends more") << QByteArray("c");
}

void TestDescriptorStream::unreadOctetsComeThoughThePeerTakesNothing()
{
    QFETCH(QByteArray, later);
    Ends ends;
    ends.stream->start();
    ends.makeSendBufferSmall();
    ends.pausesAfter = 1;
    QVERIFY(ends.sendFromPeer("ab"));
    QVERIFY(waitUntil([&] { return ends.received == "a"; }));
    ends.fillBothKernels();
    QVERIFY(later.isEmpty() || ends.sendFromPeer(later));
    QVERIFY(idleTurns() < 10);
    QCOMPARE(ends.received, QByteArray("a"));
    ends.stream->resumeReading();
    QCOMPARE(ends.received, QByteArray("a")); // from the event loop
    QVERIFY(waitUntil([&] { return ends.received == "ab" + later; }));
    QVERIFY(idleTurns() < 10);
    QCOMPARE(ends.readyCount, 0);
}

void TestDescriptorStream::peerThatEndsIsToldAfterItsLastOctets()
{
    Ends ends;
    ends.stream->start();
    QVERIFY(ends.sendFromPeer("last words"));
    ends.closePeer();
    QVERIFY(waitUntil([&] { return ends.endCount == 1; }));
    QCOMPARE(ends.received, QByteArray("last words"));
}

void TestDescriptorStream::resetIsToldOnce()
{
    Ends ends;
    ends.stream->start();
    ends.resetByPeer();
    QVERIFY(waitUntil([&] { return ends.endCount > 0; }));
    QVERIFY(holdsFor([&] { return ends.endCount == 1; }, Millis{60}));
}

void TestDescriptorStream::writeToABrokenConnectionTakesNothingAndIsFollowedByTheEnd()
{
    Ends ends;
    ends.stream->start();
    ends.resetByPeer();
    QCOMPARE(ends.write("x"), 0); // ECONNRESET, which the kernel tells only once
    QCOMPARE(ends.endCount, 0);
    QVERIFY(waitUntil([&] { return ends.endCount == 1; }));
}

void TestDescriptorStream::shutdownEndsOneDirectionOnly()
{
    Ends ends;
    ends.stream->start();
    QCOMPARE(ends.write("bye"), 3);
    ends.stream->shutdownWrite();
    QCOMPARE(ends.takeFromPeer(), QByteArray("bye"));
    std::array<char, 8> buffer{};
    QCOMPARE(::recv(ends.peer, buffer.data(), buffer.size(), 0), ssize_t(0));
    QVERIFY(ends.sendFromPeer("still here"));
    QVERIFY(waitUntil([&] { return ends.received == "still here"; }));
    QCOMPARE(ends.endCount, 0);
    ends.closePeer();
    QVERIFY(waitUntil([&] { return ends.endCount == 1; }));
}

void TestDescriptorStream::destroyedInsideReceive()
{
    Ends ends;
    ends.stream->start();
    ends.destroysInReceive = true;
    QVERIFY(ends.sendFromPeer("x"));
    QVERIFY(waitUntil([&] { return !ends.received.isEmpty(); }));
    QVERIFY(!isOpen(ends.descriptor));
    QVERIFY(idleTurns() < 10);
}

void TestDescriptorStream::destructionClosesTheDescriptor()
{
    Ends ends;
    ends.stream->start();
    QVERIFY(ends.sendFromPeer("unread"));
    ends.stream.reset();
    QVERIFY(!isOpen(ends.descriptor));
    QVERIFY(ends.received.isEmpty());
}

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new EpollDispatcher);
    QCoreApplication application(argc, argv);
    TestDescriptorStream test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_descriptorstream.moc"
