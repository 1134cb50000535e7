// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

namespace gatehouse::bus {

/// Stands for something that goes on until it is dropped: a subscription, a request, a served
/// queue, an announcement. Move-only. Network thread; may be dropped after the bus itself is gone,
/// and from inside the handler it stands for.
class Ticket
{
public:
    Ticket() = default;
    explicit Ticket(std::function<void()> end) : m_end(std::move(end)) { }
    ~Ticket() { reset(); }
    Ticket(Ticket&& other) noexcept : m_end(std::exchange(other.m_end, nullptr)) { }
    Ticket& operator=(Ticket&& other) noexcept
    {
        if (this != &other) {
            reset();
            m_end = std::exchange(other.m_end, nullptr);
        }
        return *this;
    }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    /// False: it stands for nothing (never given, refused, released or dropped).
    explicit operator bool() const { return m_end != nullptr; }

    void reset()
    {
        if (auto end = std::exchange(m_end, nullptr))
            end();
    }

    /// Lets it go on without a ticket, for as long as the bus lives.
    void release() { m_end = nullptr; }

private:
    std::function<void()> m_end;
};

} // namespace gatehouse::bus
