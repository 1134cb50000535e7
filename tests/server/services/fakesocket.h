// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/plainsocket.h"

namespace gatehouse::test {

/// A client in memory: keeps what it is sent.
class FakeSocket final : public session::PlainSocket
{
public:
    explicit FakeSocket(QByteArray id, quint16 port = 0) : m_id{std::move(id)}
    {
        m_handshake.peerAddress = QStringLiteral("192.0.2.7");
        m_handshake.peerPort = port;
    }

    const SocketId& socketId() const override { return m_id; }
    void deliver(const protocol::EncodedPacketPtr&, hub::Urgency) override { }
    SessionId sessionId() const override { return {m_id.value}; }
    const session::Handshake& handshake() const override { return m_handshake; }
    const access::Principal& principal() const override { return m_principal; }
    void setPrincipal(access::Principal principal) override { m_principal = std::move(principal); }
    void send(const protocol::EncodedPacketPtr& packet) override
    {
        if (!closeCode)
            texts << packet->text();
    }
    bool join(const RoomName&) override { return false; }
    void leave(const RoomName&) override { }
    qsizetype queuedBytes() const override { return 0; }
    quint64 missedEvents() const override { return 0; }
    void close(session::CloseCode code, QLatin1StringView reason) override
    {
        if (closeCode)
            return;
        closeCode = code;
        closeReason = QByteArray(reason.data(), reason.size());
        if (handler)
            handler->socketClosed(*this, closeReason);
    }
    bool settle() override { return true; }

    void open(session::PlainHandler& its)
    {
        handler = &its;
        its.socketOpened(*this);
    }
    void say(const QByteArray& text)
    {
        if (!closeCode)
            handler->textReceived(*this, text);
    }
    void authorize(const QByteArray& token)
    {
        m_handshake.headers.add("Authorization", "Bearer " + token);
    }
    QByteArrayList takeTexts() { return std::exchange(texts, {}); }

    session::PlainHandler* handler = nullptr;
    QByteArrayList texts;
    std::optional<session::CloseCode> closeCode;
    QByteArray closeReason;

private:
    SocketId m_id;
    session::Handshake m_handshake;
    access::Principal m_principal;
};

} // namespace gatehouse::test
