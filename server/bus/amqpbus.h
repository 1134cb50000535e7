// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/amqpoptions.h"
#include "server/bus/bus.h"
#include "server/bus/outbox.h"

#include <memory>

namespace gatehouse::bus {

/// The bus over a RabbitMQ broker: two threads with a connection each, one that publishes and one
/// that consumes, so that a broker that takes no messages (its memory alarm) still gives some.
/// Neither ever holds the network thread up. Starts whether or not the broker is there.
///
/// At the broker it uses: the exchange of its own and those it is told of; a durable queue
/// "NODE.messages", which outlives a lost connection for `queueExpiry`; an exclusive queue for
/// answers; the exchange "EXCHANGE.presence"; the queues it serves; "gatehouse.dead" (exchange and
/// queue) for dead letters. What was sent without a confirm when the connection was lost is sent
/// again with the header `x-may-be-repeated` and the same message id; a bus that receives both
/// drops the second.
class AmqpBus final : public Bus
{
public:
    /// `outbox` is used until this is destroyed.
    AmqpBus(const Clock& clock, AmqpOptions options, Outbox& outbox);
    /// Cuts off what waits for the broker. Takes longer only while a host name is asked about, or a
    /// connection with TLS is being made: until the connect timeout.
    ~AmqpBus() override;
    Q_DISABLE_COPY_MOVE(AmqpBus)

    void publish(Publication publication, Published done) override;
    bool isWaiting(const ExchangeName& exchange, const Topic& topic) const override;
    [[nodiscard]] Ticket subscribe(const ExchangeName& exchange, const Topic& pattern,
        MessageHandler handler, std::function<void()> bound, Refused refused = {}) override;
    [[nodiscard]] Ticket request(Request request, AnswerHandler handler) override;
    [[nodiscard]] Ticket serve(const QueueName& queue, CallHandler handler,
        std::function<void()> ready, Refused refused = {}) override;
    [[nodiscard]] Ticket announce(Service service) override;
    std::vector<Service> services() const override;
    void addObserver(ServiceObserver* observer) override;
    void removeObserver(ServiceObserver* observer) override;
    BusState state() const override;
    void addObserver(StateObserver* observer) override;
    void removeObserver(StateObserver* observer) override;
    const BusCounters& counters() const override;
    const QByteArray& nodeName() const override;
    void flush(Millis limit, std::function<void()> done) override;

private:
    struct Private;
    std::shared_ptr<Private> d; ///< tickets and replies hold weak references
};

} // namespace gatehouse::bus
