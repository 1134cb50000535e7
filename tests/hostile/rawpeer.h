// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/websocketframe.h"
#include "tests/support/httpcall.h"
#include "tests/support/wait.h"

#include <QElapsedTimer>
#include <QTcpSocket>
#include <QTimer>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace gatehouse::test {

/// A TCP client that sends what it is told, at once or drop by drop, and notes when it is cut off.
class RawPeer
{
public:
    explicit RawPeer(quint16 port)
    {
        m_age.start();
        QObject::connect(&m_socket, &QTcpSocket::readyRead, [this] { read(); });
        QObject::connect(&m_socket, &QTcpSocket::disconnected, [this] { noteEnd(); });
        QObject::connect(&m_drip, &QTimer::timeout, [this] { dripOne(); });
        m_socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
        waitUntil([this] { return m_socket.state() == QAbstractSocket::ConnectedState; });
    }
    ~RawPeer() { m_socket.disconnect(); }
    Q_DISABLE_COPY_MOVE(RawPeer)

    void send(const QByteArray& octets)
    {
        m_socket.write(octets);
        m_socket.flush();
    }
    /// One octet each `interval`; the last one again and again.
    void drip(const QByteArray& octets, Millis interval)
    {
        m_dripping = octets;
        m_drip.start(interval);
    }
    void stopReading()
    {
        m_isReading = false;
        m_socket.setReadBufferSize(1);
        constexpr int small = 4'096;
        ::setsockopt(int(m_socket.socketDescriptor()), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    void reset()
    {
        const linger now{1, 0};
        ::setsockopt(int(m_socket.socketDescriptor()), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        m_socket.abort();
    }

    bool waitFor(const QByteArray& text)
    {
        return waitUntil([&] { return m_received.contains(text); });
    }
    bool waitForEnd(Millis deadline = Patience)
    {
        QTimer look; // who does not read is told nothing
        look.start(Millis{20});
        return waitUntil([this] { return hasEnded(); }, deadline);
    }
    bool hasEnded()
    {
        tcp_info info{};
        socklen_t size = sizeof info;
        if (!m_isReading
            && ::getsockopt(int(m_socket.socketDescriptor()), IPPROTO_TCP, TCP_INFO, &info, &size)
                == 0
            && info.tcpi_state != TCP_ESTABLISHED)
            noteEnd();
        return m_endedAfter >= Millis{0};
    }
    Millis endedAfter() const { return m_endedAfter; } ///< since it connected
    const QByteArray& received() const { return m_received; }
    int status() const { return m_received.mid(9, 3).toInt(); } ///< of the first HTTP answer

private:
    void read()
    {
        if (m_isReading)
            m_received += m_socket.readAll();
    }
    void noteEnd()
    {
        read();
        m_drip.stop();
        if (m_endedAfter < Millis{0})
            m_endedAfter = Millis{m_age.elapsed()};
    }
    void dripOne()
    {
        send(m_dripping.first(1));
        if (m_dripping.size() > 1)
            m_dripping.remove(0, 1);
    }

    QTcpSocket m_socket;
    QTimer m_drip;
    QElapsedTimer m_age;
    QByteArray m_dripping;
    QByteArray m_received;
    Millis m_endedAfter{-1};
    bool m_isReading = true;
};

inline QByteArray upgradeRequest(const QByteArray& more = {}, const QByteArray& sid = {})
{
    return "GET /socket.io/?EIO=4&transport=websocket" + (sid.isEmpty() ? sid : "&sid=" + sid)
        + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + more + "\r\n";
}

inline QByteArray textFrame(QByteArrayView text)
{
    return protocol::maskedWebSocketFrame(protocol::WebSocketOpcode::Text, text, 0x12345678);
}

/// A new polling session; its id.
inline QByteArray openPolling(quint16 port)
{
    const QByteArray body = httpRequest(port, "GET", "/socket.io/?EIO=4&transport=polling").body;
    const qsizetype begin = body.indexOf("\"sid\":\"") + 7;
    return body.mid(begin, body.indexOf('"', begin) - begin);
}

inline QByteArray sessionTarget(const QByteArray& sid)
{
    return "/socket.io/?EIO=4&transport=polling&sid=" + sid;
}

} // namespace gatehouse::test
