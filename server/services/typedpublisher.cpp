// SPDX-License-Identifier: Apache-2.0
#include "server/services/typedpublisher.h"

#include "server/observe/log.h"
#include "server/services/typenames.h"

#include <QUuid>

#include <algorithm>
#include <map>
#include <optional>

namespace gatehouse::services {

namespace {

constexpr Millis tickInterval{250};
constexpr Millis askInterval{1'000};
constexpr Millis formerTime{60'000}; ///< the outbox has read what a former process has left
constexpr qsizetype mostDead = 1'000; ///< types whose dead letters are told apart

} // namespace

TypedPublisher::TypedPublisher(const ServicesOptions& options, bus::Bus& bus, const Clock& clock,
    ServicesCounters& counters, DeadLetter deadLetter)
    : m_options(options), m_bus(bus), m_clock(clock), m_counters(counters),
      m_deadLetter(std::move(deadLetter)), m_held(options, counters)
{
    m_bus.addObserver(static_cast<bus::ServiceObserver*>(this));
    m_wanted.refresh(m_bus.services());
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { tick(); });
    if (!m_bus.state().isUp() || m_bus.counters().outboxMessages > 0) {
        m_formerUntil = busTime() + formerTime;
        startTimer();
    }
}

TypedPublisher::~TypedPublisher()
{
    m_bus.removeObserver(static_cast<bus::ServiceObserver*>(this));
    for (const Origin& origin : std::as_const(m_origins)) {
        if (!origin.lastType.isEmpty())
            m_bus.publish(publicationOf(origin.lastType, {.body = origin.last}, bus::Care::Kept));
    }
}

TypedPublisher::Held TypedPublisher::made(QByteArray body, const SessionId& origin)
{
    return {++m_lastNumber, std::move(body), origin, busTime(),
        QUuid::createUuid().toByteArray(QUuid::WithoutBraces)};
}

void TypedPublisher::publish(const QByteArray& type, QByteArray body, const SessionId& origin)
{
    if (!origin.isEmpty())
        ++m_origins[origin].open;
    Held message = made(std::move(body), origin);
    const bool isFirst = !m_held.queues().contains(type);
    const bool goesOut = isWanted(type) ? !m_owesRelease : m_wanted.isRouted(type);
    if (m_isFinished || (isFirst && goesOut)) {
        send(type, std::move(message));
        return;
    }
    hold(type, std::move(message));
    const auto held = m_held.queues().find(type);
    if (!isFirst || held == m_held.queues().end() || (m_owesRelease && isWanted(type)))
        return;
    if (m_wanted.isResting(type, m_clock.monotonic()) || !mayAsk(type))
        held->askedAt = m_clock.monotonic();
    else
        ask(type, *held);
}

// The broker may not have unbound them yet: it is not asked about them at once.
void TypedPublisher::takeBack(std::vector<Undelivered> messages)
{
    if (messages.empty())
        return;
    m_wanted.refresh(m_bus.services());
    for (Undelivered& message : messages) {
        if (!isWanted(message.type))
            holdUnasked(message.type, made(std::move(message.body), {}));
    }
}

void TypedPublisher::publishLast(const QByteArray& type, QByteArray body, const SessionId& origin)
{
    const auto open = m_origins.find(origin);
    if (open == m_origins.end()) {
        publish(type, std::move(body));
        return;
    }
    open->lastType = type;
    open->last = std::move(body);
}

// What is on the bus to find out is left: it ends in asked(), and with it what was to be said last
// about who had sent it.
void TypedPublisher::finish()
{
    m_isFinished = true;
    m_wanted.refresh(m_bus.services());
    QSet<SessionId> asked;
    std::vector<std::pair<QByteArray, Held>> held;
    for (auto queue = m_held.queues().begin(); queue != m_held.queues().end();) {
        const size_t left = queue->isAsking ? 1 : 0;
        while (queue->waiting.size() > left)
            held.emplace_back(queue.key(), m_held.take(*queue, queue->waiting.end() - 1));
        if (left > 0 && !queue->waiting.empty())
            asked.insert(queue->waiting.front().origin);
        queue = queue->isAsking ? std::next(queue) : m_held.queues().erase(queue);
    }
    std::sort(held.begin(), held.end(),
        [](const auto& a, const auto& b) { return a.second.number < b.second.number; });
    for (auto& [type, message] : held) {
        if (isWanted(type)) {
            ++m_counters.released;
            send(type, std::move(message));
        } else {
            bury(type, message,
                QStringLiteral("no service takes this type, and the server goes down"));
        }
    }
    std::vector<std::pair<QByteArray, QByteArray>> last;
    for (auto origin = m_origins.begin(); origin != m_origins.end(); ++origin) {
        if (!origin->lastType.isEmpty() && !asked.contains(origin.key()))
            last.emplace_back(std::exchange(origin->lastType, {}), origin->last);
    }
    for (auto& [type, body] : last)
        publish(type, std::move(body));
}

void TypedPublisher::settle(const SessionId& origin)
{
    const auto open = m_origins.find(origin);
    if (open == m_origins.end() || --open->open > 0)
        return;
    const Origin ended = *open;
    m_origins.erase(open);
    if (!ended.lastType.isEmpty())
        publish(ended.lastType, ended.last);
}

/// A question is not worth keeping, and must not overtake what is kept of its type. What is kept of
/// others may stay for ever, and what a former process has left is known once it is read.
bool TypedPublisher::mayAsk(const QByteArray& type) const
{
    if (!m_bus.state().isUp() || m_sent.isOpen(type) || m_bus.isWaiting({}, topicOf(type)))
        return false;
    return m_bus.counters().outboxMessages == 0 || busTime() >= m_formerUntil;
}

bus::Publication TypedPublisher::publicationOf(
    const QByteArray& type, const Held& message, bus::Care care)
{
    bus::Publication publication;
    publication.topic = topicOf(type);
    publication.body = message.body;
    publication.properties.id = message.id;
    publication.properties.type = type;
    publication.properties.contentType = "application/json";
    publication.care = care;
    publication.needsReceiver = true;
    publication.mayBeRepeated = message.mayBeRepeated;
    return publication;
}

void TypedPublisher::send(const QByteArray& type, Held message)
{
    bus::Publication publication = publicationOf(type, message, bus::Care::Kept);
    m_sent.sent(type);
    m_bus.publish(std::move(publication),
        [this, alive = std::weak_ptr(m_alive), type, message = std::move(message)](
            bus::Outcome outcome, const Error& error) {
            if (alive.expired())
                return;
            m_sent.settled(type);
            if (outcome == bus::Outcome::Unroutable) {
                // The service has just gone: others may take its place.
                m_wanted.setUnrouted(type);
                holdUnasked(type, message);
            } else if (outcome == bus::Outcome::Refused) {
                observe::log(observe::Level::Warning, observe::category::bus,
                    QStringLiteral("A message of type %1 was not taken: %2")
                        .arg(QString::fromLatin1(type), error.detail));
                bury(type, message, error.detail);
            } else {
                settle(message.origin);
            }
        });
}

void TypedPublisher::ask(const QByteArray& type, Queue& queue)
{
    queue.isAsking = true;
    const Held& first = queue.waiting.front();
    m_bus.publish(publicationOf(type, first, bus::Care::Confirmed),
        [this, alive = std::weak_ptr(m_alive), type, number = first.number](
            bus::Outcome outcome, const Error& error) {
            if (!alive.expired())
                asked(type, number, outcome, error);
        });
}

void TypedPublisher::asked(
    const QByteArray& type, quint64 number, bus::Outcome outcome, const Error& error)
{
    const auto queue = m_held.queues().find(type);
    if (queue == m_held.queues().end())
        return;
    queue->isAsking = false;
    queue->askedAt = m_clock.monotonic();
    const bool isOut = outcome == bus::Outcome::Confirmed || outcome == bus::Outcome::Kept;
    const bool isHopeless = outcome == bus::Outcome::Refused
        && (error.code == ErrorCode::TooLarge || error.code == ErrorCode::BadRequest
            || error.code == ErrorCode::Forbidden);
    // The one that was asked about is the first, unless its time was up meanwhile.
    std::optional<Held> ended;
    const bool isFirst = !queue->waiting.empty() && queue->waiting.front().number == number;
    if (isFirst && (isOut || isHopeless))
        ended = m_held.takeFirst(*queue);
    else if (isFirst && outcome == bus::Outcome::Refused)
        queue->waiting.front().mayBeRepeated = true;
    if (isOut) {
        m_counters.released += ended ? 1 : 0;
        m_wanted.setRouted(type);
        // A service is bound a moment before it is heard of. Then it gets what waits in the order
        // it came, all its types; one that is never heard of gets this type a moment later.
        queue->isRouted = true;
    }
    if (const auto rest = m_held.queues().find(type);
        rest != m_held.queues().end() && rest->waiting.empty())
        m_held.queues().erase(rest);
    if (m_owesRelease || isWanted(type)) // somebody came meanwhile
        releaseWanted();
    if (ended && isHopeless)
        bury(type, *ended, error.detail);
    else if (ended)
        settle(ended->origin);
    if (m_isFinished) // this one was waited for
        finish();
}

void TypedPublisher::hold(const QByteArray& type, Held message)
{
    ++m_counters.held;
    if (m_isFinished) {
        bury(type, message, QStringLiteral("no service takes this type, and the server goes down"));
        return;
    }
    if (!m_held.hasRoomFor(message.body.size())) {
        ++m_counters.heldOverflows;
        bury(type, message, QStringLiteral("no service takes this type, and too many wait"));
        return;
    }
    m_held.add(type, std::move(message));
    startTimer();
}

void TypedPublisher::holdUnasked(const QByteArray& type, Held message)
{
    hold(type, std::move(message));
    if (const auto queue = m_held.queues().find(type); queue != m_held.queues().end())
        queue->askedAt = m_clock.monotonic();
}

void TypedPublisher::startTimer()
{
    if (m_timer.isActive())
        return;
    m_tickedAt = m_clock.monotonic();
    m_timer.start(tickInterval);
}

void TypedPublisher::release(const QByteArray& type)
{
    const auto queue = m_held.queues().find(type);
    if (queue == m_held.queues().end() || queue->isAsking)
        return;
    Queue released = std::move(*queue);
    m_held.queues().erase(queue);
    while (!released.waiting.empty()) {
        ++m_counters.released;
        send(type, m_held.takeFirst(released));
    }
}

// A service that comes back gets what waited in the order it came, not type by type: a file is
// opened before it is written to.
void TypedPublisher::releaseWanted()
{
    m_owesRelease = false;
    for (auto queue = m_held.queues().cbegin(); queue != m_held.queues().cend(); ++queue)
        m_owesRelease |= queue->isAsking && isWanted(queue.key());
    if (m_owesRelease) // the answer is near
        return;
    std::vector<std::pair<QByteArray, Held>> released;
    for (auto queue = m_held.queues().begin(); queue != m_held.queues().end();) {
        if (!isWanted(queue.key())) {
            ++queue;
            continue;
        }
        while (!queue->waiting.empty())
            released.emplace_back(queue.key(), m_held.takeFirst(*queue));
        queue = m_held.queues().erase(queue);
    }
    std::sort(released.begin(), released.end(),
        [](const auto& a, const auto& b) { return a.second.number < b.second.number; });
    for (auto& [type, message] : released) {
        ++m_counters.released;
        send(type, std::move(message));
    }
}

void TypedPublisher::bury(const QByteArray& type, const Held& message, const QString& why)
{
    ++m_counters.deadLetters;
    if (m_dead.size() < mostDead || m_dead.contains(type))
        ++m_dead[type];
    m_deadLetter({type, message.body, message.origin, why});
    settle(message.origin);
}

std::vector<TypedPublisher::TypeState> TypedPublisher::types() const
{
    std::map<QByteArray, TypeState> all;
    for (auto queue = m_held.queues().cbegin(); queue != m_held.queues().cend(); ++queue)
        all[queue.key()].held = qsizetype(queue->waiting.size());
    for (auto dead = m_dead.cbegin(); dead != m_dead.cend(); ++dead)
        all[dead.key()].dead = *dead;
    std::vector<TypeState> list;
    for (auto& [type, state] : all) {
        state.type = type;
        list.push_back(state);
    }
    return list;
}

void TypedPublisher::serviceCame(const bus::Service&)
{
    m_wanted.refresh(m_bus.services());
    releaseWanted();
}

void TypedPublisher::serviceWent(const bus::Service& service)
{
    m_wanted.refresh(m_bus.services());
    m_wanted.serviceWent(service, m_clock.monotonic());
    startTimer();
}

void TypedPublisher::tick()
{
    const Millis now = m_clock.monotonic();
    const Millis passed = now - std::exchange(m_tickedAt, now);
    // Nobody can come while the broker is away, so nobody is late either.
    const bool isUp = m_bus.state().isUp();
    if (!isUp)
        m_away += passed;
    bool owesRelease = m_owesRelease;
    // What is said about a dead letter may end clients, and that is published again.
    std::vector<std::pair<QByteArray, Held>> dead;
    std::map<quint64, QByteArray> due;
    std::map<quint64, QByteArray> routed;
    for (auto queue = m_held.queues().begin(); queue != m_held.queues().end();) {
        // Nor is anybody late of whom the bus may not be asked.
        const bool isAskable = mayAsk(queue.key());
        if (isUp && !isAskable && !queue->isAsking)
            queue->stopped += passed;
        while (!queue->isAsking && !queue->waiting.empty()
            && busTime() - queue->stopped - queue->waiting.front().since >= m_options.holdTime)
            dead.emplace_back(queue.key(), m_held.takeFirst(*queue));
        if (!queue->isAsking && queue->waiting.empty()) {
            queue = m_held.queues().erase(queue);
            continue;
        }
        if (!queue->isAsking && now - queue->askedAt >= askInterval) {
            if (queue->isRouted && isUp)
                routed.emplace(queue->waiting.front().number, queue.key());
            else if (isAskable)
                due.emplace(queue->waiting.front().number, queue.key());
            else
                owesRelease |= isUp && isWanted(queue.key()); // which asks for nothing
        }
        ++queue;
    }
    for (const auto& [number, type] : due) { // in the order they came: somebody may hear them
        if (const auto queue = m_held.queues().find(type); queue != m_held.queues().end())
            ask(type, *queue);
    }
    if (owesRelease)
        releaseWanted();
    for (const auto& [number, type] : routed)
        release(type);
    for (const auto& [type, message] : dead)
        bury(type, message, QStringLiteral("no service takes this type"));
    m_wanted.forgetRests(now);
    if (m_held.queues().isEmpty() && !m_wanted.isAnyResting() && busTime() >= m_formerUntil)
        m_timer.stop();
}

} // namespace gatehouse::services
