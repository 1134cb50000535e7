// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/services/typenames.h"

#include <QStringList>

#include <map>

namespace gatehouse::services {

/// What one service may do on the bus. A value.
struct ServiceRights
{
    TypePatterns wants{}; ///< types it may get; `*` for `"wanted":"all"`
    TypePatterns sends{}; ///< types it may send
    TypePatterns serves{}; ///< queues whose calls it may take
    TypePatterns asks{}; ///< queues it may call
    TypePatterns publishes{}; ///< exchanges, `own` for the bus's own one
    bool isEverything = false;

    bool mayWantAll() const { return isEverything || wants.matchesAll(); }
    bool mayWant(QByteArrayView type) const { return isEverything || wants.match(type); }
    bool maySend(QByteArrayView type) const { return isEverything || sends.match(type); }
    bool mayServe(QByteArrayView queue) const { return isEverything || serves.match(queue); }
    bool mayAsk(QByteArrayView queue) const { return isEverything || asks.match(queue); }
    bool mayPublish(QByteArrayView exchange) const
    {
        return isEverything || publishes.match(exchange.isEmpty() ? "own" : exchange);
    }
};

/// The rights of all services: one line for each, `ID wants=… sends=… serves=… asks=… publishes=…`,
/// where ID is the number of its token, or `*` for every service without a line. Lists are divided
/// by `|`, each entry may begin or end in `*`, and what a line does not mention it does not allow.
/// Without any line every service may do everything.
class ServiceRightsTable
{
public:
    ServiceRightsTable() = default;
    static Result<ServiceRightsTable> parse(
        const QStringList& lines); ///< BadRequest names the line

    const ServiceRights& of(qint64 id) const;

private:
    std::map<qint64, ServiceRights> m_rights;
    ServiceRights m_others{.isEverything = true};
};

} // namespace gatehouse::services
