// SPDX-License-Identifier: Apache-2.0
#include "server/transport/httpconnection.h"

#include "server/transport/frontdoor.h"
#include "server/transport/httpanswer.h"
#include "server/transport/pendingexchange.h"
#include "server/transport/upgradecheck.h"

namespace gatehouse::transport {

namespace {

constexpr qint64 MaxDiscardedBytes = 8 * 1024 * 1024;

} // namespace

HttpConnection::HttpConnection(FrontDoor& door, const Router& router, QHostAddress peer,
    quint16 peerPort, std::unique_ptr<ConnectionCaps::Ticket> ticket, bool isTls)
    : m_door(door), m_router(router), m_peer(std::move(peer)), m_peerPort(peerPort),
      m_ticket(std::move(ticket)), m_deadline(door.context().wheel, [this] { handleDeadline(); }),
      m_state(isTls ? State::TlsHandshake : State::Waiting), m_isTls(isTls)
{
    const ConnectionDeadlines& deadlines = m_door.context().options.deadlines;
    if (isTls) {
        ++m_door.context().pendingTlsHandshakes;
        m_deadline.start(deadlines.tlsHandshake);
    } else {
        waitForRequest(deadlines.header);
    }
}

HttpConnection::~HttpConnection()
{
    if (m_state == State::TlsHandshake)
        --m_door.context().pendingTlsHandshakes;
    if (const auto exchange = m_exchange.lock())
        exchange->peerLeft();
}

void HttpConnection::setSocket(std::unique_ptr<HttpSocket> socket)
{
    m_socket = std::move(socket);
}

void HttpConnection::socketSecured()
{
    --m_door.context().pendingTlsHandshakes;
    ++m_door.context().counters.tlsHandshakes;
    waitForRequest(m_door.context().options.deadlines.header);
    process();
}

void HttpConnection::waitForRequest(Millis howLong)
{
    m_state = State::Waiting;
    m_reader.reset();
    m_handler = nullptr;
    m_deadline.start(howLong);
}

void HttpConnection::process()
{
    if (m_isProcessing)
        return;
    m_isProcessing = true;
    while (step()) { }
    m_isProcessing = false;
}

bool HttpConnection::step()
{
    if (!m_socket || m_socket->bytesAvailable() == 0)
        return false;
    switch (m_state) {
    case State::Waiting:
        beginRequest();
        return true;
    case State::ReadingHead:
        return readHead();
    case State::ReadingBody:
        return readBody();
    case State::Lingering:
        discard();
        return false;
    case State::TlsHandshake:
    case State::Handling:
    case State::Answering:
    case State::Gone:
        return false;
    }
    return false;
}

void HttpConnection::beginRequest()
{
    // An empty line before a request is forgiven (RFC 9112 section 2.2).
    while (m_socket->peek(2) == "\r\n")
        m_socket->skip(2);
    if (m_socket->bytesAvailable() == 0)
        return;
    m_state = State::ReadingHead;
    m_reader = std::make_unique<HttpRequestReader>(m_door.context().options.http);
    m_deadline.start(m_door.context().options.deadlines.header);
}

bool HttpConnection::readHead()
{
    const QByteArray octets = m_socket->peek(m_door.context().options.http.maxHeaderBytes + 1);
    switch (m_reader->readHead(octets)) {
    case HttpRequestReader::Progress::NeedMore:
        return false;
    case HttpRequestReader::Progress::Refused:
        refuse(m_reader->refusal().status, m_reader->refusal().reason);
        return false;
    case HttpRequestReader::Progress::Done:
        break;
    }
    return headComplete();
}

bool HttpConnection::headComplete()
{
    const HttpHead& head = m_reader->head();
    const int mostRequests = m_door.context().options.http.maxRequestsPerConnection;
    ++m_requests;
    m_keepsAlive = head.keepsAlive && (mostRequests == 0 || m_requests < mostRequests);
    m_isHeadRequest = head.request.method == "HEAD";
    if (asksForUpgrade(head.request) && m_router.acceptorFor(head.request.path))
        return offerUpgrade();

    m_socket->skip(head.octets);
    m_handler = m_router.handlerFor(head.request.path);
    if (!m_handler) {
        const bool isForWebSockets = m_router.acceptorFor(head.request.path) != nullptr;
        refuse(isForWebSockets ? 426 : 404,
            isForWebSockets ? "this path takes WebSockets only" : "nothing is at this path");
        return false;
    }
    if (!head.hasBody)
        return dispatch();
    m_state = State::ReadingBody;
    m_bodyBegan = m_door.context().clock.monotonic();
    m_bodyOctets = 0;
    m_deadline.start(m_door.context().options.deadlines.body);
    if (head.expectsContinue && m_socket->bytesAvailable() == 0) {
        m_socket->write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    return true;
}

bool HttpConnection::readBody()
{
    const QByteArray octets = m_socket->peek(HttpSocket::ReadAheadBytes);
    qsizetype consumed = 0;
    const auto progress = m_reader->readBody(octets, consumed);
    m_socket->skip(consumed);
    if (progress == HttpRequestReader::Progress::Refused) {
        refuse(m_reader->refusal().status, m_reader->refusal().reason);
        return false;
    }
    if (progress == HttpRequestReader::Progress::Done)
        return dispatch();
    // Whoever keeps up the minimum rate may take longer.
    m_bodyOctets += consumed;
    const Millis due = m_bodyBegan + transferTime(m_bodyOctets);
    m_deadline.start(std::max(due - m_door.context().clock.monotonic(), Millis{0}));
    return consumed > 0;
}

Millis HttpConnection::transferTime(qint64 octets) const
{
    const ConnectionDeadlines& deadlines = m_door.context().options.deadlines;
    return deadlines.body
        + Millis{octets * 1'000 / std::max<qint64>(deadlines.minBytesPerSecond, 1)};
}

void HttpConnection::fillPeer(protocol::HttpRequest& request) const
{
    const TrustedProxies& proxies = m_door.trustedProxies();
    const QHostAddress client = proxies.clientAddress(m_peer, request.headers);
    request.peerAddress = client.toString();
    request.peerPort = client == m_peer ? m_peerPort : quint16(0);
    request.secure = m_isTls || proxies.saysSecure(m_peer, request.headers);
}

bool HttpConnection::dispatch()
{
    m_state = State::Handling;
    m_deadline.stop();
    ++m_door.context().counters.requests;
    protocol::HttpRequest request = m_reader->takeRequest();
    m_reader.reset();
    fillPeer(request);
    const auto exchange = std::make_shared<PendingExchange>(*this, std::move(request));
    m_exchange = exchange;
    m_handler->handleRequest(exchange);
    // Answered already, perhaps: then the next request may be waiting in the socket.
    return true;
}

bool HttpConnection::offerUpgrade()
{
    TransportContext& context = m_door.context();
    const HttpHead& head = m_reader->head();
    protocol::HttpRequest request = head.request;
    fillPeer(request);
    session::WebSocketAcceptor* acceptor = m_router.acceptorFor(request.path);
    auto refusal = checkUpgrade(head);
    if (!refusal)
        refusal = acceptor->refusal(request);
    if (refusal) {
        ++context.counters.upgradesRefused;
        m_keepsAlive = false;
        write(*refusal);
        return false;
    }
    m_deadline.stop();
    m_state = State::Gone;
    m_socket->skip(head.octets);
    const std::unique_ptr<HttpSocket> socket = std::move(m_socket);
    auto ticket = std::move(m_ticket);
    m_door.forget(this); // before anybody else is called
    m_door.webSocketDoor().open(*socket, std::move(ticket), request, *acceptor);
    return false;
}

void HttpConnection::refuse(int status, const QByteArray& reason)
{
    m_door.countRefusal(status);
    m_keepsAlive = false;
    protocol::HttpResponse response = refusalResponse(status, reason);
    if (status == 426)
        response.headers.add("Upgrade", "websocket");
    completeRefusal(response);
    write(response);
}

/// A page may read an answer only if it says so, and who has a say in that is the path's handler.
void HttpConnection::completeRefusal(protocol::HttpResponse& response) const
{
    const QString path = m_reader ? m_reader->head().request.path : QString();
    session::HttpHandler* handler = path.isEmpty() ? nullptr : m_router.handlerFor(path);
    if (handler)
        handler->completeRefusal(m_reader->head().request, response);
}

void HttpConnection::answer(protocol::HttpResponse response)
{
    m_exchange.reset();
    if (m_state == State::Handling)
        write(response);
}

void HttpConnection::drop()
{
    m_exchange.reset();
    if (m_state == State::Handling)
        leave();
}

void HttpConnection::write(const protocol::HttpResponse& response)
{
    m_state = State::Answering;
    m_keepsAlive = m_keepsAlive && !m_door.isFinishing();
    const QByteArray octets = serialize(response, {m_keepsAlive, m_isHeadRequest});
    TransportCounters& counters = m_door.context().counters;
    ++counters.answers[size_t(std::clamp(response.status / 100, 1, 5))];
    m_deadline.start(transferTime(octets.size()));
    m_socket->write(octets);
    octetsWritten();
}

void HttpConnection::octetsWritten()
{
    if (m_state == State::Answering && m_socket && m_socket->unsentBytes() == 0)
        answerWritten();
}

void HttpConnection::answerWritten()
{
    if (!m_keepsAlive) {
        linger();
        return;
    }
    waitForRequest(m_door.context().options.deadlines.idle);
    // Not from here: the handler that has just answered is still on the stack.
    if (!m_isProcessing && m_socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(this, &HttpConnection::process, Qt::QueuedConnection);
}

void HttpConnection::linger()
{
    m_state = State::Lingering;
    m_deadline.start(m_door.context().options.deadlines.linger);
    m_socket->endWriting();
    if (m_state == State::Lingering)
        discard();
}

void HttpConnection::discard()
{
    m_discardedOctets += m_socket->skip(m_socket->bytesAvailable());
    if (m_discardedOctets > MaxDiscardedBytes)
        leave();
}

void HttpConnection::socketGone()
{
    if (m_state == State::TlsHandshake)
        ++m_door.context().counters.tlsFailures;
    leave();
}

void HttpConnection::handleDeadline()
{
    TransportCounters& counters = m_door.context().counters;
    switch (m_state) {
    case State::TlsHandshake:
        ++counters.tlsFailures;
        leave();
        return;
    case State::ReadingHead:
    case State::ReadingBody:
        refuse(408, "the request did not arrive in time");
        return;
    case State::Answering:
        ++counters.answerTimeouts;
        leave();
        return;
    case State::Waiting: // nothing was asked, so nothing is answered
    case State::Lingering:
    case State::Handling:
    case State::Gone:
        leave();
        return;
    }
}

void HttpConnection::abort()
{
    leave();
}

void HttpConnection::leave()
{
    if (m_state == State::Gone)
        return;
    if (m_state == State::TlsHandshake)
        --m_door.context().pendingTlsHandshakes;
    m_state = State::Gone;
    m_deadline.stop();
    m_socket.reset();
    m_ticket.reset();
    if (const auto exchange = std::exchange(m_exchange, {}).lock()) {
        ++m_door.context().counters.peersGone;
        exchange->peerLeft();
    }
    m_door.forget(this);
}

} // namespace gatehouse::transport
