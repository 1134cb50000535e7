// SPDX-License-Identifier: Apache-2.0
#include "server/bus/admission.h"

#include "server/bus/topicpattern.h"

#include <QRandomGenerator>
#include <QUuid>

namespace gatehouse::bus {

namespace {

constexpr qsizetype maxText = 255;
constexpr size_t maxHeaders = 32;

std::optional<Error> objection(
    const QByteArray& body, const Properties& properties, const BusOptions& options)
{
    if (body.size() > options.maxBodyBytes)
        return Error{ErrorCode::TooLarge,
            QStringLiteral("a message of %1 octets is over the bus's bound of %2")
                .arg(body.size())
                .arg(options.maxBodyBytes)};
    const auto isLong = [](const QByteArray& text) { return text.size() > maxText; };
    if (isLong(properties.id) || isLong(properties.contentType) || isLong(properties.type)
        || isLong(properties.sender) || properties.headers.size() > maxHeaders)
        return Error{ErrorCode::TooLarge, QStringLiteral("a message's properties are too large")};
    for (const auto& [name, value] : properties.headers) {
        if (name.isEmpty() || isLong(name) || isLong(value))
            return Error{ErrorCode::TooLarge, QStringLiteral("a message's headers are too large")};
    }
    return {};
}

} // namespace

std::optional<Error> objection(const Publication& publication, const BusOptions& options)
{
    if (!isTopic(publication.topic) || !isExchangeName(publication.exchange))
        return Error{ErrorCode::BadRequest, QStringLiteral("not a topic of a bus message")};
    return objection(publication.body, publication.properties, options);
}

std::optional<Error> objection(const Request& request, const BusOptions& options)
{
    if (!isQueueName(request.queue))
        return Error{ErrorCode::BadRequest, QStringLiteral("not the name of a queue")};
    return objection(request.body, request.properties, options);
}

Error tooManyServed()
{
    return {ErrorCode::RateLimited, QStringLiteral("too many queues are served")};
}

void complete(Properties& properties, const QByteArray& nodeName)
{
    if (properties.id.isEmpty())
        properties.id = QUuid::createUuid().toByteArray(QUuid::WithoutBraces);
    if (properties.sender.isEmpty())
        properties.sender = nodeName;
}

ExchangeName normalized(const ExchangeName& exchange, const BusOptions& options)
{
    return exchange == options.exchange ? ExchangeName() : exchange;
}

QByteArray madeUpNodeName()
{
    return "gatehouse-" + QByteArray::number(QRandomGenerator::system()->generate64(), 16);
}

} // namespace gatehouse::bus
