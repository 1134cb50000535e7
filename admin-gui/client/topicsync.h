// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QString>

#include <vector>

namespace gatehouse::gui {

/// Keeps one topic in step with the server: snapshot pages first, then changes that must follow one
/// another without a hole (docs/admin-protocol.md, "Watching"). Pure: messages in, verdicts out.
class TopicSync
{
public:
    enum class Phase {
        Idle, ///< not subscribed
        Asked, ///< subscribe sent; what arrives now belongs to an older subscription
        Paging, ///< the snapshot is incomplete; changes wait
        Live,
    };
    enum class Verdict {
        Ignored, ///< nothing to do with the present subscription
        More, ///< ask for the page after cursor()
        Complete, ///< the snapshot is whole: takeItems(), then takeWaiting()
        Next, ///< the change follows the last one: apply it
        Gap, ///< something is missing, or the message is broken: subscribe again
    };

    void ask();
    void stop() { m_phase = Phase::Idle; }

    Verdict snapshot(const QJsonObject& ack);
    Verdict page(const QJsonObject& ack);
    Verdict change(const QJsonObject& message);

    Phase phase() const { return m_phase; }
    const QString& cursor() const { return m_cursor; }
    const QString& epoch() const { return m_epoch; }
    qint64 version() const { return m_version; }
    QJsonArray takeItems();
    std::vector<QJsonObject> takeWaiting(); ///< changes that came while paging, in order

private:
    Verdict addPage(const QJsonObject& ack);

    Phase m_phase = Phase::Idle;
    QString m_epoch;
    qint64 m_version = 0;
    QString m_cursor;
    QJsonArray m_items;
    std::vector<QJsonObject> m_waiting;
};

} // namespace gatehouse::gui
