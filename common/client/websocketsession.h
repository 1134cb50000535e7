// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/socketiovalues.h"
#include "common/protocol/engineio.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

class QSslError;
class QWebSocket;

namespace gatehouse::client {

/// One attempt to hold an Engine.IO session over a WebSocket, from connecting to its end. Answers
/// pings itself and notices a server that went silent. Owned by SocketIoClient and in its thread.
class WebSocketSession : public QObject
{
    Q_OBJECT

public:
    WebSocketSession(const SocketIoClientOptions& options, QObject* parent = nullptr);
    ~WebSocketSession() override;

    void open();

    /// The Engine.IO message `packet` and its attachments.
    void send(const protocol::EncodedPacketPtr& packet);

    /// Says goodbye and ends; ended() is not emitted.
    void close();

    bool isOpen() const { return m_isOpen; }

Q_SIGNALS:
    void opened();
    void messageReceived(const QByteArray& text); ///< without the Engine.IO '4'
    void attachmentReceived(const QByteArray& octets);
    void ended(const QString& reason); ///< last signal, once

private:
    class SocketCall;

    void handleText(const QString& message);
    void handleBinary(const QByteArray& octets);
    void handleOpenPacket(QByteArrayView json);
    void handleSslErrors(const QList<QSslError>& errors);
    void handleSocketEnd();
    void checkSilence();
    void end(const QString& reason);
    void release(QWebSocket* socket); ///< from us to our owner, who outlives us
    QUrl url() const;

    const SocketIoClientOptions m_options;
    QWebSocket* m_socket; ///< our child until close() sets it free to finish
    int m_socketCalls = 0; ///< handlers of the socket's signals on the stack
    QTimer m_watchdog; ///< the open packet's deadline, then the check for silence
    QElapsedTimer m_sinceHeard;
    Millis m_longestSilence{};
    QString m_tlsProblem;
    bool m_isOpen = false;
    bool m_socketHasEnded = false; ///< by itself: an error or the server's end
    bool m_hasEnded = false;
};

} // namespace gatehouse::client
