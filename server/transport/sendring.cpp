// SPDX-License-Identifier: Apache-2.0
#include "server/transport/sendring.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace gatehouse::transport {

namespace {

/// Completions come when we ask for them, in our own thread; one broken entry stops no other.
constexpr unsigned SetupFlags
    = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
constexpr unsigned SendFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

// Both sides of a ring look at these numbers; what they guard is written before and read after.
unsigned acquire(unsigned* number)
{
    return std::atomic_ref(*number).load(std::memory_order_acquire);
}

void release(unsigned* number, unsigned value)
{
    std::atomic_ref(*number).store(value, std::memory_order_release);
}

template <class T>
T* at(void* base, unsigned offset)
{
    return reinterpret_cast<T*>(static_cast<char*>(base) + offset);
}

QString failed(const char* what)
{
    return QStringLiteral("%1: %2").arg(
        QLatin1StringView(what), QString::fromLocal8Bit(std::strerror(errno)));
}

} // namespace

std::unique_ptr<SendRing> SendRing::create(QString& why)
{
    std::unique_ptr<SendRing> ring(new SendRing);
    why = ring->setUp();
    if (why.isEmpty())
        why = ring->tryOut();
    if (!why.isEmpty())
        ring.reset();
    return ring;
}

SendRing::~SendRing()
{
    if (m_entries)
        ::munmap(m_entries, m_entryBytes);
    if (m_rings)
        ::munmap(m_rings, m_ringBytes);
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

QString SendRing::setUp()
{
    io_uring_params parameters{};
    parameters.flags = SetupFlags;
    m_descriptor = int(::syscall(__NR_io_uring_setup, unsigned(Capacity), &parameters));
    if (m_descriptor < 0)
        return failed("io_uring_setup");
    if (!(parameters.features & IORING_FEAT_SINGLE_MMAP))
        return QStringLiteral("the kernel is too old");
    return map(parameters);
}

QString SendRing::map(const io_uring_params& parameters)
{
    const auto share = [this](size_t octets, off_t what) -> void* {
        void* memory = ::mmap(
            nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, m_descriptor, what);
        return memory == MAP_FAILED ? nullptr : memory;
    };
    const auto& submit = parameters.sq_off;
    const auto& complete = parameters.cq_off;
    m_ringBytes = std::max<size_t>(submit.array + parameters.sq_entries * sizeof(unsigned),
        complete.cqes + parameters.cq_entries * sizeof(io_uring_cqe));
    m_rings = share(m_ringBytes, IORING_OFF_SQ_RING);
    m_entryBytes = parameters.sq_entries * sizeof(io_uring_sqe);
    m_entries = static_cast<io_uring_sqe*>(share(m_entryBytes, IORING_OFF_SQES));
    if (!m_rings || !m_entries)
        return failed("mmap of the ring");
    m_submitHead = at<unsigned>(m_rings, submit.head);
    m_submitTail = at<unsigned>(m_rings, submit.tail);
    m_submitMask = *at<unsigned>(m_rings, submit.ring_mask);
    m_completeHead = at<unsigned>(m_rings, complete.head);
    m_completeTail = at<unsigned>(m_rings, complete.tail);
    m_completeMask = *at<unsigned>(m_rings, complete.ring_mask);
    m_completions = at<io_uring_cqe>(m_rings, complete.cqes);
    // Place n of the ring always names entry n.
    auto* names = at<unsigned>(m_rings, submit.array);
    for (unsigned i = 0; i < parameters.sq_entries; ++i)
        names[i] = i;
    return {};
}

QString SendRing::tryOut()
{
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        return failed("socketpair");
    const std::array<QByteArrayView, 2> parts{QByteArrayView("o"), QByteArrayView("k")};
    add(pair[0], std::span(parts).first(1)); // one entry of each kind
    add(pair[0], parts);
    const std::span<const qint32> results = sendAll();
    const bool works = results[0] == 1 && results[1] == 2;
    std::ranges::for_each(pair, ::close);
    return works ? QString() : QStringLiteral("the kernel does not send through a ring");
}

void SendRing::add(int descriptor, std::span<const QByteArrayView> parts)
{
    Q_ASSERT(hasRoomFor(parts.size()));
    io_uring_sqe& entry = m_entries[(*m_submitTail + m_count) & m_submitMask];
    entry = {};
    entry.fd = descriptor;
    entry.msg_flags = SendFlags;
    entry.user_data = m_count;
    if (parts.size() == 1) {
        entry.opcode = IORING_OP_SEND;
        entry.addr = reinterpret_cast<quintptr>(parts[0].data());
        entry.len = unsigned(parts[0].size());
    } else {
        iovec* vectors = &m_vectors[m_vectorCount];
        for (size_t i = 0; i < parts.size(); ++i)
            vectors[i] = {const_cast<char*>(parts[i].data()), size_t(parts[i].size())};
        m_vectorCount += parts.size();
        msghdr& message = m_messages[m_count];
        message = {};
        message.msg_iov = vectors;
        message.msg_iovlen = parts.size();
        entry.opcode = IORING_OP_SENDMSG;
        entry.addr = reinterpret_cast<quintptr>(&message);
        entry.len = 1;
    }
    ++m_count;
}

std::span<const qint32> SendRing::sendAll()
{
    size_t submitted = 0;
    size_t completed = 0;
    size_t wanted = m_count;
    release(m_submitTail, *m_submitTail + unsigned(m_count));
    while (completed < wanted) {
        const int taken = enter(unsigned(wanted - submitted), unsigned(wanted - completed));
        if (taken > 0)
            submitted += size_t(taken);
        completed += takeCompletions();
        if (taken >= 0 || errno == EINTR)
            continue;
        // No memory for more entries: what is under way is waited for, the rest is given back.
        if (submitted == wanted)
            qFatal("io_uring_enter: %s", std::strerror(errno));
        withdraw(submitted);
        wanted = submitted;
    }
    m_vectorCount = 0;
    return std::span(m_results).first(std::exchange(m_count, 0));
}

void SendRing::withdraw(size_t from)
{
    release(m_submitTail, acquire(m_submitHead));
    std::fill(m_results.begin() + std::ptrdiff_t(from), m_results.begin() + std::ptrdiff_t(m_count),
        -ECANCELED);
}

int SendRing::enter(unsigned submit, unsigned complete) const
{
    return int(::syscall(__NR_io_uring_enter, m_descriptor, submit, complete,
        IORING_ENTER_GETEVENTS, nullptr, size_t(0)));
}

unsigned SendRing::takeCompletions()
{
    const unsigned head = *m_completeHead;
    const unsigned count = acquire(m_completeTail) - head;
    for (unsigned i = 0; i < count; ++i) {
        const io_uring_cqe& completion = m_completions[(head + i) & m_completeMask];
        m_results[size_t(completion.user_data)] = completion.res;
    }
    release(m_completeHead, head + count);
    return count;
}

} // namespace gatehouse::transport
