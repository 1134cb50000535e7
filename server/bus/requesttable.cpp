// SPDX-License-Identifier: Apache-2.0
#include "server/bus/requesttable.h"

#include <QRandomGenerator>

#include <algorithm>

namespace gatehouse::bus {

bool isFinalByType(const Message& message)
{
    return message.properties.type != QByteArrayView("partial");
}

RequestTable::RequestTable(const Clock& clock, BusCounters& counters, Ended ended)
    : m_clock(clock), m_counters(counters), m_ended(std::move(ended)),
      m_prefix(QByteArray::number(QRandomGenerator::system()->generate64(), 16) + '-')
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.callOnTimeout([this] { expire(); });
}

Millis RequestTable::limitOf(const Request& request)
{
    return std::clamp(request.timeout, Millis{1}, Millis{600'000});
}

QByteArray RequestTable::add(const Request& request, AnswerHandler handler)
{
    const QByteArray correlation = m_prefix + QByteArray::number(++m_last);
    auto pending = std::make_shared<Pending>();
    pending->queue = request.queue;
    pending->timeout = limitOf(request);
    pending->isFinal = request.isFinal;
    pending->partsLeft = request.maxParts;
    pending->handler = std::move(handler);
    pending->deadline = m_deadlines.emplace(m_clock.monotonic() + pending->timeout, correlation);
    m_pending.insert(correlation, std::move(pending));
    m_counters.pendingRequests = quint64(m_pending.size());
    if (m_deadlines.begin()->second == correlation)
        armTimer();
    return correlation;
}

std::shared_ptr<RequestTable::Pending> RequestTable::take(const QByteArray& correlation)
{
    const auto at = m_pending.constFind(correlation);
    if (at == m_pending.constEnd())
        return {};
    std::shared_ptr<Pending> pending = at.value();
    m_pending.erase(at);
    m_deadlines.erase(pending->deadline);
    m_counters.pendingRequests = quint64(m_pending.size());
    if (m_ended)
        m_ended(correlation);
    return pending;
}

void RequestTable::answer(const QByteArray& correlation, Message message)
{
    const auto at = m_pending.constFind(correlation);
    if (at == m_pending.constEnd()) {
        ++m_counters.lateAnswers;
        return;
    }
    ++m_counters.answers;
    const std::shared_ptr<Pending> pending = at.value();
    message.topic = pending->queue;
    const bool isFinal = pending->isFinal ? pending->isFinal(message) : isFinalByType(message);
    if (isFinal) {
        take(correlation);
    } else if (pending->partsLeft-- <= 0) {
        fail(correlation,
            {ErrorCode::TooLarge,
                QString::fromUtf8(pending->queue) + u" gave more partial answers than allowed"});
        return;
    }
    const AnswerHandler handler = pending->handler; // it may cancel the request
    handler(Answer{std::move(message), isFinal});
}

void RequestTable::fail(const QByteArray& correlation, const Error& error)
{
    const std::shared_ptr<Pending> pending = take(correlation);
    if (!pending)
        return;
    if (error.code == ErrorCode::Timeout)
        ++m_counters.requestTimeouts;
    else
        ++m_counters.requestErrors;
    pending->handler(tl::unexpected(error));
}

void RequestTable::failAll(const Error& error)
{
    const QList<QByteArray> waiting = m_pending.keys();
    for (const QByteArray& correlation : waiting)
        fail(correlation, error);
}

void RequestTable::cancel(const QByteArray& correlation)
{
    take(correlation);
}

void RequestTable::expire()
{
    const Millis now = m_clock.monotonic();
    while (!m_deadlines.empty() && m_deadlines.begin()->first <= now) {
        const QByteArray correlation = m_deadlines.begin()->second;
        const std::shared_ptr<Pending> pending = m_pending.value(correlation);
        fail(correlation,
            {ErrorCode::Timeout,
                QStringLiteral("%1 did not answer within %2 ms")
                    .arg(QString::fromUtf8(pending->queue))
                    .arg(pending->timeout.count())});
    }
    armTimer();
}

void RequestTable::armTimer()
{
    if (m_deadlines.empty()) {
        m_timer.stop();
        return;
    }
    const Millis left = m_deadlines.begin()->first - m_clock.monotonic();
    m_timer.start(std::max(left, Millis{0}));
}

} // namespace gatehouse::bus
