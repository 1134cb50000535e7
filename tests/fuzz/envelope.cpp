// SPDX-License-Identifier: Apache-2.0
// Messages of services, and what processes tell each other about their clients: what is understood
// has a usable type, is JSON in every part, and says the same when it is written again. Input: the
// message.
#include "server/services/envelope.h"

#include "common/core/strictjson.h"
#include "common/core/utf8.h"
#include "server/relay/clusterclient.h"
#include "server/services/typenames.h"
#include "tests/fuzz/target.h"

namespace gatehouse::fuzz {

namespace {

constexpr int maxDepth = 64;

void checkEnvelope(QByteArrayView input)
{
    using namespace services;
    const auto envelope = readEnvelope(input, maxDepth);
    if (!envelope) {
        require(!envelope.error().detail.isEmpty(), "a refusal has a reason");
        return;
    }
    require(isTypeName(envelope->type), "a type goes into a topic");
    for (const QByteArrayView part : {envelope->uuid, envelope->responseUuid, envelope->sender,
             envelope->prefDest, envelope->content})
        require(part.isEmpty() || checkJson(part, {.maxDepth = maxDepth}).has_value(),
            "every part is JSON");
    const QByteArray again = writeEnvelope(*envelope);
    const auto reread = readEnvelope(again, maxDepth);
    require(reread.has_value(), "what is written can be read");
    require(reread->type == envelope->type, "and has its type");
    require(envelope->content.isEmpty() || reread->content == envelope->content,
        "and its content, octet by octet");
}

void checkClusterClient(QByteArrayView input)
{
    using relay::ClusterClient;
    if (!checkJson(input))
        return;
    const auto client = ClusterClient::fromJson(input);
    if (!client)
        return;
    require(!client->id.isEmpty() && isValidUtf8(client->id.value), "a client has an id");
    const QByteArray json = client->toJson();
    require(checkJson(json).has_value(), "a client is written as JSON");
    const auto again = ClusterClient::fromJson(json);
    require(again && *again == *client, "and read as the same");
}

} // namespace

void checkInput(QByteArrayView input)
{
    checkEnvelope(input);
    checkClusterClient(input);
}

} // namespace gatehouse::fuzz
