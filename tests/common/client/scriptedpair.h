// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/socketioclient.h"
#include "tests/support/scriptedserver.h"

#include <QSignalSpy>

namespace gatehouse::test {

inline const NamespaceName Root{"/"};
inline const NamespaceName Tasks{"/tasks"};

inline client::SocketIoClientOptions optionsFor(const ScriptedServer& server)
{
    client::SocketIoClientOptions options;
    options.server = server.url();
    options.reconnect = {.first = Millis{20}, .longest = Millis{40}};
    return options;
}

/// A client in the root namespace of a scripted server.
struct Pair
{
    ScriptedServer server;
    client::SocketIoClient client{optionsFor(server)};
    QSignalSpy events{&client, &client::SocketIoClient::eventReceived};
    QSignalSpy disconnected{&client, &client::SocketIoClient::disconnected};
    QSignalSpy left{&client, &client::SocketIoClient::namespaceDisconnected};

    bool enter(const NamespaceName& nsp = Root)
    {
        client.connectNamespace(nsp);
        client.open();
        if (!server.receive().startsWith("40"))
            return false;
        server.send(nsp == Root ? QByteArray(R"(40{"sid":"s1"})")
                                : QByteArray("40" + nsp.value + R"(,{"sid":"s1"})"));
        return waitUntil([&] { return client.isConnected(nsp); });
    }

    bool hasEnded(const QString& reason)
    {
        return waitUntil([&] { return !disconnected.isEmpty(); })
            && disconnected.first().first().toString().startsWith(reason);
    }
};

} // namespace gatehouse::test
