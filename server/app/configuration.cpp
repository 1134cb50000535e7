// SPDX-License-Identifier: Apache-2.0
#include "server/app/configuration.h"

#include <algorithm>

namespace gatehouse::app {

std::optional<ListenAddress> ListenAddress::fromText(const QString& text)
{
    const qsizetype colon = text.lastIndexOf(u':');
    if (colon < 1) {
        return std::nullopt;
    }
    QString host = text.first(colon);
    if (host.startsWith(u'[') && host.endsWith(u']')) {
        host = host.sliced(1, host.size() - 2);
    } else if (host.contains(u':')) {
        return std::nullopt; // which colon starts the port is anybody's guess
    }
    if (host == QLatin1StringView("localhost")) {
        host = QStringLiteral("127.0.0.1");
    }
    bool ok = false;
    const ListenAddress result{QHostAddress(host), text.sliced(colon + 1).toUShort(&ok)};
    if (!ok || result.address.isNull()) {
        return std::nullopt;
    }
    return result;
}

QString ListenAddress::toText() const
{
    const QString host = address.protocol() == QAbstractSocket::IPv6Protocol
        ? QString(u'[' + address.toString() + u']')
        : address.toString();
    return host + u':' + QString::number(port);
}

Configuration::Configuration()
{
    constexpr qint64 mib = 1 << 20;
    session.messages = {5'000, 50'000};
    session.bytes = {16 * mib, 64 * mib};
    session.maxUnidentifiedBytes = 16 * 1'024;
    session.perAddress = {10'000, 1'000, {1'000, 10'000}};
    transport.webSocket.controlFrames = {1'000, 10'000};
    transport.http.maxRequestsPerConnection = 100'000;
}

QString Configuration::secretPath() const
{
    return auth.secretFile.isEmpty() ? QString(server.data + QStringLiteral("/jwt.key"))
                                     : auth.secretFile;
}

access::LoginLimiterOptions Configuration::loginLimits() const
{
    access::LoginLimiterOptions options = logins;
    options.maxAddressFailures = addressFailures;
    return options;
}

access::LoginLimiterOptions Configuration::badTokens() const
{
    access::LoginLimiterOptions options = logins;
    options.maxFailures = tokenFailures;
    return options;
}

namespace {

/// Half a client's queue: over a quarter of it no more is read, so a further answer always fits.
qsizetype largestAnswer(const session::SessionOptions& options)
{
    return options.maxQueuedBytes / 2;
}

} // namespace

events::FederationOptions Configuration::federationOptions() const
{
    events::FederationOptions options = federation;
    options.maxHistoryBytes = std::min(options.maxHistoryBytes, largestAnswer(session));
    return options;
}

events::AdminOptions Configuration::adminOptions() const
{
    events::AdminOptions options;
    options.nodeSilence = federation.nodeSilence;
    options.maxHistoryBytes = std::min(options.maxHistoryBytes, largestAnswer(session));
    return options;
}

transport::TransportOptions Configuration::transportOptions() const
{
    transport::TransportOptions options = transport;
    options.webSocket.maxMessageBytes = session.maxPayloadBytes;
    // A message by polling is a body.
    options.http.maxBodyBytes = std::max(options.http.maxBodyBytes, session.maxPayloadBytes);
    options.webSocket.maxQueuedBytes = session.maxQueuedBytes;
    options.webSocket.maxQueueAge = session.maxQueueAge;
    return options;
}

} // namespace gatehouse::app
