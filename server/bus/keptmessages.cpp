// SPDX-License-Identifier: Apache-2.0
#include "server/bus/keptmessages.h"

#include "server/bus/buslog.h"

namespace gatehouse::bus {

namespace {

constexpr int batchMessages = 256;
constexpr qint64 batchBytes = 8 * 1024 * 1024;

} // namespace

KeptMessages::KeptMessages(const AmqpOptions& options, const Clock& clock, BusCounters& counters,
    Outbox& outbox, Send send, MayDrain mayDrain)
    : m_options(options), m_clock(clock), m_counters(counters), m_outbox(outbox),
      m_send(std::move(send)), m_mayDrain(std::move(mayDrain))
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

bool KeptMessages::isInUse() const
{
    return !m_isStateKnown || m_counters.outboxMessages > 0 || m_writing > 0;
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
    m_outbox.keep(publication, mayBeRepeated,
        [this, alive = std::weak_ptr(m_isAlive), bytes, place = ++m_lastKeep,
            done = std::move(done)](const Result<quint64>& number) {
            if (alive.expired())
                return;
            --m_writing;
            m_writingBytes -= bytes;
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
    if (m_isReading || !m_out.isEmpty() || m_counters.outboxMessages == 0 || !m_mayDrain())
        return;
    m_isReading = true;
    const std::weak_ptr alive(m_isAlive);
    m_outbox.oldest(
        batchMessages, batchBytes, [this, alive](const Result<std::vector<KeptMessage>>& batch) {
            if (alive.expired())
                return;
            m_isReading = false;
            if (!batch) {
                warnSparingly(
                    "outbox", QString(u"The outbox cannot be read: " + batch.error().detail));
                return; // asked again with the next drain
            }
            std::vector<KeptMessage> messages = *batch;
            dropDamaged(messages);
            if (!messages.empty())
                send(std::move(messages));
            else
                removeConfirmed();
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

void KeptMessages::send(std::vector<KeptMessage> batch)
{
    m_oldest = batch.front().keptAt;
    std::vector<quint64> numbers;
    for (const KeptMessage& message : batch)
        numbers.push_back(message.number);
    m_isReading = true; // until they are marked
    m_outbox.markTried(std::move(numbers),
        [this, alive = std::weak_ptr(m_isAlive), batch = std::move(batch)](
            const Result<void>& marked) {
            if (alive.expired())
                return;
            m_isReading = false;
            if (!marked || !m_mayDrain())
                return;
            for (const KeptMessage& message : batch)
                m_out.insert(message.number);
            for (const KeptMessage& message : batch)
                m_send(message);
        });
}

void KeptMessages::confirmed(quint64 number, qint64 bytes)
{
    m_confirmed.push_back(number);
    --m_counters.outboxMessages;
    m_counters.outboxBytes -= quint64(bytes);
    if (m_counters.outboxMessages == 0)
        m_oldest.reset();
    m_out.remove(number);
    if (m_out.isEmpty())
        removeConfirmed();
}

void KeptMessages::failed(quint64 number)
{
    m_out.remove(number);
    if (m_out.isEmpty())
        removeConfirmed();
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
