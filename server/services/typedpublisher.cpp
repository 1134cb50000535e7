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
constexpr qsizetype mostRouted = 10'000; ///< types remembered; beyond it they are asked about again
/// What the outbox had for so long with the broker there, it has tried: it is on its way no more,
/// or a queue behind some exchange does not take it, for good perhaps.
constexpr Millis keptTime{60'000};
constexpr qsizetype mostDead = 1'000; ///< types whose dead letters are told apart

} // namespace

TypedPublisher::TypedPublisher(const ServicesOptions& options, bus::Bus& bus, const Clock& clock,
    ServicesCounters& counters, DeadLetter deadLetter)
    : m_options(options), m_bus(bus), m_clock(clock), m_counters(counters),
      m_deadLetter(std::move(deadLetter))
{
    m_bus.addObserver(static_cast<bus::ServiceObserver*>(this));
    refreshWanted();
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { tick(); });
    if (!m_bus.state().isUp() || m_bus.counters().outboxMessages > 0) {
        m_allKeptUntil = busTime() + keptTime;
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
    if (!origin.isEmpty())
        ++m_origins[origin].open;
    Held message{++m_lastNumber, std::move(body), origin, busTime(),
        QUuid::createUuid().toByteArray(QUuid::WithoutBraces)};
    const bool isFirst = !m_queues.contains(type);
    const bool goesOut = isWanted(type) ? !m_owesRelease : m_routed.contains(type);
    if (m_isFinished || (isFirst && goesOut)) {
        send(type, std::move(message));
        return;
    }
    hold(type, std::move(message));
    const auto held = m_queues.find(type);
    if (!isFirst || held == m_queues.end() || (m_owesRelease && isWanted(type)))
        return;
    if (isResting(type) || !mayAsk(type))
        held->askedAt = m_clock.monotonic();
    else
        ask(type, *held);
}

// The broker may not have unbound them yet: it is not asked about them at once.
void TypedPublisher::takeBack(std::vector<Undelivered> messages)
{
    if (messages.empty())
        return;
    refreshWanted();
    for (Undelivered& message : messages) {
        if (isWanted(message.type))
            continue;
        hold(message.type,
            {++m_lastNumber, std::move(message.body), {}, busTime(),
                QUuid::createUuid().toByteArray(QUuid::WithoutBraces)});
        if (const auto held = m_queues.find(message.type); held != m_queues.end())
            held->askedAt = m_clock.monotonic();
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
    refreshWanted();
    QSet<SessionId> asked;
    std::vector<std::pair<QByteArray, Held>> held;
    for (auto queue = m_queues.begin(); queue != m_queues.end();) {
        const size_t left = queue->isAsking ? 1 : 0;
        while (queue->waiting.size() > left)
            held.emplace_back(queue.key(), take(*queue, queue->waiting.end() - 1));
        if (left > 0 && !queue->waiting.empty())
            asked.insert(queue->waiting.front().origin);
        queue = queue->isAsking ? std::next(queue) : m_queues.erase(queue);
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

bool TypedPublisher::isResting(const QByteArray& type) const
{
    const Millis now = m_clock.monotonic();
    return now < m_restAllUntil || now < m_restUntil.value(type);
}

/// A question is not worth keeping, and must not overtake what is kept of its type. What is kept of
/// others may stay for ever.
bool TypedPublisher::mayAsk(const QByteArray& type) const
{
    const Sent sent = m_sent.value(type);
    if (!m_bus.state().isUp() || sent.open > 0)
        return false;
    return m_bus.counters().outboxMessages == 0
        || busTime() >= std::max(m_allKeptUntil, sent.keptUntil);
}

void TypedPublisher::kept(const QByteArray& type)
{
    if (m_sent.size() < mostRouted || m_sent.contains(type))
        m_sent[type].keptUntil = busTime() + keptTime;
    else
        m_allKeptUntil = busTime() + keptTime;
    startTimer();
}

void TypedPublisher::forgetKept()
{
    const Millis now = busTime();
    const bool isEmpty = m_bus.state().isUp() && m_bus.counters().outboxMessages == 0;
    if (isEmpty || now >= m_allKeptUntil)
        m_allKeptUntil = {};
    m_sent.removeIf([&](auto sent) {
        if (isEmpty || now >= sent->keptUntil)
            sent->keptUntil = {};
        return sent->open == 0 && sent->keptUntil == Millis{0};
    });
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
    ++m_sent[type].open;
    m_bus.publish(std::move(publication),
        [this, alive = std::weak_ptr(m_alive), type, message = std::move(message)](
            bus::Outcome outcome, const Error& error) {
            if (alive.expired())
                return;
            const auto sent = m_sent.find(type);
            if (--sent->open == 0 && sent->keptUntil == Millis{0})
                m_sent.erase(sent);
            if (outcome == bus::Outcome::Kept)
                kept(type);
            if (outcome == bus::Outcome::Unroutable) {
                // The service has just gone: others may take its place.
                m_routed.remove(type);
                hold(type, message);
                if (const auto queue = m_queues.find(type); queue != m_queues.end())
                    queue->askedAt = m_clock.monotonic();
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
    const auto queue = m_queues.find(type);
    if (queue == m_queues.end())
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
        ended = takeFirst(*queue);
    else if (isFirst && outcome == bus::Outcome::Refused)
        queue->waiting.front().mayBeRepeated = true;
    if (isOut) {
        m_counters.released += ended ? 1 : 0;
        if (m_routed.size() < mostRouted)
            m_routed.insert(type);
        // A service is bound a moment before it is heard of. Then it gets what waits in the order
        // it came, all its types; one that is never heard of gets this type a moment later.
        queue->isRouted = true;
    }
    if (const auto rest = m_queues.find(type); rest != m_queues.end() && rest->waiting.empty())
        m_queues.erase(rest);
    if (m_owesRelease || isWanted(type)) // somebody came meanwhile
        releaseWanted();
    if (ended && isHopeless)
        bury(type, *ended, error.detail);
    else if (ended)
        settle(ended->origin);
    if (m_isFinished) // this one was waited for
        finish();
}

bool TypedPublisher::hasRoom(qsizetype octets) const
{
    return qsizetype(m_counters.heldNow) < m_options.maxHeld
        && qint64(m_counters.heldBytesNow) + octets <= m_options.maxHeldBytes;
}

void TypedPublisher::hold(const QByteArray& type, Held message)
{
    ++m_counters.held;
    if (m_isFinished) {
        bury(type, message, QStringLiteral("no service takes this type, and the server goes down"));
        return;
    }
    if (!hasRoom(message.body.size())) {
        ++m_counters.heldOverflows;
        bury(type, message, QStringLiteral("no service takes this type, and too many wait"));
        return;
    }
    ++m_counters.heldNow;
    m_counters.heldBytesNow += quint64(message.body.size());
    Queue& queue = m_queues[type];
    message.since -= queue.stopped;
    std::deque<Held>& waiting = queue.waiting;
    const auto place = std::upper_bound(waiting.begin(), waiting.end(), message.number,
        [](quint64 number, const Held& held) { return number < held.number; });
    waiting.insert(place, std::move(message));
    startTimer();
}

void TypedPublisher::startTimer()
{
    if (m_timer.isActive())
        return;
    m_tickedAt = m_clock.monotonic();
    m_timer.start(tickInterval);
}

TypedPublisher::Held TypedPublisher::take(Queue& queue, std::deque<Held>::iterator at)
{
    Held taken = std::move(*at);
    queue.waiting.erase(at);
    taken.since += queue.stopped;
    --m_counters.heldNow;
    m_counters.heldBytesNow -= quint64(taken.body.size());
    return taken;
}

void TypedPublisher::release(const QByteArray& type)
{
    const auto queue = m_queues.find(type);
    if (queue == m_queues.end() || queue->isAsking)
        return;
    Queue released = std::move(*queue);
    m_queues.erase(queue);
    while (!released.waiting.empty()) {
        ++m_counters.released;
        send(type, takeFirst(released));
    }
}

// A service that comes back gets what waited in the order it came, not type by type: a file is
// opened before it is written to.
void TypedPublisher::releaseWanted()
{
    m_owesRelease = false;
    for (auto queue = m_queues.cbegin(); queue != m_queues.cend(); ++queue)
        m_owesRelease |= queue->isAsking && isWanted(queue.key());
    if (m_owesRelease) // the answer is near
        return;
    std::vector<std::pair<QByteArray, Held>> released;
    for (auto queue = m_queues.begin(); queue != m_queues.end();) {
        if (!isWanted(queue.key())) {
            ++queue;
            continue;
        }
        while (!queue->waiting.empty())
            released.emplace_back(queue.key(), takeFirst(*queue));
        queue = m_queues.erase(queue);
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
    for (auto queue = m_queues.cbegin(); queue != m_queues.cend(); ++queue)
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
    refreshWanted();
    releaseWanted();
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
    forgetKept();
    bool owesRelease = m_owesRelease;
    // What is said about a dead letter may end clients, and that is published again.
    std::vector<std::pair<QByteArray, Held>> dead;
    std::map<quint64, QByteArray> due;
    std::map<quint64, QByteArray> routed;
    for (auto queue = m_queues.begin(); queue != m_queues.end();) {
        // Nor is anybody late of whom the bus may not be asked.
        const bool isAskable = mayAsk(queue.key());
        if (isUp && !isAskable && !queue->isAsking)
            queue->stopped += passed;
        while (!queue->isAsking && !queue->waiting.empty()
            && busTime() - queue->stopped - queue->waiting.front().since >= m_options.holdTime)
            dead.emplace_back(queue.key(), takeFirst(*queue));
        if (!queue->isAsking && queue->waiting.empty()) {
            queue = m_queues.erase(queue);
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
        if (const auto queue = m_queues.find(type); queue != m_queues.end())
            ask(type, *queue);
    }
    if (owesRelease)
        releaseWanted();
    for (const auto& [number, type] : routed)
        release(type);
    for (const auto& [type, message] : dead)
        bury(type, message, QStringLiteral("no service takes this type"));
    m_restUntil.removeIf([now](auto rest) { return now >= rest.value(); });
    const bool isKept = m_allKeptUntil > Millis{0}
        || std::any_of(m_sent.cbegin(), m_sent.cend(),
            [](const Sent& sent) { return sent.keptUntil > Millis{0}; });
    if (m_queues.isEmpty() && m_restUntil.isEmpty() && !isKept)
        m_timer.stop();
}

} // namespace gatehouse::services
