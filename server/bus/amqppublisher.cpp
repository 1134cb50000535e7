// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqppublisher.h"

#include "server/bus/buslog.h"

#include <algorithm>

namespace gatehouse::bus {

namespace {

constexpr quint16 publishing = 1;
constexpr quint16 asking = 2; // closed by the broker when an exchange is not there
constexpr quint16 direct = 3;
constexpr int perTurn = 64; // then the broker is listened to: it may want us to stop
constexpr Millis expiryPause{50}; // between two looks at all that waits

/// The one the broker names: "ACCESS_REFUSED - … exchange 'NAME' in vhost '/' …".
std::optional<ExchangeName> exchangeNamedIn(const QString& text)
{
    const QString before = QStringLiteral("exchange '");
    const qsizetype at = text.indexOf(before);
    const qsizetype end = at < 0 ? -1 : text.indexOf(QLatin1StringView("' in vhost"), at);
    if (end < 0)
        return {};
    const qsizetype begin = at + before.size();
    const ExchangeName name = text.mid(begin, end - begin).toUtf8();
    return name == "amq.default" ? ExchangeName("") : name;
}

} // namespace

Result<void> ensureExchange(AmqpConnection& connection, quint16 channel, const AmqpOptions& options,
    const ExchangeName& name)
{
    ExchangeOptions wanted;
    const auto known = std::find_if(options.exchanges.begin(), options.exchanges.end(),
        [&name](const ExchangeOptions& one) { return one.name == name; });
    if (known != options.exchanges.end())
        wanted = *known;
    wanted.name = name;
    auto there = connection.declareExchange(channel, wanted, true);
    if (there || there.error().code == ErrorCode::Unavailable)
        return there;
    if (const auto open = connection.openChannel(channel); !open)
        return open;
    if (there.error().code != ErrorCode::NotFound)
        return there;
    there = connection.declareExchange(channel, wanted, false);
    if (!there && there.error().code != ErrorCode::Unavailable) {
        if (const auto open = connection.openChannel(channel); !open)
            return open;
    }
    return there;
}

AmqpPublisher::AmqpPublisher(
    const AmqpOptions& options, Uplink& uplink, PublisherListener& listener)
    : AmqpWorker(options, options.common.nodeName + " publishes"), m_uplink(uplink),
      m_listener(listener), m_publications{.way = PublisherListener::Way::Publications,
                                .channel = publishing},
      m_direct{.way = PublisherListener::Way::Direct, .channel = direct}
{
}

AmqpPublisher::~AmqpPublisher()
{
    stop();
}

void AmqpPublisher::send(Outgoing message)
{
    bool wasEmpty = false;
    {
        const std::lock_guard lock(m_mutex);
        wasEmpty = m_handedOver.empty();
        m_handedOver.push_back(std::move(message));
    }
    if (wasEmpty)
        wake();
}

Result<void> AmqpPublisher::setUp(AmqpConnection& connection)
{
    m_exchanges.clear();
    m_forbidden.clear();
    for (Lane* lane : {&m_publications, &m_direct}) {
        if (const auto open = openLane(connection, *lane); !open)
            return open;
    }
    if (const auto open = connection.openChannel(asking); !open)
        return open;
    m_uplink.post([this] { m_listener.publisherIsUp(); });
    return {};
}

Result<void> AmqpPublisher::openLane(AmqpConnection& connection, Lane& lane)
{
    lane.lastTag = 0;
    if (const auto open = connection.openChannel(lane.channel); !open)
        return open;
    return connection.selectConfirms(lane.channel);
}

Result<void> AmqpPublisher::ensureExchange(AmqpConnection& connection, const ExchangeName& name)
{
    if (name.isEmpty() || m_exchanges.contains(name))
        return {};
    auto there = bus::ensureExchange(connection, asking, options(), name);
    if (there)
        m_exchanges.insert(name);
    return there;
}

AmqpPublisher::Lane* AmqpPublisher::laneOf(quint16 channel)
{
    if (channel == publishing)
        return &m_publications;
    return channel == direct ? &m_direct : nullptr;
}

Result<void> AmqpPublisher::take(AmqpConnection& connection, AmqpEvent event)
{
    Lane* lane = laneOf(event.channel);
    switch (event.kind) {
    case AmqpEvent::Kind::Confirmed:
        if (lane)
            settle(*lane, event, Fate::Confirmed);
        break;
    case AmqpEvent::Kind::Nacked:
        if (lane)
            settle(*lane, event, Fate::Nacked);
        break;
    case AmqpEvent::Kind::Returned:
        if (!lane)
            break;
        for (auto& [tag, message] : lane->unconfirmed) {
            if (!message.messageId.isEmpty() && !message.isReturned
                && message.messageId == event.incoming.message.properties.id) {
                message.isReturned = true;
                break;
            }
        }
        break;
    case AmqpEvent::Kind::Blocked:
        m_isBlocked = true;
        report();
        m_uplink.post([this, why = event.detail] { m_listener.publisherIsBlocked(why); });
        giveBackUnsent(); // last: it is not to be handed over again at once
        break;
    case AmqpEvent::Kind::Unblocked:
        m_isBlocked = false;
        m_uplink.post([this] { m_listener.publisherIsUnblocked(); });
        break;
    case AmqpEvent::Kind::ChannelClosed:
        return lane ? laneClosed(connection, *lane, event) : connection.openChannel(asking);
    case AmqpEvent::Kind::Delivery:
    case AmqpEvent::Kind::ConsumerCancelled:
        break;
    }
    return {};
}

/// An exchange has gone, or the broker does not let us use it. What is on its way beside the
/// message at fault may have arrived.
Result<void> AmqpPublisher::laneClosed(
    AmqpConnection& connection, Lane& lane, const AmqpEvent& event)
{
    warnSparingly("channel", QString(u"The broker closed a channel: " + event.detail));
    ++lane.closes;
    m_exchanges.clear();
    const auto named = exchangeNamedIn(event.detail);
    const bool isForbidden = event.code == ErrorCode::Forbidden && named
        && std::any_of(lane.unconfirmed.begin(), lane.unconfirmed.end(),
            [&](const auto& one) { return one.second.exchange == *named; });
    // Once gone, an exchange is made again; it is at fault when that does not help.
    const bool isAlone
        = lane.unconfirmed.size() == 1 && (event.code != ErrorCode::NotFound || lane.closes > 1);
    if (isForbidden)
        m_forbidden.insert(*named, SteadyClock::now() + options().refusedRetry);
    for (auto at = lane.unconfirmed.begin(); at != lane.unconfirmed.end();) {
        const auto next = std::next(at);
        if (isForbidden ? at->second.exchange == *named : isAlone)
            settleOne(lane, at, Fate::Impossible);
        at = next;
    }
    lane.oneByOne = qsizetype(lane.unconfirmed.size());
    giveBackEverything(lane);
    return openLane(connection, lane);
}

bool AmqpPublisher::hasRoom(const Lane& lane) const
{
    if (lane.unconfirmed.empty())
        return true;
    return lane.oneByOne == 0 && qsizetype(lane.unconfirmed.size()) < options().maxUnconfirmed
        && lane.bytes < options().maxUnconfirmedBytes;
}

Result<bool> AmqpPublisher::work(AmqpConnection& connection)
{
    takeHandedOver();
    dropExpired();
    if (m_isBlocked && (!m_direct.unsent.empty() || !m_publications.unsent.empty()))
        giveBackUnsent();
    bool hasMore = false;
    for (Lane* lane : {&m_direct, &m_publications}) {
        const auto sent = sendSome(connection, *lane);
        if (!sent)
            return tl::unexpected(sent.error());
        hasMore = hasMore || (*sent == perTurn && !lane->unsent.empty());
    }
    report();
    return hasMore;
}

Result<int> AmqpPublisher::sendSome(AmqpConnection& connection, Lane& lane)
{
    int sent = 0;
    for (; sent < perTurn && !lane.unsent.empty() && hasRoom(lane); ++sent) {
        Outgoing message = std::move(lane.unsent.front());
        lane.unsent.pop_front();
        const auto now = SteadyClock::now();
        if (message.deadline && now >= *message.deadline) {
            m_fates.emplace_back(message.id, Fate::Expired);
            continue;
        }
        const auto usable = mayUse(connection, message);
        if (!usable)
            return tl::unexpected(usable.error());
        if (!*usable) {
            m_fates.emplace_back(message.id, Fate::Impossible);
            continue;
        }
        if (message.expiration > Millis{0} && message.deadline)
            message.expiration = std::chrono::ceil<Millis>(*message.deadline - now);
        Unconfirmed unconfirmed{message.id, message.body.size(), message.exchange,
            message.isMandatory ? message.properties.id : QByteArray(), false};
        lane.bytes += unconfirmed.bytes;
        lane.unconfirmed.emplace(++lane.lastTag, std::move(unconfirmed));
        if (const auto written = connection.publish(lane.channel, message); !written)
            return tl::unexpected(written.error());
    }
    return sent;
}

/// False: the broker does not let us, as far as we know.
Result<bool> AmqpPublisher::mayUse(AmqpConnection& connection, const Outgoing& message)
{
    if (const auto at = m_forbidden.constFind(message.exchange); at != m_forbidden.constEnd()) {
        if (SteadyClock::now() < *at)
            return false;
        m_forbidden.erase(at);
    }
    const auto there = ensureExchange(connection, message.exchange);
    if (there)
        return true;
    if (there.error().code == ErrorCode::Unavailable)
        return tl::unexpected(there.error());
    warnSparingly("exchange",
        QStringLiteral("Cannot publish to the exchange %1: %2")
            .arg(text(message.exchange), there.error().detail));
    return false;
}

void AmqpPublisher::takeHandedOver()
{
    std::deque<Outgoing> taken;
    {
        const std::lock_guard lock(m_mutex);
        taken.swap(m_handedOver);
    }
    for (Outgoing& message : taken) {
        Lane& lane = message.exchange.isEmpty() ? m_direct : m_publications;
        if (message.round < lane.round)
            continue; // was given back while it was on its way
        if (message.deadline && (!m_expiresAt || *message.deadline < *m_expiresAt))
            m_expiresAt = message.deadline;
        lane.unsent.push_back(std::move(message));
    }
}

/// With the window full nothing else would end them: the broker may be there and confirm nothing.
void AmqpPublisher::dropExpired()
{
    const auto now = SteadyClock::now();
    if (!m_expiresAt || now < *m_expiresAt)
        return;
    std::optional<SteadyTime> next;
    for (Lane* lane : {&m_direct, &m_publications}) {
        std::erase_if(lane->unsent, [&](const Outgoing& message) {
            if (!message.deadline)
                return false;
            if (*message.deadline <= now) {
                m_fates.emplace_back(message.id, Fate::Expired);
                return true;
            }
            next = next ? std::min(*next, *message.deadline) : *message.deadline;
            return false;
        });
    }
    m_expiresAt = next ? std::optional(std::max(*next, now + expiryPause)) : std::nullopt;
}

void AmqpPublisher::settle(Lane& lane, const AmqpEvent& event, Fate fate)
{
    lane.closes = 0;
    if (event.isMultiple) {
        while (!lane.unconfirmed.empty() && lane.unconfirmed.begin()->first <= event.tag)
            settleOne(lane, lane.unconfirmed.begin(), fate);
    } else if (const auto at = lane.unconfirmed.find(event.tag); at != lane.unconfirmed.end()) {
        settleOne(lane, at, fate);
    }
}

void AmqpPublisher::settleOne(Lane& lane, Window::iterator at, Fate fate)
{
    const Unconfirmed& message = at->second;
    m_fates.emplace_back(
        message.id, message.isReturned && fate == Fate::Confirmed ? Fate::Unroutable : fate);
    lane.bytes -= message.bytes;
    lane.unconfirmed.erase(at);
    if (lane.oneByOne > 0)
        --lane.oneByOne;
}

void AmqpPublisher::giveBackUnsent()
{
    report();
    giveBack(m_direct, {});
    giveBack(m_publications, {});
}

void AmqpPublisher::giveBackEverything(Lane& lane)
{
    QSet<quint64> lost;
    for (const auto& [tag, message] : lane.unconfirmed)
        lost.insert(message.id);
    lane.unconfirmed.clear();
    lane.bytes = 0;
    report();
    giveBack(lane, lost);
}

void AmqpPublisher::giveBack(Lane& lane, const QSet<quint64>& lost)
{
    QSet<quint64> stillSent;
    for (const auto& [tag, message] : lane.unconfirmed)
        stillSent.insert(message.id);
    lane.unsent.clear();
    ++lane.round;
    m_uplink.post([this, way = lane.way, round = lane.round, lost, stillSent] {
        m_listener.takenBack(way, round, lost, stillSent);
    });
}

void AmqpPublisher::report()
{
    if (m_fates.empty())
        return;
    m_uplink.post([this, fates = std::exchange(m_fates, {})] { m_listener.settled(fates); });
}

void AmqpPublisher::tearDown(const Error& why)
{
    m_isBlocked = false;
    report();
    m_uplink.post([this, why] { m_listener.publisherIsDown(why); });
    for (Lane* lane : {&m_direct, &m_publications}) {
        giveBackEverything(*lane);
        lane->oneByOne = 0;
        lane->closes = 0;
    }
    m_expiresAt.reset();
}

} // namespace gatehouse::bus
