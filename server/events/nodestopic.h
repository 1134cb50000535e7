// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/keyedtopic.h"
#include "server/work/directory.h"
#include "server/work/presence.h"

namespace gatehouse::events {

/// `nodes`: every node of the directory, connected or not.
class NodesTopic final : public KeyedTopic,
                         private work::PresenceObserver,
                         private work::DirectoryObserver
{
public:
    NodesTopic(work::Directory& directory, work::Presence& presence)
        : m_directory(directory), m_presence(presence)
    {
    }

    QLatin1StringView name() const override { return QLatin1StringView("nodes"); }
    void start() override;
    void stop() override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    void nodeOnline(const work::NodePresence& presence) override;
    void nodeOffline(const work::NodePresence& presence) override;
    void nodeChanged(const work::NodePresence& presence) override;
    void nodeConfigChanged(const work::NodePresence& presence) override;
    void directoryChanged() override;

    work::Directory& m_directory;
    work::Presence& m_presence;
    std::vector<QString> m_known; ///< keys told so far, for those an import removes
};

} // namespace gatehouse::events
