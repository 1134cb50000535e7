// SPDX-License-Identifier: Apache-2.0
#include "server/observe/audit.h"

#include "server/observe/log.h"

#include <QJsonDocument>

namespace gatehouse::observe {

namespace {

using L = QLatin1StringView;

void putText(QJsonObject& object, L key, const QString& text)
{
    if (!text.isEmpty())
        object.insert(key, text);
}

void putObject(QJsonObject& object, L key, const QJsonObject& value)
{
    if (!value.isEmpty())
        object.insert(key, value);
}

} // namespace

QJsonObject AuditEntry::toJson() const
{
    QJsonObject actor{{L("kind"), actorKind}};
    if (actorId != 0)
        actor.insert(L("id"), actorId);
    putText(actor, L("name"), actorName);
    putText(actor, L("address"), address);
    QJsonObject object{{L("at"), qint64(at.count())}, {L("actor"), actor}, {L("action"), action},
        {L("outcome"), outcome}};
    putText(object, L("target"), target);
    putText(object, L("reason"), reason);
    putObject(object, L("before"), before);
    putObject(object, L("after"), after);
    return object;
}

void LogAuditSink::record(const AuditEntry& entry)
{
    const auto level = entry.outcome == L("ok") ? Level::Info : Level::Warning;
    log(level, category::audit,
        QString::fromUtf8(QJsonDocument(entry.toJson()).toJson(QJsonDocument::Compact)));
    if (m_next)
        m_next->record(entry);
}

} // namespace gatehouse::observe
