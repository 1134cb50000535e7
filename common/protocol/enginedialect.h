// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

namespace gatehouse::protocol {

/// Which Engine.IO a transport of a client speaks. The packets' texts are the same in both
/// versions; what differs is how packets are put into a polling payload, how binary is marked, and
/// who pings.
enum class EngineDialect : quint8 {
    V4,
    V3, ///< binary as octets
    V3Base64, ///< a client without binary of its own ("b64=1"): base64 within text
};

constexpr bool isVersion3(EngineDialect dialect)
{
    return dialect != EngineDialect::V4;
}

} // namespace gatehouse::protocol
