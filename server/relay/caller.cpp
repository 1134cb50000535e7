// SPDX-License-Identifier: Apache-2.0
#include "server/relay/caller.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"
#include "server/relay/scope.h"

namespace gatehouse::relay {

namespace {

tl::unexpected<Refusal> refused(const Error& error)
{
    // A template that cannot be filled is the client's fault: something it sent is missing.
    return tl::unexpected(Refusal{400, error.detail});
}

QByteArray fillOr(
    const JsonTemplate& json, const char* fallback, const Facts& facts, std::optional<Error>& error)
{
    if (json.isEmpty())
        return fallback;
    auto filled = json.fill(facts);
    if (!filled) {
        error = filled.error();
        return fallback;
    }
    return *std::move(filled);
}

QString messageOf(QByteArrayView resp, int status)
{
    const auto raw = rawMember(resp, "message");
    const auto text = raw && jsonKind(*raw) == JsonKind::String ? jsonText(*raw) : std::nullopt;
    return text ? QString::fromUtf8(*text) : QStringLiteral("the service answered %1").arg(status);
}

} // namespace

tl::expected<QByteArray, Refusal> openAnswer(Route::Envelope envelope, const QByteArray& body)
{
    if (!checkJson(body))
        return tl::unexpected(Refusal{500, QStringLiteral("the service's answer is not JSON")});
    if (envelope == Route::Envelope::Plain)
        return body;
    const auto resp = rawMember(body, "resp");
    const auto rawStatus = rawMember(body, "sc");
    const auto status = rawStatus ? jsonInteger(*rawStatus) : std::nullopt;
    if (!resp || !status)
        return tl::unexpected(
            Refusal{500, QStringLiteral("the service's answer has no \"resp\" or no \"sc\"")});
    if (*status >= 200 && *status < 300)
        return resp->toByteArray();
    const int code = *status >= 400 && *status < 600 ? int(*status) : 500;
    return tl::unexpected(Refusal{code, messageOf(*resp, code)});
}

tl::expected<std::vector<int>, Refusal> Caller::shardsFor(
    const Call& call, const Facts& facts) const
{
    const Route& route = *m_rules.route(call.route);
    if (route.shards == 0)
        return std::vector<int>{0};
    if (call.toAll) {
        std::vector<int> all;
        for (int shard = 0; shard < route.shards; ++shard)
            all.push_back(shard);
        return all;
    }
    if (const auto raw = route.shardOf->find(facts)) {
        const auto id = idOf(*raw);
        if (!id)
            return tl::unexpected(
                Refusal{400, route.shardOf->toText() + QStringLiteral(" is no id")});
        return std::vector<int>{relay::shardOf(*id, route.shift, route.shards)};
    }
    if (route.without == Route::Without::Refuse)
        return tl::unexpected(
            Refusal{400, route.shardOf->toText() + QStringLiteral(" is missing")});
    return std::vector<int>{int(m_turn++ % quint32(route.shards))};
}

tl::expected<QByteArray, Refusal> Caller::body(
    const Route& route, const Call& call, const Facts& facts) const
{
    std::optional<Error> error;
    QByteArray text;
    if (route.envelope == Route::Envelope::Plain) {
        text = fillOr(call.body, "null", facts, error);
    } else {
        text = R"({"method":)" + protocol::jsonString(call.method) + R"(,"args":)"
            + fillOr(call.args, "[]", facts, error) + R"(,"kwargs":)"
            + fillOr(call.kwargs, "{}", facts, error) + '}';
    }
    if (error)
        return refused(*error);
    return text;
}

tl::expected<bus::Ticket, Refusal> Caller::send(const Call& call, int shard, const Facts& facts,
    const std::optional<ValuePath>& finished, CallHandler handler) const
{
    const Route& route = *m_rules.route(call.route);
    const QByteArray number = QByteArray::number(shard);
    Facts withShard = facts;
    withShard.shard = number;
    const auto queue = route.queue.fill(withShard);
    if (!queue)
        return refused(queue.error());
    auto text = body(route, call, withShard);
    if (!text)
        return tl::unexpected(text.error());

    bus::Request request;
    request.queue = *queue;
    request.body = *std::move(text);
    request.properties.contentType = "application/json";
    request.timeout = route.timeout;
    if (finished) {
        request.isFinal = [path = *finished, envelope = route.envelope](const bus::Message& m) {
            if (m.properties.type == "partial")
                return false;
            const auto opened = openAnswer(envelope, m.body);
            if (!opened)
                return true;
            Facts answer;
            answer.body = *opened;
            const auto value = path.find(answer);
            return !value || jsonBoolean(*value) != false;
        };
    }
    return m_bus.request(std::move(request),
        [envelope = route.envelope, handler = std::move(handler)](const Result<bus::Answer>& got) {
            if (!got) {
                handler(tl::unexpected(refusalOf(got.error())));
                return;
            }
            auto opened = openAnswer(envelope, got->message.body);
            if (opened)
                handler(CallAnswer{*std::move(opened), got->isFinal});
            else
                handler(tl::unexpected(opened.error()));
        });
}

} // namespace gatehouse::relay
