// SPDX-License-Identifier: Apache-2.0
#include "server/session/servercore.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

namespace gatehouse::session {

namespace {

/// A pause no shorter than the time a client gets for its pong would drop it; longer than a second
/// is no scheduling jitter either.
Millis stallThreshold(const SessionOptions& options)
{
    return std::min(options.pingTimeout, Millis{1'000});
}

} // namespace

ServerCore::ServerCore(SessionOptions o, hub::Hub& h, const Clock& c)
    : options(std::move(o)), hub(h), clock(c), origins(options.allowedOrigins),
      addresses(options.perAddress, c), timers(c, stallThreshold(options)), closingLinks(turn),
      ping(protocol::EncodedPacket::create("2")), pong(protocol::EncodedPacket::create("3"))
{
}

QByteArray makeId()
{
    // Fetched for many at a time: Qt's generator asks the processor word by word, which costs more
    // than the rest of a session's beginning.
    constexpr size_t octets = 18; // a multiple of three: no padding, 24 characters
    thread_local std::array<char, octets * 14> pool; // getrandom() gives up to 256 as a whole
    thread_local size_t used = pool.size();
    if (used == pool.size()) {
        if (::getrandom(pool.data(), pool.size(), 0) != ssize_t(pool.size()))
            qFatal("no random numbers");
        used = 0;
    }
    char* const secret = pool.data() + std::exchange(used, used + octets);
    const QByteArray id
        = QByteArray::fromRawData(secret, octets).toBase64(QByteArray::Base64UrlEncoding);
    std::fill_n(secret, octets, '\0');
    return id;
}

} // namespace gatehouse::session
