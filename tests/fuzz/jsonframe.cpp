// SPDX-License-Identifier: Apache-2.0
// Events of plain WebSockets: what is taken apart is checked, what is put together is JSON again
// and says the same. Input: an octet that chooses the dialect, then the frame.
#include "common/protocol/jsonframe.h"

#include "common/core/utf8.h"
#include "tests/fuzz/target.h"

namespace gatehouse::fuzz {

using namespace protocol;

namespace {

JsonDialect dialectOf(uchar choice)
{
    JsonDialect dialect = choice % 3 == 0 ? JsonDialect::typed() : JsonDialect::flat();
    if (choice % 3 == 2) {
        dialect.eventsIn = {{"ping", "mock"}};
        dialect.eventsOut = {{"mock", "ping"}};
        dialect.membersIn = {{"_seq", "_id"}};
        dialect.membersOut = {{"_id", "_seq"}};
    }
    return dialect;
}

void checkTemplate(QByteArrayView text)
{
    const auto made = JsonTemplate::parse(text, {"type", "content"});
    if (!made)
        return;
    const std::array<QByteArrayView, 2> values{R"("x")", "[1]"};
    require(checkJson(made->fill(values)).has_value(), "a filled template is JSON");
    require(checkJson(made->fill({})).has_value(), "an empty template is JSON");
}

} // namespace

void checkInput(QByteArrayView input)
{
    Input in(input);
    const JsonDialect dialect = dialectOf(in.takeOctet());
    const QByteArray text = in.rest();
    checkTemplate(text);
    const auto event = decodeJsonEvent(dialect, text);
    if (!event) {
        require(!event.error().detail.isEmpty(), "a refusal has a reason");
        return;
    }
    require(!event->name.isEmpty() && isValidUtf8(event->name), "a name is UTF-8");
    require(checkJson(event->payload).has_value(), "a payload is JSON");
    require(!dialect.isFlat() || jsonKind(event->payload) == JsonKind::Object,
        "a flat payload is an object");
    const QByteArray again = encodeJsonEvent(dialect, event->name, event->payload);
    const auto reread = decodeJsonEvent(dialect, again, {.maxDepth = 65, .maxNameBytes = 1024});
    require(reread && reread->name == event->name, "an event we make has its name");
    if (dialect.membersOut.isEmpty())
        require(reread->payload == event->payload, "and its payload, octet by octet");
}

} // namespace gatehouse::fuzz
