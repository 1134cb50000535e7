// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulator/simulatednode.h"

#include <QDateTime>
#include <QJsonArray>
#include <QRandomGenerator>

#include <array>

namespace gatehouse::app {

namespace {

constexpr size_t maxParallelRuns = 4;
constexpr int retrySeconds = 3;

const NamespaceName tasks{"/tasks"};

QString now()
{
    return QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs);
}

int between(int low, int high)
{
    return QRandomGenerator::global()->bounded(low, high + 1);
}

bool chance(int percent)
{
    return between(1, 100) <= percent;
}

qint64 idOf(const QJsonObject& object, QLatin1StringView field)
{
    return object.value(field).toObject().value(QLatin1StringView("id")).toInteger();
}

QString logLine(int step, int steps)
{
    static constexpr std::array lines{
        "reading table patients",
        "joining 3 tables on pseudonym",
        "dropped 12 rows without a birth date",
        "iteration converges, delta 0.0031",
        "partial sums computed",
        "memory in use 412 MiB",
        "warning: column 'bmi' holds 7 outliers",
        "encrypting the partial result",
    };
    const auto pick = static_cast<size_t>(between(0, int(lines.size()) - 1));
    return QStringLiteral("[%1/%2] %3").arg(step).arg(steps).arg(QLatin1StringView(lines[pick]));
}

} // namespace

/// One run being worked on.
struct SimulatedNode::Work
{
    qint64 run = 0;
    qint64 task = 0;
    qint64 organization = 0;
    qint64 collaboration = 0;
    QJsonValue parent;
    int done = 0;
    int steps = 0;
    QString log;
    QTimer timer;
};

SimulatedNode::SimulatedNode(ApiClient& api, SimulatedIdentities::NodeIdentity identity,
    Temper temper, Tally& tally, QObject* parent)
    : QObject(parent), m_api(api), m_identity(std::move(identity)), m_temper(temper), m_tally(tally)
{
    connect(&m_client, &client::SocketIoClient::eventReceived, this, &SimulatedNode::handleEvent);
    connect(
        &m_client, &client::SocketIoClient::disconnected, this, [this] { ++m_tally.reconnects; });
    // A vantage6 node says it is alive once a minute; the server never answers.
    connect(&m_ping, &QTimer::timeout, this, [this] { m_client.emitEvent(tasks, "ping"); });
    m_ping.setInterval(60'000);
    connect(&m_flap, &QTimer::timeout, this, &SimulatedNode::flap);
    m_flap.setSingleShot(true);
}

SimulatedNode::~SimulatedNode() = default;

void SimulatedNode::start()
{
    m_stopped = false;
    m_ping.start();
    if (m_temper == Temper::Chaos) {
        m_flap.start(between(5'000, 60'000));
    }
    authenticate();
}

void SimulatedNode::stop()
{
    m_stopped = true;
    m_ping.stop();
    m_flap.stop();
    m_working.clear();
    m_waiting.clear();
    m_known.clear();
    m_client.close();
}

bool SimulatedNode::isOnline() const
{
    return m_client.isConnected(tasks);
}

void SimulatedNode::authenticate()
{
    const QJsonObject body{{QStringLiteral("api_key"), m_identity.apiKey}};
    m_api.send("POST", QStringLiteral("token/node"), {}, body, this, [this](auto answer) {
        if (m_stopped) {
            return;
        }
        if (!answer) {
            complain(QStringLiteral("login"), answer.error());
            QTimer::singleShot(std::chrono::seconds{retrySeconds}, this, [this] {
                if (!m_stopped) {
                    authenticate();
                }
            });
            return;
        }
        m_token = answer->value(QLatin1StringView("access_token")).toString().toLatin1();
        m_nodeId = subjectOf(m_token);
        client::SocketIoClientOptions options;
        options.server = m_api.server();
        options.headers = {{"Authorization", "Bearer " + m_token}};
        m_client.setOptions(options);
        m_client.connectNamespace(tasks);
        m_client.reopen();
    });
}

void SimulatedNode::handleEvent(const client::ReceivedEvent& event)
{
    ++m_tally.eventsHeard;
    const QJsonObject data = event.json().at(0).toObject();
    if (event.name == "sync") {
        tellConfiguration();
        fetchOpenRuns(0, 1);
    } else if (event.name == "new_task") {
        fetchOpenRuns(data.value(QLatin1StringView("id")).toInteger(), 1);
    } else if (event.name == "kill_containers") {
        handleKill(data);
    } else if (event.name == "expired_token" || event.name == "invalid_token") {
        m_client.close();
        authenticate();
    }
}

void SimulatedNode::handleKill(const QJsonObject& order)
{
    const QJsonArray list = order.value(QLatin1StringView("kill_list")).toArray();
    std::vector<qint64> doomed;
    if (list.isEmpty() && order.value(QLatin1StringView("node_id")).toInteger() == m_nodeId) {
        for (const auto& [run, work] : m_working) {
            doomed.push_back(run);
        }
    }
    for (const QJsonValue& entry : list) {
        doomed.push_back(entry[QLatin1StringView("run_id")].toInteger());
    }
    for (const qint64 run : doomed) {
        std::erase_if(m_waiting, [&](const QJsonObject& waiting) {
            return waiting.value(QLatin1StringView("id")).toInteger() == run;
        });
        if (const auto it = m_working.find(run); it != m_working.end()) {
            tellStatus(*it->second, "killed by user");
            m_working.erase(it);
            ++m_tally.runsKilled;
        }
        m_known.remove(run);
    }
    beginNext();
}

void SimulatedNode::tellConfiguration()
{
    const QJsonObject configuration{
        {QStringLiteral("encryption"), false},
        {QStringLiteral("allowed_algorithms"), QStringLiteral("all")},
        {QStringLiteral("database_labels"),
            QJsonArray{QStringLiteral("default"), QStringLiteral("registry")}},
        {QStringLiteral("database_types"),
            QJsonObject{{QStringLiteral("db_type_default"), QStringLiteral("csv")},
                {QStringLiteral("db_type_registry"), QStringLiteral("omop")}}},
    };
    m_client.emitJson(tasks, "node_info_update", {configuration});
}

void SimulatedNode::fetchOpenRuns(qint64 taskId, int page)
{
    QUrlQuery query;
    query.addQueryItem(QStringLiteral("state"), QStringLiteral("open"));
    query.addQueryItem(QStringLiteral("include"), QStringLiteral("task"));
    query.addQueryItem(QStringLiteral("node_id"), QString::number(m_nodeId));
    query.addQueryItem(QStringLiteral("page"), QString::number(page));
    if (taskId > 0) {
        query.addQueryItem(QStringLiteral("task_id"), QString::number(taskId));
    }
    m_api.get(QStringLiteral("run"), query, m_token, this, [this, taskId, page](auto answer) {
        if (!answer || m_stopped) {
            if (!answer) {
                complain(QStringLiteral("open runs"), answer.error());
            }
            return;
        }
        for (const QJsonValue& run : answer->value(QLatin1StringView("data")).toArray()) {
            enqueue(run.toObject());
        }
        const QJsonObject links = answer->value(QLatin1StringView("links")).toObject();
        if (!links.value(QLatin1StringView("next")).toString().isEmpty()) {
            fetchOpenRuns(taskId, page + 1);
        }
        beginNext();
    });
}

void SimulatedNode::enqueue(const QJsonObject& run)
{
    const qint64 id = run.value(QLatin1StringView("id")).toInteger();
    if (id > 0 && !m_known.contains(id)) {
        m_known.insert(id);
        m_waiting.push_back(run);
    }
}

void SimulatedNode::beginNext()
{
    while (!m_waiting.empty() && m_working.size() < maxParallelRuns) {
        const QJsonObject run = m_waiting.front();
        m_waiting.erase(m_waiting.begin());
        begin(run);
    }
}

void SimulatedNode::begin(const QJsonObject& run)
{
    const QJsonObject task = run.value(QLatin1StringView("task")).toObject();
    auto work = std::make_unique<Work>();
    work->run = run.value(QLatin1StringView("id")).toInteger();
    work->task = task.value(QLatin1StringView("id")).toInteger();
    work->organization = idOf(run, QLatin1StringView("organization"));
    work->collaboration = idOf(task, QLatin1StringView("collaboration"));
    const qint64 parent = idOf(task, QLatin1StringView("parent"));
    work->parent = parent > 0 ? QJsonValue(parent) : QJsonValue(QJsonValue::Null);
    work->steps = between(4, 20);
    const qint64 id = work->run;
    connect(&work->timer, &QTimer::timeout, this, [this, id] { step(id); });
    m_working.emplace(id, std::move(work));
    patch(id, {{QStringLiteral("started_at"), now()}}, [this, id] {
        patch(id, {{QStringLiteral("status"), QStringLiteral("active")}}, [this, id] {
            if (const auto it = m_working.find(id); it != m_working.end()) {
                tellStatus(*it->second, "active");
                it->second->timer.start(between(150, 900));
            }
        });
    });
}

void SimulatedNode::step(qint64 runId)
{
    const auto it = m_working.find(runId);
    if (it == m_working.end()) {
        return;
    }
    Work& work = *it->second;
    ++work.done;
    const QString line = logLine(work.done, work.steps);
    work.log += line + u'\n';
    ++m_tally.logLines;
    m_client.emitJson(tasks, "algorithm_log",
        {QJsonObject{{QStringLiteral("run_id"), work.run}, {QStringLiteral("task_id"), work.task},
            {QStringLiteral("collaboration_id"), work.collaboration},
            {QStringLiteral("log"), line}}});
    if (work.done >= work.steps) {
        work.timer.stop();
        finishRun(runId);
    }
}

void SimulatedNode::finishRun(qint64 runId)
{
    const auto it = m_working.find(runId);
    Work& work = *it->second;
    const bool fails = chance(m_temper == Temper::Chaos ? 20 : 2);
    const char* status = fails ? "crashed" : "completed";
    tellStatus(work, status);
    QJsonObject fields{{QStringLiteral("status"), QLatin1StringView(status)},
        {QStringLiteral("finished_at"), now()}, {QStringLiteral("log"), work.log}};
    if (!fails) {
        fields.insert(QStringLiteral("result"), QStringLiteral("eyJtZWFuIjogNDIuM30="));
    }
    patch(runId, fields, [this, runId, fails] {
        ++m_tally.runsFinished;
        m_tally.runsFailed += fails ? 1 : 0;
        m_working.erase(runId);
        m_known.remove(runId);
        beginNext();
    });
}

void SimulatedNode::tellStatus(const Work& work, const char* status)
{
    m_client.emitJson(tasks, "algorithm_status_change",
        {QJsonObject{{QStringLiteral("node_id"), m_nodeId},
            {QStringLiteral("status"), QLatin1StringView(status)},
            {QStringLiteral("run_id"), work.run}, {QStringLiteral("task_id"), work.task},
            {QStringLiteral("collaboration_id"), work.collaboration},
            {QStringLiteral("organization_id"), work.organization},
            {QStringLiteral("parent_id"), work.parent}}});
}

void SimulatedNode::patch(
    qint64 runId, const QJsonObject& fields, const std::function<void()>& then)
{
    m_api.send("PATCH", QString(QStringLiteral("run/") + QString::number(runId)), m_token, fields,
        this, [this, runId, then](auto answer) {
            if (m_stopped || !m_working.contains(runId)) {
                return; // killed in the meantime
            }
            if (answer) {
                then();
                return;
            }
            // Given up here; the run is fetched again at the next sync if it is still open.
            complain(QStringLiteral("run %1").arg(runId), answer.error());
            m_working.erase(runId);
            m_known.remove(runId);
            beginNext();
        });
}

void SimulatedNode::complain(const QString& what, const Error& error)
{
    m_tally.lastProblem = QStringLiteral("%1: %2: %3").arg(m_identity.name, what, error.detail);
}

void SimulatedNode::flap()
{
    if (m_stopped) {
        return;
    }
    if (m_client.state() == client::SocketIoClient::State::Closed) {
        m_client.connectNamespace(tasks);
        m_client.open();
        m_flap.start(between(5'000, 60'000));
    } else {
        m_client.close();
        m_flap.start(between(500, 5'000));
    }
}

} // namespace gatehouse::app
