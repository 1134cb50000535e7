// SPDX-License-Identifier: Apache-2.0
#include "server/observe/logformat.h"

#include "server/observe/redact.h"

#include <QDateTime>
#include <QJsonDocument>

#include <array>

namespace gatehouse::observe {

namespace {

using L = QLatin1StringView;

QByteArray timeText(qint64 atMs)
{
    return QDateTime::fromMSecsSinceEpoch(atMs, Qt::UTC).toString(Qt::ISODateWithMs).toLatin1();
}

/// The priorities of syslog.
int priority(model::LogLevel level)
{
    constexpr std::array<int, 5> priorities{7, 6, 4, 3, 2};
    return priorities[size_t(level)];
}

void putNumber(QByteArray& line, const char* name, qint64 id)
{
    if (id != 0)
        line += ' ' + QByteArray(name) + '=' + QByteArray::number(id);
}

} // namespace

QString shortened(const QString& text, qsizetype maxCharacters)
{
    if (text.size() <= maxCharacters)
        return text;
    return text.left(maxCharacters) + QStringLiteral(" … (%1 characters)").arg(text.size());
}

model::LogEntry cleaned(model::LogEntry entry)
{
    entry.text = escapedControls(redacted(entry.text));
    entry.category = escapedControls(entry.category);
    entry.socketId = escapedControls(entry.socketId);
    return entry;
}

QByteArray textLine(const model::LogEntry& entry)
{
    QByteArray line = timeText(entry.atMs) + ' ' + model::name(entry.level).data() + ' '
        + entry.category.toUtf8() + ' ' + entry.text.toUtf8();
    putNumber(line, "node", entry.nodeId);
    putNumber(line, "task", entry.taskId);
    putNumber(line, "run", entry.runId);
    if (!entry.socketId.isEmpty())
        line += " socket=" + entry.socketId.toUtf8();
    return line + '\n';
}

QByteArray jsonLine(const model::LogEntry& entry)
{
    QJsonObject object{{L("time"), QString::fromLatin1(timeText(entry.atMs))},
        {L("level"), model::name(entry.level)}, {L("category"), entry.category},
        {L("text"), entry.text}};
    const std::array<std::pair<L, qint64>, 3> ids{std::pair(L("node"), entry.nodeId),
        std::pair(L("task"), entry.taskId), std::pair(L("run"), entry.runId)};
    for (const auto& [name, id] : ids) {
        if (id != 0)
            object.insert(name, id);
    }
    if (!entry.socketId.isEmpty())
        object.insert(L("socket"), entry.socketId);
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

QByteArrayList journalFields(const model::LogEntry& entry)
{
    QByteArrayList fields{"MESSAGE=" + entry.text.toUtf8(),
        "PRIORITY=" + QByteArray::number(priority(entry.level)),
        "GH_CATEGORY=" + entry.category.toUtf8()};
    if (entry.nodeId != 0)
        fields.append("GH_NODE=" + QByteArray::number(entry.nodeId));
    if (entry.taskId != 0)
        fields.append("GH_TASK=" + QByteArray::number(entry.taskId));
    if (entry.runId != 0)
        fields.append("GH_RUN=" + QByteArray::number(entry.runId));
    if (!entry.socketId.isEmpty())
        fields.append("GH_SID=" + entry.socketId.toUtf8());
    return fields;
}

} // namespace gatehouse::observe
