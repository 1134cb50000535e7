// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/bus/bus.h"
#include "server/services/envelope.h"
#include "server/services/servicesoptions.h"

#include <QByteArray>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gatehouse::services {

/// The rest of the bus for one connected service, beside messages by type: queues it serves
/// (`bus-call`, answered by `bus-answer`), questions it asks (`bus-request`, answered by
/// `bus-response`) and topics it publishes to (`bus-publish`). So a service of a relay profile needs
/// no broker. Owned by the service's connection; network thread only.
class BusDesk
{
public:
    /// Sends a message to the service: type, uuid and response_uuid as JSON (empty: made up, null),
    /// content.
    using Send = std::function<void(const QByteArray& type, QByteArrayView uuid,
        QByteArrayView responseUuid, const QByteArray& content)>;

    BusDesk(bus::Bus& bus, const Clock& clock, const ServicesOptions& options, Send send);
    ~BusDesk();
    Q_DISABLE_COPY_MOVE(BusDesk)

    /// From now on these queues, and no others; `ready` is called once for each that is there, in a
    /// later turn. Their names are ones a queue may have.
    void serve(const std::vector<bus::QueueName>& queues, const std::function<void()>& ready);

    static bool isItsBusiness(const QByteArray& type); ///< "bus-answer", "bus-publish", "bus-request"
    /// BadRequest says what is wrong with the message; `sender` is the service's name.
    Result<void> handle(const Envelope& envelope, const QByteArray& sender);

    void sweep(); ///< gives up calls the service has not answered for ServicesOptions::requestLife

private:
    Result<void> answer(const Envelope& envelope);
    Result<void> publish(const Envelope& envelope, const QByteArray& sender);
    Result<void> request(const Envelope& envelope, const QByteArray& sender);
    void called(const bus::Message& call, bus::Reply reply);

    struct Call
    {
        bus::Reply reply;
        Millis since{};
    };

    bus::Bus& m_bus;
    const Clock& m_clock;
    const ServicesOptions& m_options;
    const Send m_send;
    std::vector<bus::Ticket> m_served;
    std::unordered_map<std::string, Call> m_calls; ///< by uuid
    std::unordered_map<std::string, bus::Ticket> m_requests; ///< by uuid
};

} // namespace gatehouse::services
