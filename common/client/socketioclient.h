// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/socketiovalues.h"

#include <QHash>
#include <QObject>
#include <QTimer>

#include <memory>

namespace gatehouse::client {

class PendingAcks;
class WebSocketSession;

/// A Socket.IO 5 client (Engine.IO 4, WebSocket transport): several namespaces over one connection,
/// acks both ways, binary attachments. Reconnects for ever after the first open(), and enters its
/// namespaces again each time. Nothing is buffered while it is not connected: an emit then fails at
/// once, because an event sent minutes later would lie about its moment. Lives in the thread that
/// made it; a slot may close or delete the client.
class SocketIoClient : public QObject
{
    Q_OBJECT

public:
    enum class State : quint8 {
        Closed, ///< before open() and after close()
        Connecting,
        Connected, ///< the session is open; namespaces follow on their own
        Waiting, ///< for the next attempt
    };
    Q_ENUM(State)

    explicit SocketIoClient(SocketIoClientOptions options = {}, QObject* parent = nullptr);
    ~SocketIoClient() override;

    /// Takes effect with the next attempt to connect (a new token, another server).
    void setOptions(SocketIoClientOptions options);
    const SocketIoClientOptions& options() const { return m_options; }

    State state() const { return m_state; }

    void open(); ///< in Waiting: tries at once
    void close(); ///< leaves every namespace; they are entered again by the next open()

    /// Ends the connection, if any, and makes a new one at once: what new options need.
    void reopen();

    /// Enters a namespace now or as soon as connected, and again after every reconnection, until it
    /// is left, or the server refuses or ends it. Calling again changes the payload for the next
    /// time. `authJson` is a JSON object or empty.
    void connectNamespace(const NamespaceName& nsp, const QByteArray& authJson = {});
    void disconnectNamespace(const NamespaceName& nsp);

    bool isConnected(const NamespaceName& nsp) const;
    SocketId socketId(const NamespaceName& nsp) const; ///< empty when not connected

    /// False, and nothing is sent, when the namespace is not connected. `args` must be valid JSON.
    bool emitEvent(const NamespaceName& nsp, QByteArrayView name,
        const protocol::JsonArgs& args = {}, const QList<QByteArray>& attachments = {});
    bool emitJson(const NamespaceName& nsp, QByteArrayView name, const QJsonArray& args);

    /// The callback is dropped when `context` is destroyed first; it is never called from inside
    /// this function. A zero timeout is options().ackTimeout.
    void emitWithAck(const NamespaceName& nsp, QByteArrayView name, const protocol::JsonArgs& args,
        QObject* context, AckCallback callback, Millis timeout = {},
        const QList<QByteArray>& attachments = {});
    void emitJsonWithAck(const NamespaceName& nsp, QByteArrayView name, const QJsonArray& args,
        QObject* context, AckCallback callback, Millis timeout = {});

    /// Answers an event that has an ackId.
    void acknowledge(const ReceivedEvent& event, const protocol::JsonArgs& args = {},
        const QList<QByteArray>& attachments = {});

Q_SIGNALS:
    void stateChanged(gatehouse::client::SocketIoClient::State state);
    void connected();
    void connectFailed(const QString& reason); ///< an attempt ended before the session was open
    void disconnected(const QString& reason); ///< an open session ended
    void reconnecting(std::chrono::milliseconds in);

    void namespaceConnected(const gatehouse::NamespaceName& nsp);
    /// The server said no; `json` is an object or a text. It is not tried again by itself.
    void connectRefused(const gatehouse::NamespaceName& nsp, const QByteArray& json);
    /// A connected namespace ended: left, ended by the server, or with the connection.
    void namespaceDisconnected(const gatehouse::NamespaceName& nsp, const QString& reason);
    void eventReceived(const gatehouse::client::ReceivedEvent& event);

private:
    struct Membership
    {
        QByteArray authJson;
        SocketId socketId; ///< empty until the server has answered
        bool isRequested = false; ///< in this session
    };

    void startSession();
    void dropSession();
    void waitForNextAttempt();
    void setState(State state);

    void handleOpened();
    void handleEnded(const QString& reason);
    void handleMessage(const QByteArray& text);
    void handleAttachment(const QByteArray& octets);
    void handleDecoded(Result<std::optional<protocol::SocketIoPacket>> decoded);
    void handlePacket(protocol::SocketIoPacket packet);
    void handleConnectAnswer(const protocol::SocketIoPacket& packet);
    void handleEvent(protocol::SocketIoPacket packet);
    void leaveAll(const QString& reason);
    void handleServerDisconnect(const NamespaceName& nsp);
    void requestNamespace(const NamespaceName& nsp, Membership& membership);
    void sendDisconnect(const NamespaceName& nsp);

    SocketIoClientOptions m_options;
    std::unique_ptr<protocol::SocketIoDecoder> m_decoder;
    PendingAcks* m_acks;
    WebSocketSession* m_session = nullptr;
    QHash<NamespaceName, Membership> m_namespaces;
    QTimer m_reconnectTimer;
    int m_attempt = 0;
    State m_state = State::Closed;
};

} // namespace gatehouse::client

Q_DECLARE_METATYPE(gatehouse::NamespaceName)
