// SPDX-License-Identifier: Apache-2.0
// ws-echo: sends every WebSocket message back as it came. Made from the server's own front door,
// for conformance clients:
//   ws-echo --listen 127.0.0.1:0 [--max-message OCTETS] [--stream descriptor|socket]
//           [--io-threads NUMBER] [--cert FILE --key FILE]
// Prints "listening on PORT" and serves until it is terminated.
#include "server/transport/epolldispatcher.h"
#include "server/transport/server.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <cstdio>
#include <unordered_map>

using namespace gatehouse;
using protocol::EncodedPacket;

namespace {

class Echo final : public session::WebSocketAcceptor
{
public:
    std::optional<protocol::HttpResponse> refusal(const protocol::HttpRequest&) override
    {
        return std::nullopt;
    }

    void linkOpened(
        const protocol::HttpRequest&, std::unique_ptr<session::WebSocketLink> link) override
    {
        auto session = std::make_unique<Session>(*this, std::move(link));
        Session* key = session.get();
        m_sessions.emplace(key, std::move(session));
    }

private:
    class Session final : public session::WebSocketLink::Receiver
    {
    public:
        Session(Echo& echo, std::unique_ptr<session::WebSocketLink> link)
            : m_echo(echo), m_link(std::move(link))
        {
            m_link->setReceiver(this);
        }
        void textReceived(QByteArrayView utf8) override
        {
            m_link->send(EncodedPacket::create(utf8.toByteArray()));
        }
        void binaryReceived(QByteArrayView octets) override
        {
            m_link->send(EncodedPacket::createBinary(octets.toByteArray()));
        }
        void linkClosed(quint16, QLatin1StringView) override { m_echo.m_sessions.erase(this); }

    private:
        Echo& m_echo;
        std::unique_ptr<session::WebSocketLink> m_link;
    };

    std::unordered_map<Session*, std::unique_ptr<Session>> m_sessions;
};

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    transport::raiseDescriptorLimit();

    QCommandLineParser parser;
    const QCommandLineOption listenOption(QStringLiteral("listen"), {},
        QStringLiteral("address:port"), QStringLiteral("127.0.0.1:0"));
    const QCommandLineOption sizeOption(
        QStringLiteral("max-message"), {}, QStringLiteral("octets"), QStringLiteral("33554432"));
    const QCommandLineOption certificateOption(QStringLiteral("cert"), {}, QStringLiteral("file"));
    const QCommandLineOption keyOption(QStringLiteral("key"), {}, QStringLiteral("file"));
    const QCommandLineOption streamOption(QStringLiteral("stream"), {},
        QStringLiteral("descriptor|socket"), QStringLiteral("descriptor"));
    const QCommandLineOption threadsOption(
        QStringLiteral("io-threads"), {}, QStringLiteral("number"), QStringLiteral("1"));
    parser.addOptions(
        {listenOption, sizeOption, streamOption, threadsOption, certificateOption, keyOption});
    parser.addHelpOption();
    parser.process(application);

    transport::TransportOptions options;
    options.ioThreads = parser.value(threadsOption).toInt();
    options.webSocket.maxMessageBytes = parser.value(sizeOption).toLongLong();
    if (parser.value(streamOption) == QStringLiteral("socket"))
        options.webSocket.stream = transport::StreamKind::Socket;
    // An echo is as large as what it answers; a client that sends first and reads later is no
    // slow consumer here.
    options.webSocket.maxQueuedBytes = 4 * options.webSocket.maxMessageBytes;
    options.tls = {parser.value(certificateOption), parser.value(keyOption)};

    Echo echo;
    const SystemClock clock;
    transport::Server server(options, clock);
    server.addAcceptor("/", &echo);
    const QString listen = parser.value(listenOption);
    const qsizetype colon = listen.lastIndexOf(u':');
    const auto listening
        = server.listen(QHostAddress(listen.left(colon)), listen.mid(colon + 1).toUShort());
    if (!listening) {
        std::fprintf(stderr, "%s\n", qPrintable(listening.error().detail));
        return 1;
    }
    std::printf("listening on %d\n", int(server.port()));
    std::fflush(stdout);
    return QCoreApplication::exec();
}
