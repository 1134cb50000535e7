// SPDX-License-Identifier: Apache-2.0
#include "server/transport/frontdoor.h"

#include "server/transport/descriptorstream.h"
#include "server/transport/httpanswer.h"
#include "server/transport/httpconnection.h"
#include "server/transport/iothread.h"
#include "server/transport/qthttpsocket.h"
#include "server/transport/streamhttpsocket.h"
#include "server/transport/tlssettings.h"
#include "server/transport/tlsstream.h"

#include <QLoggingCategory>
#include <QSslSocket>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace gatehouse::transport {

namespace {

Q_LOGGING_CATEGORY(lcDoor, "gh.transport", QtInfoMsg)

constexpr Millis FinishInterval{20};

/// For connections over a cap, without reading their request: best effort, never waits.
void refuseDescriptor(int descriptor, bool isPlain)
{
    if (isPlain) {
        const QByteArray answer
            = serialize(refusalResponse(503, "too many connections"), {.keepsAlive = false});
        std::array<char, 4096> unread{};
        // Unread octets would turn the close into a reset.
        while (::recv(descriptor, unread.data(), unread.size(), MSG_DONTWAIT) > 0) { }
        [[maybe_unused]] const ssize_t sent = ::send(
            descriptor, answer.constData(), size_t(answer.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
        ::shutdown(descriptor, SHUT_WR);
    }
    ::close(descriptor);
}

} // namespace

FrontDoor::FrontDoor(TransportOptions options, const Clock& clock)
    : m_context(std::make_shared<TransportContext>(std::move(options), clock)),
      m_webSocketDoor(m_context), m_finishCheck(m_context->wheel, [this] { checkFinished(); })
{
    addGate(Encryption::AsConfigured);
}

FrontDoor::~FrontDoor()
{
    close();
    m_context->closing.finish();
    for (const auto& thread : m_webSocketDoor.threads())
        thread->abortClosing(true);
}

int FrontDoor::allowedConnections() const
{
    const TransportOptions& options = m_context->options;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return options.maxConnections;
    const auto left = qint64(limit.rlim_cur) - options.reservedDescriptors;
    return int(std::clamp<qint64>(left, 1, options.maxConnections));
}

size_t FrontDoor::addGate(Encryption encryption)
{
    m_gates.push_back(std::make_unique<Gate>());
    m_gates.back()->encryption = encryption;
    return m_gates.size() - 1;
}

/// What all gates share.
Result<void> FrontDoor::prepare()
{
    const TransportOptions& options = m_context->options;
    auto proxies = TrustedProxies::parse(options.trustedProxies);
    if (!proxies)
        return tl::unexpected(proxies.error());
    m_trustedProxies = std::move(*proxies);
    if (options.tls.isEnabled()) {
        if (const auto loaded = reloadTls(); !loaded)
            return loaded;
    }
    m_connectionLimit = allowedConnections();
    if (m_connectionLimit < options.maxConnections)
        qCInfo(lcDoor, "at most %d connections: the limit of open descriptors allows no more",
            m_connectionLimit);
    if (!m_context->caps)
        m_context->caps
            = std::make_shared<ConnectionCaps>(m_connectionLimit, options.maxConnectionsPerAddress);
    if (const auto prepared = prepareSending(); !prepared)
        return prepared;
    m_isPrepared = true;
    return {};
}

Result<void> FrontDoor::listen(size_t gateNumber, const QHostAddress& address, quint16 port)
{
    if (!m_isPrepared) {
        if (const auto prepared = prepare(); !prepared)
            return prepared;
    }
    Gate& gate = *m_gates[gateNumber];
    if (gate.listener)
        m_oldAcceptErrors += gate.listener->acceptErrors();
    gate.listener
        = std::make_unique<Listener>(m_context->wheel, m_context->options.deadlines.acceptBackOff,
            [this, &gate](const Listener::Accepted& accepted) { accept(gate, accepted); });
    const TransportOptions& options = m_context->options;
    if (gate.listener->listen(address, port, options.backlog, options.webSocket.sendBufferBytes))
        return {};
    const QString why = gate.listener->errorString();
    gate.listener.reset();
    return failure(ErrorCode::Unavailable,
        QStringLiteral("cannot listen on %1 port %2: %3")
            .arg(address.toString())
            .arg(port)
            .arg(why));
}

Result<void> FrontDoor::prepareSending()
{
    const TransportOptions& options = m_context->options;
    if (options.ioThreads > 1 && options.webSocket.stream == StreamKind::Descriptor
        && EpollDispatcher::current()) {
        if (const auto started = m_webSocketDoor.startThreads(options.ioThreads - 1); !started)
            return started;
    } else {
        m_context->useRing();
    }
    const auto& threads = m_webSocketDoor.threads();
    const QString& whyNoRing = (threads.empty() ? m_context : threads[0]->context())->whyNoRing();
    if (!whyNoRing.isEmpty())
        qCInfo(lcDoor, "no io_uring, so each client is sent to by itself: %ls",
            qUtf16Printable(whyNoRing));
    return {};
}

Result<void> FrontDoor::reloadTls()
{
    if (!m_context->options.tls.isEnabled())
        return {};
    auto loaded = loadTls(m_context->options.tls);
    if (!loaded)
        return tl::unexpected(loaded.error());
    auto context = makeTlsContext(m_context->options.tls);
    if (!context)
        return tl::unexpected(context.error());
    m_tls = std::move(*loaded);
    m_tlsContext = std::move(*context);
    return {};
}

void FrontDoor::stopListening()
{
    for (const auto& gate : m_gates) {
        if (gate->listener)
            m_oldAcceptErrors += gate->listener->acceptErrors();
        gate->listener.reset();
    }
}

void FrontDoor::finishRequests(std::function<void()> finished)
{
    stopListening();
    m_finished = std::move(finished);
    m_finishCheck.start(Millis{0});
}

// Looked at rather than counted: it happens once, and an answer has many ways to end.
void FrontDoor::checkFinished()
{
    const bool owes = std::ranges::any_of(
        m_connections, [](const auto& entry) { return entry.second->owesAnswer(); });
    if (owes)
        m_finishCheck.start(FinishInterval);
    else
        m_finished();
}

void FrontDoor::close()
{
    stopListening();
    m_finishCheck.stop();
    while (!m_connections.empty())
        m_connections.begin()->second->abort();
    m_context->closing.abortAll();
    for (const auto& thread : m_webSocketDoor.threads())
        thread->abortClosing(false);
}

bool FrontDoor::isAdmitted(const QHostAddress& address, bool isCountedPerAddress, bool isTls)
{
    TransportCounters& counters = m_context->counters;
    switch (m_context->caps->judge(isCountedPerAddress ? address : QHostAddress())) {
    case ConnectionCaps::Verdict::TotalCap:
        ++counters.refusedTotalCap;
        return false;
    case ConnectionCaps::Verdict::AddressCap:
        ++counters.refusedAddressCap;
        return false;
    case ConnectionCaps::Verdict::Admitted:
        break;
    }
    if (isTls && m_context->pendingTlsHandshakes >= m_context->options.maxPendingTlsHandshakes) {
        ++counters.refusedTlsCap;
        return false;
    }
    return true;
}

void FrontDoor::accept(const Gate& gate, const Listener::Accepted& accepted)
{
    const bool isTls = m_tls && gate.encryption == Encryption::AsConfigured;
    const QHostAddress& peer = accepted.peer;
    const bool isCountedPerAddress = !m_trustedProxies.contains(peer);
    if (!isAdmitted(peer, isCountedPerAddress, isTls)) {
        refuseDescriptor(accepted.descriptor, !isTls);
        return;
    }
    ++m_context->counters.accepted;
    auto connection = std::make_unique<HttpConnection>(*this, gate.router, peer, accepted.peerPort,
        m_context->caps->admit(isCountedPerAddress ? peer : QHostAddress()), isTls);
    HttpConnection* const key = connection.get();
    m_connections.emplace(key, std::move(connection));
    if (auto socket = makeSocket(key->socketHost(), accepted.descriptor, isTls))
        key->setSocket(std::move(socket));
    else
        key->abort();
}

std::unique_ptr<HttpSocket> FrontDoor::makeSocket(
    HttpSocket::Host& host, int descriptor, bool isTls)
{
    const bool isOurs = m_context->options.webSocket.stream == StreamKind::Descriptor
        && EpollDispatcher::current();
    if (isOurs) {
        std::unique_ptr<WatchedStream> stream;
        if (isTls)
            stream = TlsStream::accept(m_context, descriptor, m_tlsContext);
        else
            stream = std::make_unique<DescriptorStream>(m_context, descriptor);
        return stream ? std::make_unique<StreamHttpSocket>(host, std::move(stream)) : nullptr;
    }
    std::unique_ptr<QTcpSocket> socket;
    if (isTls) {
        auto tls = std::make_unique<QSslSocket>();
        tls->setSslConfiguration(*m_tls);
        socket = std::move(tls);
    } else {
        socket = std::make_unique<QTcpSocket>();
    }
    if (!socket->setSocketDescriptor(descriptor)) {
        ::close(descriptor);
        return nullptr;
    }
    return std::make_unique<QtHttpSocket>(host, std::move(socket), m_context->counters);
}

void FrontDoor::forget(HttpConnection* connection)
{
    const auto found = m_connections.find(connection);
    if (found == m_connections.end())
        return;
    // It may be on the stack.
    found->second.release()->deleteLater();
    m_connections.erase(found);
}

const TransportCounters& FrontDoor::refreshedCounters()
{
    TransportCounters& all = m_allCounters;
    all = m_context->counters;
    all.acceptErrors = m_oldAcceptErrors;
    for (const auto& gate : m_gates)
        all.acceptErrors += gate->listener ? gate->listener->acceptErrors() : 0;
    all.ringBatches = m_context->flushList.ringBatches();
    all.hasRing = m_context->flushList.hasRing();
    for (const auto& thread : m_webSocketDoor.threads()) {
        const TransportContext& context = *thread->context();
        all.add(context.counters);
        all.ringBatches += context.flushList.ringBatches();
        all.hasRing |= context.flushList.hasRing();
    }
    all.openConnections = m_context->caps ? quint64(m_context->caps->total()) : 0;
    return all;
}

void FrontDoor::countRefusal(int status)
{
    TransportCounters& counters = m_context->counters;
    switch (status) {
    case 400:
        ++counters.badRequests;
        return;
    case 404:
        ++counters.notFound;
        return;
    case 408:
        ++counters.requestTimeouts;
        return;
    case 413:
        ++counters.bodyTooLarge;
        return;
    case 414:
        ++counters.targetTooLong;
        return;
    case 431:
        ++counters.headerTooLarge;
        return;
    default:
        ++counters.otherRefusals;
        return;
    }
}

} // namespace gatehouse::transport
