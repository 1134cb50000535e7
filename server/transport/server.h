// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/session/httphandler.h"
#include "server/session/websocketlink.h"
#include "server/transport/transportcounters.h"
#include "server/transport/transportoptions.h"

#include <QByteArray>
#include <QHostAddress>

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse::transport {

/// Numbers an address the server listens at.
enum class Gate : size_t { Main = 0 };

/// The one door: accepts connections, reads HTTP requests within limits and deadlines, hands them
/// to the handler of their path, and turns upgrade requests into WebSocketLinks. Owned by the
/// composition root; lives in one thread that runs an EpollDispatcher, as does all it calls; its
/// I/O threads end with it and the last of their links. Handlers and acceptors are
/// not owned and must outlive the server or its close(); the clock must outlive every connection,
/// those in a closing handshake included.
class Server
{
public:
    Server(TransportOptions options, const Clock& clock);
    ~Server();
    Q_DISABLE_COPY_MOVE(Server)

    /// Starts listening; port 0 takes a free one. Fails with BadRequest when certificate, key or
    /// trusted proxies cannot be used, with Unavailable when the address cannot be bound.
    Result<void> listen(const QHostAddress& address, quint16 port);

    /// A further address with paths of its own, under the same bounds and counters. Nobody is at
    /// its paths but those who are added with its number.
    Gate addGate(Encryption encryption);
    Result<void> listen(Gate gate, const QHostAddress& address, quint16 port);

    bool isListening() const; ///< at the main gate
    QHostAddress address(Gate gate = Gate::Main) const;
    quint16 port(Gate gate = Gate::Main) const; ///< 0 when not listening

    /// Requests whose path equals `prefix`, or starts with it where it ends in '/' or the path goes
    /// on with '/'. The longest prefix wins. Requests no handler wants are answered 404.
    void addHandler(
        const QByteArray& prefix, session::HttpHandler* handler, Gate gate = Gate::Main);

    /// Upgrade requests for exactly this path (a trailing '/' is not significant). Requests without
    /// an upgrade go to the path's handler; where there is none they are answered 426.
    void addAcceptor(
        const QByteArray& path, session::WebSocketAcceptor* acceptor, Gate gate = Gate::Main);
    /// Upgrade requests for every path nobody else has.
    void setFallbackAcceptor(session::WebSocketAcceptor* acceptor, Gate gate);

    /// No new connections; the open ones go on. For draining.
    void stopListening();

    /// Stops listening; every connection is closed after the request it is at, and `finished` is
    /// called, from the event loop, when none owes an answer any more. Waiting polls are answered
    /// by those who hold them. Once.
    void finishRequests(std::function<void()> finished);

    /// Stops listening and ends every HTTP connection at once. Open WebSocketLinks belong to their
    /// sessions and outlive this object; those in a closing handshake are cut.
    void close();

    /// Reads certificate and key again; on success new connections use them, on failure the old
    /// ones stay in use.
    Result<void> reloadTls();

    const TransportCounters& counters() const;
    const TransportOptions& options() const;

    /// WebSockets of each I/O thread; none while the network thread has them all.
    std::vector<size_t> linksPerThread() const;

    /// What maxConnections really is: the configured number or what RLIMIT_NOFILE leaves after
    /// reservedDescriptors. Known after listen().
    int connectionLimit() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/// Raises the soft limit of open descriptors to the hard limit; returns the limit now in force.
/// Called once at the start of a process that serves.
int raiseDescriptorLimit();

} // namespace gatehouse::transport
