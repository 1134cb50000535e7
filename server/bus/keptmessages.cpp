// SPDX-License-Identifier: Apache-2.0
#include "server/bus/keptmessages.h"

#include "server/bus/buslog.h"

namespace gatehouse::bus {

namespace {

constexpr int batchMessages = 256;
constexpr qint64 batchBytes = 8 * 1024 * 1024;
constexpr Millis askInterval{1'000};
constexpr size_t mostAsked = 64; ///< at a time
/// Others wait so long for our own queue, to go out in order.
constexpr Millis queuePatience{10'000};
constexpr qsizetype mostTopics = 10'000;

void remember(QSet<UnboundTopics::Key>& topics, const UnboundTopics::Key& key)
{
    if (topics.size() >= mostTopics)
        topics.clear();
    topics.insert(key);
}

} // namespace

KeptMessages::KeptMessages(const AmqpOptions& options, const Clock& clock, BusCounters& counters,
    Outbox& outbox, Send send, MayDrain mayDrain, Release release)
    : m_options(options), m_clock(clock), m_counters(counters), m_outbox(outbox),
      m_send(std::move(send)), m_mayDrain(std::move(mayDrain)), m_release(std::move(release))
{
    readState();
}

void KeptMessages::readState()
{
    if (m_isReadingState)
        return;
    m_isReadingState = true;
    m_messagesInState = m_counters.outboxMessages;
    m_bytesInState = m_counters.outboxBytes;
    m_lastInState = m_lastKeep;
    m_outbox.state([this, alive = std::weak_ptr(m_isAlive)](const Result<OutboxState>& state) {
        if (alive.expired())
            return;
        m_isReadingState = false;
        if (!state) {
            warnSparingly("outbox", QString(u"The outbox cannot be read: " + state.error().detail));
            return; // asked again with the next drain
        }
        m_isStateKnown = true;
        m_counters.outboxMessages += state->messages - m_messagesInState;
        m_counters.outboxBytes += state->bytes - m_bytesInState;
        if (state->oldest)
            m_oldest = state->oldest;
        refreshAge();
        drain();
    });
}

bool KeptMessages::hasMore() const
{
    return m_counters.outboxMessages > quint64(m_unbound.count());
}

bool KeptMessages::mustFollow(const Publication& publication) const
{
    return !m_isStateKnown || hasMore() || m_writing > 0
        || (publication.needsReceiver && m_unbound.count() > 0
            && (!m_hasQueue || m_unbound.contains(UnboundTopics::keyOf(publication))));
}

bool KeptMessages::hasRoomFor(qint64 bytes) const
{
    return qsizetype(m_counters.outboxMessages) + m_writing < m_options.maxKept
        && qint64(m_counters.outboxBytes) + m_writingBytes + bytes <= m_options.maxKeptBytes;
}

void KeptMessages::keep(
    const Publication& publication, bool mayBeRepeated, Outbox::Completion<quint64> done)
{
    const qint64 bytes = publication.body.size();
    ++m_writing;
    m_writingBytes += bytes;
    std::optional<Key> key;
    if (publication.needsReceiver) {
        key = UnboundTopics::keyOf(publication);
        ++m_waiting[*key];
    }
    m_outbox.keep(publication, mayBeRepeated,
        [this, alive = std::weak_ptr(m_isAlive), bytes, place = ++m_lastKeep, key,
            done = std::move(done)](const Result<quint64>& number) {
            if (alive.expired())
                return;
            --m_writing;
            m_writingBytes -= bytes;
            if (key && number)
                note(*number, *key);
            if (key)
                forget(*key);
            if (number) {
                ++m_counters.kept;
                count(place, quint64(bytes));
                if (!m_oldest)
                    m_oldest = m_clock.wall();
            }
            done(number);
        });
}

/// One that is in since. The outbox does one thing after the other: what was on its way in as the
/// state was asked for is part of it.
void KeptMessages::count(quint64 place, quint64 bytes)
{
    const bool isInState = place <= m_lastInState;
    if (isInState && m_isStateKnown)
        return;
    ++m_counters.outboxMessages;
    m_counters.outboxBytes += bytes;
    if (isInState && m_isReadingState) {
        ++m_messagesInState;
        m_bytesInState += bytes;
    }
}

void KeptMessages::note(quint64 number, const Key& key)
{
    if (m_topics.contains(number))
        return;
    m_topics.insert(number, key);
    ++m_waiting[key];
}

void KeptMessages::forget(const Key& key)
{
    const auto waiting = m_waiting.find(key);
    if (waiting != m_waiting.end() && --*waiting <= 0)
        m_waiting.erase(waiting);
}

void KeptMessages::drain()
{
    // What was confirmed has to be out of the way first: read again, it would be sent again, and
    // counted again.
    if (!m_confirmed.empty() || m_isRemoving) {
        removeConfirmed();
        return;
    }
    if (!m_isStateKnown) {
        readState();
        return;
    }
    if (isBusy() || !m_mayDrain())
        return;
    if (std::exchange(m_isLookDue, false)) {
        lookAtUnbound();
        if (isBusy() || m_isRemoving)
            return;
    }
    if (!m_ahead.empty()) {
        choose();
        return;
    }
    if (!hasMore())
        return;
    read(m_readUpTo, batchMessages, batchBytes, [this](std::vector<KeptMessage> messages) {
        dropDamaged(messages);
        if (messages.empty()) {
            removeConfirmed();
            return;
        }
        for (const KeptMessage& message : messages) {
            if (message.publication.needsReceiver)
                note(message.number, UnboundTopics::keyOf(message.publication));
        }
        if (m_readUpTo == 0)
            m_oldest = messages.front().keptAt;
        m_ahead.assign(
            std::make_move_iterator(messages.begin()), std::make_move_iterator(messages.end()));
        choose();
    });
}

void KeptMessages::read(
    quint64 after, int count, qint64 bytes, std::function<void(std::vector<KeptMessage>)> done)
{
    m_isReading = true;
    m_outbox.oldest(after, count, bytes,
        [this, alive = std::weak_ptr(m_isAlive), rewinds = m_rewinds, done = std::move(done)](
            const Result<std::vector<KeptMessage>>& batch) {
            if (alive.expired())
                return;
            m_isReading = false;
            if (rewinds != m_rewinds)
                drain();
            else if (batch)
                done(*batch);
            else // asked again with the next drain
                warnSparingly(
                    "outbox", QString(u"The outbox cannot be read: " + batch.error().detail));
        });
}

/// One of them would be read first for ever, and nothing behind it would go out.
void KeptMessages::dropDamaged(std::vector<KeptMessage>& batch)
{
    std::erase_if(batch, [this](const KeptMessage& message) {
        if (!message.isDamaged)
            return false;
        warnSparingly("damaged",
            QStringLiteral("Message %1 of the outbox is damaged and was dropped")
                .arg(message.number));
        ++m_counters.deadLettered;
        confirmed(message.number, message.publication.body.size());
        return true;
    });
}

/// What follows one of a topic nobody may be bound to waits until that is known: it would overtake
/// the other one.
void KeptMessages::choose()
{
    std::vector<KeptMessage> chosen;
    quint64 readUpTo = 0;
    while (!m_ahead.empty()) {
        const bool needsReceiver = m_ahead.front().publication.needsReceiver;
        const Key key = UnboundTopics::keyOf(m_ahead.front().publication);
        if (needsReceiver && !m_hasQueue && isQueueNear())
            break; // tried again with the next tick
        if (needsReceiver && m_hasQueue && !m_released.contains(key)) {
            if (chosen.empty())
                release(m_ahead.front().publication);
            break;
        }
        KeptMessage message = std::move(m_ahead.front());
        m_ahead.pop_front();
        readUpTo = message.number;
        if (needsReceiver && (!m_hasQueue || m_unbound.contains(key))) {
            m_unbound.add(
                key, message.number, message.publication.body.size(), m_clock.monotonic());
            continue;
        }
        chosen.push_back(std::move(message));
        if (needsReceiver && !m_bound.contains(key))
            break;
    }
    if (!chosen.empty()) {
        send(std::move(chosen), readUpTo);
        return;
    }
    m_readUpTo = std::max(m_readUpTo, readUpTo);
    if (m_ahead.empty())
        drain();
}

bool KeptMessages::isQueueNear()
{
    if (!m_queueMissedAt)
        m_queueMissedAt = m_clock.monotonic();
    return m_clock.monotonic() - *m_queueMissedAt < queuePatience;
}

/// A former process of our name may have left its queue bound, where the message would wait for
/// nobody and be overtaken.
void KeptMessages::release(const Publication& publication)
{
    m_isReleasing = true;
    m_release(publication,
        [this, alive = std::weak_ptr(m_isAlive), queue = m_queue,
            key = UnboundTopics::keyOf(publication)] {
            if (alive.expired() || queue != m_queue)
                return;
            m_isReleasing = false;
            remember(m_released, key);
            drain();
        });
}

void KeptMessages::send(std::vector<KeptMessage> chosen, quint64 readUpTo)
{
    std::vector<quint64> numbers;
    for (const KeptMessage& message : chosen)
        numbers.push_back(message.number);
    m_isReading = true; // until they are marked
    m_outbox.markTried(std::move(numbers),
        [this, alive = std::weak_ptr(m_isAlive), chosen = std::move(chosen), readUpTo,
            rewinds = m_rewinds](const Result<void>& marked) {
            if (alive.expired())
                return;
            m_isReading = false;
            if (!marked || rewinds != m_rewinds || !m_mayDrain()) {
                m_ahead.clear(); // to be read again, with them
                return;
            }
            m_readUpTo = std::max(m_readUpTo, readUpTo);
            for (const KeptMessage& message : chosen) {
                const Publication& publication = message.publication;
                m_out.insert(message.number,
                    publication.needsReceiver ? UnboundTopics::keyOf(publication) : Key());
            }
            for (const KeptMessage& message : chosen)
                m_send(message);
        });
}

/// The first of a topic says whether somebody is bound to it.
void KeptMessages::ask(std::vector<quint64> due, std::vector<KeptMessage> found)
{
    if (due.empty()) {
        if (!found.empty())
            send(std::move(found), 0);
        return;
    }
    const quint64 number = due.front();
    due.erase(due.begin());
    read(number - 1, 1, 1,
        [this, due = std::move(due), found = std::move(found), number](
            std::vector<KeptMessage> messages) mutable {
            if (!messages.empty() && messages.front().number == number)
                found.push_back(std::move(messages.front()));
            ask(std::move(due), std::move(found));
        });
}

void KeptMessages::endOverdue()
{
    for (const auto& [number, bytes, key] :
        m_unbound.takeOverdue(m_clock.monotonic(), m_options.outboxHold)) {
        ++m_counters.unroutable;
        ++m_counters.deadLettered;
        warnSparingly("unbound",
            QStringLiteral("A message on %1 in the outbox is a dead letter: nobody came for it")
                .arg(text(key.second)));
        confirmed(number, bytes);
    }
}

void KeptMessages::rewind()
{
    m_readUpTo = 0;
    m_ahead.clear();
    ++m_rewinds;
    m_unbound.forgetTopics();
    m_rewindAt.reset();
}

void KeptMessages::receiversCame()
{
    if (m_unbound.count() == 0)
        return;
    rewind();
    drain();
}

void KeptMessages::linkLost()
{
    rewind();
    m_unbound.clear();
    m_bound.clear();
    m_queueMissedAt.reset();
    m_released.clear(); // it may be known sooner than that the queue was lost
}

void KeptMessages::queueIsUp()
{
    m_hasQueue = true;
    m_queueMissedAt.reset();
    rewind();
    m_unbound.clear();
    drain();
}

void KeptMessages::queueIsDown()
{
    m_hasQueue = false;
    ++m_queue;
    m_isReleasing = false;
    m_released.clear();
    rewind();
    drain();
}

/// Between two batches: traffic without a pause must not keep it from being done.
void KeptMessages::lookAtUnbound()
{
    const Millis now = m_clock.monotonic();
    endOverdue();
    if (m_rewindAt && now >= *m_rewindAt)
        rewind();
    else
        ask(m_unbound.takeDue(now, askInterval, mostAsked), {});
}

void KeptMessages::tick()
{
    m_isLookDue = m_hasQueue && m_unbound.count() > 0;
    drain();
    refreshAge();
}

void KeptMessages::confirmed(quint64 number, qint64 bytes)
{
    if (!m_out.contains(number)) { // what is read at the moment may have it all the same
        m_ahead.clear();
        ++m_rewinds;
    }
    m_confirmed.push_back(number);
    --m_counters.outboxMessages;
    m_counters.outboxBytes -= quint64(bytes);
    if (m_counters.outboxMessages == 0)
        m_oldest.reset();
    if (m_topics.contains(number))
        forget(m_topics.take(number));
    if (const Key key = m_out.take(number); !key.second.isEmpty()) {
        remember(m_bound, key);
        m_unbound.remove(number, key);
        // Somebody is there who may not have all his topics yet: the others go out in order with
        // the word that a service has come, or a moment later.
        if (m_unbound.contains(key) && !m_rewindAt)
            m_rewindAt = m_clock.monotonic() + askInterval;
    }
    if (m_out.isEmpty())
        removeConfirmed();
}

void KeptMessages::failed(quint64 number)
{
    m_out.remove(number);
    m_readUpTo = std::min(m_readUpTo, number - 1); // those before it that wait are known
    m_ahead.clear();
    if (m_out.isEmpty())
        removeConfirmed();
}

void KeptMessages::unroutable(quint64 number, qint64 bytes)
{
    const Key key = m_out.take(number);
    m_bound.remove(key);
    m_unbound.add(key, number, bytes, m_clock.monotonic());
    if (m_out.isEmpty())
        drain();
}

void KeptMessages::removeConfirmed()
{
    if (m_confirmed.empty() || m_isRemoving)
        return;
    m_isRemoving = true;
    auto numbers = std::exchange(m_confirmed, {});
    m_outbox.remove(
        numbers, [this, alive = std::weak_ptr(m_isAlive), numbers](const Result<void>& removed) {
            if (alive.expired())
                return;
            m_isRemoving = false;
            if (removed) {
                drain();
                return;
            }
            m_confirmed.insert(m_confirmed.end(), numbers.begin(), numbers.end());
            warnSparingly(
                "outbox", QString(u"Sent messages stay in the outbox: " + removed.error().detail));
        });
}

void KeptMessages::refreshAge()
{
    m_counters.outboxAgeSeconds = m_oldest
        ? std::max(0.0, std::chrono::duration<double>(m_clock.wall() - *m_oldest).count())
        : 0;
}

} // namespace gatehouse::bus
