// SPDX-License-Identifier: Apache-2.0
#include "common/core/networkkey.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace gatehouse {

QString networkKey(const QString& address)
{
    if (!address.contains(u':'))
        return address;
    std::array<uchar, 16> octets{};
    if (::inet_pton(AF_INET6, address.toLatin1().constData(), octets.data()) != 1)
        return address;
    constexpr std::array<uchar, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::memcmp(octets.data(), mapped.data(), mapped.size()) == 0)
        return QStringLiteral("%1.%2.%3.%4")
            .arg(octets[12])
            .arg(octets[13])
            .arg(octets[14])
            .arg(octets[15]);
    const QByteArray network(reinterpret_cast<const char*>(octets.data()), 8);
    return QString::fromLatin1(network.toHex()) + QStringLiteral("/64");
}

} // namespace gatehouse
