// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/keyedtopic.h"
#include "server/work/directory.h"
#include "server/work/presence.h"
#include "server/work/taskservice.h"

#include <QHash>
#include <QSet>
#include <QStringList>

namespace gatehouse::events {

/// `nodes`: every node of the directory, connected or not, with what about it deserves a look
/// (`attention`). Nothing is changed because of that: a run of a silent node stays as it is.
class NodesTopic final : public KeyedTopic,
                         private work::PresenceObserver,
                         private work::DirectoryObserver
{
public:
    NodesTopic(work::Directory& directory, work::Presence& presence, const work::TaskService& tasks,
        const Clock& clock, Millis silentAfter)
        : m_directory(directory), m_presence(presence), m_tasks(tasks), m_clock(clock),
          m_silentAfter(silentAfter)
    {
    }

    QLatin1StringView name() const override { return QLatin1StringView("nodes"); }
    void start() override;
    void stop() override;
    void prepare(Millis monotonicNow) override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    void nodeOnline(const work::NodePresence& presence) override;
    void nodeOffline(const work::NodePresence& presence) override;
    void nodeChanged(const work::NodePresence& presence) override;
    void nodeConfigChanged(const work::NodePresence& presence) override;
    void directoryChanged() override;
    void directoryPartChanged(const work::DirectoryPart& part) override;

    struct Findings
    {
        int activeRuns = 0;
        qsizetype pendingKills = 0;
        QStringList attention;

        friend bool operator==(const Findings&, const Findings&) = default;
    };
    Findings findingsAbout(const work::Node& node, int activeRuns) const;
    void lookAround();
    void takeKnown();

    work::Directory& m_directory;
    work::Presence& m_presence;
    const work::TaskService& m_tasks;
    const Clock& m_clock;
    const Millis m_silentAfter;
    QHash<NodeId, Findings> m_findings; ///< of the last look around
    std::optional<Millis> m_lookedAt; ///< monotonic
    QSet<QString> m_known; ///< keys told before, for those an import removes
};

} // namespace gatehouse::events
