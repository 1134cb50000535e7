// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/bus.h"
#include "server/hub/hub.h"
#include "server/relay/clusterview.h"

#include <QSet>
#include <QStringList>

#include <functional>
#include <optional>
#include <vector>

namespace gatehouse::relay {

struct ClusterCallOptions
{
    QByteArray queue; ///< empty: no service may call
    QStringList methods; ///< those that may be called, of ClusterCalls::methodNames()
    /// Where they may act and look: the named ones, or every one but the guarded, which count only
    /// when they are named.
    bool isEveryNamespace = true;
    QSet<NamespaceName> namespaces{};
    QSet<NamespaceName> guarded{};
    qsizetype maxListed = 10'000; ///< clients, or rooms, in one answer
    qsizetype maxNames = 1'000; ///< rooms, principals, addresses or clients that a call may name
    qsizetype maxAnswerBytes = 8 * 1024 * 1024; ///< of a list; what is over is another page
};

/// Totals since the start. Plain numbers of the network thread.
struct ClusterCallCounters
{
    quint64 calls = 0;
    quint64 refused = 0; ///< of these and of what was published: malformed, or not allowed
    quint64 emitted = 0; ///< events given to the rooms of this process
    quint64 kicked = 0; ///< clients of this process
};

/// What services may ask of all processes on the bus at once, whichever of them takes the call:
///
///     {"method":"emit","args":[],"kwargs":{…}} -> {"resp":{…},"sc":200}
///
/// emit and kick are done by every process on its own clients: the one that is called publishes the
/// call on the topic "control" of the bus's own exchange, which all of them hear in one order, and
/// answers when the broker has it. A service that wants no answer publishes there itself. Lists are
/// read from the ClusterView. docs/bus.md has the methods. Owned by the composition root; network
/// thread only.
class ClusterCalls
{
public:
    /// Nothing to call when options.queue is empty.
    ClusterCalls(ClusterCallOptions options, hub::Hub& hub, ClusterView& view, bus::Bus& bus);

    /// Is told of each kick that ended clients of this process: who had asked for it on the bus,
    /// how many clients, and of which namespace.
    using Kicked = std::function<void(
        const QByteArray& sender, qsizetype clients, const NamespaceName& nsp)>;
    void setKicked(Kicked kicked) { m_kicked = std::move(kicked); }
    Q_DISABLE_COPY_MOVE(ClusterCalls)

    static QStringList methodNames(); ///< emit, kick, list_clients, list_rooms

    const ClusterCallCounters& counters() const { return m_counters; }

private:
    struct Call;
    struct Whom;

    Result<Call> read(const QByteArray& body) const;
    Result<Whom> readWhom(QByteArrayView kwargs) const;
    void called(const bus::Message& message, bus::Reply reply);
    bus::Verdict heard(const bus::Message& message);
    void passOn(const bus::Message& message, qsizetype clients, bus::Reply reply);
    void emitEvent(const Call& call);
    void kick(const Call& call, const QByteArray& sender);
    bool mayUse(const NamespaceName& nsp) const;
    bool isEmpty(const NamespaceName& nsp) const; ///< nobody is there, and nothing is kept for any
    hub::Publication publicationFor(const Call& call);
    std::vector<SocketId> ownClients(const Whom& whom);
    qsizetype countAll(const Whom& whom);
    qsizetype countIn(const Whom& whom, const ClusterMembers& members) const;
    QByteArray clientList(const Call& call);
    QByteArray roomList(const Call& call);

    const ClusterCallOptions m_options;
    hub::Hub& m_hub;
    ClusterView& m_view;
    bus::Bus& m_bus;
    ClusterCallCounters m_counters;
    Kicked m_kicked;
    std::vector<bus::Ticket> m_tickets;
};

} // namespace gatehouse::relay
