// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/reconnectpolicy.h"
#include "common/protocol/http.h"
#include "common/protocol/socketiopacket.h"

#include <QJsonArray>
#include <QSslCertificate>
#include <QUrl>
#include <QUrlQuery>

#include <functional>

namespace gatehouse::client {

/// Which certificate authorities a `wss` server may be signed by. Errors are never ignored; to
/// trust one self-signed server and nobody else, give its certificate and ExtraOnly.
enum class Authorities : quint8 { SystemAndExtra, ExtraOnly };

struct SocketIoClientOptions
{
    QUrl server; ///< http, https, ws or wss; scheme, host and port count, the path is `path`
    QString path = QStringLiteral("/socket.io/");
    QUrlQuery query; ///< added to EIO=4&transport=websocket
    protocol::HttpHeaders headers; ///< of the handshake, such as Authorization
    Authorities authorities = Authorities::SystemAndExtra;
    QList<QSslCertificate> extraAuthorities;
    Millis connectTimeout{20'000}; ///< from the start of an attempt to the server's open packet
    Millis ackTimeout{20'000}; ///< for acks asked for without a timeout of their own
    qsizetype maxMessageBytes = 16 << 20; ///< one incoming message, and its attachments together
    ReconnectPolicy reconnect;
};

/// An event as it arrived.
struct ReceivedEvent
{
    NamespaceName nsp;
    QByteArray name;
    protocol::JsonArgs args;
    QList<QByteArray> attachments;
    std::optional<quint64> ackId; ///< the server waits for SocketIoClient::acknowledge()

    QJsonArray json() const; ///< the arguments; binary ones are placeholders
};

/// The answer to an event of ours.
struct AckReply
{
    protocol::JsonArgs args;
    QList<QByteArray> attachments;

    QJsonArray json() const;
};

/// Called once: with the answer, or with Timeout, or Unavailable when the namespace went before it
/// came (or was not connected at all).
using AckCallback = std::function<void(Result<AckReply>)>;

} // namespace gatehouse::client

Q_DECLARE_METATYPE(gatehouse::client::ReceivedEvent)
