// SPDX-License-Identifier: Apache-2.0
#include "server/store/retention.h"

#include "server/observe/log.h"
#include "server/store/store.h"

#include <QPointer>

namespace gatehouse::store {

using namespace Qt::StringLiterals;

Retention::Retention(Store& store, const RetentionOptions& options, const Clock& clock)
    : m_store(store), m_options(options), m_clock(clock), m_kind(allExpiring.size())
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (m_kind == allExpiring.size())
            sweepNow();
        else
            nextBatch();
    });
}

Millis Retention::lifeOf(Expiring kind) const
{
    switch (kind) {
    case Expiring::Tasks:
    case Expiring::WorkSessions:
        return m_options.finishedTasks;
    case Expiring::RunLogs:
        return m_options.runLogs;
    case Expiring::Audit:
        return m_options.audit;
    }
    return {};
}

void Retention::start()
{
    for (const Expiring kind : allExpiring) {
        if (lifeOf(kind) > Millis{})
            m_timer.start(m_options.interval);
    }
}

void Retention::sweepNow()
{
    m_kind = 0;
    m_after = 0;
    nextBatch();
}

void Retention::nextKind()
{
    ++m_kind;
    m_after = 0;
    m_timer.start(m_kind == allExpiring.size() ? m_options.interval : m_options.pause);
    if (m_kind == allExpiring.size())
        Q_EMIT roundFinished();
}

void Retention::nextBatch()
{
    const Expiring kind = allExpiring[m_kind];
    if (lifeOf(kind) <= Millis{})
        return nextKind();
    m_store.removeExpired(kind, m_clock.wall() - lifeOf(kind), m_after, m_options.batch,
        [guard = QPointer(this)](const Result<Swept>& swept) {
            if (!guard)
                return;
            if (!swept) {
                observe::log(observe::Level::Warning, observe::category::db,
                    u"old data is not removed: "_s + swept.error().detail);
                return guard->nextKind();
            }
            guard->m_removed += swept->removed;
            if (swept->isOver)
                return guard->nextKind();
            guard->m_after = swept->last;
            guard->m_timer.start(guard->m_options.pause);
        });
}

} // namespace gatehouse::store
