// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"

#include <QHash>

#include <memory>
#include <vector>

namespace gatehouse::bus {

/// Which handlers a message goes to. Patterns without a wildcard are found by hash, however many
/// there are; the others one by one. Handlers may add and remove subscriptions while they run: a
/// removed one is not called any more. Network thread.
class SubscriptionTable
{
public:
    struct Added
    {
        quint64 id = 0;
        bool isFirst = false; ///< of this exchange and pattern: time to bind
    };
    Added add(const ExchangeName& exchange, const Topic& pattern, MessageHandler handler);

    struct Removed
    {
        ExchangeName exchange;
        Topic pattern;
        bool wasLast = false; ///< time to unbind
    };
    Removed remove(quint64 id);

    struct Delivered
    {
        qsizetype handlers = 0;
        bool isRejected = false; ///< by one of them at least
    };
    Delivered deliver(const Message& message);
    bool has(const ExchangeName& exchange, const Topic& pattern) const;

    qsizetype count() const { return m_byId.size(); }
    qsizetype patternCount() const;

private:
    struct Entry
    {
        quint64 id = 0;
        MessageHandler handler; ///< null: removed
    };
    struct Group
    {
        Topic pattern;
        std::vector<std::shared_ptr<Entry>> entries;
    };
    struct Exchange
    {
        QHash<Topic, Group> exact;
        QHash<Topic, Group> wild;
    };

    QHash<Topic, Group>& groups(const ExchangeName& exchange, const Topic& pattern);

    QHash<ExchangeName, Exchange> m_exchanges;
    QHash<quint64, std::pair<ExchangeName, Topic>> m_byId;
    quint64 m_lastId = 0;
};

} // namespace gatehouse::bus
