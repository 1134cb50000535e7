// SPDX-License-Identifier: Apache-2.0
#include "server/transport/server.h"

#include "server/transport/frontdoor.h"
#include "server/transport/iothread.h"
#include "server/transport/listener.h"

#include <sys/resource.h>

namespace gatehouse::transport {

struct Server::Private
{
    FrontDoor door;
};

Server::Server(TransportOptions options, const Clock& clock)
    : d(new Private{FrontDoor(std::move(options), clock)})
{
}

Server::~Server() = default;

Result<void> Server::listen(const QHostAddress& address, quint16 port)
{
    return listen(Gate::Main, address, port);
}

Gate Server::addGate(Encryption encryption)
{
    return Gate{d->door.addGate(encryption)};
}

Result<void> Server::listen(Gate gate, const QHostAddress& address, quint16 port)
{
    return d->door.listen(size_t(gate), address, port);
}

bool Server::isListening() const
{
    return d->door.listener(size_t(Gate::Main)) != nullptr;
}

QHostAddress Server::address(Gate gate) const
{
    const Listener* listener = d->door.listener(size_t(gate));
    return listener ? listener->address() : QHostAddress();
}

quint16 Server::port(Gate gate) const
{
    const Listener* listener = d->door.listener(size_t(gate));
    return listener ? listener->port() : quint16(0);
}

void Server::addHandler(const QByteArray& prefix, session::HttpHandler* handler, Gate gate)
{
    d->door.router(size_t(gate)).addHandler(prefix, handler);
}

void Server::addAcceptor(const QByteArray& path, session::WebSocketAcceptor* acceptor, Gate gate)
{
    d->door.router(size_t(gate)).addAcceptor(path, acceptor);
}

void Server::setFallbackAcceptor(session::WebSocketAcceptor* acceptor, Gate gate)
{
    d->door.router(size_t(gate)).setFallbackAcceptor(acceptor);
}

void Server::stopListening()
{
    d->door.stopListening();
}

void Server::finishRequests(std::function<void()> finished)
{
    d->door.finishRequests(std::move(finished));
}

void Server::close()
{
    d->door.close();
}

Result<void> Server::reloadTls()
{
    return d->door.reloadTls();
}

const TransportCounters& Server::counters() const
{
    return d->door.refreshedCounters();
}

const TransportOptions& Server::options() const
{
    return d->door.context().options;
}

std::vector<size_t> Server::linksPerThread() const
{
    std::vector<size_t> links;
    for (const auto& thread : d->door.webSocketDoor().threads())
        links.push_back(thread->linkCount());
    return links;
}

int Server::connectionLimit() const
{
    return d->door.connectionLimit();
}

int raiseDescriptorLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
            ::getrlimit(RLIMIT_NOFILE, &limit);
    }
    return int(std::min<rlim_t>(limit.rlim_cur, rlim_t(std::numeric_limits<int>::max())));
}

} // namespace gatehouse::transport
