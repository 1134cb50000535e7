// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulatecommand.h"

#include "server/app/signalwatcher.h"
#include "server/app/simulator/madefederation.h"
#include "server/app/simulator/simulation.h"
#include "server/transport/epolldispatcher.h"
#include "server/transport/server.h"

#include <QCoreApplication>
#include <QFile>

#include <cstdio>

namespace gatehouse::app {

namespace {

Result<SimulatedIdentities> identitiesOf(const QString& path)
{
    QFile file(path.isEmpty() ? QStringLiteral(":/gatehouse/federation.json") : path);
    if (!file.open(QIODevice::ReadOnly)) {
        return failure(
            ErrorCode::NotFound, QString(path + QStringLiteral(": ") + file.errorString()));
    }
    auto identities = readIdentities(file.readAll());
    if (!identities) {
        identities.error().detail.prepend(QString(path + QStringLiteral(": ")));
    }
    return identities;
}

ExitCode writeIdentities(const SimulateArguments& arguments)
{
    QFile file(arguments.made);
    // It holds secrets in clear.
    if (!file.open(QIODevice::WriteOnly | QIODevice::NewOnly, QFile::ReadOwner | QFile::WriteOwner)
        || file.write(makeFederation(arguments.nodes, arguments.users)) < 0 || !file.flush()) {
        std::fprintf(
            stderr, "%s: %s\n", qPrintable(arguments.made), qPrintable(file.errorString()));
        return ExitCode::IoError;
    }
    std::printf("%s: %d nodes, %d users; import it, then play them with --identities\n",
        qPrintable(arguments.made), arguments.nodes, arguments.users);
    return ExitCode::Ok;
}

} // namespace

ExitCode simulate(int& argc, char** argv, const SimulateArguments& arguments)
{
    if (!arguments.made.isEmpty()) {
        if (arguments.nodes < 1 || arguments.users < 1) {
            std::fputs("--make-identities needs --nodes and --users of 1 or more\n", stderr);
            return ExitCode::Usage;
        }
        return writeIdentities(arguments);
    }
    SignalWatcher::block();
    QCoreApplication::setEventDispatcher(new transport::EpollDispatcher);
    QCoreApplication application(argc, argv);
    transport::raiseDescriptorLimit();

    const auto identities = identitiesOf(arguments.identities);
    if (!identities) {
        std::fprintf(stderr, "%s\n", qPrintable(identities.error().detail));
        return ExitCode::IoError;
    }
    SimulationPlan plan;
    plan.server = QUrl(arguments.server);
    plan.nodes = arguments.nodes;
    plan.users = arguments.users;
    plan.tasksPerMinute = arguments.tasksPerMinute;
    plan.temper = arguments.chaos ? Temper::Chaos : Temper::Calm;
    if (static_cast<size_t>(plan.nodes) > identities->nodes.size()) {
        std::fprintf(stderr,
            "The file knows %zu nodes; that many are simulated (--make-identities makes more).\n",
            identities->nodes.size());
    }

    Simulation simulation(plan, *identities);
    SignalWatcher signalWatcher;
    QObject::connect(&signalWatcher, &SignalWatcher::stopRequested, &simulation, &Simulation::stop);
    QObject::connect(&simulation, &Simulation::stopped, &application, &QCoreApplication::quit);
    if (arguments.seconds > 0) {
        QTimer::singleShot(std::chrono::seconds{arguments.seconds}, &simulation, &Simulation::stop);
    }
    simulation.start();
    QCoreApplication::exec();
    return simulation.tally().eventsHeard > 0 ? ExitCode::Ok : ExitCode::Failed;
}

} // namespace gatehouse::app
