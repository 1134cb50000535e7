// SPDX-License-Identifier: Apache-2.0
// The real server with its in-process bus, and a line of JSON for everything that happens on the
// bus: the test on the other side of stdin and stdout plays the services.
//
//   bushost --config FILE --data DIR --listen ADDRESS:PORT
//
// in:  {"op":"serve","queue":Q}                 Q's calls come out, see below
//      {"op":"leave","queue":Q}                 and no more
//      {"op":"answer","call":N,"body":TEXT}     the final answer to a call
//      {"op":"part","call":N,"body":TEXT}       one before it
//      {"op":"publish","exchange":E,"topic":T,"body":TEXT}
//      {"op":"burst","topic":T,"body":TEXT,"count":N,"rate":N}   numbers in the place of %n
//      {"op":"call","id":N,"queue":Q,"body":TEXT}
// out: {"event":"ready","url":U}, {"event":"call","call":N,"queue":Q,"body":TEXT},
//      {"event":"served","queue":Q}, {"event":"result","id":N,"body":TEXT},
//      {"event":"burst-over"}
#include "server/app/composition.h"
#include "server/app/configcommands.h"
#include "server/bus/bus.h"
#include "server/observe/livelog.h"
#include "server/observe/logsink.h"
#include "server/transport/epolldispatcher.h"
#include "server/transport/server.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSocketNotifier>
#include <QTimer>

#include <unistd.h>

#include <cstdio>
#include <map>

using namespace gatehouse;

namespace {

void say(const QJsonObject& line)
{
    const QByteArray text = QJsonDocument(line).toJson(QJsonDocument::Compact) + '\n';
    std::fwrite(text.constData(), 1, size_t(text.size()), stdout);
    std::fflush(stdout);
}

class BusHost : public QObject
{
public:
    explicit BusHost(bus::Bus& bus) : m_bus(bus), m_input(STDIN_FILENO, QSocketNotifier::Read)
    {
        connect(&m_input, &QSocketNotifier::activated, this, [this] { read(); });
        connect(&m_burstTimer, &QTimer::timeout, this, [this] { burst(); });
    }

private:
    void read()
    {
        char octets[65'536];
        const ssize_t size = ::read(STDIN_FILENO, octets, sizeof octets);
        if (size <= 0) {
            QCoreApplication::quit();
            return;
        }
        m_text.append(octets, size);
        for (qsizetype end = m_text.indexOf('\n'); end >= 0; end = m_text.indexOf('\n')) {
            const QByteArray line = m_text.first(end);
            m_text.remove(0, end + 1);
            obey(QJsonDocument::fromJson(line).object());
        }
    }

    void obey(const QJsonObject& line)
    {
        const QString op = line[QStringLiteral("op")].toString();
        const QByteArray queue = line[QStringLiteral("queue")].toString().toUtf8();
        const QByteArray body = line[QStringLiteral("body")].toString().toUtf8();
        const QJsonValue id = line[QStringLiteral("id")];
        if (op == QStringLiteral("serve")) {
            m_served[queue] = m_bus.serve(
                queue,
                [this, queue](const bus::Message& call, bus::Reply reply) {
                    const int number = ++m_calls;
                    m_replies.emplace(number, std::move(reply));
                    say({{QStringLiteral("event"), QStringLiteral("call")},
                        {QStringLiteral("call"), number},
                        {QStringLiteral("queue"), QString::fromUtf8(queue)},
                        {QStringLiteral("body"), QString::fromUtf8(call.body)}});
                },
                [queue] {
                    say({{QStringLiteral("event"), QStringLiteral("served")},
                        {QStringLiteral("queue"), QString::fromUtf8(queue)}});
                });
        } else if (op == QStringLiteral("leave")) {
            m_served.erase(queue);
        } else if (op == QStringLiteral("answer") || op == QStringLiteral("part")) {
            const auto reply = m_replies.find(line[QStringLiteral("call")].toInt());
            if (reply == m_replies.end())
                return;
            if (op == QStringLiteral("part")) {
                reply->second.part(body);
                return;
            }
            reply->second.finish(body);
            m_replies.erase(reply);
        } else if (op == QStringLiteral("publish")) {
            publish(line[QStringLiteral("topic")].toString().toUtf8(), body);
        } else if (op == QStringLiteral("burst")) {
            m_burst = {line[QStringLiteral("topic")].toString().toUtf8(), body,
                line[QStringLiteral("count")].toInt(), 0, line[QStringLiteral("rate")].toInt()};
            m_burstTimer.start(10);
        } else if (op == QStringLiteral("call")) {
            m_bus
                .request({.queue = queue, .body = body},
                    [id](const Result<bus::Answer>& got) {
                        say({{QStringLiteral("event"), QStringLiteral("result")},
                            {QStringLiteral("id"), id},
                            {QStringLiteral("body"),
                                got ? QString::fromUtf8(got->message.body) : got.error().detail}});
                    })
                .release();
        }
    }

    void publish(const QByteArray& topic, const QByteArray& body)
    {
        m_bus.publish({.exchange = "events", .topic = topic, .body = body});
    }

    // A hundred times a second a hundredth of the rate.
    void burst()
    {
        for (int i = 0; i < m_burst.rate / 100 && m_burst.sent < m_burst.count; ++i) {
            QByteArray body = m_burst.body;
            publish(m_burst.topic, body.replace("%n", QByteArray::number(m_burst.sent++)));
        }
        if (m_burst.sent < m_burst.count)
            return;
        m_burstTimer.stop();
        say({{QStringLiteral("event"), QStringLiteral("burst-over")}});
    }

    struct Burst
    {
        QByteArray topic;
        QByteArray body;
        int count = 0;
        int sent = 0;
        int rate = 0;
    };

    bus::Bus& m_bus;
    QSocketNotifier m_input;
    QByteArray m_text;
    std::map<QByteArray, bus::Ticket> m_served;
    std::map<int, bus::Reply> m_replies;
    int m_calls = 0;
    Burst m_burst;
    QTimer m_burstTimer;
};

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    app::ConfigArguments arguments;
    const QStringList words = QCoreApplication::arguments();
    for (qsizetype i = 1; i + 1 < words.size(); i += 2) {
        if (words[i] == QStringLiteral("--config"))
            arguments.file = words[i + 1];
        else if (words[i] == QStringLiteral("--data"))
            arguments.data = words[i + 1];
        else if (words[i] == QStringLiteral("--listen"))
            arguments.listen = words[i + 1];
        else if (words[i] == QStringLiteral("--set"))
            arguments.set.append(words[i + 1]);
    }
    const auto report = app::loadConfiguration(arguments);
    if (!app::printFindings(report))
        return 78;
    transport::raiseDescriptorLimit();
    const SystemClock clock;
    observe::LiveLog liveLog(report.configuration.liveLog);
    observe::LogSink log({}, &liveLog);
    auto composition = app::Composition::build(report.configuration, log, liveLog, clock);
    if (!composition) {
        std::fprintf(stderr, "%s\n", qPrintable(composition.error().text));
        return 1;
    }
    if (const auto listening = (*composition)->listen(); !listening) {
        std::fprintf(stderr, "%s\n", qPrintable(listening.error().text));
        return 1;
    }
    BusHost host((*composition)->bus());
    say({{QStringLiteral("event"), QStringLiteral("ready")},
        {QStringLiteral("url"), (*composition)->url()}});
    return QCoreApplication::exec();
}
