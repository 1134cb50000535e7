// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArrayView>
#include <QString>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

struct io_uring_cqe;
struct io_uring_params;
struct io_uring_sqe;

namespace gatehouse::transport {

/// Sends to many sockets with one system call (io_uring, Linux 6.1 or newer), made of the bare
/// system calls: all we want of it is less than what a library for it brings. Belongs to the thread
/// that created it.
///
/// sendAll() returns when the kernel is done with everything that was added, so no octet has to
/// outlive it: nothing waits inside the ring, a socket without room says EAGAIN.
class SendRing
{
public:
    static constexpr size_t Capacity = 256; ///< sockets in one go

    /// Null, and why, when the kernel or what confines this process does not let us have it.
    static std::unique_ptr<SendRing> create(QString& why);
    ~SendRing();
    Q_DISABLE_COPY_MOVE(SendRing)

    /// For one more socket with that many parts.
    bool hasRoomFor(size_t parts) const
    {
        return m_count < Capacity && m_vectorCount + parts <= m_vectors.size();
    }
    void add(int descriptor, std::span<const QByteArrayView> parts); ///< needs room

    /// In the order of adding: octets the kernel took, or a negative errno; ECANCELED for what was
    /// not tried, because the kernel had no memory for it. Valid until the next call.
    std::span<const qint32> sendAll();

private:
    SendRing() = default;
    QString setUp();
    QString map(const io_uring_params& parameters);
    QString tryOut();
    int enter(unsigned submit, unsigned complete) const;
    unsigned takeCompletions();
    void withdraw(size_t from);

    int m_descriptor = -1;
    void* m_rings = nullptr;
    size_t m_ringBytes = 0;
    io_uring_sqe* m_entries = nullptr;
    size_t m_entryBytes = 0;
    unsigned* m_submitHead = nullptr;
    unsigned* m_submitTail = nullptr;
    unsigned m_submitMask = 0;
    unsigned* m_completeHead = nullptr;
    unsigned* m_completeTail = nullptr;
    unsigned m_completeMask = 0;
    io_uring_cqe* m_completions = nullptr;

    size_t m_count = 0; ///< added since sendAll()
    size_t m_vectorCount = 0;
    std::array<qint32, Capacity> m_results{};
    std::array<msghdr, Capacity> m_messages{};
    std::vector<iovec> m_vectors = std::vector<iovec>(16 * Capacity);
};

} // namespace gatehouse::transport
