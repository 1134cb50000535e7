// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

#include <atomic>

namespace gatehouse::transport {

/// A number that one thread counts and others may read meanwhile. Costs what a plain one does:
/// nothing is locked, since nobody else writes.
class Tally
{
public:
    Tally(quint64 count = 0) : m_count(count) { }
    Tally(const Tally& other) : m_count(other) { }
    Tally& operator=(const Tally& other)
    {
        m_count.store(other, std::memory_order_relaxed);
        return *this;
    }

    operator quint64() const { return m_count.load(std::memory_order_relaxed); }

    Tally& operator+=(quint64 more)
    {
        m_count.store(*this + more, std::memory_order_relaxed);
        return *this;
    }
    Tally& operator++() { return *this += 1; }
    Tally& operator--() { return *this += ~quint64(0); }

private:
    std::atomic<quint64> m_count;
};

} // namespace gatehouse::transport
