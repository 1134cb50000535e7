// SPDX-License-Identifier: Apache-2.0
#include "server/relay/clusterview.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"
#include "server/bus/buslog.h"

#include <QRandomGenerator>

#include <algorithm>

namespace gatehouse::relay {

namespace {

using protocol::jsonString;

constexpr char ownTopics[] = "cluster.*";
constexpr char clientsTopic[] = "cluster.clients";
constexpr char askTopic[] = "cluster.ask";
constexpr Millis gatherTime{100};
constexpr Millis askPause{1'000}; // doubled each time in vain
constexpr Millis longestAskPause{60'000};
constexpr int periodsUntilGone = 3;
constexpr size_t maxNodes = 1'000;
constexpr qsizetype maxName = 255;
constexpr qsizetype mostPerUpdate = 128 * 1024;

QByteArray principalText(const access::Principal& principal)
{
    if (!principal.isIdentified())
        return {};
    const QByteArray kind = QByteArray(access::name(principal.kind).latin1()) + ':';
    return kind + (principal.id != 0 ? QByteArray::number(principal.id) : principal.name.toUtf8());
}

std::optional<QByteArray> nameIn(QByteArrayView object, QByteArrayView member)
{
    const auto raw = rawMember(object, member);
    auto text = raw ? jsonText(*raw) : std::nullopt;
    return text && !text->isEmpty() && text->size() <= maxName ? text : std::nullopt;
}

std::optional<qint64> numberIn(QByteArrayView object, QByteArrayView member)
{
    const auto raw = rawMember(object, member);
    const auto number = raw ? jsonInteger(*raw) : std::nullopt;
    return number && *number >= 0 ? number : std::nullopt;
}

bool isSet(QByteArrayView object, QByteArrayView member)
{
    const auto raw = rawMember(object, member);
    return raw && jsonBoolean(*raw).value_or(false);
}

} // namespace

struct ClusterView::Update
{
    QByteArray node;
    QByteArray epoch;
    quint64 sequence = 0;
    qsizetype total = 0;
    bool isFull = false;
    bool isGone = false;
    std::vector<ClusterClient> put{};
    std::vector<SocketId> drop{};
    quint64 unreadable = 0;

    static std::optional<Update> read(QByteArrayView body)
    {
        const auto node = nameIn(body, "node");
        const auto epoch = nameIn(body, "epoch");
        const auto sequence = numberIn(body, "seq");
        const auto total = numberIn(body, "total");
        const auto put = rawMember(body, "put");
        const auto drop = rawMember(body, "drop");
        if (!node || !epoch || !sequence || !total || !put || !drop
            || jsonKind(*put) != JsonKind::Array || jsonKind(*drop) != JsonKind::Array)
            return std::nullopt;
        Update update{.node = *node,
            .epoch = *epoch,
            .sequence = quint64(*sequence),
            .total = qsizetype(*total),
            .isFull = isSet(body, "full"),
            .isGone = isSet(body, "gone")};
        for (JsonArrayWalker items(*put); items.next();) {
            // One client must not hide all the others.
            if (auto client = ClusterClient::fromJson(items.value()))
                update.put.push_back(*std::move(client));
            else
                ++update.unreadable;
        }
        for (JsonArrayWalker items(*drop); items.next();) {
            auto id = jsonText(items.value());
            if (!id)
                return std::nullopt;
            update.drop.push_back({*std::move(id)});
        }
        return update;
    }
};

ClusterView::ClusterView(hub::Hub& hub, std::vector<session::SessionSource*> sources, bus::Bus& bus,
    const Clock& clock, ClusterOptions options)
    : m_hub(hub), m_sources(std::move(sources)), m_bus(bus), m_clock(clock), m_options(options),
      m_epoch(QByteArray::number(QRandomGenerator::system()->generate64(), 36))
{
    if (!m_options.isShared && !m_options.isAsked)
        return;
    m_hub.addObserver(this);
    for (session::SessionSource* source : m_sources)
        source->addObserver(this);
    m_bus.addObserver(static_cast<bus::StateObserver*>(this));
    m_changeTimer.setSingleShot(true);
    m_changeTimer.callOnTimeout([this] { tellChanges(); });
    m_beatTimer.callOnTimeout([this] { beat(); });
    if (!m_options.isShared)
        return;
    m_ticket = m_bus.subscribe(
        {}, ownTopics, [this](const bus::Message& message) { return hear(message); },
        [this] {
            greet();
            m_beatTimer.start(m_options.period);
        });
}

ClusterView::~ClusterView()
{
    m_bus.removeObserver(static_cast<bus::StateObserver*>(this));
    for (session::SessionSource* source : m_sources)
        source->removeObserver(this);
    m_hub.removeObserver(this);
}

// This process

void ClusterView::subscriberAttached(const NamespaceName&, const hub::Subscriber& who)
{
    changed(who.socketId());
}

void ClusterView::subscriberDetached(const NamespaceName&, const hub::Subscriber& who)
{
    changed(who.socketId());
}

void ClusterView::memberJoined(const NamespaceName&, const RoomName&, const hub::Subscriber& who)
{
    changed(who.socketId());
}

void ClusterView::memberLeft(const NamespaceName&, const RoomName&, const hub::Subscriber& who)
{
    changed(who.socketId());
}

void ClusterView::sessionChanged(const SessionId& id)
{
    m_dirtySessions.insert(id);
    if (!m_changeTimer.isActive())
        m_changeTimer.start(gatherTime);
}

void ClusterView::changed(const SocketId& id)
{
    m_dirty.insert(id);
    if (!m_changeTimer.isActive())
        m_changeTimer.start(gatherTime);
}

session::SessionSource* ClusterView::sourceOf(const SocketId& id) const
{
    const auto at = std::find_if(m_sources.begin(), m_sources.end(),
        [&](const session::SessionSource* source) { return source->sessionOf(id).has_value(); });
    return at == m_sources.end() ? nullptr : *at;
}

// A socket that is in no namespace's hub is not there for anybody: it is being connected, or gone.
std::optional<ClusterClient> ClusterView::lookUp(const SocketId& id) const
{
    const session::SessionSource* source = sourceOf(id);
    const auto view = source ? source->socket(id) : std::nullopt;
    if (!view || view->nsp.isEmpty())
        return std::nullopt;
    ClusterClient client{.id = id,
        .nsp = view->nsp,
        .principal = principalText(view->principal),
        .name = view->principal.name.toUtf8(),
        .host = view->peerAddress.toUtf8(),
        .port = view->peerPort,
        .rooms = m_hub.roomsOf(view->nsp, id)};
    std::sort(client.rooms.begin(), client.rooms.end());
    return client;
}

void ClusterView::refresh()
{
    for (const SessionId& id : std::exchange(m_dirtySessions, {})) {
        for (const session::SessionSource* source : m_sources) {
            const auto view = source->session(id);
            if (!view)
                continue;
            for (const auto& [socket, nsp] : view->sockets)
                m_dirty.insert(socket);
        }
    }
    for (const SocketId& id : std::exchange(m_dirty, {})) {
        auto client = lookUp(id);
        const ClusterClient* known = m_own.find(id);
        if (client ? known && *known == *client : !known)
            continue;
        m_untold.insert(id);
        if (client)
            m_own.put(*std::move(client));
        else
            m_own.remove(id);
    }
}

const ClusterMembers& ClusterView::own()
{
    refresh();
    return m_own;
}

// Telling the others

void ClusterView::busStateChanged(const bus::BusState&)
{
    greet();
}

bool ClusterView::mayTell() const
{
    return m_options.isShared && !m_hasLeft && m_bus.state().isUp();
}

/// Whoever was away does not know what has happened meanwhile.
void ClusterView::greet()
{
    if (!mayTell())
        return;
    tellEverything();
    m_bus.publish({.topic = askTopic,
                      .body = R"({"node":)" + jsonString(m_bus.nodeName()) + '}',
                      .care = bus::Care::Volatile},
        {});
}

void ClusterView::send(bool isFull, QByteArrayView put, QByteArrayView drop, bool isGone)
{
    QByteArray body = R"({"node":)" + jsonString(m_bus.nodeName()) + R"(,"epoch":)"
        + jsonString(m_epoch) + R"(,"seq":)" + QByteArray::number(++m_sequence) + R"(,"full":)"
        + (isFull ? "true" : "false") + R"(,"total":)" + QByteArray::number(m_own.size())
        + (isGone ? R"(,"gone":true)" : "") + R"(,"put":[)" + put + R"(],"drop":[)" + drop + "]}";
    ++m_counters.updatesSent;
    // Whoever misses one sees it by the number of the next, and asks.
    m_bus.publish({.topic = clientsTopic,
                      .body = std::move(body),
                      .properties = {.contentType = "application/json"},
                      .care = bus::Care::Volatile},
        {});
}

/// Whatever is added to it, the bus takes it.
qsizetype ClusterView::bytesPerUpdate() const
{
    return std::min<qint64>(mostPerUpdate, m_options.messageBytes / 4);
}

/// In as many updates as it takes; at least one when it is everything.
void ClusterView::tell(const QSet<SocketId>& ids, bool isFull)
{
    QByteArray put;
    QByteArray drop;
    const auto flush = [&] {
        send(std::exchange(isFull, false), put, drop);
        put.clear();
        drop.clear();
    };
    const auto append = [](QByteArray& list, const QByteArray& json) {
        list += (list.isEmpty() ? "" : ",") + json;
    };
    for (const SocketId& id : ids) {
        if (const ClusterClient* client = m_own.find(id))
            append(put, client->toJson(bytesPerUpdate()));
        else
            append(drop, jsonString(id.value));
        if (put.size() + drop.size() >= bytesPerUpdate())
            flush();
    }
    if (isFull || !put.isEmpty() || !drop.isEmpty())
        flush();
}

void ClusterView::tellChanges()
{
    refresh();
    if (!mayTell())
        m_untold.clear(); // everything is told when it is up again
    else if (m_owesEverything)
        tellEverything();
    else
        tell(std::exchange(m_untold, {}), false);
}

void ClusterView::tellEverything()
{
    refresh();
    m_owesEverything = false;
    m_untold.clear();
    const QList<SocketId> ids = m_own.all().keys();
    tell({ids.begin(), ids.end()}, true);
}

void ClusterView::leave()
{
    if (std::exchange(m_hasLeft, true))
        return;
    m_beatTimer.stop();
    m_ticket.reset();
    if (m_options.isShared && m_bus.state().isUp())
        send(false, {}, {}, true);
}

// Hearing the others

bus::Verdict ClusterView::hear(const bus::Message& message)
{
    if (message.properties.sender == m_bus.nodeName())
        return bus::Verdict::Accepted;
    const bool isJson = bool(checkJson(message.body));
    if (message.topic == askTopic) {
        const auto of = isJson ? nameIn(message.body, "of") : std::nullopt;
        if (!of || *of == m_bus.nodeName())
            asked();
        return bus::Verdict::Accepted;
    }
    const auto update = isJson ? Update::read(message.body) : std::nullopt;
    if (message.topic != clientsTopic || !update || !take(*update)) {
        ++m_counters.badUpdates;
        return bus::Verdict::Rejected;
    }
    ++m_counters.updatesHeard;
    countClients();
    return bus::Verdict::Accepted;
}

/// Several may ask at a time; one answer is for all.
void ClusterView::asked()
{
    m_owesEverything = true;
    if (!m_changeTimer.isActive())
        m_changeTimer.start(gatherTime);
}

bool ClusterView::take(const Update& update)
{
    if (update.node == m_bus.nodeName())
        return false;
    if (update.isGone) {
        const auto at = m_nodes.find(update.node);
        if (at != m_nodes.end() && at->second.epoch == update.epoch)
            m_nodes.erase(at);
        return true;
    }
    if (!m_nodes.contains(update.node) && m_nodes.size() >= maxNodes)
        return false;
    Node& node = m_nodes[update.node];
    node.heardAt = m_clock.monotonic();
    const bool isNext = node.epoch == update.epoch && update.sequence == node.sequence + 1;
    if (update.isFull) {
        node.members.clear();
        node.epoch = update.epoch;
        node.isCurrent = true;
        node.isCut = false;
        node.hasUnreadable = false;
        node.askPause = {};
    } else if (!isNext || !node.isCurrent) {
        if (std::exchange(node.isCurrent, false))
            ++m_counters.gaps;
        node.total = update.total;
        askAgain(update.node, node);
        return true;
    }
    node.sequence = update.sequence;
    apply(node, update);
    return true;
}

void ClusterView::apply(Node& node, const Update& update)
{
    node.total = update.total;
    node.hasUnreadable |= update.unreadable > 0;
    m_counters.unreadableClients += update.unreadable;
    for (const SocketId& id : update.drop)
        node.members.remove(id);
    qsizetype ofOthers = 0;
    for (const auto& [name, other] : m_nodes)
        ofOthers += &other == &node ? 0 : other.members.size();
    for (const ClusterClient& client : update.put) {
        const bool fits
            = ofOthers + node.members.size() < m_options.maxClients || node.members.find(client.id);
        if (fits) {
            node.members.put(client);
        } else {
            ++m_counters.unlistedClients;
            node.isCut = true;
        }
    }
}

void ClusterView::askAgain(const QByteArray& name, Node& node)
{
    const Millis now = m_clock.monotonic();
    if (now - node.askedAt < node.askPause)
        return;
    node.askedAt = now;
    node.askPause = std::clamp(node.askPause * 2, askPause, longestAskPause);
    m_bus.publish({.topic = askTopic,
                      .body = R"({"node":)" + jsonString(m_bus.nodeName()) + R"(,"of":)"
                          + jsonString(name) + '}',
                      .care = bus::Care::Volatile},
        {});
}

void ClusterView::askForCut()
{
    qsizetype listed = 0;
    for (const auto& [name, node] : m_nodes)
        listed += node.members.size();
    for (auto& [name, node] : m_nodes) {
        const qsizetype missing = std::max<qsizetype>(0, node.total - node.members.size());
        if (node.isCut && listed + missing <= m_options.maxClients)
            askAgain(name, node);
    }
}

/// While the broker is away nobody can be heard: what is known stays, and is shown as old.
void ClusterView::beat()
{
    const Millis now = m_clock.monotonic();
    if (!m_bus.state().isUp()) {
        for (auto& [name, node] : m_nodes)
            node.heardAt = std::max(node.heardAt, now - m_options.period * (periodsUntilGone - 1));
        return;
    }
    for (auto at = m_nodes.begin(); at != m_nodes.end();) {
        if (now - at->second.heardAt > m_options.period * periodsUntilGone) {
            ++m_counters.lostNodes;
            bus::warnSparingly("cluster",
                QStringLiteral("The process %1 has fallen silent; its clients count as gone")
                    .arg(bus::text(at->first)));
            at = m_nodes.erase(at);
        } else {
            ++at;
        }
    }
    countClients();
    askForCut();
    tellChanges();
    send(false, {}, {});
}

void ClusterView::countClients()
{
    m_counters.nodes = m_nodes.size() + 1;
    m_counters.clients = 0;
    for (const auto& [name, node] : m_nodes)
        m_counters.clients += quint64(node.members.size());
}

// Reading

std::vector<ClusterNode> ClusterView::nodes()
{
    std::vector<ClusterNode> all{{.name = m_bus.nodeName(), .clients = own().size()}};
    const Millis now = m_clock.monotonic();
    for (const auto& [name, node] : m_nodes) {
        const Millis silentFor = now - node.heardAt;
        all.push_back({.name = name,
            .clients = node.total,
            .silentFor = silentFor,
            .isStale = silentFor > m_options.period + m_options.period / 2,
            .isComplete = node.isCurrent && !node.isCut && !node.hasUnreadable});
    }
    return all;
}

void ClusterView::forEach(
    const std::function<void(const QByteArray& node, const ClusterMembers&)>& call)
{
    call(m_bus.nodeName(), own());
    for (const auto& [name, node] : m_nodes)
        call(name, node.members);
}

} // namespace gatehouse::relay
