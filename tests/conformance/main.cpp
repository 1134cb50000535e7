// SPDX-License-Identifier: Apache-2.0
#include "server/transport/epolldispatcher.h"
#include "tests/conformance/fixture.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QTextStream>

#include <csignal>

using namespace gatehouse;

namespace {

struct Endpoint
{
    QHostAddress address;
    quint16 port = 0;
};

/// "127.0.0.1:3000" or "[::1]:3000".
std::optional<Endpoint> parseEndpoint(const QString& text)
{
    const auto colon = text.lastIndexOf(u':');
    QString host = text.left(colon);
    if (host.startsWith(u'[') && host.endsWith(u']'))
        host = host.mid(1, host.size() - 2);
    bool isNumber = false;
    const uint port = text.mid(colon + 1).toUInt(&isNumber);
    const QHostAddress address(host);
    if (colon < 0 || !isNumber || port > 65'535 || address.isNull())
        return std::nullopt;
    return Endpoint{address, quint16(port)};
}

bool chooseStream(transport::TransportOptions& options, const QString& name)
{
    using transport::StreamKind;
    options.webSocket.stream
        = name == QStringLiteral("socket") ? StreamKind::Socket : StreamKind::Descriptor;
    return name == QStringLiteral("socket") || name == QStringLiteral("descriptor");
}

int complain(const QString& message)
{
    QTextStream(stderr) << message << Qt::endl;
    return 2;
}

} // namespace

int main(int argc, char* argv[])
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    std::signal(SIGTERM, [](int) { std::_Exit(0); });
    std::signal(SIGINT, [](int) { std::_Exit(0); });

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("Servers for protocol conformance suites, fuzzers and load generators."));
    parser.addHelpOption();
    const QCommandLineOption fixtureOption(QStringLiteral("fixture"),
        QString(conformance::fixtureNames) + u'.', QStringLiteral("name"),
        QStringLiteral("socket"));
    const QCommandLineOption listenOption(QStringLiteral("listen"),
        QStringLiteral("Address and port; port 0 takes a free one."), QStringLiteral("address"),
        QStringLiteral("127.0.0.1:3000"));
    const QCommandLineOption streamOption(QStringLiteral("stream"),
        QStringLiteral("What carries WebSockets: descriptor or socket."), QStringLiteral("kind"),
        QStringLiteral("descriptor"));
    const QCommandLineOption certificateOption(QStringLiteral("tls-cert"),
        QStringLiteral("Certificate chain; the door then speaks TLS."), QStringLiteral("file"));
    const QCommandLineOption keyOption(
        QStringLiteral("tls-key"), QStringLiteral("Its key."), QStringLiteral("file"));
    const QCommandLineOption threadsOption(QStringLiteral("io-threads"),
        QStringLiteral("Threads that own connections."), QStringLiteral("number"),
        QStringLiteral("1"));
    const QCommandLineOption noRingOption(QStringLiteral("no-io-uring"),
        QStringLiteral("Send to each WebSocket with a system call of its own."));
    parser.addOptions({fixtureOption, listenOption, streamOption, threadsOption, noRingOption,
        certificateOption, keyOption});
    parser.process(application);

    const auto endpoint = parseEndpoint(parser.value(listenOption));
    if (!endpoint)
        return complain(QStringLiteral("--listen wants ADDRESS:PORT"));
    const SystemClock clock;
    const auto fixture = conformance::makeFixture(parser.value(fixtureOption), clock);
    if (!fixture)
        return complain(QStringLiteral("--fixture is ") + conformance::fixtureNames);
    transport::TransportOptions options = fixture->doorOptions();
    options.ioThreads = parser.value(threadsOption).toInt();
    if (parser.isSet(noRingOption))
        options.webSocket.ring = transport::RingUse::Off;
    if (!chooseStream(options, parser.value(streamOption)))
        return complain(QStringLiteral("--stream is descriptor or socket"));
    transport::raiseDescriptorLimit();
    options.tls = {parser.value(certificateOption), parser.value(keyOption)};
    transport::Server door(options, clock);
    fixture->attach(door);
    if (const auto listening = door.listen(endpoint->address, endpoint->port); !listening)
        return complain(listening.error().detail);
    QTextStream(stdout) << "listening on " << door.address().toString() << ' ' << door.port()
                        << Qt::endl;
    return QCoreApplication::exec();
}
