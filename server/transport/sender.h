// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArrayView>

#include <span>

namespace gatehouse::transport {

/// Sends to many sockets in one go. sendAll() returns when the kernel is done with everything that
/// was added, so no octet has to outlive it; a socket without room says EAGAIN.
class Sender
{
public:
    static constexpr size_t Capacity = 256; ///< sockets in one go

    virtual ~Sender() = default;

    /// For one more socket with that many parts.
    virtual bool hasRoomFor(size_t parts) const = 0;
    virtual void add(int descriptor, std::span<const QByteArrayView> parts) = 0; ///< needs room

    /// In the order of adding: octets the kernel took, or a negative errno; ECANCELED for what was
    /// not tried, because the kernel had no memory for it. Valid until the next call.
    virtual std::span<const qint32> sendAll() = 0;

    virtual bool isRing() const = 0; ///< one system call for all of them
};

} // namespace gatehouse::transport
