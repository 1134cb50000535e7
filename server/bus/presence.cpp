// SPDX-License-Identifier: Apache-2.0
#include "server/bus/presence.h"

#include "common/core/strictjson.h"
#include "server/bus/buslog.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace gatehouse::bus {

namespace {

constexpr int periodsUntilGone = 3;
constexpr size_t maxNodes = 1'000;
constexpr qsizetype maxServices = 1'000; // of one node
constexpr qsizetype maxNames = 1'000; // topics or queues of one service
constexpr qsizetype maxName = 255;

QJsonArray toJson(const std::vector<QByteArray>& names)
{
    QJsonArray array;
    for (const QByteArray& name : names)
        array.append(QString::fromUtf8(name));
    return array;
}

std::optional<std::vector<QByteArray>> namesOf(const QJsonValue& value)
{
    if (value.isUndefined())
        return std::vector<QByteArray>();
    const QJsonArray array = value.toArray();
    if (!value.isArray() || array.size() > maxNames)
        return {};
    std::vector<QByteArray> names;
    for (const QJsonValue& one : array) {
        const QByteArray name = one.toString().toUtf8();
        if (name.isEmpty() || name.size() > maxName)
            return {};
        names.push_back(name);
    }
    return names;
}

std::optional<Service> serviceOf(const QJsonValue& value, const QByteArray& node)
{
    const QJsonObject object = value.toObject();
    Service service;
    service.name = object[QLatin1StringView("name")].toString().toUtf8();
    auto topics = namesOf(object[QLatin1StringView("topics")]);
    auto queues = namesOf(object[QLatin1StringView("queues")]);
    if (service.name.isEmpty() || service.name.size() > maxName || !topics || !queues)
        return {};
    service.topics = *std::move(topics);
    service.queues = *std::move(queues);
    service.node = node;
    return service;
}

} // namespace

Presence::Presence(
    Bus& bus, ServiceList& services, const Clock& clock, ExchangeName exchange, Millis period)
    : m_bus(bus), m_services(services), m_clock(clock), m_exchange(std::move(exchange)),
      m_period(period)
{
    m_timer.callOnTimeout([this] {
        sweep();
        tell();
    });
}

Presence::~Presence()
{
    m_bus.removeObserver(static_cast<StateObserver*>(this));
}

void Presence::start()
{
    m_subscription = m_bus.subscribe(
        m_exchange, "#", [this](const Message& message) { return hear(message); },
        [this] {
            m_isBound = true;
            greet();
        });
    m_bus.addObserver(static_cast<StateObserver*>(this));
    m_timer.start(m_period);
}

void Presence::busStateChanged(const BusState&)
{
    greet();
}

void Presence::greet()
{
    if (!m_isBound || !m_bus.state().isUp())
        return;
    tell();
    m_bus.publish({.exchange = m_exchange, .topic = "ask", .care = Care::Volatile}, {});
}

bool Presence::announce(const Service& service)
{
    if (m_services.contains(service.name))
        return false;
    Service own = service;
    own.node = m_bus.nodeName();
    m_own.emplace(own.name, own);
    m_services.put(own);
    tell();
    return true;
}

void Presence::withdraw(const QByteArray& name)
{
    m_own.erase(name);
    m_services.remove(name);
    tell();
}

void Presence::leave()
{
    m_timer.stop();
    m_subscription.reset();
    tell(true);
}

void Presence::tell(bool isGone)
{
    if (!m_bus.state().isUp())
        return;
    QJsonArray services;
    if (!isGone) {
        for (const auto& [name, service] : m_own)
            services.append(QJsonObject{{QStringLiteral("name"), QString::fromUtf8(service.name)},
                {QStringLiteral("topics"), toJson(service.topics)},
                {QStringLiteral("queues"), toJson(service.queues)}});
    }
    QJsonObject body{{QStringLiteral("node"), QString::fromUtf8(m_bus.nodeName())},
        {QStringLiteral("services"), services}};
    if (isGone)
        body.insert(QStringLiteral("gone"), true);
    m_bus.publish({.exchange = m_exchange,
                      .topic = "node",
                      .body = QJsonDocument(body).toJson(QJsonDocument::Compact),
                      .properties = {.contentType = "application/json"},
                      .care = Care::Volatile},
        {});
}

Verdict Presence::hear(const Message& message)
{
    if (message.topic == "ask") {
        if (message.properties.sender != m_bus.nodeName())
            tell();
        return Verdict::Accepted;
    }
    if (!checkJson(message.body))
        return Verdict::Rejected;
    const QJsonObject body = QJsonDocument::fromJson(message.body).object();
    const QByteArray node = body[QLatin1StringView("node")].toString().toUtf8();
    const QJsonArray list = body[QLatin1StringView("services")].toArray();
    if (node.isEmpty() || node.size() > maxName || list.size() > maxServices)
        return Verdict::Rejected;
    if (node == m_bus.nodeName())
        return Verdict::Accepted;
    if (body[QLatin1StringView("gone")].toBool()) {
        forget(node);
        return Verdict::Accepted;
    }
    if (!m_nodes.contains(node) && m_nodes.size() >= maxNodes)
        return Verdict::Rejected;
    std::vector<Service> services;
    for (const QJsonValue& value : list) {
        auto service = serviceOf(value, node);
        if (!service)
            return Verdict::Rejected;
        services.push_back(*std::move(service));
    }
    Node& known = m_nodes[node];
    known.heardAt = m_clock.monotonic();
    const auto before = std::exchange(known.services, {});
    for (const Service& service : services) {
        const Service* other = m_services.find(service.name);
        if (other && other->node != node) {
            warnSparingly("service",
                QStringLiteral("The service %1 of %2 is on %3 already")
                    .arg(text(service.name), text(node), text(other->node)));
            continue;
        }
        m_services.put(service);
        known.services.push_back(service.name);
    }
    for (const QByteArray& name : before) {
        if (std::find(known.services.begin(), known.services.end(), name) == known.services.end())
            m_services.remove(name);
    }
    return Verdict::Accepted;
}

void Presence::forget(const QByteArray& node)
{
    const auto at = m_nodes.find(node);
    if (at == m_nodes.end())
        return;
    for (const QByteArray& name : at->second.services)
        m_services.remove(name);
    m_nodes.erase(at);
}

/// While the broker is away nobody can be heard: what is known stays.
void Presence::sweep()
{
    const Millis now = m_clock.monotonic();
    if (!m_bus.state().isUp()) {
        for (auto& [name, node] : m_nodes)
            node.heardAt = now;
        return;
    }
    std::vector<QByteArray> silent;
    for (const auto& [name, node] : m_nodes) {
        if (now - node.heardAt > m_period * periodsUntilGone)
            silent.push_back(name);
    }
    for (const QByteArray& name : silent)
        forget(name);
}

} // namespace gatehouse::bus
