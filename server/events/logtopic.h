// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/adminoptions.h"
#include "server/events/admintopic.h"
#include "server/observe/livelog.h"

#include <deque>

namespace gatehouse::events {

/// `log`: the newest lines, then every line as it comes, up to a rate and to what messages can
/// carry; what is over it is counted and left out. The version is the number of the last line.
class LogTopic final : public AdminTopic, private observe::LiveLogObserver
{
public:
    LogTopic(observe::LiveLog& log, const AdminOptions& options);

    QLatin1StringView name() const override { return QLatin1StringView("log"); }
    void start() override;
    void stop() override;
    std::unique_ptr<SnapshotReader> read(const QJsonObject& options) override;
    std::optional<ChangeSet> takeChanges(PageBounds bounds) override;
    QByteArray noChanges() const override { return "\"lines\":[],\"dropped\":0"; }
    void prepare(Millis monotonicNow) override;

private:
    void linesAppended(std::span<const model::LogEntry> lines) override;

    observe::LiveLog& m_log;
    const AdminOptions& m_options;
    std::deque<model::LogEntry> m_waiting;
    qsizetype m_waitingCharacters = 0; ///< of their texts
    quint64 m_dropped = 0; ///< since the last message
    quint64 m_lastSeq = 0; ///< of the lines seen, told or not
    double m_allowance = 0; ///< lines we may still send
    std::optional<Millis> m_refilledAt; ///< monotonic
};

} // namespace gatehouse::events
