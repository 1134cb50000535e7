// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/model/logentry.h"

#include <QMutex>
#include <QObject>

#include <deque>
#include <span>
#include <vector>

namespace gatehouse::observe {

/// Hears every batch of new lines, in the live log's thread, after they are in the ring. Must not
/// log from inside the call about each line it hears (that line would come back to it).
class LiveLogObserver
{
public:
    virtual ~LiveLogObserver() = default;
    virtual void linesAppended(std::span<const model::LogEntry> lines) = 0;
};

struct LiveLogOptions
{
    qsizetype capacity = 10'000; ///< lines kept
    qsizetype maxPosted = 20'000; ///< lines waiting for the network thread; more are dropped
};

/// The newest lines of the log, numbered consecutively from 1 since the start. Owned by the
/// composition root; everything but post() in the network thread only.
class LiveLog : public QObject
{
    Q_OBJECT
public:
    explicit LiveLog(LiveLogOptions options = {}, QObject* parent = nullptr);
    ~LiveLog() override;

    void addObserver(LiveLogObserver* observer); ///< not owned
    void removeObserver(LiveLogObserver* observer);

    /// Appends at once; gives the lines their numbers.
    void append(std::vector<model::LogEntry> lines);

    /// From any thread: appended in one batch with whatever else is waiting, by the event loop.
    void post(std::vector<model::LogEntry> lines);

    std::vector<model::LogEntry> tail(qsizetype count) const; ///< the newest, oldest first

    /// Lines numbered above `seq`. `missed` counts those that left the ring before.
    struct Since
    {
        std::vector<model::LogEntry> lines;
        quint64 missed = 0;
    };
    Since since(quint64 seq) const;

    quint64 lastSeq() const { return m_lastSeq; } ///< 0 before the first line
    quint64 dropped() const; ///< posted lines that never got a number; any thread

private:
    void takePosted();

    LiveLogOptions m_options;
    std::deque<model::LogEntry> m_ring;
    quint64 m_lastSeq = 0;
    std::vector<LiveLogObserver*> m_observers;

    mutable QMutex m_mutex; ///< guards the members below
    std::vector<model::LogEntry> m_posted;
    bool m_wakeUpPosted = false;
    quint64 m_dropped = 0;
};

} // namespace gatehouse::observe
