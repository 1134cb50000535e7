// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/jsonframe.h"
#include "server/services/clientregistry.h"
#include "server/services/envelope.h"
#include "server/services/servicescounters.h"
#include "server/services/servicesoptions.h"
#include "server/services/typedpublisher.h"
#include "server/services/typenames.h"

namespace gatehouse::services {

/// The clients' side: takes their frames apart, binds names, stamps the sender and puts them on the
/// bus; carries what services send to addresses and names. Nothing of a frame but its `type` and
/// its `content` reaches the bus. Owned by ServicesProfile; network thread only.
class ClientGateway final : public session::PlainHandler
{
public:
    /// `options` have been checked by ServicesProfile::create().
    ClientGateway(const ServicesOptions& options, bus::Bus& bus, TypedPublisher& publisher,
        ServicesCounters& counters);
    ~ClientGateway() override;

    void socketOpened(session::PlainSocket& socket) override;
    void textReceived(session::PlainSocket& socket, QByteArrayView utf8) override;
    void socketClosed(session::PlainSocket& socket, const QByteArray& reason) override;

    /// Nobody took a message, of a client or of somebody else.
    void messageDied(const TypedPublisher::Dead& message);

private:
    using Handler = bus::Verdict (ClientGateway::*)(const Envelope&);

    void listen(const QByteArray& type, Handler handler);
    void logIn(ServiceClient& client, QByteArrayView content);
    void forward(const ServiceClient& client, const protocol::JsonEvent& event);
    void refuse(ServiceClient& client, const QString& why, const QByteArray& type = {});
    void impersonated(ServiceClient& client);
    void answer(ServiceClient& client, const QByteArray& type, const QByteArray& content);

    bus::Verdict netSend(const Envelope& envelope);
    bus::Verdict listClients(const Envelope& envelope);
    bus::Verdict kick(const Envelope& envelope);
    std::vector<SessionId> recipientsOf(QByteArrayView checkedList);
    ServiceClient* recipient(QByteArrayView entry) const;

    const ServicesOptions& m_options;
    bus::Bus& m_bus;
    TypedPublisher& m_publisher;
    ServicesCounters& m_counters;
    const protocol::JsonDialect m_dialect = protocol::JsonDialect::typed();
    const protocol::JsonTemplate m_envelope;
    const TypePatterns m_allowed;
    const TypePatterns m_reserved;
    const QByteArray m_sender; ///< as JSON
    ClientRegistry m_clients;
    std::vector<bus::Ticket> m_subscriptions;
};

/// The slots of ServicesOptions::envelope.
QList<QByteArray> envelopeSlots();

} // namespace gatehouse::services
