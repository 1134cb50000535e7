// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/sender.h"

#include <sys/uio.h>

#include <array>
#include <vector>

namespace gatehouse::transport {

/// A system call (sendmsg) for each socket: what every Linux has.
class SendLoop final : public Sender
{
public:
    bool hasRoomFor(size_t) const override { return m_sends.size() < Capacity; }
    void add(int descriptor, std::span<const QByteArrayView> parts) override;
    std::span<const qint32> sendAll() override;
    bool isRing() const override { return false; }

private:
    struct Send
    {
        int descriptor;
        size_t firstVector;
        size_t vectorCount;
    };
    qint32 send(const Send& send);

    std::vector<Send> m_sends;
    std::vector<iovec> m_vectors;
    std::array<qint32, Capacity> m_results{};
};

} // namespace gatehouse::transport
