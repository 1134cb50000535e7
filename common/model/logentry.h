// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QJsonObject>
#include <QString>

#include <optional>

namespace gatehouse::model {

enum class LogLevel : quint8 { Debug, Info, Warning, Error, Critical };

QLatin1StringView name(LogLevel level); ///< "debug" … "critical", as on the wire
std::optional<LogLevel> logLevelFromName(QStringView name);

/// One line of the live log. Text is plain and may hold anything a client sent, control characters
/// escaped; it is never markup. Ids are 0 or empty when the line is not about such a thing.
struct LogEntry
{
    quint64 seq = 0; ///< consecutive from 1 since the server's start; a hole is a gap
    qint64 atMs = 0; ///< UTC, milliseconds since 1970
    LogLevel level = LogLevel::Info;
    QString category; ///< "gh.auth", "gh.room", "gh.task", …
    QString text;
    qint64 nodeId = 0;
    qint64 taskId = 0;
    qint64 runId = 0;
    QString socketId;

    QJsonObject toJson() const;
    static std::optional<LogEntry> fromJson(const QJsonObject& object);
    friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

} // namespace gatehouse::model
