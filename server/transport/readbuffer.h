// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

#include <memory>
#include <span>
#include <utility>

namespace gatehouse::transport {

/// Where octets are read into, for as long as they are being delivered. One per thread, shared by
/// all streams: what is read is delivered before the next reading. A stream that can be told of new
/// octets from inside a delivery (QSslSocket reads while it writes) asks isFree() first and comes
/// back from the event loop.
class ReadBuffer
{
public:
    ReadBuffer() : m_wasInUse(std::exchange(s_isInUse, true)) { }
    ~ReadBuffer() { s_isInUse = m_wasInUse; }
    Q_DISABLE_COPY_MOVE(ReadBuffer)

    static bool isFree() { return !s_isInUse; }

    std::span<char> octets() const
    {
        Q_ASSERT(!m_wasInUse);
        constexpr size_t Octets = 64 * 1024;
        thread_local const std::unique_ptr<char[]> buffer(new char[Octets]);
        return {buffer.get(), Octets};
    }

private:
    inline static thread_local bool s_isInUse = false;
    const bool m_wasInUse;
};

} // namespace gatehouse::transport
