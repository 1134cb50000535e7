// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/model/logentry.h"

#include <QByteArray>
#include <QMap>

#include <functional>
#include <memory>

namespace gatehouse::observe {

class LiveLog;

enum class LogFormat : quint8 {
    Automatic, ///< Journal when stderr is the journal ($JOURNAL_STREAM), else Text
    Text, ///< 2026-11-21T05:00:00.123Z warning gh.auth text node=3
    JsonLines, ///< one JSON object per line
    Journal, ///< sd_journal_send with fields GH_CATEGORY, GH_NODE, GH_TASK, GH_RUN, GH_SID
};

struct LogOptions
{
    LogFormat format = LogFormat::Automatic;
    model::LogLevel level = model::LogLevel::Info; ///< of every "gh." category not named below
    model::LogLevel otherLevel = model::LogLevel::Warning; ///< of Qt's own categories
    QMap<QByteArray, model::LogLevel> levels{}; ///< by category, e.g. "gh.ws"
    qsizetype maxQueuedLines = 65'536; ///< waiting for the writer; more are dropped and counted
    qsizetype maxQueuedCharacters = 16 * 1024 * 1024; ///< of their texts, same consequence
    qsizetype maxTextCharacters = 16 * 1024; ///< longer texts are cut and say so
};

/// Takes every log line of the process: installs the Qt message handler and serves observe::log().
/// Lines pass through a bounded queue to a writer thread, which writes them and posts them to the
/// live log. One at a time per process; owned by the composition root, made early and destroyed
/// late, but before the live log. The destructor writes what is queued.
class LogSink
{
public:
    /// Where finished lines go instead of stderr; called in the writer thread. For tests.
    using Writer = std::function<void(const QByteArray& line)>;

    explicit LogSink(LogOptions options, LiveLog* liveLog = nullptr, Writer writer = {});
    ~LogSink();
    LogSink(const LogSink&) = delete;
    LogSink& operator=(const LogSink&) = delete;

    /// Changes a level while running: a category's, or with an empty name that of all "gh." ones.
    void setLevel(const QByteArray& category, model::LogLevel level);

    /// Waits until everything logged so far is written. Any thread but the writer's.
    void flush();

    quint64 dropped() const; ///< lines lost because the writer was behind
    quint64 droppedLive() const; ///< likewise, of those that are for the live log alone

private:
    friend class LogGate; // what log() and the message handler go through
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::observe
