// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/simulator/simulatednode.h"
#include "server/app/simulator/simulateduser.h"

#include <QElapsedTimer>

#include <memory>
#include <vector>

namespace gatehouse::app {

struct SimulationPlan
{
    QUrl server;
    int nodes = 0; ///< of the identities; all when there are fewer
    int users = 0; ///< identities are used again when there are fewer, as people open two tabs
    double tasksPerMinute = 0;
    Temper temper = Temper::Calm;
};

/// Many nodes and users against one server, over the real wire. Starts them spread over a few
/// seconds, creates tasks at the wanted rate and prints one line on how it goes. Network thread.
class Simulation : public QObject
{
    Q_OBJECT

public:
    Simulation(
        SimulationPlan plan, const SimulatedIdentities& identities, QObject* parent = nullptr);

    void start();
    void stop(); ///< disconnects everybody; stopped() comes when that is on its way
    QString summary() const;
    const Tally& tally() const { return m_tally; }

Q_SIGNALS:
    void stopped();

private:
    void startNext();
    void createTask();
    void showProgress();

    const SimulationPlan m_plan;
    ApiClient m_api;
    Tally m_tally;
    std::vector<std::unique_ptr<SimulatedNode>> m_nodes;
    std::vector<std::unique_ptr<SimulatedUser>> m_users;
    size_t m_started = 0;
    QTimer m_starter;
    QTimer m_creator;
    QTimer m_progress;
    QElapsedTimer m_since;
};

} // namespace gatehouse::app
