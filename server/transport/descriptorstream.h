// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/watchedstream.h"

namespace gatehouse::transport {

/// Plain TCP. Octets go from the caller's buffers to the kernel and from the kernel to the receiver
/// with nothing in between.
class DescriptorStream final : public WatchedStream
{
public:
    /// Owns the descriptor, a connected, non-blocking socket.
    DescriptorStream(std::shared_ptr<TransportContext> context, int descriptor);

    qsizetype write(std::span<const QByteArrayView> parts) override;
    int directDescriptor() const override { return m_isWaitingToWrite ? -1 : m_descriptor; }
    qsizetype sentDirectly(qsizetype offered, qsizetype result) override;
    void shutdownWrite() override;

private:
    void descriptorReadable() override;
    void descriptorWritable() override;
    void waitToWrite(bool isWaiting);
};

} // namespace gatehouse::transport
