// SPDX-License-Identifier: Apache-2.0
#include "tests/admin-gui/support/fakeadminserver.h"

#include <QDateTime>

namespace gatehouse::test {

using namespace Qt::StringLiterals;
using gui::Topic;

void FakeAdminServer::open(const QUrl&, const QByteArray& token)
{
    ++opens;
    ++m_generation;
    lastToken = token;
    m_open = false;
    const auto later = [this, generation = m_generation](auto action) {
        QMetaObject::invokeMethod(
            this,
            [this, generation, action] {
                if (generation == m_generation)
                    action();
            },
            Qt::QueuedConnection);
    };
    if (!reachable) {
        later([this] { Q_EMIT closed(u"connection refused"_s); });
    } else if (token != acceptedToken) {
        later([this] { Q_EMIT refused({ErrorCode::Forbidden, u"admin principal required"_s}); });
    } else {
        later([this] {
            m_open = true;
            Q_EMIT opened();
            const qint64 now = QDateTime::currentMSecsSinceEpoch();
            send(u"hello"_s,
                {{"protocol"_L1, 1}, {"serverId"_L1, u"s1"_s}, {"version"_L1, u"0.1.0"_s},
                    {"hostname"_L1, u"fake"_s}, {"startedAt"_L1, now - 60'000}, {"now"_L1, now},
                    {"epoch"_L1, QString::fromLatin1(epoch)},
                    {"principal"_L1, QJsonObject{{"id"_L1, 1}, {"name"_L1, u"demo"_s}}}});
        });
    }
}

void FakeAdminServer::close()
{
    ++m_generation;
    m_open = false;
}

void FakeAdminServer::request(const QString& event, const QJsonArray& args, Answer answerCall)
{
    const QJsonObject argument = args.at(0).toObject();
    requests.push_back({event, argument});
    if (event == u"page"_s && !answersPages)
        return;
    const QJsonObject reply = answer(event, argument);
    QMetaObject::invokeMethod(
        this,
        [this, generation = m_generation, reply, answerCall = std::move(answerCall)] {
            if (generation == m_generation)
                answerCall(QJsonArray{reply});
        },
        Qt::QueuedConnection);
}

QJsonObject FakeAdminServer::answer(const QString& event, const QJsonObject& argument)
{
    const QString topic = argument.value("topic"_L1).toString();
    if (event == u"subscribe"_s) {
        const int asked = argument.value("pageSize"_L1).toInt(1000);
        QJsonObject reply = page(topic, 0, pageSize > 0 ? pageSize : asked);
        reply.insert("epoch"_L1, QString::fromLatin1(epoch));
        reply.insert("version"_L1, m_topics[topic].version);
        return reply;
    }
    if (event == u"page"_s)
        return page(
            topic, argument.value("cursor"_L1).toString().toInt(), pageSize > 0 ? pageSize : 1000);
    const auto found = actionAnswers.find(event);
    return found == actionAnswers.end() ? QJsonObject{{"ok"_L1, true}} : found->second;
}

QJsonObject FakeAdminServer::page(const QString& topic, int from, int size)
{
    const TopicState& state = m_topics[topic];
    QJsonArray items;
    int next = from;
    for (; next < state.order.size() && items.size() < size; ++next)
        items.append(state.items.value(state.order.at(next)));
    const QJsonValue cursor = next < state.order.size() ? QJsonValue(QString::number(next))
                                                        : QJsonValue(QJsonValue::Null);
    return {{"ok"_L1, true}, {"topic"_L1, topic}, {"items"_L1, items}, {"cursor"_L1, cursor}};
}

void FakeAdminServer::put(Topic topic, const QJsonObject& item)
{
    TopicState& state = m_topics[gui::name(topic)];
    const QString key = topic == Topic::Log ? QString::number(item.value("seq"_L1).toInteger())
                                            : item.value("key"_L1).toString();
    if (!state.items.contains(key))
        state.order.append(key);
    state.items.insert(key, item);
}

void FakeAdminServer::sendChange(Topic topic, const QJsonArray& changes)
{
    TopicState& state = m_topics[gui::name(topic)];
    const qint64 from = state.version++;
    send(u"change"_s,
        {{"topic"_L1, gui::name(topic)}, {"epoch"_L1, QString::fromLatin1(epoch)},
            {"from"_L1, from}, {"version"_L1, state.version},
            {"at"_L1, QDateTime::currentMSecsSinceEpoch()}, {"changes"_L1, changes}});
}

void FakeAdminServer::announce(Topic topic, const QJsonObject& item)
{
    put(topic, item);
    sendChange(topic,
        {QJsonObject{{"op"_L1, u"put"_s}, {"key"_L1, item.value("key"_L1)}, {"item"_L1, item}}});
}

void FakeAdminServer::announceRemoval(Topic topic, const QString& key)
{
    TopicState& state = m_topics[gui::name(topic)];
    state.order.removeAll(key);
    state.items.remove(key);
    sendChange(topic, {QJsonObject{{"op"_L1, u"remove"_s}, {"key"_L1, key}}});
}

void FakeAdminServer::announceLog(const std::vector<model::LogEntry>& lines, qint64 dropped)
{
    TopicState& state = m_topics[u"log"_s];
    QJsonArray items;
    for (const model::LogEntry& line : lines)
        items.append(line.toJson());
    const qint64 from = state.version;
    state.version = qint64(lines.back().seq);
    send(u"change"_s,
        {{"topic"_L1, u"log"_s}, {"epoch"_L1, QString::fromLatin1(epoch)}, {"from"_L1, from},
            {"version"_L1, state.version}, {"at"_L1, 0}, {"lines"_L1, items},
            {"dropped"_L1, dropped}});
}

void FakeAdminServer::skipVersions(Topic topic, int count)
{
    m_topics[gui::name(topic)].version += count;
}

void FakeAdminServer::send(const QString& event, const QJsonObject& argument)
{
    if (m_open)
        Q_EMIT eventReceived(event, {argument});
}

void FakeAdminServer::breakConnection(const QString& reason)
{
    ++m_generation;
    m_open = false;
    Q_EMIT closed(reason);
}

void FakeAdminServer::restart()
{
    epoch += "+";
    for (auto& [name, state] : m_topics)
        state.version = 1;
    breakConnection(u"server restart"_s);
}

int FakeAdminServer::subscriptionCount(Topic topic) const
{
    int count = 0;
    for (const Request& request : requests) {
        if (request.event == u"subscribe"_s
            && request.argument.value("topic"_L1).toString() == gui::name(topic))
            ++count;
    }
    return count;
}

void FakeTokenSource::fetch(const QUrl&, const QString& name, const QString&, Answer answer)
{
    ++fetches;
    lastName = name;
    answer(result);
}

model::NodeInfo sampleNode(qint64 id, bool online)
{
    model::NodeInfo node;
    node.id = id;
    node.name = u"node-%1"_s.arg(id);
    node.organizationId = id;
    node.organization = u"Hospital %1"_s.arg(id);
    node.collaborationId = 1;
    node.collaboration = u"Cardiac"_s;
    node.online = online;
    node.since = 1'800'000'000'000;
    node.lastSeen = 1'800'000'000'000;
    node.config = {{u"encryption"_s, u"true"_s}};
    if (online) {
        node.metrics = QJsonObject{{u"cpu_percent"_s, 12.5}, {u"cpu_count"_s, 8},
            {u"memory_total"_s, qint64(33'567'850'496)},
            {u"memory_available"_s, qint64(20'104'568'832)}, {u"memory_percent"_s, 40.1},
            {u"num_algorithm_containers"_s, 2}, {u"platform"_s, u"linux"_s},
            {u"gpu_count"_s, u"two"_s}};
        node.metricsAt = 1'800'000'000'000;
    }
    return node;
}

model::ClientInfo sampleClient(const QString& sessionId, const QString& name)
{
    model::ClientInfo client;
    client.sessionId = sessionId;
    client.transport = u"websocket"_s;
    client.address = u"127.0.0.1"_s;
    client.kind = u"user"_s;
    client.id = 7;
    client.name = name;
    client.sockets = {{u"s-"_s + sessionId, u"/tasks"_s, {u"collaboration_1"_s}}};
    return client;
}

model::TaskInfo sampleTask(qint64 id, const QString& status, int runs)
{
    model::TaskInfo task;
    task.id = id;
    task.name = u"task %1"_s.arg(id);
    task.jobId = id;
    task.status = status;
    task.createdAt = 1'800'000'000'000;
    for (int i = 0; i < runs; ++i) {
        model::RunInfo run;
        run.id = id * 100 + i;
        run.organization = u"Hospital %1"_s.arg(i);
        run.status = status;
        run.assignedAt = 1'800'000'000'000;
        task.runs.push_back(run);
    }
    return task;
}

model::RoomInfo sampleRoom(const QString& room, qint64 members)
{
    return {u"/tasks"_s, room, members, 3, 1'800'000'000'000};
}

model::MemberInfo sampleMember(const QString& room, const QString& socketId, const QString& name)
{
    return {u"/tasks"_s, room, socketId, u"session-"_s + socketId, u"node"_s, 3, name,
        1'800'000'000'000};
}

model::BusInfo sampleBus(const QString& link)
{
    model::BusInfo bus;
    bus.link = link;
    bus.node = u"gatehouse-1"_s;
    bus.pendingRequests = 2;
    return bus;
}

model::ServiceInfo sampleService(const QString& name, const std::vector<QString>& types)
{
    model::ServiceInfo service;
    service.name = name;
    service.node = u"gatehouse-1"_s;
    service.types = types;
    service.here = model::ServiceConnection{1, u"one"_s, true, 4, 5};
    return service;
}

model::ServiceTypeInfo sampleType(
    const QString& type, const std::vector<QString>& wantedBy, qint64 held, qint64 dead)
{
    return {type, !wantedBy.empty(), wantedBy, held, dead};
}

model::LogEntry sampleLine(quint64 seq, model::LogLevel level, const QString& text)
{
    model::LogEntry line;
    line.seq = seq;
    line.atMs = 1'800'000'000'000 + qint64(seq);
    line.level = level;
    line.category = u"gh.task"_s;
    line.text = text;
    return line;
}

void fillWithFederation(FakeAdminServer& server)
{
    model::OverviewInfo overview;
    overview.clients = 2;
    overview.nodesOnline = 1;
    overview.nodesTotal = 2;
    server.put(Topic::Overview, overview.toJson());
    server.put(Topic::Rooms, sampleRoom(u"collaboration_1"_s, 2).toJson());
    server.put(Topic::Members, sampleMember(u"collaboration_1"_s, u"a"_s, u"node-1"_s).toJson());
    server.put(Topic::Members, sampleMember(u"collaboration_1"_s, u"b"_s, u"node-2"_s).toJson());
    server.put(Topic::Clients, sampleClient(u"one"_s, u"Anna"_s).toJson());
    server.put(Topic::Clients, sampleClient(u"two"_s, u"Bram"_s).toJson());
    server.put(Topic::Nodes, sampleNode(1, true).toJson());
    server.put(Topic::Nodes, sampleNode(2, false).toJson());
    server.put(Topic::Tasks, sampleTask(42, u"active"_s, 2).toJson());
    server.put(Topic::Tasks, sampleTask(41, u"completed"_s, 1).toJson());
    server.put(Topic::Services, sampleBus(u"up"_s).toJson());
    server.put(Topic::Services, sampleService(u"service.Filesystem"_s, {u"file-join"_s}).toJson());
    server.put(Topic::Services, sampleType(u"file-join"_s, {u"service.Filesystem"_s}).toJson());
    server.put(Topic::Services, sampleType(u"cursor-move"_s, {}, 3, 7).toJson());
    server.put(Topic::Log, sampleLine(1, model::LogLevel::Info, u"hello"_s).toJson());
}

} // namespace gatehouse::test
