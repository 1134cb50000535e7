// SPDX-License-Identifier: Apache-2.0
#include "server/services/typedpublisher.h"

#include "server/observe/log.h"
#include "server/services/typenames.h"

#include <QUuid>

#include <algorithm>

namespace gatehouse::services {

namespace {

constexpr Millis tickInterval{250};
constexpr Millis askInterval{1'000};
constexpr qsizetype mostRouted = 10'000; ///< types remembered; beyond it they are asked about again

} // namespace

TypedPublisher::TypedPublisher(const ServicesOptions& options, bus::Bus& bus, const Clock& clock,
    ServicesCounters& counters, DeadLetter deadLetter)
    : m_options(options), m_bus(bus), m_clock(clock), m_counters(counters),
      m_deadLetter(std::move(deadLetter))
{
    m_bus.addObserver(static_cast<bus::ServiceObserver*>(this));
    refreshWanted();
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { tick(); });
}

TypedPublisher::~TypedPublisher()
{
    m_bus.removeObserver(static_cast<bus::ServiceObserver*>(this));
}

void TypedPublisher::refreshWanted()
{
    m_wanted.clear();
    m_isAllWanted = false;
    const QByteArray prefix = topicOf({});
    for (const bus::Service& service : m_bus.services()) {
        for (const bus::Topic& topic : service.topics) {
            m_isAllWanted |= topic == topicOfAll();
            if (topic.startsWith(prefix))
                m_wanted.insert(topic.sliced(prefix.size()));
        }
    }
}

bool TypedPublisher::isWanted(const QByteArray& type) const
{
    return m_isAllWanted || m_wanted.contains(type);
}

void TypedPublisher::publish(const QByteArray& type, QByteArray body, const SessionId& origin)
{
    Held message{++m_lastNumber, std::move(body), origin, m_clock.monotonic(),
        QUuid::createUuid().toByteArray(QUuid::WithoutBraces)};
    const auto queue = m_queues.find(type);
    if (queue == m_queues.end() && (isWanted(type) || m_routed.contains(type))) {
        send(type, std::move(message));
        return;
    }
    const bool isFirst = queue == m_queues.end();
    hold(type, std::move(message));
    const auto held = m_queues.find(type);
    if (!isFirst || held == m_queues.end())
        return;
    if (isResting(type))
        held->askedAt = m_clock.monotonic();
    else
        ask(type, *held);
}

bool TypedPublisher::isResting(const QByteArray& type) const
{
    const Millis now = m_clock.monotonic();
    return now < m_restAllUntil || now < m_restUntil.value(type);
}

bus::Publication TypedPublisher::publicationOf(const QByteArray& type, const Held& message) const
{
    bus::Publication publication;
    publication.topic = topicOf(type);
    publication.body = message.body;
    publication.properties.id = message.id;
    publication.properties.type = type;
    publication.properties.contentType = "application/json";
    publication.needsReceiver = true;
    publication.mayBeRepeated = message.mayBeRepeated;
    return publication;
}

void TypedPublisher::send(const QByteArray& type, Held message)
{
    bus::Publication publication = publicationOf(type, message);
    m_bus.publish(std::move(publication),
        [this, alive = std::weak_ptr(m_alive), type, message = std::move(message)](
            bus::Outcome outcome, const Error& error) {
            if (alive.expired())
                return;
            if (outcome == bus::Outcome::Unroutable) {
                // The service has just gone: others may take its place.
                m_routed.remove(type);
                hold(type, message);
            } else if (outcome == bus::Outcome::Refused) {
                observe::log(observe::Level::Warning, observe::category::bus,
                    QStringLiteral("A message of type %1 was not taken: %2")
                        .arg(QString::fromLatin1(type), error.detail));
                bury(type, message);
            }
        });
}

void TypedPublisher::ask(const QByteArray& type, Queue& queue)
{
    queue.isAsking = true;
    const quint64 number = queue.waiting.front().number;
    m_bus.publish(publicationOf(type, queue.waiting.front()),
        [this, alive = std::weak_ptr(m_alive), type, number](
            bus::Outcome outcome, const Error&) {
            if (!alive.expired())
                asked(type, number, outcome);
        });
}

void TypedPublisher::asked(const QByteArray& type, quint64 number, bus::Outcome outcome)
{
    const auto queue = m_queues.find(type);
    if (queue == m_queues.end())
        return;
    queue->isAsking = false;
    queue->askedAt = m_clock.monotonic();
    const bool isFirst = !queue->waiting.empty() && queue->waiting.front().number == number;
    if (outcome == bus::Outcome::Unroutable || outcome == bus::Outcome::Refused) {
        if (isFirst && outcome == bus::Outcome::Refused)
            queue->waiting.front().mayBeRepeated = true;
        if (isWanted(type)) // somebody came meanwhile
            release(type);
        return;
    }
    // It went out: it was the first, unless its time was up meanwhile.
    if (isFirst) {
        --m_counters.heldNow;
        m_counters.heldBytesNow -= quint64(queue->waiting.front().body.size());
        ++m_counters.released;
        queue->waiting.pop_front();
    }
    if (m_routed.size() < mostRouted)
        m_routed.insert(type);
    release(type);
}

bool TypedPublisher::hasRoom(qsizetype octets) const
{
    return qsizetype(m_counters.heldNow) < m_options.maxHeld
        && qint64(m_counters.heldBytesNow) + octets <= m_options.maxHeldBytes;
}

void TypedPublisher::hold(const QByteArray& type, Held message)
{
    ++m_counters.held;
    if (!hasRoom(message.body.size())) {
        ++m_counters.heldOverflows;
        bury(type, message);
        return;
    }
    ++m_counters.heldNow;
    m_counters.heldBytesNow += quint64(message.body.size());
    std::deque<Held>& waiting = m_queues[type].waiting;
    const auto place = std::upper_bound(waiting.begin(), waiting.end(), message.number,
        [](quint64 number, const Held& held) { return number < held.number; });
    waiting.insert(place, std::move(message));
    if (!m_timer.isActive())
        m_timer.start(tickInterval);
}

void TypedPublisher::release(const QByteArray& type)
{
    const auto queue = m_queues.find(type);
    if (queue == m_queues.end() || queue->isAsking)
        return;
    std::deque<Held> waiting = std::exchange(queue->waiting, {});
    m_queues.erase(queue);
    for (Held& message : waiting) {
        --m_counters.heldNow;
        m_counters.heldBytesNow -= quint64(message.body.size());
        ++m_counters.released;
        send(type, std::move(message));
    }
}

void TypedPublisher::bury(const QByteArray& type, const Held& message)
{
    ++m_counters.deadLetters;
    m_deadLetter(type, message.origin);
}

void TypedPublisher::forgetIfEmpty(const QByteArray& type)
{
    const auto queue = m_queues.find(type);
    if (queue != m_queues.end() && queue->waiting.empty() && !queue->isAsking)
        m_queues.erase(queue);
}

void TypedPublisher::serviceCame(const bus::Service&)
{
    refreshWanted();
    const QList<QByteArray> types = m_queues.keys();
    for (const QByteArray& type : types) {
        if (isWanted(type))
            release(type);
    }
}

// A broker unbinds what the service wanted in its own time. Until then it takes messages of these
// types for queues in which nobody looks for them any more: it is not asked about them for a while.
void TypedPublisher::serviceWent(const bus::Service& service)
{
    refreshWanted();
    m_routed.clear();
    const Millis until = m_clock.monotonic() + askInterval;
    const QByteArray prefix = topicOf({});
    for (const bus::Topic& topic : service.topics) {
        if (topic == topicOfAll())
            m_restAllUntil = until;
        else if (topic.startsWith(prefix))
            m_restUntil.insert(topic.sliced(prefix.size()), until);
    }
    if (!m_timer.isActive())
        m_timer.start(tickInterval);
}

void TypedPublisher::tick()
{
    const Millis now = m_clock.monotonic();
    const QList<QByteArray> types = m_queues.keys();
    for (const QByteArray& type : types) {
        const auto queue = m_queues.find(type);
        if (queue == m_queues.end())
            continue;
        while (!queue->isAsking && !queue->waiting.empty()
            && now - queue->waiting.front().since >= m_options.holdTime) {
            const Held message = std::move(queue->waiting.front());
            queue->waiting.pop_front();
            --m_counters.heldNow;
            m_counters.heldBytesNow -= quint64(message.body.size());
            bury(type, message);
        }
        if (!queue->waiting.empty() && !queue->isAsking && now - queue->askedAt >= askInterval)
            ask(type, *queue);
        forgetIfEmpty(type);
    }
    m_restUntil.removeIf([now](auto rest) { return now >= rest.value(); });
    if (m_queues.isEmpty() && m_restUntil.isEmpty())
        m_timer.stop();
}

} // namespace gatehouse::services
