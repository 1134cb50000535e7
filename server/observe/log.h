// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/model/logentry.h"

#include <QLatin1StringView>
#include <QString>

namespace gatehouse::observe {

using Level = model::LogLevel;

/// What a line is about; leave the rest out: LogContext{.node = id, .task = task}.
struct LogContext
{
    NodeId node{};
    TaskId task{};
    RunId run{};
    SocketId socket{};
};

/// The categories, one per subject. Quiet ones cost one look-up.
namespace category {
inline constexpr QLatin1StringView app{"gh.app"};
inline constexpr QLatin1StringView http{"gh.http"};
inline constexpr QLatin1StringView ws{"gh.ws"};
inline constexpr QLatin1StringView auth{"gh.auth"};
inline constexpr QLatin1StringView room{"gh.room"};
inline constexpr QLatin1StringView node{"gh.node"};
inline constexpr QLatin1StringView task{"gh.task"};
inline constexpr QLatin1StringView run{"gh.run"}; ///< what algorithms say; live log only
inline constexpr QLatin1StringView bus{"gh.bus"};
inline constexpr QLatin1StringView db{"gh.db"};
inline constexpr QLatin1StringView audit{"gh.audit"};
} // namespace category

/// One event, one line: control characters are escaped, secrets redacted, overlong text cut. Any
/// thread; never blocks on the output. Without an installed LogSink it goes to stderr at once.
/// qCDebug() and friends reach the same place; this one also carries what the line is about.
void log(
    Level level, QLatin1StringView category, const QString& text, const LogContext& context = {});

/// The same for the live log alone: what others say and the server only passes on, and that nobody
/// wants in its own log. Of what waits to be written they take half at most.
void logLive(
    Level level, QLatin1StringView category, const QString& text, const LogContext& context = {});

/// Keeps Qt's own warnings of this thread out of the log while it lives: for calls that warn of
/// what the caller knows and has said already.
class QtWarningsMuted
{
public:
    QtWarningsMuted();
    ~QtWarningsMuted();
    QtWarningsMuted(const QtWarningsMuted&) = delete;
    QtWarningsMuted& operator=(const QtWarningsMuted&) = delete;
};

/// Whether log() would write anything: ask before building an expensive text.
bool isEnabled(Level level, QLatin1StringView category);

} // namespace gatehouse::observe
