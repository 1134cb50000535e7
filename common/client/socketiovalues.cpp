// SPDX-License-Identifier: Apache-2.0
#include "common/client/socketiovalues.h"

#include "common/protocol/jsonargs.h"

namespace gatehouse::client {

QJsonArray ReceivedEvent::json() const
{
    return protocol::fromJsonArgs(args);
}

QJsonArray AckReply::json() const
{
    return protocol::fromJsonArgs(args);
}

} // namespace gatehouse::client
