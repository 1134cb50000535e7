// SPDX-License-Identifier: Apache-2.0
#include "server/events/keyedtopic.h"

#include "common/protocol/socketiopacket.h"

#include <QJsonDocument>

namespace gatehouse::events {

namespace {

class KeyedReader final : public SnapshotReader
{
public:
    KeyedReader(KeyedTopic& topic, std::vector<QString> keys)
        : m_topic(topic), m_keys(std::move(keys))
    {
    }

    void next(PageBounds bounds, Done done) override
    {
        SnapshotPage page;
        qsizetype bytes = 0;
        while (m_next < m_keys.size() && page.items.size() < bounds.maxItems
            && bytes < bounds.maxBytes) {
            const auto item = m_topic.item(m_keys[m_next++]);
            if (!item)
                continue; // removed since; its change is on the way
            bytes += item->size();
            page.items.append(*item);
        }
        page.isLast = m_next == m_keys.size();
        done(std::move(page));
    }

private:
    KeyedTopic& m_topic;
    std::vector<QString> m_keys;
    size_t m_next = 0;
};

} // namespace

std::unique_ptr<SnapshotReader> KeyedTopic::read(const QJsonObject&)
{
    return std::make_unique<KeyedReader>(*this, keys());
}

std::optional<ChangeSet> KeyedTopic::takeChanges(PageBounds bounds)
{
    if (m_order.empty())
        return std::nullopt;
    QByteArrayList changes;
    qsizetype bytes = 0;
    while (!m_order.empty() && changes.size() < bounds.maxItems && bytes < bounds.maxBytes) {
        const QString key = m_order.front();
        m_order.pop_front();
        m_touched.remove(key);
        QByteArray change = "{\"op\":\"remove\",\"key\":";
        const auto now = item(key);
        if (now)
            change = "{\"op\":\"put\",\"key\":";
        change += protocol::jsonString(key.toUtf8());
        if (now)
            change += ",\"item\":" + *now;
        change += '}';
        bytes += change.size();
        changes.append(change);
    }
    const quint64 from = version();
    setVersion(from + 1);
    return ChangeSet{from, from + 1, "\"changes\":[" + changes.join(',') + ']'};
}

void KeyedTopic::stop()
{
    m_order.clear();
    m_touched.clear();
}

void KeyedTopic::touch(const QString& key)
{
    if (m_touched.contains(key))
        return;
    m_touched.insert(key);
    m_order.push_back(key);
}

QByteArray KeyedTopic::json(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

} // namespace gatehouse::events
