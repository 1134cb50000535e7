// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/certificate.h"
#include "tests/support/wait.h"

#include <QNetworkRequest>
#include <QObject>
#include <QUrl>
#include <QWebSocket>
#include <QWebSocketServer>

#include <deque>
#include <memory>
#include <optional>

namespace gatehouse::test {

/// A WebSocket server for tests of clients: says what the test tells it to and keeps what it hears.
/// Sends an open packet to every client and nothing else by itself. One client at a time: the
/// newest.
class ScriptedServer : public QObject
{
    Q_OBJECT

public:
    explicit ScriptedServer(QByteArray openPacket = defaultOpenPacket());
    explicit ScriptedServer(const SelfSigned& identity);
    ~ScriptedServer() override;

    static QByteArray defaultOpenPacket();

    quint16 port() const { return m_port; }
    QUrl url() const; ///< http or https

    void stopListening();
    void listenAgain(); ///< on the same port

    void setOpenPacket(QByteArray packet) { m_openPacket = std::move(packet); } ///< empty: none
    int connectionCount() const { return m_connectionCount; }
    bool isConnected() const;
    QNetworkRequest request() const; ///< of the newest client's handshake

    void send(QByteArrayView text);
    void sendBinary(const QByteArray& octets);
    void close(QWebSocketProtocol::CloseCode code, const QString& reason);
    void abort(); ///< ends the connection without a word
    void reset(); ///< the same with a TCP reset

    /// The next message of any client; null after the deadline.
    QByteArray receive(Millis deadline = Patience);
    bool hasReceived() const { return !m_received.empty(); }

private:
    void start();
    void accept();

    std::unique_ptr<QWebSocketServer> m_server;
    QByteArray m_openPacket;
    QWebSocket* m_client = nullptr;
    std::deque<QByteArray> m_received;
    quint16 m_port = 0;
    int m_connectionCount = 0;
};

} // namespace gatehouse::test
