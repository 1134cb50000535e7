// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

namespace gatehouse {

/// What an address is counted as: an IPv6 address is its /64 network, because whoever has one has
/// the 2^64 of it; an IPv4 address written as IPv6 is the IPv4 address; everything else is itself.
QString networkKey(const QString& address);

} // namespace gatehouse
