// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>

namespace gatehouse::observe {

/// Who did what to what, why, and how it ended. One per privileged action and per security event,
/// whatever the outcome.
struct AuditEntry
{
    Millis at{}; ///< wall clock
    QString actorKind; ///< "admin", "user", …, "system"
    qint64 actorId = 0;
    QString actorName;
    QString address; ///< of the actor's connection; empty for the system itself
    QString action; ///< "task:kill", "client:disconnect", "login", …
    QString target; ///< "task 42", "node 3"
    QString reason; ///< given by the actor; may be empty
    QString outcome; ///< "ok" or the name of an error code
    QJsonObject before; ///< what the action changed, where it changed something
    QJsonObject after;

    QJsonObject toJson() const;
};

/// Where audit entries go. record() returns at once; network thread only.
class AuditSink
{
public:
    virtual ~AuditSink() = default;
    virtual void record(const AuditEntry& entry) = 0;
};

/// Writes each entry as one line to the category gh.audit, level info ("ok") or warning, and passes
/// it on to the next sink if there is one.
class LogAuditSink final : public AuditSink
{
public:
    explicit LogAuditSink(AuditSink* next = nullptr) ///< `next` is not owned
        : m_next(next)
    {
    }
    void record(const AuditEntry& entry) override;

private:
    AuditSink* m_next;
};

} // namespace gatehouse::observe
