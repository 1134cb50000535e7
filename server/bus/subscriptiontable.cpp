// SPDX-License-Identifier: Apache-2.0
#include "server/bus/subscriptiontable.h"

#include "server/bus/topicpattern.h"

#include <algorithm>

namespace gatehouse::bus {

QHash<Topic, SubscriptionTable::Group>& SubscriptionTable::groups(
    const ExchangeName& exchange, const Topic& pattern)
{
    Exchange& at = m_exchanges[exchange];
    return hasWildcard(pattern) ? at.wild : at.exact;
}

SubscriptionTable::Added SubscriptionTable::add(
    const ExchangeName& exchange, const Topic& pattern, MessageHandler handler)
{
    const quint64 id = ++m_lastId;
    Group& group = groups(exchange, pattern)[pattern];
    group.pattern = pattern;
    group.entries.push_back(std::make_shared<Entry>(Entry{id, std::move(handler)}));
    m_byId.insert(id, {exchange, pattern});
    return {id, group.entries.size() == 1};
}

SubscriptionTable::Removed SubscriptionTable::remove(quint64 id)
{
    const auto known = m_byId.find(id);
    if (known == m_byId.end())
        return {};
    const auto [exchange, pattern] = known.value();
    m_byId.erase(known);
    QHash<Topic, Group>& all = groups(exchange, pattern);
    const auto group = all.find(pattern);
    std::erase_if(group->entries, [id](const std::shared_ptr<Entry>& entry) {
        if (entry->id != id)
            return false;
        entry->handler = nullptr; // a delivery under way may hold it
        return true;
    });
    const bool wasLast = group->entries.empty();
    if (wasLast) {
        all.erase(group);
        const auto at = m_exchanges.find(exchange);
        if (at->exact.isEmpty() && at->wild.isEmpty())
            m_exchanges.erase(at);
    }
    return {exchange, pattern, wasLast};
}

SubscriptionTable::Delivered SubscriptionTable::deliver(const Message& message)
{
    std::vector<std::shared_ptr<Entry>> entries;
    if (const auto at = m_exchanges.constFind(message.exchange); at != m_exchanges.constEnd()) {
        if (const auto group = at->exact.constFind(message.topic); group != at->exact.constEnd())
            entries = group->entries;
        for (const Group& group : at->wild) {
            if (matches(group.pattern, message.topic))
                entries.insert(entries.end(), group.entries.begin(), group.entries.end());
        }
    }
    Delivered delivered;
    for (const std::shared_ptr<Entry>& entry : entries) {
        if (!entry->handler)
            continue;
        ++delivered.handlers;
        const MessageHandler handler = entry->handler; // it may remove itself
        if (handler(message) == Verdict::Rejected)
            delivered.isRejected = true;
    }
    return delivered;
}

bool SubscriptionTable::has(const ExchangeName& exchange, const Topic& pattern) const
{
    const auto at = m_exchanges.constFind(exchange);
    return at != m_exchanges.constEnd()
        && (at->exact.contains(pattern) || at->wild.contains(pattern));
}

qsizetype SubscriptionTable::patternCount() const
{
    qsizetype count = 0;
    for (const Exchange& at : m_exchanges)
        count += at.exact.size() + at.wild.size();
    return count;
}

} // namespace gatehouse::bus
