// SPDX-License-Identifier: Apache-2.0
#include "server/transport/server.h"

#include "server/transport/frontdoor.h"
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
    return d->door.listen(address, port);
}

bool Server::isListening() const
{
    return d->door.listener() != nullptr;
}

QHostAddress Server::address() const
{
    return isListening() ? d->door.listener()->address() : QHostAddress();
}

quint16 Server::port() const
{
    return isListening() ? d->door.listener()->port() : quint16(0);
}

void Server::addHandler(const QByteArray& prefix, session::HttpHandler* handler)
{
    d->door.router().addHandler(prefix, handler);
}

void Server::addAcceptor(const QByteArray& path, session::WebSocketAcceptor* acceptor)
{
    d->door.router().addAcceptor(path, acceptor);
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
