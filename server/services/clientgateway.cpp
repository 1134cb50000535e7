// SPDX-License-Identifier: Apache-2.0
#include "server/services/clientgateway.h"

#include "common/protocol/socketiopacket.h"
#include "server/observe/log.h"

#include <QJsonObject>
#include <QSet>

#include <algorithm>
#include <array>

namespace gatehouse::services {

using session::CloseCode;
using session::PlainSocket;

namespace {

protocol::JsonTemplate templateOf(const QByteArray& text)
{
    auto made = protocol::JsonTemplate::parse(text, envelopeSlots());
    Q_ASSERT(made); // checked before
    return *std::move(made);
}

TypePatterns patternsOf(const QStringList& texts)
{
    auto made = TypePatterns::parse(texts);
    Q_ASSERT(made); // checked before
    return *std::move(made);
}

bool isShowable(const QByteArray& utf8)
{
    const QString text = QString::fromUtf8(utf8);
    return std::all_of(text.begin(), text.end(), [](QChar c) {
        return c.category() != QChar::Other_Control && c.category() != QChar::Other_Format
            && c.category() != QChar::Separator_Line && c.category() != QChar::Separator_Paragraph;
    });
}

} // namespace

QList<QByteArray> envelopeSlots()
{
    return {"type", "uuid", "response_uuid", "sender", "content"};
}

ClientGateway::ClientGateway(const ServicesOptions& options, bus::Bus& bus,
    TypedPublisher& publisher, ServicesCounters& counters)
    : m_options(options), m_bus(bus), m_publisher(publisher), m_counters(counters),
      m_envelope(templateOf(options.envelope.toUtf8())),
      m_allowed(patternsOf(options.allowedTypes)), m_reserved(patternsOf(options.reservedTypes)),
      m_sender(protocol::jsonString(options.sender.toUtf8()))
{
    listen("net-send", &ClientGateway::netSend);
    listen("client-list-request", &ClientGateway::listClients);
    listen("client-kick", &ClientGateway::kick);
}

ClientGateway::~ClientGateway() = default;

void ClientGateway::listen(const QByteArray& type, Handler handler)
{
    m_subscriptions.push_back(
        m_bus.subscribe({}, topicOf(type), [this, handler](const bus::Message& message) {
            const auto envelope = readEnvelope(message.body, m_options.envelopeDepth());
            if (!envelope || !isFromService(*envelope)) {
                ++m_counters.badBusMessages;
                return bus::Verdict::Rejected;
            }
            return (this->*handler)(*envelope);
        }));
}

void ClientGateway::socketOpened(PlainSocket& socket)
{
    m_clients.add(socket);
}

void ClientGateway::socketClosed(PlainSocket& socket, const QByteArray&)
{
    const ServiceClient* client = m_clients.find(socket);
    if (!client)
        return;
    Envelope envelope;
    envelope.type = "client-disconnect";
    const QByteArray uuid = newUuid();
    const QByteArray content
        = "{\"address\":" + client->address + ",\"username\":" + client->nameJson() + '}';
    envelope.uuid = uuid;
    envelope.sender = m_sender;
    envelope.content = content;
    m_clients.remove(socket);
    m_publisher.publishLast(envelope.type, writeEnvelope(envelope), socket.sessionId());
}

void ClientGateway::textReceived(PlainSocket& socket, QByteArrayView utf8)
{
    ServiceClient* client = m_clients.find(socket);
    if (!client)
        return;
    const auto event = protocol::decodeJsonEvent(
        m_dialect, utf8, {.maxDepth = m_options.maxDepth, .maxNameBytes = 128});
    if (!event) {
        ++m_counters.malformed;
        refuse(*client, event.error().detail);
    } else if (!isTypeName(event->name)) {
        ++m_counters.malformed;
        refuse(*client, QStringLiteral("\"type\" has characters that no type has"));
    } else if (event->name == "net-send") {
        impersonated(*client);
    } else if (isInternalType(event->name) || m_reserved.match(event->name)) {
        ++m_counters.refusedReserved;
        refuse(*client, QStringLiteral("clients do not send this type"), event->name);
    } else if (event->name == "login-request") {
        logIn(*client, event->payload);
    } else if (!m_allowed.isEmpty() && !m_allowed.match(event->name)) {
        ++m_counters.refusedTypes;
        refuse(*client, QStringLiteral("this type is not on the server's list"), event->name);
    } else {
        forward(*client, *event);
    }
}

void ClientGateway::impersonated(ServiceClient& client)
{
    ++m_counters.impersonations;
    observe::log(observe::Level::Warning, observe::category::ws,
        QStringLiteral("Client %1 sent a message of the server's own and was closed")
            .arg(QString::fromUtf8(client.sender())),
        {.socket = client.socket.socketId()});
    client.socket.close(CloseCode::PolicyViolation, QLatin1StringView("reserved type"));
}

void ClientGateway::refuse(ServiceClient& client, const QString& why, const QByteArray& type)
{
    if (!std::exchange(client.isInLog, true)) {
        observe::log(observe::Level::Info, observe::category::ws,
            QStringLiteral("A frame of client %1 was refused: %2%3; said once")
                .arg(QString::fromUtf8(client.sender()),
                    type.isEmpty() ? QString()
                                   : QString(QString::fromLatin1(type) + QStringLiteral(": ")),
                    why),
            {.socket = client.socket.socketId()});
    }
    // error_code 1 to 8 are those of services.
    QByteArray content = "{\"message\":" + protocol::jsonString(why.toUtf8()) + ",\"error_code\":0";
    if (!type.isEmpty())
        content += ",\"type\":" + protocol::jsonString(type);
    answer(client, "error-response", content + '}');
}

void ClientGateway::answer(ServiceClient& client, const QByteArray& type, const QByteArray& content)
{
    const QByteArray typeJson = protocol::jsonString(type);
    const QByteArray uuid = newUuid();
    const std::array<QByteArrayView, 5> values{typeJson, uuid, {}, m_sender, content};
    client.socket.sendText(m_envelope.fill(values));
}

void ClientGateway::logIn(ServiceClient& client, QByteArrayView content)
{
    const QByteArray wanted = textOf(rawMember(content, "username").value_or(QByteArrayView()));
    QString why;
    if (!client.name.isEmpty())
        why = QStringLiteral("already logged in");
    else if (wanted.isEmpty() || wanted.size() > m_options.maxNameBytes)
        why = QStringLiteral("a username is a text of 1 to %1 octets").arg(m_options.maxNameBytes);
    else if (!isShowable(wanted) || wanted.startsWith(servicePrefix))
        why = QStringLiteral("this username is not to be had");
    if (!why.isEmpty()) {
        ++m_counters.refusedLogins;
        answer(client, "login-response",
            "{\"succeed\":false,\"message\":" + protocol::jsonString(why.toUtf8()) + '}');
        return;
    }
    const QByteArray name = m_clients.bind(client, wanted);
    ++m_counters.logins;
    access::Principal principal = client.socket.principal();
    principal.name = QString::fromUtf8(name);
    client.socket.setPrincipal(std::move(principal));
    answer(client, "login-response",
        "{\"succeed\":true,\"new_username\":" + protocol::jsonString(name) + '}');
}

void ClientGateway::forward(const ServiceClient& client, const protocol::JsonEvent& event)
{
    const QByteArray uuid = newUuid();
    const QByteArray sender = client.sender();
    Envelope envelope;
    envelope.type = event.name;
    envelope.uuid = uuid;
    envelope.sender = sender;
    envelope.content = event.payload;
    ++m_counters.forwarded;
    m_publisher.publish(event.name, writeEnvelope(envelope), client.socket.sessionId());
}

void ClientGateway::messageDied(const TypedPublisher::Dead& message)
{
    if (ServiceClient* client = m_clients.find(message.origin))
        refuse(*client, message.why, message.type);
}

bus::Verdict ClientGateway::netSend(const Envelope& envelope)
{
    static constexpr std::array<QByteArrayView, 2> names{"response_addrs", "msg"};
    std::array<QByteArrayView, 2> values;
    const bool isClear = jsonKind(envelope.content) == JsonKind::Object
        && protocol::findJsonMembers(envelope.content, names, values);
    if (!isClear || values[0].isEmpty() || values[1].isEmpty()
        || jsonKind(values[0]) != JsonKind::Array || jsonKind(values[1]) != JsonKind::Object) {
        ++m_counters.badNetSends;
        return bus::Verdict::Rejected;
    }
    ++m_counters.netSends;
    const std::vector<SessionId> recipients = recipientsOf(values[0]);
    if (recipients.empty())
        return bus::Verdict::Accepted;
    const auto packet = protocol::EncodedPacket::create(values[1].toByteArray());
    for (const SessionId& id : recipients) {
        // Sending closes nobody, but be sure: a client is looked up each time.
        if (ServiceClient* client = m_clients.find(id)) {
            ++m_counters.deliveries;
            client->socket.send(packet);
        }
    }
    return bus::Verdict::Accepted;
}

ServiceClient* ClientGateway::recipient(QByteArrayView entry) const
{
    if (jsonKind(entry) == JsonKind::String)
        return m_clients.byName(textOf(entry));
    if (jsonKind(entry) != JsonKind::Array)
        return nullptr;
    // A whole sender, [["host",port],"name"], stands for its address.
    const QByteArrayView first = rawElement(entry, 0).value_or(QByteArrayView());
    if (!first.isEmpty() && jsonKind(first) == JsonKind::Array)
        return recipient(first);
    const auto port = jsonInteger(rawElement(entry, 1).value_or(QByteArrayView()));
    return port ? m_clients.byAddress(QString::fromUtf8(textOf(first)), *port) : nullptr;
}

std::vector<SessionId> ClientGateway::recipientsOf(QByteArrayView checkedList)
{
    std::vector<SessionId> recipients;
    QSet<SessionId> seen;
    JsonArrayWalker walker(checkedList);
    while (walker.next()) {
        const ServiceClient* client = recipient(walker.value());
        if (!client) {
            ++m_counters.unknownRecipients;
            continue;
        }
        const SessionId id = client->socket.sessionId();
        if (seen.contains(id))
            continue;
        seen.insert(id);
        recipients.push_back(id);
    }
    return recipients;
}

bus::Verdict ClientGateway::listClients(const Envelope& request)
{
    QByteArray addresses;
    QByteArray clients;
    for (const ServiceClient* client : m_clients.all()) {
        addresses += (addresses.isEmpty() ? "" : ",") + client->address;
        clients += (clients.isEmpty() ? "" : ",") + client->sender();
    }
    const QByteArray uuid = newUuid();
    const QByteArray content
        = "{\"client_list\":[" + addresses + "],\"clients\":[" + clients + "]}";
    Envelope envelope;
    envelope.type = "client-list-response";
    envelope.uuid = uuid;
    envelope.responseUuid = request.uuid;
    envelope.sender = m_sender;
    envelope.content = content;
    bus::Publication publication;
    publication.body = writeEnvelope(envelope);
    publication.properties.type = envelope.type;
    publication.topic = topicOf(envelope.type);
    publication.care = bus::Care::Kept;
    m_bus.publish(publication);
    const QByteArray asker = textOf(request.sender);
    if (isTypeName(asker)) {
        publication.topic = topicTo(asker);
        m_bus.publish(std::move(publication));
    }
    return bus::Verdict::Accepted;
}

bus::Verdict ClientGateway::kick(const Envelope& envelope)
{
    const auto targets = rawMember(envelope.content, "targets");
    if (!targets || jsonKind(*targets) != JsonKind::Array) {
        ++m_counters.badBusMessages;
        return bus::Verdict::Rejected;
    }
    for (const SessionId& id : recipientsOf(*targets)) {
        ServiceClient* client = m_clients.find(id);
        if (!client)
            continue;
        ++m_counters.kicks;
        observe::log(observe::Level::Info, observe::category::ws,
            QStringLiteral("Client %1 was disconnected by %2")
                .arg(QString::fromUtf8(client->sender()),
                    QString::fromUtf8(envelope.sender.toByteArray())));
        client->socket.close(CloseCode::Kicked, QLatin1StringView("kicked"));
    }
    return bus::Verdict::Accepted;
}

} // namespace gatehouse::services
