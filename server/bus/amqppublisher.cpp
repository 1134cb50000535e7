// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqppublisher.h"

#include "server/bus/buslog.h"

#include <algorithm>

namespace gatehouse::bus {

namespace {

constexpr quint16 publishing = 1;
constexpr quint16 asking = 2; // closed by the broker when an exchange is not there
constexpr int perTurn = 64; // then the broker is listened to: it may want us to stop

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
      m_listener(listener)
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
    if (const auto open = openChannel(connection); !open)
        return open;
    if (const auto open = connection.openChannel(asking); !open)
        return open;
    m_uplink.post([this] { m_listener.publisherIsUp(); });
    return {};
}

Result<void> AmqpPublisher::openChannel(AmqpConnection& connection)
{
    m_lastTag = 0;
    if (const auto open = connection.openChannel(publishing); !open)
        return open;
    return connection.selectConfirms(publishing);
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

Result<void> AmqpPublisher::take(AmqpConnection& connection, AmqpEvent event)
{
    switch (event.kind) {
    case AmqpEvent::Kind::Confirmed:
        settle(event.tag, event.isMultiple, Fate::Confirmed);
        break;
    case AmqpEvent::Kind::Nacked:
        settle(event.tag, event.isMultiple, Fate::Nacked);
        break;
    case AmqpEvent::Kind::Returned:
        for (auto& [tag, message] : m_unconfirmed) {
            if (!message.messageId.isEmpty()
                && message.messageId == event.incoming.message.properties.id) {
                message.isReturned = true;
                break;
            }
        }
        break;
    case AmqpEvent::Kind::Blocked:
        m_isBlocked = true;
        giveBackUnsent();
        m_uplink.post([this, why = event.detail] { m_listener.publisherIsBlocked(why); });
        break;
    case AmqpEvent::Kind::Unblocked:
        m_isBlocked = false;
        m_uplink.post([this] { m_listener.publisherIsUnblocked(); });
        break;
    case AmqpEvent::Kind::ChannelClosed:
        // An exchange has gone, or somebody took a right away. What is open may have arrived.
        m_exchanges.clear();
        loseEverything();
        if (event.channel == publishing)
            return openChannel(connection);
        return connection.openChannel(asking);
    case AmqpEvent::Kind::Delivery:
    case AmqpEvent::Kind::ConsumerCancelled:
        break;
    }
    return {};
}

bool AmqpPublisher::hasRoom() const
{
    return qsizetype(m_unconfirmed.size()) < options().maxUnconfirmed
        && (m_unconfirmed.empty() || m_unconfirmedBytes < options().maxUnconfirmedBytes);
}

Result<bool> AmqpPublisher::work(AmqpConnection& connection)
{
    takeHandedOver();
    if (m_isBlocked)
        giveBackUnsent();
    int sent = 0;
    for (; sent < perTurn && !m_unsent.empty() && hasRoom(); ++sent) {
        const Outgoing message = std::move(m_unsent.front());
        m_unsent.pop_front();
        if (const auto there = ensureExchange(connection, message.exchange); !there) {
            if (there.error().code == ErrorCode::Unavailable) {
                m_fates.emplace_back(message.id, Fate::Unsent);
                return tl::unexpected(there.error());
            }
            warnSparingly("exchange",
                QStringLiteral("Cannot publish to the exchange %1: %2")
                    .arg(text(message.exchange), there.error().detail));
            m_fates.emplace_back(message.id, Fate::Impossible);
            continue;
        }
        Unconfirmed unconfirmed{message.id, message.body.size(),
            message.isMandatory ? message.properties.id : QByteArray(), false};
        m_unconfirmedBytes += unconfirmed.bytes;
        m_unconfirmed.emplace(++m_lastTag, std::move(unconfirmed));
        if (const auto written = connection.publish(publishing, message); !written)
            return tl::unexpected(written.error());
    }
    report();
    return sent == perTurn && !m_unsent.empty();
}

void AmqpPublisher::takeHandedOver()
{
    const std::lock_guard lock(m_mutex);
    std::move(m_handedOver.begin(), m_handedOver.end(), std::back_inserter(m_unsent));
    m_handedOver.clear();
}

void AmqpPublisher::settle(quint64 tag, bool isMultiple, Fate fate)
{
    if (isMultiple) {
        while (!m_unconfirmed.empty() && m_unconfirmed.begin()->first <= tag)
            settleOne(m_unconfirmed.begin(), fate);
    } else if (const auto at = m_unconfirmed.find(tag); at != m_unconfirmed.end()) {
        settleOne(at, fate);
    }
}

void AmqpPublisher::settleOne(std::map<quint64, Unconfirmed>::iterator at, Fate fate)
{
    m_fates.emplace_back(
        at->second.id, at->second.isReturned && fate == Fate::Confirmed ? Fate::Unroutable : fate);
    m_unconfirmedBytes -= at->second.bytes;
    m_unconfirmed.erase(at);
}

void AmqpPublisher::giveBackUnsent()
{
    takeHandedOver();
    for (const Outgoing& message : m_unsent)
        m_fates.emplace_back(message.id, Fate::Unsent);
    m_unsent.clear();
    report();
}

void AmqpPublisher::loseEverything()
{
    while (!m_unconfirmed.empty())
        settleOne(m_unconfirmed.begin(), Fate::Lost);
    giveBackUnsent();
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
    loseEverything();
    m_uplink.post([this, why] { m_listener.publisherIsDown(why); });
}

} // namespace gatehouse::bus
