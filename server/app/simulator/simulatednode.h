// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/client/socketioclient.h"
#include "server/app/simulator/apiclient.h"
#include "server/app/simulator/identities.h"
#include "server/app/simulator/tally.h"

#include <QSet>
#include <QTimer>

#include <map>
#include <memory>

namespace gatehouse::app {

/// One data station as vantage6 4.x behaves on the wire: authenticates by API key, fetches its open
/// runs at `sync` and `new_task`, works on some at a time with status and log events, patches the
/// results, obeys kills and gets a new token when it is told so. The work itself is pretended.
class SimulatedNode : public QObject
{
    Q_OBJECT

public:
    SimulatedNode(ApiClient& api, SimulatedIdentities::NodeIdentity identity, Temper temper,
        Tally& tally, QObject* parent = nullptr);
    ~SimulatedNode() override;

    void start();
    void stop(); ///< disconnects; unfinished runs stay open

    bool isOnline() const;

private:
    struct Work;

    void authenticate();
    void handleEvent(const client::ReceivedEvent& event);
    void handleKill(const QJsonObject& order);
    void tellConfiguration();
    void fetchOpenRuns(qint64 taskId, int page);
    void enqueue(const QJsonObject& run);
    void beginNext();
    void begin(const QJsonObject& run);
    void step(qint64 runId);
    void finishRun(qint64 runId);
    void tellStatus(const Work& work, const char* status);
    void patch(qint64 runId, const QJsonObject& fields, const std::function<void()>& then);
    void complain(const QString& what, const Error& error);
    void flap();

    ApiClient& m_api;
    const SimulatedIdentities::NodeIdentity m_identity;
    const Temper m_temper;
    Tally& m_tally;
    client::SocketIoClient m_client;
    QByteArray m_token;
    qint64 m_nodeId = 0;
    std::map<qint64, std::unique_ptr<Work>> m_working; ///< by run
    std::vector<QJsonObject> m_waiting; ///< runs to do, oldest first
    QSet<qint64> m_known; ///< runs waiting or being worked on
    QTimer m_ping;
    QTimer m_flap;
    bool m_stopped = true;
};

} // namespace gatehouse::app
