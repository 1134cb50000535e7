// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/message.h"

#include <QHash>
#include <QSet>

#include <deque>
#include <vector>

namespace gatehouse::bus {

/// Messages of the outbox that need a receiver and have none: by topic, each for a time, in order.
/// Numbers are those of the outbox; times are monotonic. Network thread.
class UnboundTopics
{
public:
    using Key = std::pair<ExchangeName, Topic>;

    static Key keyOf(const Publication& publication)
    {
        return {publication.exchange, publication.topic};
    }

    bool contains(const Key& key) const { return m_topics.contains(key); }
    qsizetype count() const { return m_count; } ///< messages

    /// Its time begins when it is added first, whatever forgetTopics() forgets meanwhile.
    void add(const Key& key, quint64 number, qint64 bytes, Millis now);
    void remove(quint64 number, const Key& key); ///< gone, or somebody is bound after all
    void forgetTopics(); ///< they are found again
    void clear(); ///< and every time begins anew

    struct Ended
    {
        quint64 number = 0;
        qint64 bytes = 0;
        Key key;
    };
    std::vector<Ended> takeOverdue(Millis now, Millis hold);

    /// The first of each topic that was not asked about for so long, the oldest numbers first, so
    /// many at most; they count as asked about now.
    std::vector<quint64> takeDue(Millis now, Millis interval, size_t most);

private:
    struct Waiting
    {
        quint64 number = 0;
        qint64 bytes = 0;
        Millis since{};
    };
    struct Of
    {
        std::deque<Waiting> waiting; ///< by number
        Millis askedAt{};
    };

    QHash<Key, Of> m_topics; ///< none is empty
    qsizetype m_count = 0;
    QHash<quint64, Millis> m_since;
};

} // namespace gatehouse::bus
