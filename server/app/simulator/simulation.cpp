// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulator/simulation.h"

#include <QDateTime>
#include <QRandomGenerator>

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace gatehouse::app {

namespace {

constexpr int startIntervalMs = 20;
constexpr int linesEverySeconds = 10; // where the output is no terminal

} // namespace

Simulation::Simulation(SimulationPlan plan, const SimulatedIdentities& identities, QObject* parent)
    : QObject(parent), m_plan(std::move(plan)), m_api(m_plan.server)
{
    const size_t nodes = std::min(static_cast<size_t>(m_plan.nodes), identities.nodes.size());
    for (size_t i = 0; i < nodes; ++i) {
        m_nodes.push_back(
            std::make_unique<SimulatedNode>(m_api, identities.nodes[i], m_plan.temper, m_tally));
    }
    for (size_t i = 0; i < static_cast<size_t>(m_plan.users); ++i) {
        m_users.push_back(std::make_unique<SimulatedUser>(
            m_api, identities.users[i % identities.users.size()], m_plan.temper, m_tally));
    }
    connect(&m_starter, &QTimer::timeout, this, &Simulation::startNext);
    connect(&m_creator, &QTimer::timeout, this, &Simulation::createTask);
    connect(&m_progress, &QTimer::timeout, this, &Simulation::showProgress);
}

void Simulation::start()
{
    m_since.start();
    m_starter.start(startIntervalMs);
    if (m_plan.tasksPerMinute > 0) {
        m_creator.start(std::max(1, static_cast<int>(60'000 / m_plan.tasksPerMinute)));
    }
    m_progress.start(isatty(STDOUT_FILENO) == 1 ? 1'000 : 1'000 * linesEverySeconds);
}

void Simulation::stop()
{
    m_starter.stop();
    m_creator.stop();
    m_progress.stop();
    showProgress();
    std::fputc('\n', stdout);
    for (const auto& user : m_users) {
        user->stop();
    }
    for (const auto& node : m_nodes) {
        node->stop();
    }
    // Goodbyes are written by the event loop.
    QTimer::singleShot(200, this, &Simulation::stopped);
}

void Simulation::startNext()
{
    if (m_started < m_nodes.size()) {
        m_nodes[m_started]->start();
    } else if (m_started < m_nodes.size() + m_users.size()) {
        m_users[m_started - m_nodes.size()]->start();
    } else {
        m_starter.stop();
        return;
    }
    ++m_started;
}

void Simulation::createTask()
{
    std::vector<SimulatedUser*> able;
    for (const auto& user : m_users) {
        if (user->canCreateTasks()) {
            able.push_back(user.get());
        }
    }
    if (!able.empty()) {
        const auto pick = QRandomGenerator::global()->bounded(quint32(able.size()));
        able[pick]->createTask();
    }
}

QString Simulation::summary() const
{
    const auto online = [](const auto& clients) {
        return std::ranges::count_if(clients, [](const auto& one) { return one->isOnline(); });
    };
    return QStringLiteral("nodes %1/%2 users %3/%4 tasks %5 runs %6 (failed %7, killed %8) "
                          "log lines %9 events heard %10 disconnects %11 failed requests %12")
        .arg(online(m_nodes))
        .arg(m_nodes.size())
        .arg(online(m_users))
        .arg(m_users.size())
        .arg(m_tally.tasks)
        .arg(m_tally.runsFinished)
        .arg(m_tally.runsFailed)
        .arg(m_tally.runsKilled)
        .arg(m_tally.logLines)
        .arg(m_tally.eventsHeard)
        .arg(m_tally.reconnects)
        .arg(m_api.failures());
}

void Simulation::showProgress()
{
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    if (!m_tally.lastProblem.isEmpty()) {
        std::fprintf(stderr, "%s%s\n", terminal ? "\r\033[K" : "", qPrintable(m_tally.lastProblem));
        m_tally.lastProblem.clear();
    }
    const qint64 seconds = m_since.elapsed() / 1'000;
    std::fprintf(stdout, terminal ? "\r\033[K%lld s  %s" : "%lld s  %s\n",
        static_cast<long long>(seconds), qPrintable(summary()));
    std::fflush(stdout);
}

} // namespace gatehouse::app
