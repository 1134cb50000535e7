// SPDX-License-Identifier: Apache-2.0
#include "server/transport/epolldispatcher.h"

#include "server/transport/timerlist.h"

#include <QCoreApplication>
#include <QLoggingCategory>
#include <QSocketNotifier>
#include <QThread>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>

namespace gatehouse::transport {

namespace {

Q_LOGGING_CATEGORY(lcDispatcher, "gh.transport.loop", QtInfoMsg)

using SteadyClock = TimerList::SteadyClock;

constexpr int KindCount = 3; // QSocketNotifier::Read, Write, Exception
constexpr std::array<quint32, KindCount> InterestOfKind{EPOLLIN, EPOLLOUT, EPOLLPRI};
/// Kinds of readiness for watchers, behind those of the notifiers.
constexpr int WatcherReads = KindCount;
constexpr int WatcherWrites = KindCount + 1;
constexpr int EventsPerTurn = 512;
constexpr quint64 WakeUpMark = ~quint64(0);

} // namespace

struct EpollDispatcher::Private
{
    /// A notifier and how often its place was given away: an event that was read from the kernel
    /// for an earlier owner must not reach a later one.
    struct Place
    {
        QSocketNotifier* notifier = nullptr;
        quint32 generation = 0;
    };
    struct Descriptor
    {
        std::array<Place, KindCount> places;
        DescriptorWatcher* watcher = nullptr;
        quint32 watcherGeneration = 0; ///< as in Place
        quint32 watcherInterest = 0;
        quint32 inSet = 0; ///< interest the kernel knows; 0: not in the epoll set
        quint32 epoch = 0; ///< counts additions to the epoll set
        bool isDirty = false;
        bool isAlwaysReady = false;
    };
    struct Ready
    {
        int fd;
        int kind;
        quint32 generation;
    };

    Private();
    ~Private();

    quint32 wantedInterest(const Descriptor& descriptor) const;
    void markDirty(int fd);
    void applyChanges();
    void applyChange(int fd);
    void leaveSet(int fd);
    void dropInvalid(int fd, int error);
    void wait(int timeoutMs);
    void waitForWakeUpOnly(int timeoutMs);
    void drainWakeUp();
    void noteReady(int fd, quint32 events);
    int activateReady();
    bool activateWatcher(const Ready& next);
    Descriptor& descriptorAt(int fd);
    int timeoutMs() const;
    void beginTurn() { turnStart = SteadyClock::now(); }
    void endTurn();

    int epoll = -1;
    int wakeUpEvent = -1;
    std::atomic<bool> isWakeUpPending{true}; // events may have been posted before we existed
    std::atomic<bool> isInterrupted{false};
    std::atomic<Qt::HANDLE> ownerThread{nullptr};

    std::vector<Descriptor> descriptors; // by number
    std::vector<int> dirty;
    std::vector<int> alwaysReady;
    std::deque<Ready> ready;
    std::vector<Ready> marked; ///< ready in the next turn without the kernel
    std::array<epoll_event, EventsPerTurn> buffer{};
    TimerList timers;
    ListHook turnEnds;

    SteadyClock::time_point turnStart = SteadyClock::now();
    LoopUsage usage;
};

EpollDispatcher::Private::Private()
    : epoll(::epoll_create1(EPOLL_CLOEXEC)), wakeUpEvent(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = WakeUpMark;
    if (epoll < 0 || wakeUpEvent < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUpEvent, &event) != 0)
        qFatal("cannot set up epoll: %s", std::strerror(errno));
}

EpollDispatcher::Private::~Private()
{
    ::close(wakeUpEvent);
    ::close(epoll);
}

quint32 EpollDispatcher::Private::wantedInterest(const Descriptor& descriptor) const
{
    quint32 wanted = descriptor.watcherInterest;
    for (size_t kind = 0; kind < KindCount; ++kind) {
        if (descriptor.places[kind].notifier)
            wanted |= InterestOfKind[kind];
    }
    return wanted;
}

EpollDispatcher::Private::Descriptor& EpollDispatcher::Private::descriptorAt(int fd)
{
    if (size_t(fd) >= descriptors.size())
        descriptors.resize(std::max<size_t>(size_t(fd) + 1, descriptors.size() * 2));
    return descriptors[size_t(fd)];
}

void EpollDispatcher::Private::markDirty(int fd)
{
    Descriptor& descriptor = descriptors[size_t(fd)];
    if (descriptor.isDirty)
        return;
    descriptor.isDirty = true;
    dirty.push_back(fd);
}

void EpollDispatcher::Private::applyChanges()
{
    // By index: dropping an invalid descriptor disables notifiers, which comes back to us.
    for (size_t i = 0; i < dirty.size(); ++i)
        applyChange(dirty[i]);
    dirty.clear();
}

void EpollDispatcher::Private::applyChange(int fd)
{
    Descriptor& descriptor = descriptors[size_t(fd)];
    descriptor.isDirty = false;
    const quint32 wanted = wantedInterest(descriptor);
    if (wanted == descriptor.inSet || wanted == 0 || descriptor.isAlwaysReady)
        return;
    const bool isNew = descriptor.inSet == 0;
    if (isNew)
        ++descriptor.epoch;
    epoll_event event{};
    event.events = wanted;
    event.data.u64 = quint64(descriptor.epoch) << 32 | quint32(fd);
    int result = ::epoll_ctl(epoll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    // The number was closed and opened again, or dup()ed, without our hearing of it.
    if (result != 0 && (errno == EEXIST || errno == ENOENT))
        result = ::epoll_ctl(epoll, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (result == 0) {
        descriptor.inSet = wanted;
    } else if (errno == EPERM) {
        descriptor.isAlwaysReady = true;
        alwaysReady.push_back(fd);
    } else {
        dropInvalid(fd, errno);
    }
}

void EpollDispatcher::Private::leaveSet(int fd)
{
    Descriptor& descriptor = descriptors[size_t(fd)];
    if (descriptor.inSet != 0) {
        epoll_event unused{};
        ::epoll_ctl(
            epoll, EPOLL_CTL_DEL, fd, &unused); // EBADF: closed already, and so out of the set
        descriptor.inSet = 0;
    }
    if (descriptor.isAlwaysReady) {
        descriptor.isAlwaysReady = false;
        std::erase(alwaysReady, fd);
    }
}

void EpollDispatcher::Private::dropInvalid(int fd, int error)
{
    qCWarning(lcDispatcher, "descriptor %d cannot be watched: %s", fd, std::strerror(error));
    for (size_t kind = 0; kind < KindCount; ++kind) {
        if (QSocketNotifier* notifier = descriptors[size_t(fd)].places[kind].notifier)
            notifier->setEnabled(false);
    }
    descriptors[size_t(fd)].watcherInterest = 0;
}

void EpollDispatcher::Private::wait(int timeoutMs)
{
    const int count = ::epoll_wait(epoll, buffer.data(), EventsPerTurn, timeoutMs);
    beginTurn();
    if (count < 0 && errno != EINTR)
        qFatal("epoll_wait: %s", std::strerror(errno));
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = buffer[size_t(i)];
        if (event.data.u64 == WakeUpMark) {
            drainWakeUp();
            continue;
        }
        const int fd = int(quint32(event.data.u64));
        if (descriptors[size_t(fd)].epoch == quint32(event.data.u64 >> 32))
            noteReady(fd, event.events);
    }
    for (int fd : alwaysReady)
        noteReady(fd, EPOLLIN | EPOLLOUT);
    if (!marked.empty()) {
        ready.insert(ready.end(), marked.begin(), marked.end());
        marked.clear();
    }
}

void EpollDispatcher::Private::waitForWakeUpOnly(int timeoutMs)
{
    pollfd descriptor{wakeUpEvent, POLLIN, 0};
    if (::poll(&descriptor, 1, timeoutMs) > 0)
        drainWakeUp();
    beginTurn();
}

void EpollDispatcher::Private::drainWakeUp()
{
    quint64 count = 0;
    [[maybe_unused]] const ssize_t octets = ::read(wakeUpEvent, &count, sizeof count);
}

void EpollDispatcher::Private::noteReady(int fd, quint32 events)
{
    if (events & (EPOLLERR | EPOLLHUP))
        events |= EPOLLIN | EPOLLOUT | EPOLLPRI;
    const Descriptor& descriptor = descriptors[size_t(fd)];
    for (int kind = 0; kind < KindCount; ++kind) {
        const Place& place = descriptor.places[size_t(kind)];
        if (place.notifier && events & InterestOfKind[size_t(kind)])
            ready.push_back({fd, kind, place.generation});
    }
    const quint32 watched = events & descriptor.watcherInterest;
    if (watched & EPOLLIN)
        ready.push_back({fd, WatcherReads, descriptor.watcherGeneration});
    if (watched & EPOLLOUT)
        ready.push_back({fd, WatcherWrites, descriptor.watcherGeneration});
}

bool EpollDispatcher::Private::activateWatcher(const Ready& next)
{
    const Descriptor& descriptor = descriptors[size_t(next.fd)];
    const bool reads = next.kind == WatcherReads;
    if (descriptor.watcherGeneration != next.generation
        || !(descriptor.watcherInterest & (reads ? EPOLLIN : EPOLLOUT)))
        return false;
    if (reads)
        descriptor.watcher->descriptorReadable();
    else
        descriptor.watcher->descriptorWritable();
    return true;
}

int EpollDispatcher::Private::activateReady()
{
    int activated = 0;
    while (!ready.empty()) {
        const Ready next = ready.front();
        ready.pop_front();
        if (next.kind >= KindCount) {
            activated += activateWatcher(next) ? 1 : 0;
            continue;
        }
        const Place place = descriptors[size_t(next.fd)].places[size_t(next.kind)];
        if (!place.notifier || place.generation != next.generation)
            continue;
        QEvent event(QEvent::SockAct);
        QCoreApplication::sendEvent(place.notifier, &event);
        ++activated;
    }
    return activated;
}

int EpollDispatcher::Private::timeoutMs() const
{
    const auto next = timers.untilNext(SteadyClock::now());
    if (!next)
        return -1;
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*next).count();
    return int(std::min<qint64>(rounded, std::numeric_limits<int>::max()));
}

void EpollDispatcher::Private::endTurn()
{
    const auto busy = SteadyClock::now() - turnStart;
    ++usage.turns;
    usage.busy += busy;
    usage.longestTurn = std::max<std::chrono::nanoseconds>(usage.longestTurn, busy);
}

EpollDispatcher::EpollDispatcher(QObject* parent)
    : QAbstractEventDispatcher(parent), d(std::make_unique<Private>())
{
}

EpollDispatcher::~EpollDispatcher() = default;

bool EpollDispatcher::processEvents(QEventLoop::ProcessEventsFlags flags)
{
    d->ownerThread.store(QThread::currentThreadId());
    d->isInterrupted.store(false);

    // Cleared first: what is posted from now on sets it again. Either way this turn does not block;
    // who waits with processEvents() looks at what the posted events changed.
    const bool wasWokenUp = d->isWakeUpPending.exchange(false);
    Q_EMIT awake();
    QCoreApplication::sendPostedEvents();
    runTurnEnds();

    const bool withSockets = !flags.testFlag(QEventLoop::ExcludeSocketNotifiers);
    const auto mayBlock = [&] {
        return flags.testFlag(QEventLoop::WaitForMoreEvents) && !wasWokenUp
            && !d->isWakeUpPending.load() && !d->isInterrupted.load() && d->turnEnds.isEmpty()
            && !(withSockets
                && (!d->ready.empty() || !d->alwaysReady.empty() || !d->marked.empty()));
    };
    d->applyChanges();
    if (mayBlock())
        Q_EMIT aboutToBlock(); // listeners may post events or change notifiers
    if (d->isInterrupted.load())
        return wasWokenUp;

    d->applyChanges();
    d->endTurn();
    const int timeout = mayBlock() ? d->timeoutMs() : 0;
    int handled = 0;
    if (!withSockets) {
        d->waitForWakeUpOnly(timeout);
    } else {
        // Inside a handler: what the outer loop has read from the kernel comes first.
        if (d->ready.empty())
            d->wait(timeout);
        else
            d->beginTurn();
        handled += d->activateReady();
    }
    handled += d->timers.fireDue();
    return handled > 0 || wasWokenUp;
}

void EpollDispatcher::atTurnEnd(TurnEnd& work)
{
    if (!work.isLinked())
        work.append(d->turnEnds);
}

void EpollDispatcher::runTurnEnds()
{
    ListHook now; // what they ask for themselves waits for the next turn
    now.takeAll(d->turnEnds);
    while (!now.isEmpty()) {
        auto& work = static_cast<TurnEnd&>(*now.next());
        work.unlink();
        work.turnEnded();
    }
}

void EpollDispatcher::registerSocketNotifier(QSocketNotifier* notifier)
{
    Q_ASSERT(notifier && QThread::currentThread() == thread());
    const int fd = int(notifier->socket());
    if (fd < 0)
        return;
    Private::Place& place = d->descriptorAt(fd).places[size_t(notifier->type())];
    if (place.notifier)
        qCWarning(lcDispatcher, "two notifiers of one kind for descriptor %d", fd);
    place.notifier = notifier;
    ++place.generation;
    d->markDirty(fd);
}

void EpollDispatcher::unregisterSocketNotifier(QSocketNotifier* notifier)
{
    Q_ASSERT(notifier && QThread::currentThread() == thread());
    const int fd = int(notifier->socket());
    if (fd < 0 || size_t(fd) >= d->descriptors.size())
        return;
    Private::Descriptor& descriptor = d->descriptors[size_t(fd)];
    Private::Place& place = descriptor.places[size_t(notifier->type())];
    if (place.notifier != notifier)
        return;
    place.notifier = nullptr;
    ++place.generation;
    if (d->wantedInterest(descriptor) == 0)
        d->leaveSet(fd);
    else
        d->markDirty(fd);
}

void EpollDispatcher::watch(
    int fd, DescriptorWatcher* watcher, DescriptorWatcher::Interest interest)
{
    using Interest = DescriptorWatcher::Interest;
    Q_ASSERT(fd >= 0 && QThread::currentThread() == thread());
    quint32 wanted = 0;
    if (interest == Interest::Reading || interest == Interest::Both)
        wanted |= EPOLLIN;
    if (interest == Interest::Writing || interest == Interest::Both)
        wanted |= EPOLLOUT;
    Private::Descriptor& descriptor = d->descriptorAt(fd);
    if (descriptor.watcher != watcher || wanted == 0)
        ++descriptor.watcherGeneration;
    descriptor.watcher = wanted == 0 ? nullptr : watcher;
    descriptor.watcherInterest = wanted;
    if (d->wantedInterest(descriptor) == 0)
        d->leaveSet(fd);
    else
        d->markDirty(fd);
}

void EpollDispatcher::markReadable(int fd)
{
    Q_ASSERT(fd >= 0 && QThread::currentThread() == thread());
    d->marked.push_back({fd, WatcherReads, d->descriptorAt(fd).watcherGeneration});
}

EpollDispatcher* EpollDispatcher::current()
{
    return qobject_cast<EpollDispatcher*>(QAbstractEventDispatcher::instance());
}

void EpollDispatcher::registerTimer(
    int timerId, qint64 interval, Qt::TimerType timerType, QObject* object)
{
    Q_ASSERT(QThread::currentThread() == thread());
    d->timers.add(timerId, std::chrono::milliseconds(interval), timerType, object);
}

bool EpollDispatcher::unregisterTimer(int timerId)
{
    return d->timers.remove(timerId);
}

bool EpollDispatcher::unregisterTimers(QObject* object)
{
    return d->timers.removeAll(object);
}

QList<QAbstractEventDispatcher::TimerInfo> EpollDispatcher::registeredTimers(QObject* object) const
{
    return d->timers.timersOf(object);
}

int EpollDispatcher::remainingTime(int timerId)
{
    const auto left = d->timers.remaining(timerId);
    return left ? int(left->count()) : -1;
}

void EpollDispatcher::wakeUp()
{
    // The owning thread looks at the flag before it blocks and needs no descriptor to tell it.
    if (d->isWakeUpPending.exchange(true) || d->ownerThread.load() == QThread::currentThreadId())
        return;
    const quint64 one = 1;
    [[maybe_unused]] const ssize_t octets = ::write(d->wakeUpEvent, &one, sizeof one);
}

void EpollDispatcher::interrupt()
{
    d->isInterrupted.store(true);
    wakeUp();
}

LoopUsage EpollDispatcher::takeUsage()
{
    return std::exchange(d->usage, {});
}

} // namespace gatehouse::transport
