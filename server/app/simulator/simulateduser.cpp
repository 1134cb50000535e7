// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulator/simulateduser.h"

#include <QJsonArray>
#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>
#include <array>

namespace gatehouse::app {

namespace {

const NamespaceName tasks{"/tasks"};

int between(int low, int high)
{
    return QRandomGenerator::global()->bounded(low, high + 1);
}

qint64 idOf(const QJsonValue& object, QLatin1StringView field)
{
    return object[field][QLatin1StringView("id")].toInteger();
}

struct Algorithm
{
    QLatin1StringView name;
    QLatin1StringView image;
};

constexpr std::array algorithms{
    Algorithm{QLatin1StringView("average age"), QLatin1StringView("harbor.example.org/average:2")},
    Algorithm{
        QLatin1StringView("survival curve"), QLatin1StringView("harbor.example.org/kaplan:1")},
    Algorithm{
        QLatin1StringView("logistic regression"), QLatin1StringView("harbor.example.org/glm:4")},
    Algorithm{QLatin1StringView("count by diagnosis"),
        QLatin1StringView("harbor.example.org/crosstab:3")},
};

} // namespace

SimulatedUser::SimulatedUser(ApiClient& api, SimulatedIdentities::UserIdentity identity,
    Temper temper, Tally& tally, QObject* parent)
    : QObject(parent), m_api(api), m_identity(std::move(identity)), m_temper(temper), m_tally(tally)
{
    connect(&m_client, &client::SocketIoClient::eventReceived, this,
        [this](const client::ReceivedEvent& event) {
            ++m_tally.eventsHeard;
            if (event.name == "expired_token" || event.name == "invalid_token") {
                m_client.close();
                authenticate();
            }
        });
    connect(
        &m_client, &client::SocketIoClient::disconnected, this, [this] { ++m_tally.reconnects; });
}

void SimulatedUser::start()
{
    m_stopped = false;
    authenticate();
}

void SimulatedUser::stop()
{
    m_stopped = true;
    m_client.close();
}

bool SimulatedUser::isOnline() const
{
    return m_client.isConnected(tasks);
}

void SimulatedUser::authenticate()
{
    const QJsonObject body{{QStringLiteral("username"), m_identity.name},
        {QStringLiteral("password"), m_identity.password}};
    m_api.send("POST", QStringLiteral("token/user"), {}, body, this, [this](auto answer) {
        if (m_stopped) {
            return;
        }
        if (!answer) {
            complain(QStringLiteral("login"), answer.error());
            QTimer::singleShot(std::chrono::seconds{5}, this, [this] {
                if (!m_stopped) {
                    authenticate();
                }
            });
            return;
        }
        m_token = answer->value(QLatin1StringView("access_token")).toString().toLatin1();
        client::SocketIoClientOptions options;
        options.server = m_api.server();
        options.headers = {{"Authorization", "Bearer " + m_token}};
        m_client.setOptions(options);
        m_client.connectNamespace(tasks);
        m_client.reopen();
        m_places.clear();
        learnPlaces(1);
    });
}

void SimulatedUser::learnPlaces(int page)
{
    QUrlQuery query;
    query.addQueryItem(QStringLiteral("page"), QString::number(page));
    m_api.get(QStringLiteral("node"), query, m_token, this, [this, page](auto answer) {
        if (!answer || m_stopped) {
            if (!answer) {
                complain(QStringLiteral("nodes"), answer.error());
            }
            return;
        }
        for (const QJsonValue& node : answer->value(QLatin1StringView("data")).toArray()) {
            const qint64 collaboration = idOf(node, QLatin1StringView("collaboration"));
            const qint64 organization = idOf(node, QLatin1StringView("organization"));
            if (collaboration > 0 && organization > 0) {
                m_places[collaboration].push_back(organization);
            }
        }
        const QJsonObject links = answer->value(QLatin1StringView("links")).toObject();
        if (!links.value(QLatin1StringView("next")).toString().isEmpty()) {
            learnPlaces(page + 1);
        }
    });
}

void SimulatedUser::createTask()
{
    const QList<qint64> collaborations = m_places.keys();
    const qint64 collaboration = collaborations[between(0, int(collaborations.size()) - 1)];
    std::vector<qint64> organizations = m_places.value(collaboration);
    std::shuffle(organizations.begin(), organizations.end(), *QRandomGenerator::global());
    organizations.resize(static_cast<size_t>(between(1, int(organizations.size()))));
    QJsonArray targets;
    for (const qint64 organization : organizations) {
        targets.append(QJsonObject{{QStringLiteral("id"), organization},
            {QStringLiteral("input"), QStringLiteral("eyJtZXRob2QiOiAiY2VudHJhbCJ9")}});
    }
    const Algorithm& algorithm
        = algorithms[static_cast<size_t>(between(0, int(algorithms.size()) - 1))];
    const QJsonObject body{{QStringLiteral("name"), algorithm.name},
        {QStringLiteral("image"), algorithm.image},
        {QStringLiteral("description"), QStringLiteral("made by gatehouse simulate")},
        {QStringLiteral("collaboration_id"), collaboration},
        {QStringLiteral("organizations"), targets},
        {QStringLiteral("databases"),
            QJsonArray{QJsonObject{{QStringLiteral("label"), QStringLiteral("default")}}}}};
    m_api.send("POST", QStringLiteral("task"), m_token, body, this, [this](auto answer) {
        if (!answer) {
            // Whose rights do not reach is asked no more; everything else may pass.
            m_refused = answer.error().code == ErrorCode::Forbidden
                || answer.error().code == ErrorCode::TokenInvalid;
            complain(QStringLiteral("new task"), answer.error());
            return;
        }
        ++m_tally.tasks;
        if (m_temper == Temper::Chaos && between(1, 100) <= 15) {
            killLater(answer->value(QLatin1StringView("id")).toInteger());
        }
    });
}

void SimulatedUser::killLater(qint64 taskId)
{
    QTimer::singleShot(between(1'000, 6'000), this, [this, taskId] {
        if (m_stopped) {
            return;
        }
        // It may have finished by itself, or the right may be missing: both are part of the chaos.
        m_api.send("POST", QStringLiteral("kill/task"), m_token, {{QStringLiteral("id"), taskId}},
            this, [](const auto&) {});
    });
}

void SimulatedUser::complain(const QString& what, const Error& error)
{
    m_tally.lastProblem = QStringLiteral("%1: %2: %3").arg(m_identity.name, what, error.detail);
}

} // namespace gatehouse::app
