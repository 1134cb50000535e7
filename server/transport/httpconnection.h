// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/httphandler.h"
#include "server/transport/connectioncaps.h"
#include "server/transport/deadlinewheel.h"
#include "server/transport/httpcodec.h"
#include "server/transport/httpsocket.h"

#include <QHostAddress>
#include <QObject>

#include <memory>

namespace gatehouse::transport {

class FrontDoor;
class PendingExchange;
class Router;

/// One accepted connection while it speaks HTTP: TLS handshake, then one request at a time, each
/// answered before the next is read, all within limits and deadlines. An accepted upgrade takes the
/// socket away to the WebSocketDoor. Owned by the FrontDoor; ends itself.
///
/// The peer's end of stream counts as its leaving, also while an answer is pending: an aborted long
/// poll has to be noticed at once, and HTTP clients do not half-close.
class HttpConnection : public QObject, private HttpSocket::Host
{
    Q_OBJECT

public:
    /// A connected socket; with `isTls` its handshake comes first.
    HttpConnection(FrontDoor& door, const Router& router, QHostAddress peer, quint16 peerPort,
        std::unique_ptr<ConnectionCaps::Ticket> ticket, bool isTls);
    /// Once, right after construction, with itself as the socket's host.
    void setSocket(std::unique_ptr<HttpSocket> socket);
    HttpSocket::Host& socketHost() { return *this; }
    ~HttpConnection() override;

    /// For PendingExchange: the answer to the request in flight.
    void answer(protocol::HttpResponse response);
    void drop(); ///< there will be none: the connection ends

    bool owesAnswer() const { return m_state == State::Handling || m_state == State::Answering; }

    void abort(); ///< ends at once; the object goes with the event loop

private:
    enum class State : quint8 {
        TlsHandshake,
        Waiting, ///< for the first octet of a request
        ReadingHead,
        ReadingBody,
        Handling, ///< the handler has the request
        Answering, ///< the kernel has not yet taken all of the answer
        Lingering, ///< closed for writing; reading on so that the answer is not reset away
        Gone,
    };

    void process();
    bool step(); ///< true: there may be more to do
    void beginRequest();
    bool readHead();
    bool readBody();
    bool headComplete();
    bool dispatch();
    bool offerUpgrade();
    void fillPeer(protocol::HttpRequest& request) const;

    void refuse(int status, const QByteArray& reason);
    void completeRefusal(protocol::HttpResponse& response) const;
    void write(const protocol::HttpResponse& response);
    void answerWritten();
    void waitForRequest(Millis howLong);
    void linger();
    void discard();

    void socketSecured() override;
    void octetsArrived() override { process(); }
    void octetsWritten() override;
    void socketGone() override;
    void handleDeadline();
    void leave(); ///< last act: tells everyone, schedules destruction
    Millis transferTime(qint64 octets) const;

    FrontDoor& m_door;
    const Router& m_router; ///< of the address it came to
    std::unique_ptr<HttpSocket> m_socket;
    QHostAddress m_peer;
    quint16 m_peerPort;
    std::unique_ptr<ConnectionCaps::Ticket> m_ticket;
    std::unique_ptr<HttpRequestReader> m_reader;
    std::weak_ptr<PendingExchange> m_exchange;
    Deadline m_deadline;
    Millis m_bodyBegan{};
    qint64 m_bodyOctets = 0;
    qint64 m_discardedOctets = 0;
    int m_requests = 0;
    session::HttpHandler* m_handler = nullptr;
    State m_state;
    bool m_isTls;
    bool m_isProcessing = false;
    bool m_keepsAlive = true;
    bool m_isHeadRequest = false;
};

} // namespace gatehouse::transport
