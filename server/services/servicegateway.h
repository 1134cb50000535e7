// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/access/principal.h"
#include "server/services/envelope.h"
#include "server/services/servicerights.h"
#include "server/services/servicescounters.h"
#include "server/services/servicesoptions.h"
#include "server/services/typedpublisher.h"
#include "server/session/plainsocket.h"

#include <QHash>
#include <QSet>
#include <QTimer>

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

namespace gatehouse::services {

/// The services' side: back-end processes that join the bus over a WebSocket, each with a token of
/// a `service` principal. A service says its name and the types it wants (`service-register`),
/// sends and gets messages; the server stamps the sender. An answer to another service's request
/// goes to that service alone, whether it wants the type or not. Owned by ServicesProfile; network
/// thread only.
class ServiceGateway final : public session::PlainHandler
{
public:
    /// Who a token speaks for; asked with the address it came from.
    using Identify
        = std::function<Result<access::Principal>(const QString& address, const QByteArray& token)>;

    ServiceGateway(const ServicesOptions& options, bus::Bus& bus, TypedPublisher& publisher,
        const Clock& clock, ServicesCounters& counters, Identify identify);
    ~ServiceGateway() override;

    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override;
    void socketOpened(session::PlainSocket& socket) override;
    void textReceived(session::PlainSocket& socket, QByteArrayView utf8) override;
    void socketClosed(session::PlainSocket& socket, const QByteArray& reason) override;

    /// Nobody took a message, of a service or of somebody else.
    void messageDied(const TypedPublisher::Dead& message);

    /// A connected service that has a name.
    struct Connected
    {
        QByteArray name;
        qint64 id = 0; ///< of its token
        SessionId session;
        bool isRegistered = false; ///< the bus has bound all it wants
        qsizetype calls = 0; ///< it has to answer
        qsizetype requests = 0; ///< others have to answer
    };
    std::vector<Connected> connected() const;

    void sweep(); ///< ends what has ended by now; its own timer calls it, and tests

private:
    struct Port;

    void registerService(Port& port, const Envelope& envelope);
    Result<void> readWanted(Port& port, QByteArrayView content) const;
    bool claimName(Port& port, const QByteArray& name);
    void subscribe(Port& port);
    void bound(Port& port); ///< one more of what it wants
    void bindingRefused(Port& port, const QByteArray& what, const Error& why);
    /// The calls it has never been told of; dropping them may call others at once.
    std::vector<bus::Reply> unregister(Port& port);
    std::vector<bus::Reply> giveEarlyBack(Port& port);
    void publish(Port& port, Envelope envelope);
    void routeResponse(const Envelope& envelope, const QByteArray& body);
    bus::Verdict deliver(Port& port, const bus::Message& message, bool isForItAlone);
    void rememberRequest(const Envelope& envelope);
    void complain(Port& port, const QString& why, QByteArrayView about);
    void answer(Port& port, const QByteArray& type, const QByteArray& content, QByteArrayView to);
    void send(Port& port, const QByteArray& type, QByteArrayView uuid, QByteArrayView responseUuid,
        const QByteArray& content);
    bool sendFromDesk(Port& port, const QByteArray& type, QByteArrayView uuid,
        QByteArrayView responseUuid, const QByteArray& content);
    QByteArray textFor(const QByteArray& type, QByteArrayView uuid, QByteArrayView responseUuid,
        const QByteArray& content) const;
    /// What comes for a service before the answer to its registration, which it follows.
    struct Early
    {
        enum class Kind {
            Typed, ///< for whoever wants it
            Own, ///< for this service alone
            Call,
        };
        Kind kind = Kind::Typed;
        QByteArray about; ///< type, or of a call the uuid
        QByteArray text;
    };
    /// False: too much waits for that answer.
    bool pass(Port& port, Early message);

    struct Asked
    {
        QByteArray asker; ///< the service's name
        Millis since{};
    };

    const ServicesOptions& m_options;
    bus::Bus& m_bus;
    TypedPublisher& m_publisher;
    const Clock& m_clock;
    ServicesCounters& m_counters;
    const Identify m_identify;
    const QByteArray m_sender; ///< as JSON
    const ServiceRightsTable m_rights;
    std::unordered_map<const session::PlainSocket*, std::unique_ptr<Port>> m_ports;
    QHash<QByteArray, Asked> m_asked; ///< requests of services under way, by uuid
    std::deque<QByteArray> m_askedOrder; ///< oldest first; may name some that are answered
    QTimer m_sweeper;
    const std::shared_ptr<char> m_alive = std::make_shared<char>();
};

} // namespace gatehouse::services
