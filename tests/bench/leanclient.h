// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/websocketframe.h"

#include <QByteArray>

#include <functional>

namespace gatehouse::bench {

/// Where and as whom a client connects.
struct Entrance
{
    quint16 port = 0;
    QByteArray nsp = "/";
    QByteArray authJson = {}; ///< of the namespace
    QByteArray headers = {}; ///< more lines of the request, each with its line end
};

/// A Socket.IO client over one WebSocket that costs next to nothing: a descriptor, a decoder, and
/// answers to pings. Somebody else waits for its descriptor. Plain TCP to 127.0.0.1.
class LeanClient
{
public:
    enum class State { ShakingHands, Opening, Entering, Ready, Ended };

    explicit LeanClient(Entrance entrance);
    ~LeanClient();
    Q_DISABLE_COPY_MOVE(LeanClient)

    int descriptor() const { return m_descriptor; }
    State state() const { return m_state; }
    const QByteArray& lastError() const { return m_error; }

    /// Called with each Socket.IO packet once Ready, without the Engine.IO '4'.
    void setPacketCallback(std::function<void(QByteArrayView)> callback);

    void readAvailable(); ///< what is there, without waiting
    void sendText(QByteArrayView text);

private:
    void takeHandshake(std::span<char>& input);
    void take(QByteArrayView text);
    void fail(const QByteArray& error);
    QByteArray nspPrefix() const;

    const Entrance m_entrance;
    protocol::WebSocketDecoder m_decoder{protocol::WebSocketRole::Client};
    std::function<void(QByteArrayView)> m_callback;
    QByteArray m_head;
    QByteArray m_error;
    int m_descriptor = -1;
    State m_state = State::ShakingHands;
};

} // namespace gatehouse::bench
