// SPDX-License-Identifier: Apache-2.0
// The part of the configuration table that is the services profile's.
#include "server/app/configrow.h"
#include "server/services/servicesprofile.h"

namespace gatehouse::app {

namespace {

/// What check() says about a configuration that has only this value changed.
template <class Field>
std::function<QString(const ConfigValue&)> checkedBy(Field field)
{
    return [field](const ConfigValue& value) {
        services::ServicesOptions options;
        using Held = std::decay_t<decltype(field(options))>;
        field(options) = std::get<Held>(value);
        const auto checked = services::ServicesProfile::check(options);
        return checked ? QString() : checked.error().detail.section(QStringLiteral(": "), 1);
    };
}

} // namespace

std::vector<ConfigKey> servicesKeys()
{
    const auto s = "services";
    return {
        withCheck(text(s, "sender", ConfigType::Text, FIELD(services.sender),
                      "Who the server is to clients and services: the `sender` of its own "
                      "messages."),
            checkedBy([](services::ServicesOptions & o) -> auto& { return o.sender; })),
        withCheck(text(s, "allowed_types", ConfigType::TextList, FIELD(services.allowedTypes),
                      "Message types a client may send; each may begin or end in `*`. Empty: "
                      "every type that is not reserved."),
            checkedBy([](services::ServicesOptions & o) -> auto& { return o.allowedTypes; })),
        withCheck(text(s, "reserved_types", ConfigType::TextList, FIELD(services.reservedTypes),
                      "Message types no client may send, on the list above or not. `client-*`, "
                      "`service-*` and `bus-*` are reserved in any case, and so is `net-send`, "
                      "which closes the connection."),
            checkedBy([](services::ServicesOptions & o) -> auto& { return o.reservedTypes; })),
        withCheck(text(s, "envelope", ConfigType::Text, FIELD(services.envelope),
                      "The server's own messages to clients: a JSON object in which the texts "
                      "`$type`, `$uuid`, `$response_uuid`, `$sender` and `$content` stand for the "
                      "values."),
            checkedBy([](services::ServicesOptions & o) -> auto& { return o.envelope; })),
        withCheck(text(s, "rights", ConfigType::TextList, FIELD(services.rights),
                      "What each service may do on the bus: lines of the number of its token, or "
                      "`*` for those without a line, and `wants=`, `sends=` (types), `serves=`, "
                      "`asks=` (queues) and `publishes=` (exchanges; `own` is the bus's own), "
                      "lists divided by `|`, each entry with a `*` at its beginning or end if "
                      "need be. Without any line every service may do everything."),
            checkedBy([](services::ServicesOptions & o) -> auto& { return o.rights; })),
        size(s, "name_size", FIELD(services.maxNameBytes), 1, kib, "Longest name of a client."),
        count(s, "json_depth", FIELD(services.maxDepth), 1, 100, "Nesting of a client's JSON."),
        duration(s, "hold_time", FIELD(services.holdTime), 0, 10 * minute,
            "Messages of a type that no service wants wait this long for one that starts late; "
            "then they are dead letters, and their clients are told."),
        count(s, "held_messages", FIELD(services.maxHeld), 0, 10'000'000,
            "Messages that may wait so at a time; more are dead letters at once."),
        size(s, "held_size", FIELD(services.maxHeldBytes), 0, 4096 * mib,
            "Octets of these messages."),
        duration(s, "request_life", FIELD(services.requestLife), second, hour,
            "How long a service's request to another one may be answered."),
        count(s, "requests", FIELD(services.maxRequests), 1, 10'000'000,
            "Such requests at a time; beyond, the oldest is forgotten."),
        count(s, "wanted_types", FIELD(services.maxWanted), 1, 1'000'000,
            "Message types one service may ask for."),
    };
}

} // namespace gatehouse::app
