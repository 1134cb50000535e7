// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/bus/busoptions.h"

#include <memory>

namespace gatehouse::bus {

/// The bus within one process: what is published goes straight to the subscribers, in the next
/// turn. Services take part through whoever speaks for them (a WebSocket connection of a `service`
/// principal subscribes, serves and announces on its behalf). There is no outage: what is to be
/// kept is confirmed at once. Dead letters are counted and logged.
class LocalBus final : public Bus
{
public:
    explicit LocalBus(const Clock& clock, BusOptions options = {});
    ~LocalBus() override;
    Q_DISABLE_COPY_MOVE(LocalBus)

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
    void addObserver(StateObserver*) override { }
    void removeObserver(StateObserver*) override { }
    const BusCounters& counters() const override;
    const QByteArray& nodeName() const override;
    void flush(Millis limit, std::function<void()> done) override;

private:
    struct Private;
    std::shared_ptr<Private> d; ///< tickets and replies hold weak references
};

} // namespace gatehouse::bus
