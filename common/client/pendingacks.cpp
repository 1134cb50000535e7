// SPDX-License-Identifier: Apache-2.0
#include "common/client/pendingacks.h"

namespace gatehouse::client {

PendingAcks::PendingAcks(QObject* parent) : QObject(parent)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &PendingAcks::failExpired);
}

quint64 PendingAcks::add(
    const NamespaceName& nsp, Millis timeout, QObject* context, AckCallback callback)
{
    const quint64 id = m_nextId++;
    m_pending.insert(
        id, {nsp, QDeadlineTimer(timeout, Qt::PreciseTimer), context, std::move(callback)});
    armTimer();
    return id;
}

bool PendingAcks::resolve(const NamespaceName& nsp, quint64 id, AckReply reply)
{
    const auto found = m_pending.constFind(id);
    if (found == m_pending.constEnd() || found->nsp != nsp)
        return false;
    const Pending pending = m_pending.take(id);
    if (pending.context)
        pending.callback(std::move(reply));
    return true;
}

void PendingAcks::failAll(const Error& error)
{
    fail(m_pending.keys(), error);
}

void PendingAcks::failNamespace(const NamespaceName& nsp, const Error& error)
{
    QList<quint64> ids;
    for (auto it = m_pending.cbegin(); it != m_pending.cend(); ++it) {
        if (it->nsp == nsp)
            ids.append(it.key());
    }
    fail(ids, error);
}

void PendingAcks::fail(const QList<quint64>& ids, const Error& error)
{
    const QPointer<PendingAcks> self(this);
    for (const quint64 id : ids) {
        if (!m_pending.contains(id))
            continue;
        const Pending pending = m_pending.take(id);
        if (pending.context)
            pending.callback(tl::unexpected<Error>(error));
        if (!self)
            return;
    }
}

void PendingAcks::failExpired()
{
    QList<quint64> expired;
    for (auto it = m_pending.cbegin(); it != m_pending.cend(); ++it) {
        if (it->deadline.hasExpired())
            expired.append(it.key());
    }
    const QPointer<PendingAcks> self(this);
    fail(expired, Error{ErrorCode::Timeout, QStringLiteral("no answer in time")});
    if (self)
        armTimer();
}

void PendingAcks::armTimer()
{
    if (m_pending.isEmpty()) {
        m_timer.stop();
        return;
    }
    QDeadlineTimer earliest(QDeadlineTimer::Forever);
    for (const Pending& pending : std::as_const(m_pending))
        earliest = qMin(earliest, pending.deadline);
    // One more millisecond, or rounding would wake us just before the deadline.
    m_timer.start(Millis{qMin<qint64>(earliest.remainingTime() + 1, 1'000'000'000)});
}

} // namespace gatehouse::client
