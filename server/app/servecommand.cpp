// SPDX-License-Identifier: Apache-2.0
#include "server/app/servecommand.h"

#include "common/core/forwardclock.h"
#include "server/app/composition.h"
#include "server/app/servicenotifier.h"
#include "server/app/signalwatcher.h"
#include "server/observe/livelog.h"
#include "server/observe/log.h"
#include "server/observe/logsink.h"
#include "server/transport/epolldispatcher.h"
#include "server/transport/server.h"

#include <QCoreApplication>

#include <cstdio>

namespace gatehouse::app {

namespace {

using observe::Level;

void say(Level level, const QString& text)
{
    observe::log(level, observe::category::app, text);
}

QMap<QByteArray, Level> categoryLevels(const Configuration::Log& log)
{
    QMap<QByteArray, Level> levels;
    for (const QString& item : log.levels) {
        const qsizetype at = item.indexOf(u'=');
        if (const auto level = model::logLevelFromName(QStringView(item).sliced(at + 1))) {
            levels.insert(item.first(at).toUtf8(), *level);
        }
    }
    return levels;
}

observe::LogOptions logOptions(const Configuration::Log& log)
{
    observe::LogOptions options;
    if (log.format == QLatin1StringView("text")) {
        options.format = observe::LogFormat::Text;
    } else if (log.format == QLatin1StringView("json")) {
        options.format = observe::LogFormat::JsonLines;
    } else if (log.format == QLatin1StringView("journal")) {
        options.format = observe::LogFormat::Journal;
    }
    options.level = model::logLevelFromName(log.level).value_or(Level::Info);
    options.levels = categoryLevels(log);
    return options;
}

/// A server from its first client to its last one: what the signals ask for.
class Service : public QObject
{
public:
    Service(const ConfigArguments& arguments, Configuration configuration, Composition& composition,
        observe::LogSink& log)
        : m_arguments(arguments), m_configuration(std::move(configuration)),
          m_composition(composition), m_log(log)
    {
        connect(&m_signals, &SignalWatcher::stopRequested, this, &Service::handleStop);
        connect(&m_signals, &SignalWatcher::reloadRequested, this, &Service::handleReload);
        connect(&m_deadline, &QTimer::timeout, this, [this] { finish(ExitCode::DrainForced); });
        m_deadline.setSingleShot(true);
    }

    void announce()
    {
        say(Level::Info, m_composition.banner());
        if (m_configuration.session.allowedOrigins.contains(QStringLiteral("*"))) {
            say(Level::Info,
                QStringLiteral("Web pages of every origin may connect (cors.origins)"));
        }
        const auto listen = ListenAddress::fromText(m_configuration.server.listen);
        if (listen && !listen->address.isLoopback() && !m_configuration.hasTls()) {
            say(Level::Warning,
                QStringLiteral(
                    "Listening beyond loopback without TLS, as server.allow_plain_public "
                    "says: tokens and data travel in the clear"));
        }
        // For scripts that asked for port 0; everything else goes to stderr.
        for (const QString& line : m_composition.listenerLines()) {
            std::fprintf(stdout, "listener %s\n", qPrintable(line));
        }
        std::fprintf(stdout, "ready %s\n", qPrintable(m_composition.url()));
        std::fflush(stdout);
        m_notifier.ready(QStringLiteral("serving ") + m_composition.url());
    }

private:
    void handleStop(int signalNumber)
    {
        if (m_draining) {
            say(Level::Warning, QStringLiteral("Second signal: stopping at once"));
            finish(ExitCode::DrainForced);
            return;
        }
        m_draining = true;
        say(Level::Info,
            QStringLiteral("Signal %1: no new clients, closing the open ones").arg(signalNumber));
        m_notifier.stopping(QStringLiteral("draining"));
        m_deadline.start(m_configuration.server.drainTimeout);
        m_composition.drain([this] { finish(ExitCode::Ok); });
    }

    void finish(ExitCode code)
    {
        if (code == ExitCode::DrainForced) {
            say(Level::Warning, QStringLiteral("Clients were left when the server stopped"));
        }
        QCoreApplication::exit(toInt(code));
    }

    void handleReload()
    {
        m_notifier.reloading();
        auto report = loadConfiguration(m_arguments);
        if (report.isGood()) {
            apply(report.configuration);
        } else {
            for (const QString& error : report.errors) {
                say(Level::Error, u"Configuration not read again: " + error);
            }
        }
        if (const auto reloaded = m_composition.reloadTls(); !reloaded) {
            say(Level::Error, u"Certificate not read again: " + reloaded.error().detail);
        }
        if (const auto reloaded = m_composition.reloadKeys(); !reloaded) {
            say(Level::Error, u"Token keys not read again: " + reloaded.error().detail);
        }
        m_composition.reloadDirectory();
        m_notifier.ready(QStringLiteral("serving ") + m_composition.url());
    }

    // Log levels change at once; of the rest it is said that it waits for a restart.
    void apply(const Configuration& fresh)
    {
        QStringList waiting;
        for (const ConfigKey& key : configKeys()) {
            const bool live = key.section == QLatin1StringView("log")
                && key.name.startsWith(QLatin1StringView("level"));
            if (!live && key.read(fresh) != key.read(m_configuration)) {
                waiting.append(key.fullName());
            }
        }
        m_log.setLevel({}, model::logLevelFromName(fresh.log.level).value_or(Level::Info));
        const auto levels = categoryLevels(fresh.log);
        for (auto it = levels.begin(); it != levels.end(); ++it) {
            m_log.setLevel(it.key(), it.value());
        }
        if (waiting.isEmpty()) {
            say(Level::Info, QStringLiteral("Configuration read again"));
        } else {
            say(Level::Warning,
                u"Configuration read again; these need a restart: "
                    + waiting.join(QStringLiteral(", ")));
        }
    }

    const ConfigArguments m_arguments;
    const Configuration m_configuration;
    Composition& m_composition;
    observe::LogSink& m_log;
    SignalWatcher m_signals;
    ServiceNotifier m_notifier;
    QTimer m_deadline;
    bool m_draining = false;
};

ExitCode failed(const StartFailure& failure)
{
    say(Level::Critical, failure.text);
    return failure.code;
}

} // namespace

ExitCode serve(int& argc, char** argv, const ConfigArguments& arguments)
{
    SignalWatcher::block();
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("gatehouse"));

    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    transport::raiseDescriptorLimit();
    observe::LiveLog liveLog(report.configuration.liveLog);
    observe::LogSink log(logOptions(report.configuration.log), &liveLog);
    const SystemClock system;
    const ForwardClock clock(system, [](Millis step) {
        say(Level::Warning,
            QStringLiteral("The system's clock was set back by %1 s. Times here go on from where "
                           "they were; restart when it was wrong before")
                .arg(double(step.count()) / 1'000));
    });

    auto composition = Composition::build(report.configuration, log, liveLog, clock);
    if (!composition) {
        return failed(composition.error());
    }
    if (const auto listening = (*composition)->listen(); !listening) {
        return failed(listening.error());
    }
    Service service(arguments, report.configuration, **composition, log);
    service.announce();
    const int code = QCoreApplication::exec();
    composition->reset();
    say(Level::Info, QStringLiteral("Stopped"));
    return static_cast<ExitCode>(code);
}

} // namespace gatehouse::app
