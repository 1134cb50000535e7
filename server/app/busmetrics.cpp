// SPDX-License-Identifier: Apache-2.0
#include "server/app/busmetrics.h"

#include "server/observe/metrics.h"

namespace gatehouse::app {

namespace {

struct Total
{
    const char* name;
    const char* label; ///< "name=value"; empty: none
    const char* help;
    const quint64* source;
};

struct Now
{
    const char* name;
    const char* help;
    std::function<double()> value;
};

std::map<std::string, std::string> labelsOf(const char* label)
{
    const std::string text(label);
    const size_t at = text.find('=');
    if (at == std::string::npos)
        return {};
    return {{text.substr(0, at), text.substr(at + 1)}};
}

constexpr char publications[] = "gatehouse_bus_publications_total";
constexpr char publicationsHelp[] = "Messages given to the bus, by how they ended";
constexpr char dropped[] = "gatehouse_bus_dropped_total";
constexpr char droppedHelp[] = "Messages that came over the bus and went nowhere, by reason";
constexpr char requests[] = "gatehouse_bus_requests_total";
constexpr char requestsHelp[] = "Requests to services, by what came of them";
constexpr char broker[] = "gatehouse_bus_broker_events_total";
constexpr char brokerHelp[] = "What happened to the connections to the broker";
constexpr char emitted[] = "gatehouse_emitter_messages_total";
constexpr char emittedHelp[] = "Messages of back ends that emit, by what was done with them";
constexpr char redisMessages[] = "gatehouse_redis_messages_total";
constexpr char redisHelp[] = "Messages over Redis";

} // namespace

BusMetrics::BusMetrics(observe::Metrics& metrics, const bus::BusCounters& c,
    const relay::EmitterCounters& e, const bus::RedisCounters* redis)
{
    prometheus::Registry& registry = metrics.registry();
    std::vector<Total> totals{
        {publications, "outcome=confirmed", publicationsHelp, &c.confirmed},
        {publications, "outcome=kept", publicationsHelp, &c.kept},
        {publications, "outcome=unroutable", publicationsHelp, &c.unroutable},
        {publications, "outcome=refused", publicationsHelp, &c.refused},
        {"gatehouse_bus_resent_total", "", "Messages sent again because their confirm was lost",
            &c.resent},
        {"gatehouse_bus_overflows_total", "", "Messages refused because a queue was full",
            &c.overflowed},
        {"gatehouse_bus_received_total", "", "Messages, calls and answers that came", &c.received},
        {dropped, "reason=unmatched", droppedHelp, &c.unmatched},
        {dropped, "reason=duplicate", droppedHelp, &c.duplicates},
        {dropped, "reason=dead_letter", droppedHelp, &c.deadLettered},
        {dropped, "reason=oversized", droppedHelp, &c.oversized},
        {dropped, "reason=late_answer", droppedHelp, &c.lateAnswers},
        {requests, "outcome=made", requestsHelp, &c.requests},
        {requests, "outcome=answered", requestsHelp, &c.answers},
        {requests, "outcome=timeout", requestsHelp, &c.requestTimeouts},
        {requests, "outcome=failed", requestsHelp, &c.requestErrors},
        {"gatehouse_bus_calls_total", "", "Calls of services to us", &c.calls},
        {broker, "event=connect", brokerHelp, &c.connects},
        {broker, "event=disconnect", brokerHelp, &c.disconnects},
        {broker, "event=block", brokerHelp, &c.blocks},
        {emitted, "outcome=emitted", emittedHelp, &e.emitted},
        {emitted, "outcome=changed", emittedHelp, &e.changes},
        {emitted, "outcome=answered", emittedHelp, &e.callbacks},
        {emitted, "outcome=malformed", emittedHelp, &e.malformed},
        {emitted, "outcome=forbidden", emittedHelp, &e.forbidden},
        {emitted, "outcome=unknown", emittedHelp, &e.unknown},
        {emitted, "outcome=ignored", emittedHelp, &e.ignored},
    };
    if (redis) {
        totals.push_back({redisMessages, "event=received", redisHelp, &redis->received});
        totals.push_back({redisMessages, "event=oversized", redisHelp, &redis->oversized});
        totals.push_back({redisMessages, "event=published", redisHelp, &redis->published});
        totals.push_back({redisMessages, "event=dropped", redisHelp, &redis->dropped});
    }
    for (const Total& total : totals) {
        auto& counter = prometheus::BuildCounter()
                            .Name(total.name)
                            .Help(total.help)
                            .Register(registry)
                            .Add(labelsOf(total.label));
        m_refreshers.push_back(
            [&counter, source = total.source] { observe::syncTotal(counter, *source); });
    }
    const std::vector<Now> nows{
        {"gatehouse_bus_up", "1 while the broker takes messages (always, in-process)",
            [this] { return m_link == bus::BusState::Link::Up ? 1.0 : 0.0; }},
        {"gatehouse_bus_blocked", "1 while the broker is there and takes no messages",
            [this] { return m_link == bus::BusState::Link::Blocked ? 1.0 : 0.0; }},
        {"gatehouse_bus_waiting", "Messages given to the bus and not confirmed",
            [&c] { return double(c.waiting); }},
        {"gatehouse_bus_waiting_bytes", "Their octets", [&c] { return double(c.waitingBytes); }},
        {"gatehouse_bus_outbox", "Messages in the outbox",
            [&c] { return double(c.outboxMessages); }},
        {"gatehouse_bus_outbox_bytes", "Their octets", [&c] { return double(c.outboxBytes); }},
        {"gatehouse_bus_outbox_age_seconds", "Age of the oldest of them",
            [&c] { return c.outboxAgeSeconds; }},
        {"gatehouse_bus_bound_topics", "Patterns bound for this process",
            [&c] { return double(c.boundTopics); }},
        {"gatehouse_bus_subscriptions", "Subscriptions to them",
            [&c] { return double(c.subscriptions); }},
        {"gatehouse_bus_pending_requests", "Requests without a final answer",
            [&c] { return double(c.pendingRequests); }},
        {"gatehouse_bus_unanswered_calls", "Calls of services we have not answered",
            [&c] { return double(c.unansweredCalls); }},
        {"gatehouse_bus_waiting_calls", "Calls in-process that wait for who serves their queue",
            [&c] { return double(c.waitingCalls); }},
        {"gatehouse_bus_waiting_call_bytes", "Their octets",
            [&c] { return double(c.waitingCallBytes); }},
        {"gatehouse_bus_served_queues", "Queues that are served here",
            [&c] { return double(c.servedQueues); }},
        {"gatehouse_bus_services", "Services known on the bus",
            [&c] { return double(c.services); }},
        {"gatehouse_redis_up", "1 while there is a connection to Redis",
            [redis] { return redis && redis->isUp ? 1.0 : 0.0; }},
    };
    for (const Now& now : nows) {
        auto& gauge
            = prometheus::BuildGauge().Name(now.name).Help(now.help).Register(registry).Add({});
        m_refreshers.push_back([&gauge, value = now.value] { gauge.Set(value()); });
    }
}

void BusMetrics::refresh(const bus::BusState& state)
{
    m_link = state.link;
    for (const auto& refresh : m_refreshers)
        refresh();
}

} // namespace gatehouse::app
