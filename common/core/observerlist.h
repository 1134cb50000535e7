// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

namespace gatehouse {

/// Observers of one thread, called in the order they were added. An observer may add or remove
/// any observer, itself included, while it is being called: a removed one is not called any more,
/// a new one is called from the next notification on. Does not own.
template <class Observer>
class ObserverList
{
public:
    void add(Observer* observer)
    {
        if (std::find(m_observers.begin(), m_observers.end(), observer) == m_observers.end())
            m_observers.push_back(observer);
    }

    void remove(Observer* observer)
    {
        const auto at = std::find(m_observers.begin(), m_observers.end(), observer);
        if (at == m_observers.end())
            return;
        if (m_depth > 0)
            *at = nullptr;
        else
            m_observers.erase(at);
    }

    template <class Call>
    void forEach(Call call)
    {
        ++m_depth;
        const size_t count = m_observers.size();
        for (size_t i = 0; i < count; ++i) {
            if (Observer* observer = m_observers[i])
                call(*observer);
        }
        if (--m_depth == 0)
            std::erase(m_observers, nullptr);
    }

    bool isEmpty() const { return m_observers.empty(); }

private:
    std::vector<Observer*> m_observers;
    int m_depth = 0;
};

} // namespace gatehouse
