// SPDX-License-Identifier: Apache-2.0
#include "server/api/wirejson.h"

#include "server/work/directory.h"
#include "server/work/presence.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QTimeZone>

namespace gatehouse::api {

namespace {

using L = QLatin1StringView;

QJsonArray getOnly()
{
    return {L("GET")};
}

QJsonArray getPatch()
{
    return {L("GET"), L("PATCH")};
}

QString nameOf(work::RunStatus status)
{
    return work::name(status);
}

} // namespace

QJsonObject WireJson::organization(const work::Organization& o) const
{
    const qint64 id = o.id.value;
    return {{L("id"), id}, {L("name"), o.name}, {L("domain"), o.domain},
        {L("address1"), o.address1}, {L("address2"), o.address2}, {L("zipcode"), o.zipcode},
        {L("country"), o.country}, {L("public_key"), o.publicKey},
        {L("collaborations"), list(L("collaboration"), L("organization_id"), id)},
        {L("nodes"), list(L("node"), L("organization_id"), id)},
        {L("users"), list(L("user"), L("organization_id"), id)},
        {L("tasks"), list(L("task"), L("init_org_id"), id)},
        {L("runs"), list(L("run"), L("organization_id"), id)},
        {L("studies"), list(L("study"), L("organization_id"), id)}};
}

QJsonObject WireJson::collaboration(const work::Collaboration& c) const
{
    const qint64 id = c.id.value;
    QJsonObject json{{L("id"), id}, {L("name"), c.name}, {L("encrypted"), c.encrypted},
        {L("organizations"), list(L("organization"), L("collaboration_id"), id)},
        {L("nodes"), list(L("node"), L("collaboration_id"), id)},
        {L("tasks"), list(L("task"), L("collaboration_id"), id)},
        {L("algorithm_stores"), list(L("algorithmstore"), L("collaboration_id"), id)},
        {L("studies"), list(L("study"), L("collaboration_id"), id)}};
    if (m_form == WireForm::V5)
        json.insert(L("session_restrict_to_same_image"), false);
    return json;
}

QJsonObject WireJson::study(const work::Study& s) const
{
    const qint64 id = s.id.value;
    return {{L("id"), id}, {L("name"), s.name},
        {L("collaboration"), link(L("collaboration"), s.collaboration.value, getOnly())},
        {L("organizations"), list(L("organization"), L("study_id"), id)},
        {L("tasks"), list(L("task"), L("study_id"), id)}};
}

QJsonObject WireJson::node(const work::Node& n) const
{
    const work::NodePresence presence = m_presence.presence(n.id);
    QJsonArray config;
    for (const work::NodeConfigEntry& entry : presence.config)
        config.append(QJsonObject{{L("key"), entry.key}, {L("value"), entry.value}});
    // vantage6 knows three states: a node nobody has ever seen has none.
    const auto lastSeen = presence.lastSeen ? presence.lastSeen : n.lastSeen;
    QJsonValue status = QJsonValue::Null;
    if (presence.online)
        status = L("online");
    else if (lastSeen)
        status = L("offline");
    return {{L("id"), n.id.value}, {L("type"), L("node")}, {L("name"), n.name},
        {L("status"), status}, {L("last_seen"), time(lastSeen)}, {L("ip"), QJsonValue::Null},
        {L("organization"), organizationLink(n.organization)},
        {L("collaboration"), link(L("collaboration"), n.collaboration.value, getOnly())},
        {L("config"), config}};
}

QJsonObject WireJson::user(const work::User& u) const
{
    const qint64 id = u.id.value;
    return {{L("id"), id}, {L("type"), L("user")}, {L("username"), u.username},
        {L("email"), u.email}, {L("firstname"), u.firstname}, {L("lastname"), u.lastname},
        {L("status"), QJsonValue::Null}, {L("last_seen"), QJsonValue::Null},
        {L("ip"), QJsonValue::Null}, {L("organization"), organizationLink(u.organization)},
        {L("roles"), list(L("role"), L("user_id"), id)},
        {L("rules"), list(L("rule"), L("user_id"), id)}};
}

QJsonObject WireJson::workSession(const work::WorkSession& s) const
{
    const qint64 id = s.id.value;
    return {{L("id"), id}, {L("name"), s.name},
        {L("scope"), QString(model::name(s.scope)).toLower()}, {L("created_at"), time(s.createdAt)},
        {L("owner"), link(L("user"), s.owner.value, getOnly())},
        {L("collaboration"), link(L("collaboration"), s.collaboration.value, getOnly())},
        {L("study"), link(L("study"), s.study.value, getOnly())},
        {L("tasks"), list(L("task"), L("session_id"), id)}};
}

QString WireJson::taskStatus(work::RunStatus status) const
{
    if (m_form == WireForm::V4)
        return nameOf(status);
    if (status == work::RunStatus::Completed)
        return L("completed");
    return work::hasFailed(status) ? L("failed") : L("awaiting");
}

QJsonArray WireJson::databases(const work::Task& t) const
{
    QJsonArray databases;
    for (const work::TaskDatabase& database : t.databases) {
        const QString parameters
            = database.parameters.isEmpty() ? QStringLiteral("{}") : database.parameters;
        if (m_form == WireForm::V4) {
            databases.append(
                QJsonObject{{L("label"), database.label}, {L("parameters"), parameters}});
            continue;
        }
        QJsonObject json = QJsonDocument::fromJson(parameters.toUtf8()).object();
        json.insert(L("label"), database.label);
        databases.append(json);
    }
    return databases;
}

QJsonObject WireJson::role(const work::Role& r) const
{
    const qint64 id = r.id.value;
    return {{L("id"), id}, {L("name"), r.name}, {L("description"), r.description},
        {L("is_default_role"), r.isDefault}, {L("organization"), organizationLink(r.organization)},
        {L("rules"), list(L("rule"), L("role_id"), id)},
        {L("users"), list(L("user"), L("role_id"), id)}};
}

QJsonObject WireJson::task(
    const work::Task& t, work::RunStatus status, std::optional<Millis> finishedAt) const
{
    const qint64 id = t.id.value;
    QJsonObject json{{L("id"), id}, {L("name"), t.name}, {L("description"), t.description},
        {L("image"), t.image}, {L("job_id"), t.job.value}, {L("status"), taskStatus(status)},
        {L("created_at"), time(t.createdAt)}, {L("finished_at"), time(finishedAt)},
        {L("collaboration"), link(L("collaboration"), t.collaboration.value, getOnly())},
        {L("study"), link(L("study"), t.study.value, getOnly())},
        {L("parent"), link(L("task"), t.parent.value, getOnly())},
        {L("children"), list(L("task"), L("parent_id"), id)},
        {L("runs"), list(L("run"), L("task_id"), id)},
        {L("results"), list(L("result"), L("task_id"), id)},
        {L("init_org"), organizationLink(t.initOrganization)},
        {L("init_user"), link(L("user"), t.initUser.value, getOnly())},
        {L("databases"), databases(t)}, {L("algorithm_store"), QJsonValue::Null}};
    if (m_form == WireForm::V5) {
        QJsonArray dependsOn;
        for (const TaskId awaited : t.dependsOn)
            dependsOn.append(awaited.value);
        json.insert(L("method"), t.method);
        json.insert(L("action"), t.action);
        json.insert(L("session"), link(L("session"), t.session.value, getOnly()));
        json.insert(L("depends_on"), dependsOn);
        json.insert(L("dataframe"), QJsonValue::Null);
    }
    return json;
}

QJsonObject WireJson::task(const work::TaskRecord& record) const
{
    return task(record.task, record.status, record.finishedAt);
}

QJsonObject WireJson::run(const work::RunRecord& record) const
{
    const work::Run& r = record.run;
    QJsonValue log = QJsonValue::Null;
    if (r.log)
        log = *r.log;
    QJsonObject json{{L("id"), r.id.value}, {L("status"), nameOf(r.status)}, {L("log"), log},
        {L("assigned_at"), time(r.assignedAt)}, {L("started_at"), time(r.startedAt)},
        {L("finished_at"), time(r.finishedAt)}, {L("cleanup_at"), time(r.cleanupAt)},
        {L("blob_storage_used"), r.blobStorageUsed},
        {L("organization"), organizationLink(r.organization)},
        {L("task"), link(L("task"), r.task.value, getOnly())},
        {L("results"), link(L("result"), r.id.value, getOnly())}, {L("node"), runNode(record)}};
    if (m_form == WireForm::V4) {
        json.insert(L("input"), r.input);
        json.insert(L("ports"), QJsonArray());
    } else {
        json.insert(L("arguments"), r.input);
        json.insert(L("action"), record.task.action);
    }
    return json;
}

QJsonObject WireJson::runWithTask(const work::RunRecord& record) const
{
    QJsonObject json = run(record);
    QJsonObject itsTask = task(record.task, record.taskStatus);
    itsTask.remove(L("runs"));
    json.insert(L("task"), itsTask);
    return json;
}

QJsonObject WireJson::result(const work::RunRecord& record) const
{
    const work::Run& r = record.run;
    QJsonValue content = QJsonValue::Null;
    if (r.result)
        content = *r.result;
    return {{L("id"), r.id.value}, {L("result"), content},
        {L("blob_storage_used"), r.blobStorageUsed}, {L("cleanup_at"), time(r.cleanupAt)},
        {L("run"), link(L("run"), r.id.value, getPatch())},
        {L("task"), link(L("task"), r.task.value, getOnly())}};
}

QJsonValue WireJson::time(std::optional<Millis> at)
{
    if (!at)
        return QJsonValue::Null;
    const QDateTime utc = QDateTime::fromMSecsSinceEpoch(at->count(), Qt::UTC);
    // Microseconds, as Python writes them.
    return QString(utc.toString(QStringLiteral("yyyy-MM-ddTHH:mm:ss.zzz")) + QStringLiteral("000"));
}

std::optional<Millis> WireJson::parseTime(const QString& text)
{
    QDateTime time = QDateTime::fromString(text, Qt::ISODateWithMs);
    if (!time.isValid())
        return std::nullopt;
    if (time.timeSpec() == Qt::LocalTime)
        time.setTimeSpec(Qt::UTC); // no offset was given
    return Millis{time.toMSecsSinceEpoch()};
}

QJsonValue WireJson::link(L resource, qint64 id, const QJsonArray& methods) const
{
    if (id <= 0)
        return QJsonValue::Null;
    const QString url
        = m_base + QLatin1Char('/') + resource + QLatin1Char('/') + QString::number(id);
    return QJsonObject{{L("id"), id}, {L("link"), url}, {L("methods"), methods}};
}

QJsonValue WireJson::organizationLink(OrganizationId id) const
{
    return link(L("organization"), id.value, getPatch());
}

QString WireJson::list(L resource, L by, qint64 id) const
{
    return m_base + QLatin1Char('/') + resource + QLatin1Char('?') + by + QLatin1Char('=')
        + QString::number(id);
}

QJsonValue WireJson::runNode(const work::RunRecord& record) const
{
    const work::Node* node = m_directory.nodeOf(record.run.organization, record.task.collaboration);
    if (!node)
        return QJsonValue::Null;
    const QString status = m_presence.isOnline(node->id) ? L("online") : L("offline");
    return QJsonObject{{L("id"), node->id.value}, {L("name"), node->name}, {L("status"), status},
        {L("ip"), QJsonValue::Null}};
}

} // namespace gatehouse::api
