// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QWebSocketServer>

namespace gatehouse::transport {

/// Lets a QWebSocketServer shake hands, away from any connection: it reads a short head composed
/// from the one checked value it needs, out of memory, and its answer is kept as octets. So nothing
/// it overlooks (a second Connection field, a repeated header) or copies into its answer (Origin)
/// comes from outside, nothing waits, and no object of Qt's stays with the connection.
///
/// The 101 Qt writes carries, besides what RFC 6455 asks for, "Server" and "Date". It also names
/// "*" as allowed origin, with whatever belongs to that; these fields are taken out.
class Handshaker
{
public:
    Handshaker();

    /// The answer to an upgrade request with this Sec-WebSocket-Key; empty when Qt refuses.
    QByteArray answerTo(const QByteArray& key);

private:
    QWebSocketServer m_server;
};

} // namespace gatehouse::transport
