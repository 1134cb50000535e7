// SPDX-License-Identifier: Apache-2.0
#include "server/services/servicegateway.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"
#include "server/access/tokenverifier.h"
#include "server/bus/topicpattern.h"
#include "server/observe/log.h"
#include "server/services/busdesk.h"
#include "server/services/typenames.h"

#include <algorithm>
#include <iterator>

namespace gatehouse::services {

using protocol::HttpResponse;
using session::CloseCode;
using session::PlainSocket;

namespace {

constexpr Millis sweepInterval{1'000};
constexpr qsizetype maxUuidBytes = 64;

bool isText(QByteArrayView raw, qsizetype maxBytes)
{
    return !raw.isEmpty() && jsonKind(raw) == JsonKind::String && raw.size() <= maxBytes + 2;
}

} // namespace

/// One connected service.
struct ServiceGateway::Port
{
    PlainSocket& socket;
    access::Principal principal;
    const ServiceRights& rights;
    QByteArray name{}; ///< "service.Filesystem"; empty: not registered
    QByteArray sender{}; ///< the same as JSON
    QSet<QByteArray> wanted{};
    bool wantsAll = false;
    std::vector<bus::QueueName> queues{}; ///< it serves
    std::unique_ptr<BusDesk> desk{};
    bus::Service service{}; ///< as it is announced once it is bound
    bus::Ticket announcement{};
    std::vector<bus::Ticket> subscriptions{};
    size_t unbound = 0; ///< topics and queues the bus has still to bind
    QByteArray registration{}; ///< uuid of the one that is answered when it has
    std::deque<Early> early{}; ///< came before that answer, and follow it
    qint64 earlyBytes = 0;

    bool wants(const QByteArray& type) const { return wantsAll || wanted.contains(type); }
};

ServiceGateway::ServiceGateway(const ServicesOptions& options, bus::Bus& bus,
    TypedPublisher& publisher, const Clock& clock, ServicesCounters& counters, Identify identify)
    : m_options(options), m_bus(bus), m_publisher(publisher), m_clock(clock), m_counters(counters),
      m_identify(std::move(identify)), m_sender(protocol::jsonString(options.sender.toUtf8())),
      m_rights(*ServiceRightsTable::parse(options.rights)) // checked before
{
    QObject::connect(&m_sweeper, &QTimer::timeout, &m_sweeper, [this] { sweep(); });
}

ServiceGateway::~ServiceGateway() = default;

std::optional<HttpResponse> ServiceGateway::refusal(const protocol::HttpRequest& request)
{
    const auto principal = m_identify(request.peerAddress, request.bearerToken());
    if (!principal)
        return HttpResponse::text(
            traits(principal.error().code).httpStatus, principal.error().detail.toUtf8());
    if (principal->kind != access::PrincipalKind::Service)
        return HttpResponse::text(403, "services come here, with a token of kind service");
    return std::nullopt;
}

void ServiceGateway::socketOpened(PlainSocket& socket)
{
    const QByteArray token
        = access::TokenVerifier::bearerToken(socket.handshake().headers.value("Authorization"))
              .value_or(QByteArray());
    auto principal = m_identify(socket.handshake().peerAddress, token);
    if (!principal || principal->kind != access::PrincipalKind::Service) {
        socket.close(CloseCode::Unidentified, QLatin1StringView("unidentified"));
        return;
    }
    socket.setPrincipal(*principal);
    const ServiceRights& rights = m_rights.of(principal->id);
    auto port = std::make_unique<Port>(Port{socket, *std::move(principal), rights});
    port->desk = std::make_unique<BusDesk>(m_bus, m_clock, m_options, port->rights,
        [this, its = port.get()](const QByteArray& type, QByteArrayView uuid,
            QByteArrayView responseUuid, const QByteArray& content) {
            return sendFromDesk(*its, type, uuid, responseUuid, content);
        });
    m_ports.emplace(&socket, std::move(port));
    if (!m_sweeper.isActive())
        m_sweeper.start(sweepInterval);
}

void ServiceGateway::socketClosed(PlainSocket& socket, const QByteArray& reason)
{
    const auto found = m_ports.find(&socket);
    if (found == m_ports.end())
        return;
    if (!found->second->name.isEmpty()) {
        --m_counters.servicesNow;
        observe::log(observe::Level::Info, observe::category::bus,
            QStringLiteral("%1 has left: %2")
                .arg(QString::fromUtf8(found->second->name), QString::fromUtf8(reason)));
    }
    // The calls it has not answered go to others as it ends, who may end of it.
    const std::unique_ptr<Port> ended = std::move(found->second);
    m_ports.erase(found);
    ended->announcement.reset();
    ended->subscriptions.clear();
    const std::vector<bus::Reply> givenUp = giveEarlyBack(*ended);
    if (m_ports.empty())
        m_sweeper.stop();
}

void ServiceGateway::textReceived(PlainSocket& socket, QByteArrayView utf8)
{
    const auto found = m_ports.find(&socket);
    if (found == m_ports.end())
        return;
    Port& port = *found->second;
    const auto envelope = readEnvelope(utf8, m_options.envelopeDepth());
    if (!envelope) {
        complain(port, envelope.error().detail, {});
    } else if (envelope->type == "service-register") {
        registerService(port, *envelope);
    } else if (port.name.isEmpty()) {
        complain(port, QStringLiteral("service-register comes first"), envelope->uuid);
    } else if (envelope->type == "client-disconnect" || envelope->type == "client-list-response"
        || envelope->type.startsWith("service-")) {
        complain(port, QStringLiteral("only the server sends this type"), envelope->uuid);
    } else if (BusDesk::isItsBusiness(envelope->type)) {
        if (const auto done = port.desk->handle(*envelope, port.name); !done)
            complain(port, done.error().detail, envelope->uuid);
    } else if (envelope->type.startsWith("bus-")) {
        complain(port, QStringLiteral("only the server sends this type"), envelope->uuid);
    } else if (!port.rights.maySend(envelope->type)) {
        complain(port, QStringLiteral("this service may not send this type"), envelope->uuid);
    } else {
        publish(port, *envelope);
    }
}

void ServiceGateway::complain(Port& port, const QString& why, QByteArrayView about)
{
    ++m_counters.badMessages;
    answer(port, "error-response",
        "{\"message\":" + protocol::jsonString(why.toUtf8()) + ",\"error_code\":0}", about);
}

void ServiceGateway::answer(
    Port& port, const QByteArray& type, const QByteArray& content, QByteArrayView to)
{
    send(port, type, {}, to, content);
}

void ServiceGateway::send(Port& port, const QByteArray& type, QByteArrayView uuid,
    QByteArrayView responseUuid, const QByteArray& content)
{
    port.socket.sendText(textFor(type, uuid, responseUuid, content));
}

bool ServiceGateway::sendFromDesk(Port& port, const QByteArray& type, QByteArrayView uuid,
    QByteArrayView responseUuid, const QByteArray& content)
{
    if (type == "bus-call")
        return pass(
            port, {Early::Kind::Call, textOf(uuid), textFor(type, uuid, responseUuid, content)});
    m_counters.badMessages += type == "error-response" ? 1 : 0;
    send(port, type, uuid, responseUuid, content);
    return true;
}

QByteArray ServiceGateway::textFor(const QByteArray& type, QByteArrayView uuid,
    QByteArrayView responseUuid, const QByteArray& content) const
{
    const QByteArray fresh = uuid.isEmpty() ? newUuid() : QByteArray();
    Envelope envelope;
    envelope.type = type;
    envelope.uuid = uuid.isEmpty() ? QByteArrayView(fresh) : uuid;
    envelope.responseUuid = responseUuid;
    envelope.sender = m_sender;
    envelope.content = content;
    return writeEnvelope(envelope);
}

bool ServiceGateway::pass(Port& port, Early message)
{
    if (port.unbound == 0) {
        port.socket.sendText(std::move(message.text));
        return true;
    }
    if (qsizetype(port.early.size()) >= m_options.maxHeld
        || port.earlyBytes + message.text.size() > m_options.maxHeldBytes) {
        ++m_counters.earlyRefused;
        return false;
    }
    port.earlyBytes += message.text.size();
    m_counters.earlyBytesNow += quint64(message.text.size());
    port.early.push_back(std::move(message));
    return true;
}

Result<void> ServiceGateway::readWanted(Port& port, QByteArrayView content) const
{
    const QByteArrayView wanted = rawMember(content, "wanted").value_or(QByteArrayView("[]"));
    const QByteArrayView queues = rawMember(content, "queues").value_or(QByteArrayView("[]"));
    std::vector<bus::QueueName> served;
    if (jsonKind(queues) != JsonKind::Array)
        return failure(ErrorCode::BadRequest, QStringLiteral("\"queues\" is a list of names"));
    for (JsonArrayWalker walker(queues); walker.next();) {
        served.push_back(textOf(walker.value()));
        if (!isTypeName(served.back()) || !bus::isQueueName(served.back())
            || qsizetype(served.size()) > m_options.maxWanted)
            return failure(ErrorCode::BadRequest,
                QStringLiteral("\"queues\" holds something that is no name, or too many of them"));
        if (m_options.ownQueues.contains(served.back()) || !port.rights.mayServe(served.back()))
            return failure(ErrorCode::Forbidden,
                QStringLiteral("this service may not serve ") + QString::fromUtf8(served.back()));
    }
    QSet<QByteArray> types;
    const bool isAll = textOf(wanted) == "all";
    if (!isAll && jsonKind(wanted) != JsonKind::Array)
        return failure(
            ErrorCode::BadRequest, QStringLiteral("\"wanted\" is a list of types, or \"all\""));
    if (isAll && !port.rights.mayWantAll())
        return failure(
            ErrorCode::Forbidden, QStringLiteral("this service may not have every type"));
    JsonArrayWalker walker(isAll ? QByteArrayView("[]") : wanted);
    while (walker.next()) {
        const QByteArray type = textOf(walker.value());
        if (!isTypeName(type) || types.size() >= m_options.maxWanted)
            return failure(ErrorCode::BadRequest,
                QStringLiteral("\"wanted\" holds something that is no type, or too many of them"));
        if (!port.rights.mayWant(type))
            return failure(ErrorCode::Forbidden,
                QStringLiteral("this service may not have ") + QString::fromUtf8(type));
        types.insert(type);
    }
    port.wanted = std::move(types);
    port.wantsAll = isAll;
    port.queues = std::move(served);
    return {};
}

/// A service that comes back takes its name from the connection it lost, if that is not known to be
/// gone yet; nobody else can.
bool ServiceGateway::claimName(Port& port, const QByteArray& name)
{
    if (port.name == name)
        return true;
    for (const auto& [socket, other] : m_ports) {
        if (other->name == name && other->principal.id == port.principal.id) {
            other->socket.close(CloseCode::Normal, QLatin1StringView("superseded"));
            break;
        }
    }
    for (const bus::Service& service : m_bus.services()) {
        if (service.name == name)
            return false;
    }
    return true;
}

void ServiceGateway::registerService(Port& port, const Envelope& envelope)
{
    const QByteArrayView content = envelope.content;
    const QByteArray given = textOf(rawMember(content, "name").value_or(QByteArrayView()));
    const QByteArray name
        = given.startsWith(servicePrefix) ? given : QByteArray(servicePrefix.toByteArray() + given);
    QString why;
    if (given.isEmpty() || !isTypeName(name) || name == m_options.sender.toUtf8())
        why = QStringLiteral("\"name\" is not one a service may have");
    else if (const auto read = readWanted(port, content); !read)
        why = read.error().detail;
    else if (!claimName(port, name))
        why = QStringLiteral("this name is in use");
    if (!why.isEmpty()) {
        ++m_counters.refusedRegistrations;
        answer(port, "service-register-response",
            "{\"succeed\":false,\"message\":" + protocol::jsonString(why.toUtf8()) + '}',
            envelope.uuid);
        return;
    }
    if (port.name.isEmpty())
        ++m_counters.servicesNow;
    ++m_counters.registrations;
    port.name = name;
    port.sender = protocol::jsonString(name);
    port.registration = envelope.uuid.toByteArray();
    subscribe(port);
    access::Principal principal = port.principal;
    principal.name = QString::fromUtf8(name);
    port.socket.setPrincipal(std::move(principal));
    observe::log(observe::Level::Info, observe::category::bus,
        QStringLiteral("%1 has come and wants %2")
            .arg(QString::fromUtf8(name),
                port.wantsAll ? QStringLiteral("everything")
                              : QStringLiteral("%1 types").arg(port.wanted.size())));
}

// A service that counts as registered misses nothing: it is told so when the bus has bound all it
// wants, and what comes before that waits behind the answer.
void ServiceGateway::bound(Port& port)
{
    if (--port.unbound > 0)
        return;
    // Not before: what waits for it goes out at once, to topics that have to be bound by then.
    port.announcement = m_bus.announce(port.service);
    m_counters.earlyBytesNow -= quint64(std::exchange(port.earlyBytes, 0));
    // What is sent may end it, and the port with it.
    PlainSocket& socket = port.socket;
    std::deque<Early> early = std::exchange(port.early, {});
    answer(port, "service-register-response", "{\"succeed\":true,\"name\":" + port.sender + '}',
        port.registration);
    for (Early& message : early)
        socket.sendText(std::move(message.text));
}

// One that cannot have all it wants is told so at once, and may try again; what comes for it must
// not pile up meanwhile. Of what it had already it is told only.
void ServiceGateway::bindingRefused(Port& port, const QByteArray& what, const Error& why)
{
    const QString text
        = QStringLiteral("the bus refuses %1: %2").arg(QString::fromUtf8(what), why.detail);
    observe::log(observe::Level::Warning, observe::category::bus,
        QString::fromUtf8(port.name) + u": " + text);
    if (port.unbound == 0) {
        complain(port, text, {});
        return;
    }
    const std::vector<bus::Reply> givenUp = unregister(port);
    ++m_counters.refusedRegistrations;
    answer(port, "service-register-response",
        "{\"succeed\":false,\"message\":" + protocol::jsonString(text.toUtf8()) + '}',
        port.registration);
}

std::vector<bus::Reply> ServiceGateway::unregister(Port& port)
{
    port.announcement.reset();
    port.desk->serve({}, {}, {});
    port.subscriptions.clear();
    port.unbound = 0;
    port.name.clear();
    port.sender.clear();
    --m_counters.servicesNow;
    return giveEarlyBack(port);
}

// The bus counts it as delivered. Answers to what this service asked are for nobody else.
std::vector<bus::Reply> ServiceGateway::giveEarlyBack(Port& port)
{
    m_counters.earlyBytesNow -= quint64(std::exchange(port.earlyBytes, 0));
    std::vector<TypedPublisher::Undelivered> messages;
    std::vector<QByteArray> calls;
    for (Early& early : std::exchange(port.early, {})) {
        if (early.kind == Early::Kind::Typed)
            messages.push_back({std::move(early.about), std::move(early.text)});
        else if (early.kind == Early::Kind::Call)
            calls.push_back(std::move(early.about));
        else
            ++m_counters.earlyRefused;
    }
    std::vector<bus::Reply> unsent = port.desk->takeUnsent(calls);
    m_publisher.takeBack(std::move(messages));
    return unsent;
}

void ServiceGateway::subscribe(Port& port)
{
    port.announcement.reset();
    port.service = {};
    bus::Service& service = port.service;
    service.name = port.name;
    const auto listen = [&](const bus::Topic& topic, bool isForItAlone) {
        port.subscriptions.push_back(m_bus.subscribe(
            {}, topic,
            [this, &port, isForItAlone](
                const bus::Message& message) { return deliver(port, message, isForItAlone); },
            [this, &port] { bound(port); },
            [this, &port, topic](const Error& why) { bindingRefused(port, topic, why); }));
    };
    if (port.wantsAll) {
        service.topics.push_back(topicOfAll());
    } else {
        for (const QByteArray& type : port.wanted)
            service.topics.push_back(topicOf(type));
    }
    service.queues = port.queues;
    port.unbound = service.topics.size() + 1;
    port.unbound += port.desk->serve(
        port.queues, [this, &port] { bound(port); },
        [this, &port](
            const bus::QueueName& queue, const Error& why) { bindingRefused(port, queue, why); });
    // The new ones first: what it wants now as before is never unbound.
    const std::vector<bus::Ticket> former = std::exchange(port.subscriptions, {});
    for (const bus::Topic& topic : service.topics)
        listen(topic, false);
    listen(topicTo(port.name), true);
}

bus::Verdict ServiceGateway::deliver(Port& port, const bus::Message& message, bool isForItAlone)
{
    const auto envelope = readEnvelope(message.body, m_options.envelopeDepth());
    if (!envelope) {
        ++m_counters.badBusMessages;
        return bus::Verdict::Rejected;
    }
    // What it wants anyway comes by the type.
    if (isForItAlone && port.wants(envelope->type))
        return bus::Verdict::Accepted;
    if (envelope->type.endsWith("request"))
        rememberRequest(*envelope);
    ++m_counters.deliveredToServices;
    const Early::Kind kind = isForItAlone ? Early::Kind::Own : Early::Kind::Typed;
    return pass(port, {kind, envelope->type, message.body}) ? bus::Verdict::Accepted
                                                            : bus::Verdict::Rejected;
}

void ServiceGateway::rememberRequest(const Envelope& envelope)
{
    // Clients are answered by net-send.
    const QByteArray asker = textOf(envelope.sender);
    const QByteArray uuid = textOf(envelope.uuid);
    if (!isTypeName(asker) || uuid.isEmpty() || m_asked.contains(uuid))
        return;
    while (m_askedOrder.size() >= size_t(m_options.maxRequests)) {
        m_counters.forgottenRequests += quint64(m_asked.remove(m_askedOrder.front()));
        m_askedOrder.pop_front();
    }
    m_asked.insert(uuid, {asker, m_clock.monotonic()});
    m_askedOrder.push_back(uuid);
}

void ServiceGateway::publish(Port& port, Envelope envelope)
{
    const QByteArray fresh = isText(envelope.uuid, maxUuidBytes) ? QByteArray() : newUuid();
    if (!fresh.isEmpty())
        envelope.uuid = fresh;
    if (!isText(envelope.responseUuid, maxUuidBytes))
        envelope.responseUuid = {};
    envelope.sender = port.sender;
    const QByteArray body = writeEnvelope(envelope);
    ++m_counters.published;
    const bool isForServer = envelope.type == "net-send" || envelope.type == "client-list-request"
        || envelope.type == "client-kick";
    const bool isResponse = envelope.type.endsWith("response");
    if (!isForServer && !isResponse) {
        m_publisher.publish(envelope.type, body, port.socket.sessionId());
        return;
    }
    if (isResponse)
        routeResponse(envelope, body);
    bus::Publication publication;
    publication.topic = topicOf(envelope.type);
    publication.body = body;
    publication.properties.type = envelope.type;
    publication.properties.sender = port.name;
    publication.care = bus::Care::Kept;
    const TypedPublisher::Dead message{envelope.type, body, port.socket.sessionId(), {}};
    m_bus.publish(std::move(publication),
        [this, alive = std::weak_ptr(m_alive), name = port.name, message](
            bus::Outcome outcome, const Error& error) {
            if (outcome != bus::Outcome::Refused || alive.expired())
                return;
            observe::log(observe::Level::Warning, observe::category::bus,
                QStringLiteral("A message of type %1 of %2 was not taken: %3")
                    .arg(QString::fromLatin1(message.type), QString::fromUtf8(name), error.detail));
            TypedPublisher::Dead died = message;
            died.why = error.detail;
            messageDied(died);
        });
}

void ServiceGateway::messageDied(const TypedPublisher::Dead& message)
{
    const auto port = std::find_if(m_ports.begin(), m_ports.end(),
        [&](const auto& entry) { return entry.first->sessionId() == message.origin; });
    if (port == m_ports.end())
        return;
    ++m_counters.badMessages;
    const auto envelope = readEnvelope(message.body, m_options.envelopeDepth());
    answer(*port->second, "error-response",
        "{\"message\":" + protocol::jsonString(message.why.toUtf8())
            + ",\"error_code\":0,\"type\":" + protocol::jsonString(message.type) + '}',
        envelope ? envelope->uuid : QByteArrayView());
}

void ServiceGateway::routeResponse(const Envelope& envelope, const QByteArray& body)
{
    const QByteArray uuid = textOf(envelope.responseUuid);
    const auto asked = m_asked.constFind(uuid);
    if (uuid.isEmpty() || asked == m_asked.cend())
        return;
    ++m_counters.routedResponses;
    bus::Publication publication;
    publication.topic = topicTo(asked->asker);
    publication.body = body;
    publication.properties.type = envelope.type;
    publication.care = bus::Care::Kept;
    m_asked.erase(asked);
    m_bus.publish(std::move(publication));
}

std::vector<ServiceGateway::Connected> ServiceGateway::connected() const
{
    std::vector<Connected> all;
    for (const auto& [socket, port] : m_ports) {
        if (!port->name.isEmpty())
            all.push_back({port->name, port->principal.id, socket->sessionId(), port->unbound == 0,
                port->desk->calls(), port->desk->requests()});
    }
    return all;
}

void ServiceGateway::sweep()
{
    const Millis now = m_clock.monotonic();
    while (!m_askedOrder.empty()) {
        const auto oldest = m_asked.constFind(m_askedOrder.front());
        if (oldest != m_asked.cend() && now - oldest->since < m_options.requestLife)
            break;
        if (oldest != m_asked.cend()) {
            ++m_counters.forgottenRequests;
            m_asked.erase(oldest);
        }
        m_askedOrder.pop_front();
    }
    std::vector<PlainSocket*> ended;
    std::vector<bus::Reply> givenUp; // dropped last: others may be called at once
    for (const auto& [socket, port] : m_ports) {
        std::ranges::move(port->desk->takeOverdue(), std::back_inserter(givenUp));
        if (port->principal.expiresAt && *port->principal.expiresAt <= m_clock.wall())
            ended.push_back(&port->socket);
    }
    for (PlainSocket* socket : ended)
        socket->close(CloseCode::Unidentified, QLatin1StringView("token expired"));
}

} // namespace gatehouse::services
