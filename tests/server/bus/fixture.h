// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpbus.h"
#include "server/bus/localbus.h"
#include "tests/support/memoryoutbox.h"
#include "tests/support/rabbitbroker.h"
#include "tests/support/wait.h"

#include <QTest>

namespace gatehouse::bus::test {

using gatehouse::test::holdsFor;
using gatehouse::test::waitUntil;
using namespace Qt::StringLiterals;

using gatehouse::test::MemoryOutbox;
using gatehouse::test::RabbitBroker;

inline bool usesRabbitMq()
{
    return qgetenv("GATEHOUSE_TEST_BUS") == "rabbitmq";
}

// In initTestCase() of every test that needs a broker.
#define SKIP_WITHOUT_BROKER()                                                                      \
    if (!gatehouse::test::RabbitBroker::isInstalled())                                             \
    QSKIP(qPrintable(gatehouse::test::RabbitBroker::missing()))

/// For the shared broker, with an exchange nobody else has used and quick in everything.
inline AmqpOptions amqpOptions(BusOptions options = {})
{
    static int count = 0;
    AmqpOptions amqp;
    amqp.common = std::move(options);
    if (amqp.common.exchange == BusOptions().exchange)
        amqp.common.exchange = "test-" + QByteArray::number(++count);
    amqp.endpoint = *AmqpEndpoint::fromUrl(RabbitBroker::shared().url());
    amqp.presencePeriod = Millis{60'000};
    amqp.retryMax = Millis{500};
    return amqp;
}

/// The bus the suite runs over: in-process, or what GATEHOUSE_TEST_BUS names.
inline std::unique_ptr<Bus> makeBus(const Clock& clock, BusOptions options = {})
{
    if (!usesRabbitMq())
        return std::make_unique<LocalBus>(clock, std::move(options));
    static std::vector<std::unique_ptr<MemoryOutbox>> outboxes; // they outlive the buses
    outboxes.push_back(std::make_unique<MemoryOutbox>());
    auto bus = std::make_unique<AmqpBus>(clock, amqpOptions(std::move(options)), *outboxes.back());
    // Up, and done with telling the others that it is there.
    if (!waitUntil([&] {
            return bus->state().isUp() && bus->counters().confirmed >= 2
                && bus->counters().waiting == 0;
        }))
        qFatal("no connection to the broker: %s", qPrintable(bus->state().detail));
    return bus;
}

/// What one subscription got.
struct Inbox
{
    std::vector<Message> messages;

    MessageHandler handler(Verdict verdict = Verdict::Accepted)
    {
        return [this, verdict](const Message& message) {
            messages.push_back(message);
            return verdict;
        };
    }
    QList<QByteArray> bodies() const
    {
        QList<QByteArray> all;
        for (const Message& message : messages)
            all.append(message.body);
        return all;
    }
};

/// How publications ended.
struct Outcomes
{
    std::vector<std::pair<Outcome, ErrorCode>> all;

    Published handler()
    {
        return
            [this](Outcome outcome, const Error& error) { all.emplace_back(outcome, error.code); };
    }
    qsizetype count(Outcome wanted) const
    {
        return std::count_if(
            all.begin(), all.end(), [wanted](const auto& one) { return one.first == wanted; });
    }
};

/// What one request got.
struct Answers
{
    QList<QByteArray> bodies;
    bool isFinished = false;
    std::optional<Error> error;

    AnswerHandler handler()
    {
        return [this](const Result<Answer>& answer) {
            if (!answer) {
                error = answer.error();
                isFinished = true;
                return;
            }
            bodies.append(answer->message.body);
            isFinished = answer->isFinal;
        };
    }
};

/// Subscribes and waits until what is published arrives.
inline Ticket subscribed(
    Bus& bus, const ExchangeName& exchange, const Topic& pattern, MessageHandler handler)
{
    bool isBound = false;
    Ticket ticket
        = bus.subscribe(exchange, pattern, std::move(handler), [&isBound] { isBound = true; });
    if (!waitUntil([&] { return isBound; }))
        qFatal("the subscription was not bound");
    return ticket;
}

inline Ticket served(Bus& bus, const QueueName& queue, CallHandler handler)
{
    bool isReady = false;
    Ticket ticket = bus.serve(queue, std::move(handler), [&isReady] { isReady = true; });
    if (!waitUntil([&] { return isReady; }))
        qFatal("the queue was not ready");
    return ticket;
}

} // namespace gatehouse::bus::test
