// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpoptions.h"
#include "server/bus/buscounters.h"
#include "server/bus/outbox.h"

#include <QSet>

namespace gatehouse::bus {

/// The outbox as the sender sees it: counts and bounds what is in it, and takes it out in batches
/// once the broker is back: marked as tried, sent in order, removed when confirmed. Network thread.
class KeptMessages
{
public:
    using Send = std::function<void(KeptMessage)>;
    /// The broker takes messages, and none of those that are kept is on its way there already.
    using MayDrain = std::function<bool()>;

    KeptMessages(const AmqpOptions& options, const Clock& clock, BusCounters& counters,
        Outbox& outbox, Send send, MayDrain mayDrain);
    Q_DISABLE_COPY_MOVE(KeptMessages)

    /// Something is in it or on its way in: whatever else is to be kept has to follow.
    bool isInUse() const;
    bool hasRoomFor(qint64 bytes) const;

    /// Completes with the number, or Unavailable.
    void keep(const Publication& publication, bool mayBeRepeated, Outbox::Completion<quint64> done);

    /// Takes the next batch out, unless one is out already or it may not. By itself it goes on
    /// while batches are confirmed; call it when the broker is back and now and then.
    void drain();
    /// One that drain() sent, or that was confirmed after all.
    void confirmed(quint64 number, qint64 bytes);
    /// One that drain() sent and that is to be sent again later.
    void failed(quint64 number);
    void refreshAge();

private:
    void readState();
    void count(quint64 place, quint64 bytes);
    void send(std::vector<KeptMessage> batch);
    void dropDamaged(std::vector<KeptMessage>& batch);
    void removeConfirmed();

    const AmqpOptions& m_options;
    const Clock& m_clock;
    BusCounters& m_counters;
    Outbox& m_outbox;
    const Send m_send;
    const MayDrain m_mayDrain;
    bool m_isStateKnown = false;
    bool m_isReadingState = false;
    /// What is counted already of what the state that is being read will count.
    quint64 m_messagesInState = 0;
    quint64 m_bytesInState = 0;
    quint64 m_lastKeep = 0;
    quint64 m_lastInState = 0; ///< the last keep() before the state was asked for
    int m_writing = 0; ///< on their way in
    qint64 m_writingBytes = 0;
    bool m_isReading = false;
    QSet<quint64> m_out; ///< sent by drain() and not settled
    std::vector<quint64> m_confirmed; ///< to be removed together
    bool m_isRemoving = false;
    std::optional<Millis> m_oldest; ///< wall clock
    const std::shared_ptr<bool> m_isAlive = std::make_shared<bool>(true);
};

} // namespace gatehouse::bus
