// SPDX-License-Identifier: Apache-2.0
#include "server/app/journalaudit.h"

#include "server/observe/log.h"
#include "server/work/journal.h"

#include <QJsonDocument>

namespace gatehouse::app {

void JournalAuditSink::record(const observe::AuditEntry& entry)
{
    QJsonObject detail;
    if (!entry.address.isEmpty()) {
        detail.insert(QStringLiteral("address"), entry.address);
    }
    if (!entry.before.isEmpty()) {
        detail.insert(QStringLiteral("before"), entry.before);
    }
    if (!entry.after.isEmpty()) {
        detail.insert(QStringLiteral("after"), entry.after);
    }
    work::AuditRecord record;
    record.at = entry.at;
    record.actorKind = entry.actorKind;
    record.actorId = entry.actorId;
    record.actorName = entry.actorName;
    record.action = entry.action;
    record.target = entry.target;
    record.reason = entry.reason;
    record.outcome = entry.outcome;
    if (!detail.isEmpty()) {
        record.detail = QString::fromUtf8(QJsonDocument(detail).toJson(QJsonDocument::Compact));
    }
    m_journal.appendAudit(record, [](const Result<work::AuditRecord>& written) {
        if (!written) {
            observe::log(observe::Level::Error, observe::category::audit,
                u"Audit entry not stored: " + written.error().detail);
        }
    });
}

} // namespace gatehouse::app
