// SPDX-License-Identifier: Apache-2.0
#include "server/events/algorithmloghandler.h"

#include "common/core/strictjson.h"
#include "server/access/policy.h"
#include "server/events/federationnames.h"
#include "server/events/foreignruns.h"
#include "server/events/noderefusals.h"
#include "server/hub/hub.h"
#include "server/observe/log.h"
#include "server/work/taskservice.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace gatehouse::events {

namespace {

/// Also for texts with half a surrogate pair, which have no UTF-8: those become U+FFFD later.
QString textOf(QByteArrayView json)
{
    if (const auto utf8 = jsonText(json))
        return QString::fromUtf8(*utf8);
    const QByteArray array = '[' + json.toByteArray() + ']';
    return QJsonDocument::fromJson(array).array().at(0).toString();
}

/// Many a line ends with one, which would be shown escaped.
QString withoutLineEnd(QString text)
{
    while (text.endsWith(QLatin1Char('\n')) || text.endsWith(QLatin1Char('\r')))
        text.chop(1);
    return text;
}

QString cut(const QString& text, qsizetype maxLength)
{
    qsizetype length = maxLength;
    if (text.at(length - 1).isHighSurrogate())
        --length;
    return text.first(length) + QStringLiteral(" […]");
}

} // namespace

AlgorithmLogHandler::AlgorithmLogHandler(hub::Hub& hub, work::TaskService& tasks,
    NodeRefusals& refusals, const FederationOptions& options, ForeignRuns& foreignRuns)
    : m_hub(hub), m_tasks(tasks), m_refusals(refusals), m_options(options),
      m_foreignRuns(foreignRuns)
{
}

AlgorithmLogHandler::~AlgorithmLogHandler()
{
    flush();
}

void AlgorithmLogHandler::handle(
    const access::Principal& node, const SocketId& socket, const session::IncomingEvent& event)
{
    const auto data = firstObject(event.args);
    const qint64 id = data ? idMember(*data, "run_id") : 0;
    const auto textJson = data ? rawMember(*data, "log") : std::nullopt;
    if (id == 0 || !textJson || jsonKind(*textJson) != JsonKind::String)
        return refuse(node, id);
    if (const work::RunRef* known = m_tasks.knownRun(RunId{id}))
        return take(node, *data, work::RunRef(*known));
    if (!m_foreignRuns.isAvailable())
        return refuse(node, id);
    m_foreignRuns.find(node.nodeId(), socket, RunId{id}, data->size(),
        [this, alive = std::weak_ptr(m_alive), node, id, data = *data](
            const Result<work::RunRef>& run) {
            if (alive.expired())
                return;
            if (run)
                take(node, data, *run);
            else
                refuse(node, id);
        });
}

void AlgorithmLogHandler::take(
    const access::Principal& node, const QByteArray& data, const work::RunRef& run)
{
    if (!m_tasks.belongsTo(run, node.nodeId()) || !isAbsentOr(data, "task_id", run.task.value)
        || !isAbsentOr(data, "collaboration_id", run.collaboration.value))
        return refuse(node, run.run.value);
    const QByteArrayView textJson = *rawMember(data, "log");
    QString text = textOf(textJson);
    if (textJson.size() > m_options.maxLogLineBytes
        && text.size() > m_options.maxLogLineBytes / 6) {
        // An escaped character takes up to six octets, so this cut is within the bound either way.
        text = cut(text, m_options.maxLogLineBytes / 6);
        relay(run, protocol::jsonString(text.toUtf8()));
    } else {
        relay(run, textJson);
    }
    if (observe::isEnabled(observe::Level::Info, observe::category::run)) {
        observe::logLive(observe::Level::Info, observe::category::run,
            QStringLiteral("Run %1 on <%2>: %3")
                .arg(QString::number(run.run.value), node.name, withoutLineEnd(text)),
            {.node = node.nodeId(), .task = run.task, .run = run.run});
    }
    store(node.nodeId(), run.run, text);
}

void AlgorithmLogHandler::flush()
{
    const std::map<RunId, Batch> batches = std::exchange(m_batches, {});
    for (const auto& [run, batch] : batches)
        write(run, batch);
}

void AlgorithmLogHandler::relay(const work::RunRef& run, QByteArrayView textJson)
{
    hub::Publication publication;
    publication.nsp = federationNamespace();
    publication.rooms = {access::collaborationRoom(run.collaboration)};
    publication.event = "algorithm_log";
    publication.args = "{\"run_id\":" + QByteArray::number(run.run.value) + ",\"task_id\":"
        + QByteArray::number(run.task.value) + ",\"log\":" + textJson.toByteArray() + '}';
    m_hub.publish(publication);
}

void AlgorithmLogHandler::store(NodeId node, RunId run, const QString& text)
{
    Batch& batch = m_batches[run];
    batch.node = node;
    if (!batch.text.isEmpty() && !batch.text.endsWith(QLatin1Char('\n')))
        batch.text += QLatin1Char('\n');
    batch.text += text;
    const bool mayWait = m_options.logFlushInterval > Millis{0};
    if (mayWait && batch.text.size() < m_options.maxBatchedLogBytes)
        return;
    const Batch full = std::move(batch);
    m_batches.erase(run);
    write(run, full);
}

void AlgorithmLogHandler::write(RunId run, const Batch& batch)
{
    const auto kept = m_tasks.appendLog(batch.node, run, batch.text);
    if (!kept) {
        observe::log(observe::Level::Debug, observe::category::task,
            QStringLiteral("Log lines of run %1 were not kept: %2")
                .arg(QString::number(run.value), kept.error().detail),
            {.node = batch.node, .run = run});
    }
}

void AlgorithmLogHandler::refuse(const access::Principal& node, qint64 run)
{
    m_refusals.refuse(node, run, observe::Level::Debug,
        QStringLiteral("A log line of node <%1> for run %2 was dropped: not an open run of it")
            .arg(node.name, QString::number(run)));
}

} // namespace gatehouse::events
