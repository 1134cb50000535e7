// SPDX-License-Identifier: Apache-2.0
#include "common/model/logentry.h"

#include <array>

namespace gatehouse::model {

namespace {

constexpr std::array<QLatin1StringView, 5> levelNames{QLatin1StringView("debug"),
    QLatin1StringView("info"), QLatin1StringView("warning"), QLatin1StringView("error"),
    QLatin1StringView("critical")};

void putId(QJsonObject& object, QLatin1StringView key, qint64 id)
{
    if (id != 0)
        object.insert(key, id);
}

} // namespace

QLatin1StringView name(LogLevel level)
{
    return levelNames[size_t(level)];
}

std::optional<LogLevel> logLevelFromName(QStringView name)
{
    for (size_t i = 0; i < levelNames.size(); ++i) {
        if (name == levelNames[i])
            return LogLevel(i);
    }
    return std::nullopt;
}

QJsonObject LogEntry::toJson() const
{
    QJsonObject object{{QLatin1StringView("seq"), qint64(seq)}, {QLatin1StringView("at"), atMs},
        {QLatin1StringView("level"), name(level)}, {QLatin1StringView("category"), category},
        {QLatin1StringView("text"), text}};
    putId(object, QLatin1StringView("nodeId"), nodeId);
    putId(object, QLatin1StringView("taskId"), taskId);
    putId(object, QLatin1StringView("runId"), runId);
    if (!socketId.isEmpty())
        object.insert(QLatin1StringView("socketId"), socketId);
    return object;
}

std::optional<LogEntry> LogEntry::fromJson(const QJsonObject& object)
{
    const auto level = logLevelFromName(object.value(QLatin1StringView("level")).toString());
    const qint64 seq = object.value(QLatin1StringView("seq")).toInteger(-1);
    if (!level || seq < 0)
        return std::nullopt;
    LogEntry entry;
    entry.seq = quint64(seq);
    entry.atMs = object.value(QLatin1StringView("at")).toInteger();
    entry.level = *level;
    entry.category = object.value(QLatin1StringView("category")).toString();
    entry.text = object.value(QLatin1StringView("text")).toString();
    entry.nodeId = object.value(QLatin1StringView("nodeId")).toInteger();
    entry.taskId = object.value(QLatin1StringView("taskId")).toInteger();
    entry.runId = object.value(QLatin1StringView("runId")).toInteger();
    entry.socketId = object.value(QLatin1StringView("socketId")).toString();
    return entry;
}

} // namespace gatehouse::model
