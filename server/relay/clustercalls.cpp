// SPDX-License-Identifier: Apache-2.0
#include "server/relay/clustercalls.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"
#include "server/bus/buslog.h"
#include "server/bus/emitterfields.h"
#include "server/observe/log.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

using protocol::jsonString;

constexpr char controlTopic[] = "control";

const QLatin1StringView emitName("emit");
const QLatin1StringView kickName("kick");
const QLatin1StringView clientsName("list_clients");
const QLatin1StringView roomsName("list_rooms");

QByteArray envelope(int status, const QByteArray& resp)
{
    return R"({"resp":)" + resp + R"(,"sc":)" + QByteArray::number(status) + '}';
}

QByteArray refusal(const Error& error)
{
    const int status = error.code == ErrorCode::Forbidden                          ? 403
        : error.code == ErrorCode::BadRequest || error.code == ErrorCode::TooLarge ? 400
                                                                                   : 503;
    return envelope(status, R"({"message":)" + jsonString(error.detail.toUtf8()) + '}');
}

bool isSet(QByteArrayView object, QByteArrayView member)
{
    const auto raw = rawMember(object, member);
    return raw && jsonBoolean(*raw).value_or(false);
}

/// A whole number from 0 on, `otherwise` when it is not given.
Result<qsizetype> sizeIn(QByteArrayView object, const char* member, qsizetype otherwise)
{
    const auto raw = rawMember(object, member);
    if (!raw)
        return otherwise;
    const auto number = jsonInteger(*raw);
    if (!number || *number < 0)
        return failure(ErrorCode::BadRequest,
            QLatin1StringView(member) + QStringLiteral(" is no whole number"));
    return qsizetype(*number);
}

QByteArray nodeList(const std::vector<ClusterNode>& nodes)
{
    QByteArray list;
    for (const ClusterNode& node : nodes) {
        list += (list.isEmpty() ? "" : ",");
        list += R"({"node":)" + jsonString(node.name) + R"(,"clients":)"
            + QByteArray::number(node.clients) + R"(,"silent_ms":)"
            + QByteArray::number(node.silentFor.count()) + R"(,"stale":)"
            + (node.isStale ? "true" : "false") + R"(,"complete":)"
            + (node.isComplete ? "true" : "false") + '}';
    }
    return '[' + list + ']';
}

} // namespace

/// Whom a call is about, in one namespace.
struct ClusterCalls::Whom
{
    NamespaceName nsp;
    bool isEverybody = false;
    std::vector<RoomName> rooms; ///< clients by their id are rooms of that name
    std::vector<QByteArray> principals{};
    std::vector<ClientAddress> addresses{};
    std::vector<RoomName> except;
};

struct ClusterCalls::Call
{
    QLatin1StringView method{};
    QByteArray kwargs{}; ///< a checked object
    Whom whom{}; ///< emit and kick
    QByteArray event{};
    protocol::JsonArgs args{};
    bool isVolatile = false;
    qsizetype offset = 0; ///< lists
    qsizetype limit = 0;
};

namespace {

/// The client itself, or one of its rooms.
bool isNamed(const ClusterClient& client, const QSet<RoomName>& names)
{
    return names.contains({client.id.value})
        || std::any_of(client.rooms.begin(), client.rooms.end(),
            [&](const RoomName& room) { return names.contains(room); });
}

} // namespace

ClusterCalls::ClusterCalls(
    ClusterCallOptions options, hub::Hub& hub, ClusterView& view, bus::Bus& bus)
    : m_options(std::move(options)), m_hub(hub), m_view(view), m_bus(bus)
{
    if (m_options.queue.isEmpty())
        return;
    m_tickets.push_back(m_bus.subscribe(
        {}, controlTopic, [this](const bus::Message& message) { return heard(message); }));
    m_tickets.push_back(
        m_bus.serve(m_options.queue, [this](const bus::Message& message, bus::Reply reply) {
            called(message, std::move(reply));
        }));
}

QStringList ClusterCalls::methodNames()
{
    return {emitName, kickName, clientsName, roomsName};
}

Result<ClusterCalls::Whom> ClusterCalls::readWhom(QByteArrayView kwargs) const
{
    const bus::EmitterLimits limits{.maxNames = m_options.maxNames};
    const auto nsp = bus::namespaceName(rawMember(kwargs, "namespace"), limits);
    auto rooms = bus::roomNames(rawMember(kwargs, "rooms"), limits);
    auto clients = bus::roomNames(rawMember(kwargs, "clients"), limits);
    auto principals = bus::roomNames(rawMember(kwargs, "principals"), limits);
    auto except = bus::roomNames(rawMember(kwargs, "except"), limits);
    for (const auto* part : std::initializer_list<const Result<std::vector<RoomName>>*>{
             &rooms, &clients, &principals, &except}) {
        if (!*part)
            return tl::unexpected(part->error());
    }
    if (!nsp)
        return tl::unexpected(nsp.error());
    Whom whom{.nsp = *nsp,
        .isEverybody = isSet(kwargs, "everybody"),
        .rooms = *std::move(rooms),
        .except = *std::move(except)};
    whom.rooms.insert(whom.rooms.end(), clients->begin(), clients->end());
    for (const RoomName& principal : *principals)
        whom.principals.push_back(principal.value);
    if (const auto addresses = rawMember(kwargs, "addresses")) {
        if (jsonKind(*addresses) != JsonKind::Array)
            return bus::unusable("addresses that are no list");
        for (JsonArrayWalker items(*addresses); items.next();) {
            auto address = clientAddressOf(items.value());
            if (!address)
                return bus::unusable("an address that is not [host, port]");
            if (qsizetype(whom.addresses.size()) >= m_options.maxNames)
                return failure(ErrorCode::TooLarge, QStringLiteral("too many addresses"));
            whom.addresses.push_back(*std::move(address));
        }
    }
    // An empty list is nobody; only who says so means everybody.
    const bool isNamed = rawMember(kwargs, "rooms") || rawMember(kwargs, "clients")
        || rawMember(kwargs, "principals") || rawMember(kwargs, "addresses");
    if (whom.isEverybody == isNamed)
        return bus::unusable("either rooms, clients, principals and addresses, or everybody");
    return whom;
}

Result<ClusterCalls::Call> ClusterCalls::read(const QByteArray& body) const
{
    if (const auto checked = checkJson(body); !checked)
        return bus::unusable("no JSON");
    const auto rawMethod = rawMember(body, "method");
    const auto method = rawMethod ? jsonText(*rawMethod) : std::nullopt;
    const auto kwargs = rawMember(body, "kwargs");
    if (!method || (kwargs && jsonKind(*kwargs) != JsonKind::Object))
        return bus::unusable("no method, or kwargs that are no object");
    Call call{.kwargs = kwargs ? kwargs->toByteArray() : QByteArray("{}")};
    for (const QLatin1StringView name : {emitName, kickName, clientsName, roomsName}) {
        if (*method == QByteArrayView(name.data(), name.size()))
            call.method = name;
    }
    if (call.method.isEmpty())
        return bus::unusable("no such method");
    if (!m_options.methods.contains(call.method))
        return failure(ErrorCode::Forbidden, QStringLiteral("the method is not allowed"));
    if (call.method == clientsName || call.method == roomsName) {
        const auto offset = sizeIn(call.kwargs, "offset", 0);
        const auto limit = sizeIn(call.kwargs, "limit", m_options.maxListed);
        if (!offset || !limit)
            return tl::unexpected((offset ? limit : offset).error());
        call.offset = std::min<qsizetype>(*offset, 1'000'000'000);
        call.limit = std::min(*limit, m_options.maxListed);
        const auto nsp = rawMember(call.kwargs, "namespace");
        const auto name = nsp ? jsonText(*nsp) : std::nullopt;
        if (name && !mayUse({*name}))
            return failure(ErrorCode::Forbidden, QStringLiteral("the namespace is not allowed"));
        return call;
    }
    auto whom = readWhom(call.kwargs);
    if (!whom)
        return tl::unexpected(whom.error());
    call.whom = *std::move(whom);
    if (!mayUse(call.whom.nsp))
        return failure(ErrorCode::Forbidden, QStringLiteral("the namespace is not allowed"));
    if (call.method == kickName)
        return call;
    auto event = bus::eventName(rawMember(call.kwargs, "event"), {});
    if (!event)
        return tl::unexpected(event.error());
    call.event = *std::move(event);
    call.isVolatile = isSet(call.kwargs, "volatile");
    const auto args = rawMember(call.kwargs, "args");
    if (args && jsonKind(*args) != JsonKind::Array)
        return bus::unusable("args that are no list");
    if (args)
        call.args = args->sliced(1, args->size() - 2).toByteArray().trimmed();
    return call;
}

bool ClusterCalls::mayUse(const NamespaceName& nsp) const
{
    return m_options.namespaces.contains(nsp)
        || (m_options.isEveryNamespace && !m_options.guarded.contains(nsp));
}

/// What is published there would be remembered by its name alone.
bool ClusterCalls::isEmpty(const NamespaceName& nsp) const
{
    return m_hub.subscriberCount(nsp) == 0 && !m_hub.recent(nsp);
}

void ClusterCalls::called(const bus::Message& message, bus::Reply reply)
{
    ++m_counters.calls;
    const auto call = read(message.body);
    if (!call) {
        ++m_counters.refused;
        reply.finish(refusal(call.error()));
        return;
    }
    if (call->method == clientsName)
        reply.finish(envelope(200, clientList(*call)));
    else if (call->method == roomsName)
        reply.finish(envelope(200, roomList(*call)));
    else
        passOn(message, call->method == kickName ? countAll(call->whom) : -1, std::move(reply));
}

void ClusterCalls::passOn(const bus::Message& message, qsizetype clients, bus::Reply reply)
{
    const auto kept = std::make_shared<bus::Reply>(std::move(reply));
    QByteArray resp = R"({"message":"done")";
    if (clients >= 0)
        resp += R"(,"clients":)" + QByteArray::number(clients);
    resp += '}';
    m_bus.publish(
        {.topic = controlTopic,
            .body = message.body,
            .properties = {.contentType = "application/json",
                .sender = message.properties.sender}, // who wished it, not who passed it on
            .needsReceiver = true},
        [kept, resp](bus::Outcome outcome, const Error& error) {
            const bool isOut = outcome == bus::Outcome::Confirmed || outcome == bus::Outcome::Kept;
            kept->finish(isOut ? envelope(200, resp) : refusal(error));
        });
}

bus::Verdict ClusterCalls::heard(const bus::Message& message)
{
    const auto call = read(message.body);
    if (!call || (call->method != emitName && call->method != kickName)) {
        ++m_counters.refused;
        bus::warnSparingly("control",
            QStringLiteral("A call on the topic %1 was refused: %2")
                .arg(bus::text(message.topic),
                    call ? QStringLiteral("lists are for those who ask") : call.error().detail));
        return bus::Verdict::Rejected;
    }
    if (call->method == emitName)
        emitEvent(*call);
    else
        kick(*call, message.properties.sender);
    return bus::Verdict::Accepted;
}

/// Those in no room, by who they are and where they come from.
std::vector<SocketId> ClusterCalls::ownClients(const Whom& whom)
{
    std::vector<SocketId> ids;
    if (whom.principals.empty() && whom.addresses.empty())
        return ids;
    const ClusterMembers& own = m_view.own();
    const auto add = [&](const QSet<SocketId>& some) {
        for (const SocketId& id : some) {
            if (own.find(id)->nsp == whom.nsp)
                ids.push_back(id);
        }
    };
    for (const QByteArray& principal : whom.principals)
        add(own.ofPrincipal(principal));
    for (const ClientAddress& address : whom.addresses)
        add(own.at(address));
    return ids;
}

hub::Publication ClusterCalls::publicationFor(const Call& call)
{
    hub::Publication publication{.nsp = call.whom.nsp,
        .rooms = call.whom.rooms,
        .event = call.event,
        .args = call.args,
        .attachments = {},
        .except = {},
        .urgency = call.isVolatile ? hub::Urgency::Volatile : hub::Urgency::Reliable};
    for (const SocketId& id : ownClients(call.whom))
        publication.rooms.push_back({id.value});
    for (const RoomName& one : call.whom.except) {
        publication.except.push_back({one.value}); // a name may be a client's or a room's
        publication.exceptRooms.push_back(one);
    }
    return publication;
}

void ClusterCalls::emitEvent(const Call& call)
{
    if (isEmpty(call.whom.nsp))
        return;
    const hub::Publication publication = publicationFor(call);
    if (publication.rooms.empty() && !call.whom.isEverybody) // nobody of these is here
        return;
    ++m_counters.emitted;
    m_hub.publish(publication);
}

void ClusterCalls::kick(const Call& call, const QByteArray& sender)
{
    if (isEmpty(call.whom.nsp))
        return;
    const hub::Publication publication = publicationFor(call);
    if (publication.rooms.empty() && !call.whom.isEverybody)
        return;
    qsizetype ended = 0;
    // One end may bring others about: look each up again.
    for (const SocketId& id : m_hub.recipients(publication)) {
        session::SessionSource* source = m_view.sourceOf(id);
        const auto session = source ? source->sessionOf(id) : std::nullopt;
        if (session
            && source->closeSession(
                *session, session::CloseCode::Kicked, QLatin1StringView("kicked")))
            ++ended;
    }
    if (ended == 0)
        return;
    m_counters.kicked += quint64(ended);
    observe::log(observe::Level::Info, observe::category::bus,
        QStringLiteral("%1 of namespace %2 were disconnected at the wish of %3")
            .arg(ended)
            .arg(QString::fromUtf8(call.whom.nsp.value), QString::fromUtf8(sender)));
    if (m_kicked)
        m_kicked(sender, ended, call.whom.nsp);
}

qsizetype ClusterCalls::countAll(const Whom& whom)
{
    qsizetype count = 0;
    m_view.forEach(
        [&](const QByteArray&, const ClusterMembers& members) { count += countIn(whom, members); });
    return count;
}

// A call may name a thousand, and there may be a hundred thousand clients: never one by the other.
qsizetype ClusterCalls::countIn(const Whom& whom, const ClusterMembers& members) const
{
    const QSet<RoomName> except(whom.except.begin(), whom.except.end());
    QSet<SocketId> found;
    const auto add = [&](const ClusterClient* client) {
        if (client && client->nsp == whom.nsp && (except.isEmpty() || !isNamed(*client, except)))
            found.insert(client->id);
    };
    for (const QByteArray& principal : whom.principals) {
        for (const SocketId& id : members.ofPrincipal(principal))
            add(members.find(id));
    }
    for (const ClientAddress& address : whom.addresses) {
        for (const SocketId& id : members.at(address))
            add(members.find(id));
    }
    QSet<RoomName> rooms;
    for (const RoomName& name : whom.rooms) {
        add(members.find({name.value}));
        if (members.roomSizes().count({whom.nsp, name}) > 0)
            rooms.insert(name);
    }
    if (rooms.isEmpty() && !whom.isEverybody)
        return found.size();
    for (const ClusterClient& client : members.all()) {
        if (whom.isEverybody || isNamed(client, rooms))
            add(&client);
    }
    return found.size();
}

QByteArray ClusterCalls::clientList(const Call& call)
{
    const auto nsp = rawMember(call.kwargs, "namespace");
    const auto room = rawMember(call.kwargs, "room");
    const auto wantedNsp = nsp ? jsonText(*nsp) : std::nullopt;
    const auto wantedRoom = room ? jsonText(*room) : std::nullopt;
    QByteArray list;
    qsizetype total = 0;
    bool isFull = false; // in octets; whoever asks goes on behind the last one
    m_view.forEach([&](const QByteArray& node, const ClusterMembers& members) {
        std::vector<const ClusterClient*> fitting;
        for (const ClusterClient& client : members.all()) {
            const bool fits = (wantedNsp ? client.nsp.value == *wantedNsp : mayUse(client.nsp))
                && (!wantedRoom
                    || std::binary_search(
                        client.rooms.begin(), client.rooms.end(), RoomName{*wantedRoom}));
            if (fits)
                fitting.push_back(&client);
        }
        // Pages of a list have to have an order, as far as this one goes.
        const qsizetype first
            = std::clamp<qsizetype>(call.offset - total, 0, qsizetype(fitting.size()));
        const qsizetype last = std::clamp<qsizetype>(
            call.offset + call.limit - total, first, qsizetype(fitting.size()));
        std::partial_sort(fitting.begin(), fitting.begin() + last, fitting.end(),
            [](const ClusterClient* a, const ClusterClient* b) { return a->id < b->id; });
        for (qsizetype i = first; i < last && !isFull; ++i) {
            const QByteArray json
                = R"({"node":)" + jsonString(node) + ',' + fitting[size_t(i)]->toJson().mid(1);
            isFull = !list.isEmpty() && list.size() + json.size() > m_options.maxAnswerBytes;
            if (!isFull)
                list += (list.isEmpty() ? "" : ",") + json;
        }
        total += qsizetype(fitting.size());
    });
    return R"({"clients":[)" + list + R"(],"total":)" + QByteArray::number(total) + R"(,"nodes":)"
        + nodeList(m_view.nodes()) + '}';
}

QByteArray ClusterCalls::roomList(const Call& call)
{
    const auto nsp = rawMember(call.kwargs, "namespace");
    const auto wantedNsp = nsp ? jsonText(*nsp) : std::nullopt;
    struct Room
    {
        qsizetype clients = 0;
        QByteArray nodes;
    };
    std::map<ClusterMembers::RoomKey, Room> rooms;
    m_view.forEach([&](const QByteArray& node, const ClusterMembers& members) {
        for (const auto& [key, size] : members.roomSizes()) {
            if (wantedNsp ? key.first.value != *wantedNsp : !mayUse(key.first))
                continue;
            Room& room = rooms[key];
            room.clients += size;
            room.nodes += (room.nodes.isEmpty() ? "" : ",") + jsonString(node) + ':'
                + QByteArray::number(size);
        }
    });
    QByteArray list;
    qsizetype at = 0;
    bool isFull = false;
    for (const auto& [key, room] : rooms) {
        if (at >= call.offset && at - call.offset < call.limit && !isFull) {
            const QByteArray json = R"({"namespace":)" + jsonString(key.first.value) + R"(,"room":)"
                + jsonString(key.second.value) + R"(,"clients":)" + QByteArray::number(room.clients)
                + R"(,"nodes":{)" + room.nodes + "}}";
            isFull = !list.isEmpty() && list.size() + json.size() > m_options.maxAnswerBytes;
            if (!isFull)
                list += (list.isEmpty() ? "" : ",") + json;
        }
        ++at;
    }
    return R"({"rooms":[)" + list + R"(],"total":)" + QByteArray::number(at) + R"(,"nodes":)"
        + nodeList(m_view.nodes()) + '}';
}

} // namespace gatehouse::relay
