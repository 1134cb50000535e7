// SPDX-License-Identifier: Apache-2.0
#include "server/services/busdesk.h"

#include "common/core/strictjson.h"
#include "common/protocol/jsonframe.h"
#include "common/protocol/socketiopacket.h"
#include "server/services/typenames.h"

#include <array>

namespace gatehouse::services {

namespace {

constexpr Millis defaultTimeout{5'000};
constexpr qint64 longestTimeoutMs = 600'000;

Result<void> wrong(const char* what)
{
    return failure(ErrorCode::BadRequest, QString::fromLatin1(what));
}

Result<void> forbidden(const char* what)
{
    return failure(ErrorCode::Forbidden, QString::fromLatin1(what));
}

/// What servers tell each other: who is where, and what control calls have changed.
bool isServersTopic(const bus::Topic& topic)
{
    return topic.startsWith("services") || topic.startsWith("cluster.")
        || (topic.startsWith("relay.") && topic.endsWith(".control"));
}

/// A body of the bus as JSON: as it is, or as a text.
QByteArray jsonOf(const QByteArray& body)
{
    if (checkJson(body, {.maxDepth = 100}))
        return body;
    return protocol::jsonString(QString::fromUtf8(body).toUtf8());
}

template <size_t Count>
Result<std::array<QByteArrayView, Count>> membersOf(
    QByteArrayView content, const std::array<QByteArrayView, Count>& names)
{
    std::array<QByteArrayView, Count> values;
    if (content.isEmpty() || jsonKind(content) != JsonKind::Object
        || !protocol::findJsonMembers(content, names, values))
        return failure(
            ErrorCode::BadRequest, QStringLiteral("\"content\" is an object, each member once"));
    return values;
}

std::string keyOf(const QByteArray& uuid)
{
    return uuid.toStdString();
}

} // namespace

BusDesk::BusDesk(bus::Bus& bus, const Clock& clock, const ServicesOptions& options,
    const ServiceRights& rights, Send send)
    : m_bus(bus), m_clock(clock), m_options(options), m_rights(rights), m_send(std::move(send))
{
}

// A call that is given up makes room for the next one of its queue, which comes at once: to
// somebody else, once this desk serves nothing any more.
BusDesk::~BusDesk()
{
    m_served.clear();
    const auto givenUp = std::exchange(m_calls, {});
}

size_t BusDesk::serve(
    const std::vector<bus::QueueName>& queues, std::function<void()> ready, Refused refused)
{
    m_ready = std::move(ready);
    m_refused = std::move(refused);
    std::map<bus::QueueName, Served> former = std::exchange(m_served, {});
    size_t awaited = 0;
    for (const bus::QueueName& queue : queues) {
        if (m_served.count(queue) > 0)
            continue;
        if (const auto had = former.find(queue); had != former.end() && had->second.ticket) {
            awaited += had->second.isReady ? 0 : 1;
            m_served.insert(former.extract(had));
            continue;
        }
        ++awaited;
        Served& served = m_served[queue];
        served.number = ++m_lastServed;
        served.ticket = m_bus.serve(
            queue,
            [this](const bus::Message& call, bus::Reply reply) { called(call, std::move(reply)); },
            [this, &served] {
                served.isReady = true;
                const auto call = m_ready; // which may serve something else
                if (call)
                    call();
            },
            [this, alive = std::weak_ptr(m_alive), queue, number = served.number](
                const Error& why) {
                // A refusal for good comes without a ticket: after all else has been given up too.
                if (alive.expired() || !isServed(queue, number))
                    return;
                const Refused call = m_refused;
                if (call)
                    call(queue, why);
            });
    }
    return awaited;
}

bool BusDesk::isServed(const bus::QueueName& queue, quint64 number) const
{
    const auto served = m_served.find(queue);
    return served != m_served.end() && served->second.number == number;
}

void BusDesk::called(const bus::Message& call, bus::Reply reply)
{
    const QByteArray uuid = newUuid();
    const QByteArray content
        = "{\"queue\":" + protocol::jsonString(call.topic) + ",\"body\":" + jsonOf(call.body) + '}';
    const std::string key = keyOf(textOf(uuid));
    m_calls.emplace(key, Call{std::move(reply), m_clock.monotonic()});
    if (m_send("bus-call", uuid, {}, content))
        return;
    auto refused = m_calls.extract(key);
}

bool BusDesk::isItsBusiness(const QByteArray& type)
{
    return type == "bus-answer" || type == "bus-publish" || type == "bus-request";
}

Result<void> BusDesk::handle(const Envelope& envelope, const QByteArray& sender)
{
    if (envelope.type == "bus-answer")
        return answer(envelope);
    return envelope.type == "bus-publish" ? publish(envelope, sender) : request(envelope, sender);
}

Result<void> BusDesk::answer(const Envelope& envelope)
{
    static constexpr std::array<QByteArrayView, 2> names{"body", "final"};
    const auto members = membersOf(envelope.content, names);
    if (!members)
        return tl::unexpected(members.error());
    const auto& [body, isLast] = *members;
    if (body.isEmpty())
        return wrong("\"body\" is missing");
    const auto call = m_calls.find(keyOf(textOf(envelope.responseUuid)));
    if (call == m_calls.end())
        return wrong("no such call (any more)");
    if (isLast == "false") {
        call->second.reply.part(body.toByteArray());
        return {};
    }
    bus::Reply reply = std::move(call->second.reply);
    m_calls.erase(call);
    reply.finish(body.toByteArray());
    return {};
}

Result<void> BusDesk::publish(const Envelope& envelope, const QByteArray& sender)
{
    static constexpr std::array<QByteArrayView, 3> names{"exchange", "topic", "body"};
    const auto members = membersOf(envelope.content, names);
    if (!members)
        return tl::unexpected(members.error());
    const auto& [exchange, topic, body] = *members;
    bus::Publication publication;
    publication.exchange = textOf(exchange);
    publication.topic = textOf(topic);
    publication.body = body.toByteArray();
    publication.properties.sender = sender;
    publication.properties.contentType = "application/json";
    // Messages by type have their sender stamped, which this would go around.
    if (publication.topic.isEmpty() || isServersTopic(publication.topic)
        || publication.exchange.endsWith(".presence"))
        return wrong("\"topic\" is missing, or this is one of the server's own");
    if (!m_rights.mayPublish(publication.exchange))
        return forbidden("this service may not publish to that exchange");
    if (body.isEmpty())
        return wrong("\"body\" is missing");
    publication.care = bus::Care::Kept;
    m_bus.publish(std::move(publication),
        [this, alive = std::weak_ptr(m_alive), about = envelope.uuid.toByteArray()](
            bus::Outcome outcome, const Error& error) {
            if (outcome != bus::Outcome::Refused || alive.expired())
                return;
            m_send("error-response", {}, about,
                "{\"message\":" + protocol::jsonString(error.detail.toUtf8())
                    + ",\"error_code\":0,\"type\":\"bus-publish\"}");
        });
    return {};
}

Result<void> BusDesk::request(const Envelope& envelope, const QByteArray& sender)
{
    static constexpr std::array<QByteArrayView, 3> names{"queue", "body", "timeout_ms"};
    const auto members = membersOf(envelope.content, names);
    if (!members)
        return tl::unexpected(members.error());
    const auto& [queue, body, timeout] = *members;
    const QByteArray uuid = textOf(envelope.uuid);
    if (uuid.isEmpty() || uuid.size() > 64 || m_requests.contains(keyOf(uuid)))
        return wrong("\"uuid\" is missing, too long, or that of a request under way");
    if (qsizetype(m_requests.size()) >= m_options.maxRequests)
        return wrong("too many requests are under way");
    bus::Request wanted;
    wanted.queue = textOf(queue);
    wanted.body = body.toByteArray();
    wanted.properties.sender = sender;
    const qint64 ms = jsonInteger(timeout).value_or(defaultTimeout.count());
    if (wanted.queue.isEmpty() || body.isEmpty() || ms < 1 || ms > longestTimeoutMs)
        return wrong("\"queue\" or \"body\" is missing, or \"timeout_ms\" is not 1 to 600000");
    if (!m_rights.mayAsk(wanted.queue))
        return forbidden("this service may not call that queue");
    wanted.timeout = Millis{ms};
    const QByteArray raw = envelope.uuid.toByteArray();
    bus::Ticket ticket
        = m_bus.request(std::move(wanted), [this, uuid, raw](const Result<bus::Answer>& answer) {
              const bool isFinal = !answer || answer->isFinal;
              const QByteArray content = answer
                  ? QByteArray("{\"body\":" + jsonOf(answer->message.body)
                      + ",\"final\":" + (isFinal ? "true" : "false") + '}')
                  : QByteArray("{\"error\":"
                      + protocol::jsonString(QString(traits(answer.error().code).name).toUtf8())
                      + ",\"message\":" + protocol::jsonString(answer.error().detail.toUtf8())
                      + ",\"final\":true}");
              const std::string key = keyOf(uuid);
              m_send("bus-response", {}, raw, content);
              if (isFinal)
                  m_requests.erase(key); // and with it, perhaps, this function
          });
    m_requests.emplace(keyOf(uuid), std::move(ticket));
    return {};
}

std::vector<bus::Reply> BusDesk::takeOverdue()
{
    std::vector<bus::Reply> overdue;
    const Millis now = m_clock.monotonic();
    for (auto call = m_calls.begin(); call != m_calls.end();) {
        if (now - call->second.since < m_options.requestLife) {
            ++call;
            continue;
        }
        overdue.push_back(std::move(call->second.reply));
        call = m_calls.erase(call);
    }
    return overdue;
}

std::vector<bus::Reply> BusDesk::takeUnsent(const std::vector<QByteArray>& uuids)
{
    std::vector<bus::Reply> unsent;
    for (const QByteArray& uuid : uuids) {
        if (auto call = m_calls.extract(keyOf(uuid)))
            unsent.push_back(std::move(call.mapped().reply));
    }
    return unsent;
}

} // namespace gatehouse::services
