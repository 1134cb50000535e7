// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpoptions.h"
#include "server/bus/buscounters.h"
#include "server/bus/outbox.h"
#include "server/bus/unboundtopics.h"

#include <deque>

namespace gatehouse::bus {

/// The outbox as the sender sees it: counts and bounds what is in it, and takes it out in batches
/// once the broker is back: marked as tried, sent in order, removed when confirmed. One that needs
/// a receiver and has none waits for one, as do those of its topic behind it; others go on. They
/// are tried again when somebody may have come, all in order, and end as dead letters. Network
/// thread.
class KeptMessages
{
public:
    using Send = std::function<void(KeptMessage)>;
    /// The broker takes messages, and none of those that are kept is on its way there already.
    using MayDrain = std::function<bool()>;
    /// Sees to it that no queue of our own takes a message on that topic for nobody, and calls.
    using Release = std::function<void(const Publication&, std::function<void()> done)>;

    KeptMessages(const AmqpOptions& options, const Clock& clock, BusCounters& counters,
        Outbox& outbox, Send send, MayDrain mayDrain, Release release);
    Q_DISABLE_COPY_MOVE(KeptMessages)

    /// What is in it or on its way in goes first: this one has to follow.
    bool mustFollow(const Publication& publication) const;
    bool hasRoomFor(qint64 bytes) const;
    /// One of that topic that needs a receiver is in it, or on its way in; of what was in it at the
    /// start, as far as it was read.
    bool isWaiting(const UnboundTopics::Key& key) const { return m_waiting.contains(key); }

    /// Completes with the number, or Unavailable.
    void keep(const Publication& publication, bool mayBeRepeated, Outbox::Completion<quint64> done);

    /// Takes the next batch out, unless one is out already or it may not. By itself it goes on
    /// while batches are confirmed; call it when the broker is back and now and then.
    void drain();
    /// One that drain() sent, or that was confirmed after all.
    void confirmed(quint64 number, qint64 bytes);
    /// One that drain() sent and that is to be sent again later.
    void failed(quint64 number);
    /// One that drain() sent, and nobody is bound to its topic.
    void unroutable(quint64 number, qint64 bytes);
    void receiversCame(); ///< somebody may be bound since
    void linkLost(); ///< nobody can come meanwhile: what waits for somebody begins anew
    /// Our own queue is consumed, and it is known what it is bound to. Until then, and without it,
    /// what needs a receiver waits, and no time passes for it: it could go there, for nobody.
    /// Others wait with it for a moment only.
    void queueIsUp();
    void queueIsDown();
    void tick(); ///< several times a second

private:
    using Key = UnboundTopics::Key;

    void readState();
    void count(quint64 place, quint64 bytes);
    void read(
        quint64 after, int count, qint64 bytes, std::function<void(std::vector<KeptMessage>)> done);
    void choose();
    void release(const Publication& publication);
    bool isQueueNear();
    void send(std::vector<KeptMessage> chosen, quint64 readUpTo);
    void ask(std::vector<quint64> due, std::vector<KeptMessage> found);
    void lookAtUnbound();
    void endOverdue();
    void rewind();
    void note(quint64 number, const Key& key);
    void forget(const Key& key);
    void dropDamaged(std::vector<KeptMessage>& batch);
    void removeConfirmed();
    void refreshAge();
    bool isBusy() const { return m_isReading || m_isReleasing || !m_out.isEmpty(); }
    bool hasMore() const; ///< besides those that wait for a receiver

    const AmqpOptions& m_options;
    const Clock& m_clock;
    BusCounters& m_counters;
    Outbox& m_outbox;
    const Send m_send;
    const MayDrain m_mayDrain;
    const Release m_release;
    bool m_isStateKnown = false;
    bool m_isReadingState = false;
    /// What is counted already of what the state that is being read will count.
    quint64 m_messagesInState = 0;
    quint64 m_bytesInState = 0;
    quint64 m_lastKeep = 0;
    quint64 m_lastInState = 0; ///< the last keep() before the state was asked for
    int m_writing = 0; ///< on their way in
    qint64 m_writingBytes = 0;
    bool m_hasQueue = false;
    quint64 m_queue = 0; ///< times it was lost
    std::optional<Millis> m_queueMissedAt; ///< monotonic: first with the link there
    bool m_isReleasing = false;
    bool m_isReading = false;
    QHash<quint64, Key> m_out; ///< sent and not settled; of those that need no receiver no topic
    quint64 m_readUpTo = 0; ///< by drain(); what is still there of it waits for a receiver
    std::deque<KeptMessage> m_ahead; ///< read, and behind that: a batch at most
    quint64 m_rewinds = 0; ///< times it began again
    UnboundTopics m_unbound;
    QHash<quint64, Key> m_topics; ///< of those known to be there that need a receiver
    QHash<Key, int> m_waiting; ///< how many of each; those on their way in as well
    QSet<Key> m_released; ///< topics no queue of ours takes for nobody; at most mostTopics
    QSet<Key> m_bound; ///< topics of which one went out; likewise
    std::optional<Millis> m_rewindAt; ///< monotonic
    bool m_isLookDue = false; ///< at those that wait for a receiver
    std::vector<quint64> m_confirmed; ///< to be removed together
    bool m_isRemoving = false;
    std::optional<Millis> m_oldest; ///< wall clock
    const std::shared_ptr<bool> m_isAlive = std::make_shared<bool>(true);
};

} // namespace gatehouse::bus
