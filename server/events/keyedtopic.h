// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/admintopic.h"

#include <QSet>
#include <QString>

#include <deque>
#include <vector>

namespace gatehouse::events {

/// A topic of items with keys: remembers which keys were touched and says of each, when changes are
/// taken, what it is now. A key touched a hundred times is one change.
class KeyedTopic : public AdminTopic
{
public:
    std::unique_ptr<SnapshotReader> read(const QJsonObject& options) override;
    std::optional<ChangeSet> takeChanges(PageBounds bounds) override;
    void start() override { }
    void stop() override;

    virtual std::vector<QString> keys() const = 0; ///< in the order of the snapshot
    virtual std::optional<QByteArray> item(const QString& key) = 0; ///< JSON; nothing: removed

protected:
    void touch(const QString& key);
    bool isTouched(const QString& key) const { return m_touched.contains(key); }

    static QByteArray json(const QJsonObject& object);

private:
    std::deque<QString> m_order;
    QSet<QString> m_touched;
};

} // namespace gatehouse::events
