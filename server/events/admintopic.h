// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"

#include <QByteArrayList>
#include <QJsonObject>

#include <functional>
#include <memory>
#include <optional>

namespace gatehouse::events {

/// What one page or change message may hold, about: whichever bound is met first.
struct PageBounds
{
    int maxItems = 1'000;
    qsizetype maxBytes = 256 * 1024;
};

struct SnapshotPage
{
    QByteArrayList items; ///< JSON texts
    bool isLast = true;
};

/// A snapshot somebody is reading, page by page. The keys are those of the moment it was made;
/// items are as they are when their page is read, which the changes sent meanwhile do not
/// contradict.
class SnapshotReader
{
public:
    using Done = std::function<void(Result<SnapshotPage>)>;
    virtual ~SnapshotReader() = default;

    /// `done` is called once, now or later, but not after the reader is gone.
    virtual void next(PageBounds bounds, Done done) = 0;
};

/// One change message without its envelope: `"changes":[…]` or what the topic has instead.
struct ChangeSet
{
    quint64 from = 0;
    quint64 version = 0;
    QByteArray members; ///< JSON members, comma-separated, without braces
};

/// One subject of the admin namespace (docs/admin-protocol.md). Watches the server between start()
/// and stop() only. Owned by AdminNamespace; network thread only.
class AdminTopic
{
public:
    virtual ~AdminTopic() = default;

    virtual QLatin1StringView name() const = 0;
    virtual void start() = 0; ///< somebody watches from now on
    virtual void stop() = 0; ///< nobody does any more; always called before the destructor
    virtual std::unique_ptr<SnapshotReader> read(const QJsonObject& options) = 0;

    /// Called at each turn of the shared timer while somebody watches.
    virtual void prepare(Millis monotonicNow) { Q_UNUSED(monotonicNow) }

    /// What changed since the last call; the rest comes with the next one.
    virtual std::optional<ChangeSet> takeChanges(PageBounds bounds) = 0;

    /// The members of a message that changes nothing and only states the version.
    virtual QByteArray noChanges() const { return "\"changes\":[]"; }

    quint64 version() const { return m_version; }

protected:
    void setVersion(quint64 version) { m_version = version; }

private:
    quint64 m_version = 0;
};

} // namespace gatehouse::events
