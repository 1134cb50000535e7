// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/bus/bus.h"
#include "server/services/envelope.h"
#include "server/services/servicerights.h"
#include "server/services/servicesoptions.h"

#include <QByteArray>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gatehouse::services {

/// The rest of the bus for one connected service, beside messages by type: queues it serves
/// (`bus-call`, answered by `bus-answer`), questions it asks (`bus-request`, answered by
/// `bus-response`) and topics it publishes to (`bus-publish`). So a service of a relay profile
/// needs no broker. Owned by the service's connection; network thread only.
class BusDesk
{
public:
    /// Sends a message to the service: type, uuid and response_uuid as JSON (empty: made up, null),
    /// content. False: it cannot be taken.
    using Send = std::function<bool(const QByteArray& type, QByteArrayView uuid,
        QByteArrayView responseUuid, const QByteArray& content)>;

    BusDesk(bus::Bus& bus, const Clock& clock, const ServicesOptions& options,
        const ServiceRights& rights, Send send);
    ~BusDesk();
    Q_DISABLE_COPY_MOVE(BusDesk)

    /// From now on these queues, and no others: one it serves as before is never left, nor are the
    /// calls from it. Returns how many have still to be made; `ready` is called once for each of
    /// them, in a later turn, or `refused`, which may come for one that was had as well. Their
    /// names are ones a queue may have.
    using Refused = std::function<void(const bus::QueueName& queue, const Error& why)>;
    size_t serve(
        const std::vector<bus::QueueName>& queues, std::function<void()> ready, Refused refused);

    static bool isItsBusiness(
        const QByteArray& type); ///< "bus-answer", "bus-publish", "bus-request"
    /// BadRequest or Forbidden says what is wrong with the message; `sender` is the service's name.
    Result<void> handle(const Envelope& envelope, const QByteArray& sender);

    /// The calls the service has not answered for ServicesOptions::requestLife. Dropping them
    /// rejects them, which may hand this desk and others their next ones at once.
    std::vector<bus::Reply> takeOverdue();

    /// The same of those calls, which `send` took and the service never got. By uuid, no JSON.
    std::vector<bus::Reply> takeUnsent(const std::vector<QByteArray>& uuids);

    qsizetype calls() const { return qsizetype(m_calls.size()); } ///< unanswered by the service
    qsizetype requests() const { return qsizetype(m_requests.size()); } ///< unanswered by others

private:
    Result<void> answer(const Envelope& envelope);
    Result<void> publish(const Envelope& envelope, const QByteArray& sender);
    Result<void> request(const Envelope& envelope, const QByteArray& sender);
    void called(const bus::Message& call, bus::Reply reply);
    /// Since that number was given to it.
    bool isServed(const bus::QueueName& queue, quint64 number) const;

    struct Call
    {
        bus::Reply reply;
        Millis since{};
    };
    struct Served
    {
        bus::Ticket ticket;
        bool isReady = false;
        quint64 number = 0;
    };

    bus::Bus& m_bus;
    const Clock& m_clock;
    const ServicesOptions& m_options;
    const ServiceRights& m_rights;
    const Send m_send;
    std::map<bus::QueueName, Served> m_served;
    quint64 m_lastServed = 0;
    std::function<void()> m_ready; ///< of the last serve()
    Refused m_refused; ///< likewise
    std::unordered_map<std::string, Call> m_calls; ///< by uuid
    std::unordered_map<std::string, bus::Ticket> m_requests; ///< by uuid
    const std::shared_ptr<char> m_alive = std::make_shared<char>();
};

} // namespace gatehouse::services
