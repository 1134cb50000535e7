// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulatecommand.h"

#include "server/app/signalwatcher.h"
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

} // namespace

ExitCode simulate(int& argc, char** argv, const SimulateArguments& arguments)
{
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
        std::fprintf(stderr, "The file knows %zu nodes; that many are simulated.\n",
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
