// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

namespace gatehouse::transport {

/// A place in a circular list, as a member or base of what is listed: entering, leaving and moving
/// cost no memory and no search, and whatever is destroyed leaves its list by itself. A lone hook
/// is an empty list's head. Not thread-safe.
class ListHook
{
public:
    ListHook() = default;
    ~ListHook() { unlink(); }
    Q_DISABLE_COPY_MOVE(ListHook)

    bool isLinked() const { return m_next != this; }
    bool isEmpty() const { return m_next == this; } ///< of a head
    ListHook* next() const { return m_next; }

    void unlink()
    {
        m_prev->m_next = m_next;
        m_next->m_prev = m_prev;
        m_prev = m_next = this;
    }

    /// Leaves its list and becomes the last of the one `head` leads.
    void append(ListHook& head)
    {
        unlink();
        m_prev = head.m_prev;
        m_next = &head;
        head.m_prev->m_next = this;
        head.m_prev = this;
    }

    /// As a head: takes over everything the other list holds, behind its own.
    void takeAll(ListHook& other)
    {
        if (other.isEmpty())
            return;
        m_prev->m_next = other.m_next;
        other.m_next->m_prev = m_prev;
        other.m_prev->m_next = this;
        m_prev = other.m_prev;
        other.m_next = other.m_prev = &other;
    }

private:
    ListHook* m_prev = this;
    ListHook* m_next = this;
};

} // namespace gatehouse::transport
