// SPDX-License-Identifier: Apache-2.0
#include "server/session/servercore.h"

#include <QRandomGenerator>

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
      timers(c, stallThreshold(options)), closingLinks(turn),
      ping(protocol::EncodedPacket::create("2")), pong(protocol::EncodedPacket::create("3"))
{
}

QByteArray makeId()
{
    std::array<quint32, 5> words;
    QRandomGenerator::system()->fillRange(words.data(), qsizetype(words.size()));
    constexpr qsizetype octets = 18; // a multiple of three: no padding, 24 characters
    return QByteArray(reinterpret_cast<const char*>(words.data()), octets)
        .toBase64(QByteArray::Base64UrlEncoding);
}

} // namespace gatehouse::session
