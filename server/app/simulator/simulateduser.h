// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/socketioclient.h"
#include "server/app/simulator/apiclient.h"
#include "server/app/simulator/identities.h"
#include "server/app/simulator/tally.h"

#include <QHash>

#include <vector>

namespace gatehouse::app {

/// One researcher: logs in, listens to the collaborations, starts tasks when told to, and in Chaos
/// kills some of them again.
class SimulatedUser : public QObject
{
    Q_OBJECT

public:
    SimulatedUser(ApiClient& api, SimulatedIdentities::UserIdentity identity, Temper temper,
        Tally& tally, QObject* parent = nullptr);

    void start();
    void stop();

    bool isOnline() const;

    /// Connected, knows where nodes are, and was not refused before.
    bool canCreateTasks() const { return isOnline() && !m_refused && !m_places.isEmpty(); }
    void createTask();

private:
    void authenticate();
    void learnPlaces(int page);
    void killLater(qint64 taskId);
    void complain(const QString& what, const Error& error);

    ApiClient& m_api;
    const SimulatedIdentities::UserIdentity m_identity;
    const Temper m_temper;
    Tally& m_tally;
    client::SocketIoClient m_client;
    QByteArray m_token;
    QHash<qint64, std::vector<qint64>> m_places; ///< collaboration -> organizations with a node
    bool m_refused = false;
    bool m_stopped = true;
};

} // namespace gatehouse::app
