// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpsender.h"

#include "server/bus/buslog.h"

#include <algorithm>

namespace gatehouse::bus {

namespace {

constexpr Millis tickTime{100};
constexpr qsizetype reservedMessages = 1'000;
constexpr qint64 reservedBytes = 1024 * 1024;

using SteadyClock = std::chrono::steady_clock;

Error tooMuch()
{
    return {ErrorCode::RateLimited, QStringLiteral("too much is waiting on the bus")};
}

Error away(const QString& why)
{
    return {ErrorCode::Unavailable, QString(u"the broker takes no messages: " + why)};
}

} // namespace

AmqpSender::AmqpSender(const AmqpOptions& options, const Clock& clock, BusCounters& counters,
    Later& later, Uplink& uplink, Outbox& outbox, LinkChanged changed,
    KeptMessages::Release release)
    : m_options(options), m_clock(clock), m_counters(counters), m_later(later),
      m_changed(std::move(changed)),
      m_kept(
          options, clock, counters, outbox,
          [this](KeptMessage message) {
              Pending pending;
              pending.publication = std::move(message.publication);
              pending.bytes = pending.publication.body.size();
              pending.mayBeRepeated = message.mayBeRepeated;
              pending.isKeeping = true;
              pending.keptAs = message.number;
              pending.isFromOutbox = true;
              pending.since = m_clock.monotonic();
              const auto at = add(std::move(pending));
              hand(at->first, at->second);
          },
          [this] {
              return isUp()
                  && std::none_of(m_pending.begin(), m_pending.end(),
                      [](const auto& one) { return one.second.isKeeping && one.second.isHanded; });
          },
          std::move(release)),
      m_publisher(options, uplink, *this), m_why(QStringLiteral("not connected yet"))
{
    m_timer.callOnTimeout([this] { tick(); });
    m_timer.start(tickTime);
}

void AmqpSender::publish(Publication publication, Published done, Path path)
{
    const qint64 bytes = publication.body.size();
    const bool isKept = publication.care == Care::Kept;
    Error error;
    if (publication.care == Care::Volatile && !isUp()) {
        error = away(m_why);
    } else if (!hasRoomFor(bytes) || (isKept && !m_kept.hasRoomFor(bytes))) {
        ++m_counters.overflowed;
        error = tooMuch();
    } else {
        Pending pending;
        pending.bytes = bytes;
        pending.mayBeRepeated = publication.mayBeRepeated;
        pending.publication = std::move(publication);
        pending.done = std::move(done);
        pending.since = m_clock.monotonic();
        const auto at = add(std::move(pending));
        if (isKept && (path == Path::Outbox || m_kept.mustFollow(at->second.publication)))
            keep(at->first, at->second);
        else if (isUp())
            hand(at->first, at->second);
        return;
    }
    ++m_counters.refused;
    if (publication.care == Care::Volatile)
        ++m_counters.volatileDropped;
    if (done)
        m_later.post([done = std::move(done), error] { done(Outcome::Refused, error); });
}

bool AmqpSender::hasRoomFor(qint64 bytes, Room room) const
{
    const bool isReserve = room == Room::Reserve;
    return qsizetype(m_counters.waiting)
        < m_options.common.maxWaiting + (isReserve ? reservedMessages : 0)
        && qint64(m_counters.waitingBytes) + bytes
        <= m_options.common.maxWaitingBytes + (isReserve ? reservedBytes : 0);
}

AmqpSender::Queue::iterator AmqpSender::add(Pending pending)
{
    if (!pending.isFromOutbox) {
        ++m_counters.waiting;
        m_counters.waitingBytes += quint64(pending.bytes);
    }
    return m_pending.emplace_hint(m_pending.end(), ++m_lastId, std::move(pending));
}

Result<void> AmqpSender::send(
    Outgoing message, Millis limit, std::function<void(const Error&)> failed, Room room)
{
    const qint64 bytes = message.body.size();
    if (!isUp())
        return tl::unexpected(away(m_why));
    if (!hasRoomFor(bytes, room)) {
        ++m_counters.overflowed;
        return tl::unexpected(tooMuch());
    }
    Pending pending;
    pending.bytes = bytes;
    pending.isDirect = true;
    pending.isHanded = true;
    pending.round = m_rounds[size_t(Way::Direct)];
    pending.failed = std::move(failed);
    pending.since = m_clock.monotonic();
    message.round = pending.round;
    message.deadline = SteadyClock::now() + limit;
    message.id = add(std::move(pending))->first;
    m_publisher.send(std::move(message));
    return {};
}

void AmqpSender::hand(quint64 id, Pending& pending)
{
    const Publication& publication = pending.publication;
    Outgoing message;
    message.id = id;
    message.exchange
        = publication.exchange.isEmpty() ? m_options.common.exchange : publication.exchange;
    message.routingKey = publication.topic;
    message.body = publication.body;
    message.properties = publication.properties;
    message.isMandatory = publication.needsReceiver;
    message.isPersistent = publication.care != Care::Volatile;
    message.needsReceiver = publication.needsReceiver && publication.care != Care::Volatile;
    message.mayBeRepeated = pending.mayBeRepeated;
    if (publication.care != Care::Kept)
        message.deadline
            = SteadyClock::now() + (pending.since + m_options.confirmTimeout - m_clock.monotonic());
    if (pending.mayBeRepeated)
        ++m_counters.resent;
    pending.isHanded = true;
    pending.round = m_rounds[size_t(Way::Publications)];
    message.round = pending.round;
    m_publisher.send(std::move(message));
}

void AmqpSender::handWaiting()
{
    keepWhatFollows();
    for (auto& [id, pending] : m_pending) {
        if (!pending.isDirect && !pending.isHanded && !pending.isKeeping)
            hand(id, pending);
    }
}

void AmqpSender::publisherIsUp()
{
    ++m_counters.connects;
    setLink(BusState::Link::Up, {});
}

void AmqpSender::publisherIsDown(const Error& why)
{
    if (m_link != BusState::Link::Connecting)
        ++m_counters.disconnects;
    setLink(BusState::Link::Connecting, why.detail);
}

void AmqpSender::publisherIsBlocked(const QString& why)
{
    ++m_counters.blocks;
    setLink(BusState::Link::Blocked, why);
}

void AmqpSender::publisherIsUnblocked()
{
    setLink(BusState::Link::Up, {});
}

void AmqpSender::setLink(BusState::Link link, const QString& why)
{
    m_link = link;
    m_why = why;
    if (isUp()) {
        handWaiting();
        m_kept.drain();
    } else {
        m_kept.linkLost();
        // Volatile ones are not worth waiting for.
        for (auto at = m_pending.begin(); at != m_pending.end();) {
            const auto next = std::next(at);
            if (!at->second.isDirect && !at->second.isHanded
                && at->second.publication.care == Care::Volatile)
                refuse(at, away(why));
            at = next;
        }
    }
    m_changed(link, why);
}

void AmqpSender::settled(const std::vector<std::pair<quint64, Fate>>& fates)
{
    for (const auto& [id, fate] : fates)
        settleOne(id, fate);
    checkFlushed();
}

/// All of it in the order it was published, whatever of it had been sent.
void AmqpSender::takenBack(
    Way way, quint64 round, const QSet<quint64>& lost, const QSet<quint64>& stillSent)
{
    m_rounds[size_t(way)] = round;
    std::vector<quint64> ids;
    for (const auto& [id, pending] : m_pending) {
        if (pending.isDirect == (way == Way::Direct) && pending.isHanded && pending.round < round
            && !stillSent.contains(id))
            ids.push_back(id);
    }
    for (const quint64 id : ids) {
        const auto at = m_pending.find(id); // a handler may have ended others
        if (at == m_pending.end())
            continue;
        if (way == Way::Direct)
            fail(at, away(m_why.isEmpty() ? QStringLiteral("it refused another one") : m_why));
        else
            givenBack(at, lost.contains(id));
    }
    checkFlushed();
}

void AmqpSender::settleOne(quint64 id, Fate fate)
{
    const auto at = m_pending.find(id);
    if (at == m_pending.end())
        return;
    Pending& pending = at->second;
    if (pending.isDirect) {
        directSettled(at, fate);
        return;
    }
    if (pending.isOver) {
        erase(at);
        return;
    }
    switch (fate) {
    case Fate::Confirmed:
        confirmed(at, false);
        break;
    case Fate::Unroutable:
        confirmed(at, true);
        break;
    case Fate::Nacked:
        nacked(at);
        break;
    case Fate::Impossible:
        impossible(at);
        break;
    case Fate::Expired:
        pending.isHanded = false;
        refuse(at, late());
        break;
    }
}

/// A queue behind the exchange is full, or cannot write. What is to be kept tries again by way of
/// the outbox, which takes its time.
void AmqpSender::nacked(Queue::iterator at)
{
    Pending& pending = at->second;
    if (pending.isKeeping) {
        givenBack(at, false);
        return;
    }
    pending.isHanded = false;
    if (pending.publication.care == Care::Kept)
        keep(at->first, pending);
    else
        refuse(at, {ErrorCode::Internal, QStringLiteral("the broker refused the message")});
}

void AmqpSender::directSettled(Queue::iterator at, Fate fate)
{
    switch (fate) {
    case Fate::Confirmed:
        erase(at);
        break;
    case Fate::Expired:
        fail(at, {ErrorCode::Timeout, QStringLiteral("it could not be sent in time")});
        break;
    case Fate::Unroutable:
        fail(at, {ErrorCode::NotFound, QStringLiteral("nobody serves that queue")});
        break;
    case Fate::Impossible:
        fail(at, {ErrorCode::Forbidden, QStringLiteral("the broker does not let us")});
        break;
    case Fate::Nacked:
        fail(at, away(QStringLiteral("it did not take this one")));
        break;
    }
}

void AmqpSender::fail(Queue::iterator at, const Error& error)
{
    const auto failed = std::move(at->second.failed);
    erase(at);
    if (failed)
        failed(error);
}

void AmqpSender::confirmed(Queue::iterator at, bool isUnroutable)
{
    Pending& pending = at->second;
    if (pending.isKeeping && pending.keptAs == 0) {
        pending.isConfirmed = true; // taken out again when it is in
        pending.isUnroutable = isUnroutable;
        return;
    }
    if (isUnroutable && pending.keptAs != 0 && !pending.done) {
        unroutableKept(at);
        return;
    }
    if (isUnroutable)
        ++m_counters.unroutable;
    else
        ++m_counters.confirmed;
    if (pending.keptAs != 0)
        m_kept.confirmed(pending.keptAs, pending.bytes);
    const auto done = std::move(pending.done);
    const Topic topic = pending.publication.topic;
    erase(at);
    if (!done)
        return;
    if (isUnroutable)
        done(Outcome::Unroutable,
            {ErrorCode::NotFound, QStringLiteral("nobody listens to %1").arg(text(topic))});
    else
        done(Outcome::Confirmed, {});
}

/// It was taken, and waits for somebody who is bound to its topic.
void AmqpSender::unroutableKept(Queue::iterator at)
{
    const quint64 number = at->second.keptAs;
    const qint64 bytes = at->second.bytes;
    const bool isFromOutbox = at->second.isFromOutbox;
    erase(at);
    if (isFromOutbox)
        m_kept.unroutable(number, bytes);
    else
        m_kept.drain(); // which finds it
}

/// Kept for ever it would hold up what is behind it.
void AmqpSender::impossible(Queue::iterator at)
{
    Pending& pending = at->second;
    pending.isHanded = false;
    if (pending.isKeeping && pending.keptAs == 0) {
        pending.isImpossible = true; // taken out again when it is in
        return;
    }
    if (!pending.isKeeping) {
        refuse(at, {ErrorCode::Forbidden, QStringLiteral("the exchange cannot be used")});
        return;
    }
    ++m_counters.deadLettered;
    warnSparingly("kept",
        QStringLiteral("A message on %1 in the outbox was dropped: its exchange cannot be used")
            .arg(text(pending.publication.topic)));
    m_kept.confirmed(pending.keptAs, pending.bytes);
    erase(at);
}

void AmqpSender::givenBack(Queue::iterator at, bool wasSent)
{
    Pending& pending = at->second;
    pending.isHanded = false;
    pending.mayBeRepeated = pending.mayBeRepeated || wasSent;
    if (pending.isOver) {
        erase(at);
        return;
    }
    if (pending.isKeeping) {
        if (pending.keptAs == 0)
            return; // ended when it is in
        if (pending.isFromOutbox)
            m_kept.failed(pending.keptAs);
        erase(at); // the outbox has it
        return;
    }
    if (pending.publication.care == Care::Volatile) {
        refuse(at, away(m_why));
    } else if (pending.publication.care == Care::Kept && m_kept.mustFollow(pending.publication)) {
        keep(at->first, pending);
    } else if (isUp()) {
        hand(at->first, pending);
    }
}

/// One the publisher has goes on counting until it lets go of it.
void AmqpSender::refuse(Queue::iterator at, const Error& error)
{
    Pending& pending = at->second;
    ++m_counters.refused;
    if (pending.publication.care == Care::Volatile)
        ++m_counters.volatileDropped;
    const auto done = std::exchange(pending.done, nullptr);
    if (pending.isHanded) {
        pending.isOver = true;
        pending.publication = {};
    } else {
        erase(at);
    }
    if (done)
        m_later.post([done, error] { done(Outcome::Refused, error); });
}

Error AmqpSender::late() const
{
    return {ErrorCode::Unavailable,
        QStringLiteral("the broker did not confirm within %1 ms")
            .arg(m_options.confirmTimeout.count())};
}

void AmqpSender::keep(quint64 id, Pending& pending)
{
    pending.isKeeping = true;
    // One the publisher has may arrive before we know: if its confirm is lost it goes out again.
    m_kept.keep(pending.publication, pending.mayBeRepeated || pending.isHanded,
        [this, id](const Result<quint64>& number) {
            const auto at = m_pending.find(id);
            Q_ASSERT(at != m_pending.end());
            Pending& kept = at->second;
            if (!number) {
                kept.isKeeping = false;
                if (kept.isConfirmed)
                    confirmed(at, kept.isUnroutable);
                else if (kept.isImpossible)
                    impossible(at);
                else if (!kept.isHanded)
                    refuse(at, number.error());
                return; // one the publisher has may still be confirmed
            }
            kept.keptAs = *number;
            const auto done = std::exchange(kept.done, nullptr);
            if (kept.isConfirmed) {
                kept.done = done;
                confirmed(at, kept.isUnroutable);
                return;
            }
            if (kept.isImpossible) {
                m_kept.confirmed(*number, kept.bytes);
                kept.done = done;
                kept.isKeeping = false;
                impossible(at);
                return;
            }
            if (!kept.isHanded)
                erase(at);
            if (done)
                done(Outcome::Kept, {});
            m_kept.drain();
        });
}

void AmqpSender::keepOverdue()
{
    const Millis now = m_clock.monotonic();
    for (auto& [id, pending] : m_pending) {
        if (now - pending.since < m_options.keepAfter)
            break;
        if (!pending.isDirect && !pending.isKeeping && pending.publication.care == Care::Kept)
            keep(id, pending);
    }
    keepWhatFollows();
}

/// None may overtake those that are kept already.
void AmqpSender::keepWhatFollows()
{
    for (auto& [id, pending] : m_pending) {
        if (!pending.isDirect && !pending.isHanded && !pending.isKeeping
            && pending.publication.care == Care::Kept && m_kept.mustFollow(pending.publication))
            keep(id, pending);
    }
}

void AmqpSender::erase(Queue::iterator at)
{
    if (!at->second.isFromOutbox) {
        --m_counters.waiting;
        m_counters.waitingBytes -= quint64(at->second.bytes);
    }
    m_pending.erase(at);
}

void AmqpSender::tick()
{
    const Millis now = m_clock.monotonic();
    keepOverdue();
    for (auto at = m_pending.begin(); at != m_pending.end();) {
        const auto next = std::next(at);
        if (now - at->second.since < m_options.confirmTimeout)
            break;
        if (!at->second.isDirect && !at->second.isOver && at->second.publication.care != Care::Kept)
            refuse(at, late());
        at = next;
    }
    m_kept.tick();
    checkFlushed();
}

void AmqpSender::flush(Millis limit, std::function<void()> done)
{
    m_flushes.add(limit, std::move(done));
    m_later.post([this] { checkFlushed(); });
}

/// With the broker away nothing is worth waiting for but the way into the outbox.
void AmqpSender::checkFlushed()
{
    if (m_flushes.isEmpty())
        return;
    const bool isDone = std::all_of(m_pending.begin(), m_pending.end(), [this](const auto& one) {
        const Pending& pending = one.second;
        return pending.isOver || (!isUp() && pending.publication.care != Care::Kept);
    });
    if (isDone)
        m_flushes.finish();
}

} // namespace gatehouse::bus
