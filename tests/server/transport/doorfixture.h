// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/transport/server.h"
#include "tests/support/certificate.h"
#include "tests/support/wait.h"

#include <QFile>
#include <QTcpSocket>
#include <QTemporaryDir>

#include <memory>
#include <vector>

namespace gatehouse::test {

/// Keeps every exchange until the test answers it; answers at once when told to.
class RecordingHandler final : public session::HttpHandler
{
public:
    std::optional<protocol::HttpResponse> answerAtOnce;
    std::vector<session::HttpExchangePtr> exchanges;
    int peersGone = 0;

    void handleRequest(const session::HttpExchangePtr& exchange) override
    {
        exchanges.push_back(exchange);
        exchange->setPeerGoneCallback([this] { ++peersGone; });
        if (answerAtOnce)
            exchange->respond(*answerAtOnce);
    }
};

/// A link with everything that came over it.
class RecordingLink final : public session::WebSocketLink::Receiver
{
public:
    explicit RecordingLink(std::unique_ptr<session::WebSocketLink> opened) : link(std::move(opened))
    {
        link->setReceiver(this);
    }
    void textReceived(QByteArrayView utf8) override
    {
        texts.append(utf8.toByteArray());
        if (onText)
            onText();
    }
    void binaryReceived(QByteArrayView octets) override { binaries.append(octets.toByteArray()); }
    void linkClosed(quint16 code, QLatin1StringView) override
    {
        ++closedCount;
        closeCode = code;
        wasClosedInsideSend |= isSending;
        if (onClosed)
            onClosed();
        link.reset();
    }
    void send(const QByteArray& text)
    {
        isSending = true;
        link->send(protocol::EncodedPacket::create(text));
        isSending = false;
    }

    std::unique_ptr<session::WebSocketLink> link;
    QList<QByteArray> texts;
    QList<QByteArray> binaries;
    std::function<void()> onText;
    std::function<void()> onClosed;
    int closedCount = 0;
    quint16 closeCode = 0;
    bool isSending = false;
    bool wasClosedInsideSend = false;
};

class RecordingAcceptor final : public session::WebSocketAcceptor
{
public:
    std::optional<protocol::HttpResponse> refuseWith;
    std::vector<std::unique_ptr<RecordingLink>> links;
    std::vector<protocol::HttpRequest> asked;

    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest& request) override
    {
        asked.push_back(request);
        return refuseWith;
    }
    void linkOpened(
        const protocol::HttpRequest&, std::unique_ptr<session::WebSocketLink> link) override
    {
        links.push_back(std::make_unique<RecordingLink>(std::move(link)));
    }
};

/// A TCP client that sends what it is told and keeps what comes.
class RawClient
{
public:
    explicit RawClient(quint16 port, const QHostAddress& from = QHostAddress())
    {
        if (!from.isNull())
            socket.bind(from);
        socket.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
        waitUntil([this] { return socket.state() == QAbstractSocket::ConnectedState; });
    }
    void send(const QByteArray& octets)
    {
        socket.write(octets);
        socket.flush();
    }
    bool waitFor(const QByteArray& text, int count = 1)
    {
        return waitUntil([&] { return received().count(text) >= count; });
    }
    bool waitForEnd()
    {
        return waitUntil(
            [this] { return received(), socket.state() == QAbstractSocket::UnconnectedState; });
    }
    bool isOpen() const { return socket.state() == QAbstractSocket::ConnectedState; }
    const QByteArray& received()
    {
        m_received += socket.readAll();
        return m_received;
    }
    QByteArray statusLine() { return received().left(received().indexOf("\r\n")); }

    QTcpSocket socket;

private:
    QByteArray m_received;
};

/// Certificate and key in files, as a configuration names them.
class TlsFiles
{
public:
    TlsFiles() { write(makeSelfSigned()); }
    void write(const SelfSigned& identity)
    {
        current = identity;
        writeFile(options().certificateFile, identity.certificatePem);
        writeFile(options().keyFile, identity.keyPem);
    }
    transport::TlsOptions options() const
    {
        return {
            m_dir.filePath(QStringLiteral("cert.pem")), m_dir.filePath(QStringLiteral("key.pem"))};
    }
    static void writeFile(const QString& path, const QByteArray& octets)
    {
        QFile file(path);
        if (file.open(QIODevice::WriteOnly))
            file.write(octets);
    }
    SelfSigned current;

private:
    QTemporaryDir m_dir;
};

/// A front door with "/h/" for HTTP and "/ws" for WebSockets.
class DoorFixture
{
public:
    explicit DoorFixture(transport::TransportOptions options = {})
        : server(std::move(options), clock)
    {
        server.addHandler("/h/", &handler);
        server.addAcceptor("/ws", &acceptor);
        handler.answerAtOnce = protocol::HttpResponse::text(200, "fine");
        listening = server.listen(QHostAddress(QHostAddress::LocalHost), 0);
    }
    quint16 port() const { return server.port(); }
    const transport::TransportCounters& counters() const { return server.counters(); }

    inline static const SystemClock clock; ///< links may outlive the fixture
    RecordingHandler handler;
    RecordingAcceptor acceptor;
    transport::Server server;
    Result<void> listening;
};

} // namespace gatehouse::test
