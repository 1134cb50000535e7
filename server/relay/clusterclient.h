// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"

#include <QByteArrayView>

#include <optional>
#include <utility>
#include <vector>

namespace gatehouse::relay {

/// A client as every process on the bus knows it. A value.
struct ClusterClient
{
    SocketId id;
    NamespaceName nsp;
    /// "user:12"; with its name for a number when it has none ("user:bob"); empty: nobody.
    QByteArray principal{};
    QByteArray name{}; ///< for people
    QByteArray host{};
    quint16 port = 0; ///< 0: unknown, as behind a proxy
    std::vector<RoomName> rooms{}; ///< in the order of their names

    friend bool operator==(const ClusterClient&, const ClusterClient&) = default;

    /// {"id","namespace","principal","name","address":[host,port],"rooms":[…]}; shortened where
    /// fromJson() would not take it, and by its last rooms to `maxBytes`.
    QByteArray toJson(qsizetype maxBytes = 512 * 1024) const;
    /// Nothing when it is not of that form, or has a name over 1,024 octets or over 10,000 rooms.
    static std::optional<ClusterClient> fromJson(QByteArrayView checked);
};

/// Where a client connects from: host and port.
using ClientAddress = std::pair<QByteArray, quint16>;

/// ["203.0.113.7",51234]; nothing for anything else.
std::optional<ClientAddress> clientAddressOf(QByteArrayView checked);

} // namespace gatehouse::relay
