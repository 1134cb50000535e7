// SPDX-License-Identifier: Apache-2.0
#include "server/api/taskbody.h"

#include "common/core/utf8.h"
#include "server/work/directory.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <array>

namespace gatehouse::api {

namespace {

using L = QLatin1StringView;

auto incorrect(const QString& what)
{
    return failure(ErrorCode::BadRequest, QStringLiteral("Request body is incorrect: ") + what);
}

QString compact(const QJsonObject& object)
{
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

/// Text, or empty when the field is absent or null.
Result<QString> optionalText(const QJsonObject& body, L field)
{
    const QJsonValue value = body.value(field);
    if (value.isUndefined() || value.isNull())
        return QString();
    if (!value.isString())
        return incorrect(QStringLiteral("'%1' is no text").arg(field));
    return value.toString();
}

/// A positive whole number, or 0 when the field is absent or null.
Result<qint64> optionalId(const QJsonObject& body, L field)
{
    const QJsonValue value = body.value(field);
    if (value.isUndefined() || value.isNull())
        return 0;
    const qint64 id = value.toInteger();
    if (id <= 0)
        return incorrect(QStringLiteral("'%1' is no positive integer").arg(field));
    return id;
}

Result<std::vector<work::NewRun>> organizationsOf(const QJsonObject& body, L inputField)
{
    const QJsonValue list = body.value(L("organizations"));
    if (!list.isArray())
        return incorrect(QStringLiteral("'organizations' is needed"));
    std::vector<work::NewRun> runs;
    const QJsonArray array = list.toArray();
    if (array.isEmpty())
        return incorrect(QStringLiteral("'organizations' is empty"));
    for (const QJsonValue& entry : array) {
        const QJsonObject object = entry.toObject();
        const qint64 id = object.value(L("id")).toInteger();
        if (id <= 0)
            return incorrect(QStringLiteral("an entry of 'organizations' has no 'id'"));
        const QJsonValue input = object.value(inputField);
        if (input.isObject()) // what old clients send
            runs.push_back({OrganizationId{id}, compact(input.toObject())});
        else if (input.isString() || input.isNull() || input.isUndefined())
            runs.push_back({OrganizationId{id}, input.toString()});
        else
            return incorrect(QStringLiteral("an '%1' is no text").arg(inputField));
    }
    return runs;
}

Result<std::vector<work::TaskDatabase>> databasesOf(const QJsonObject& body)
{
    const QJsonValue list = body.value(L("databases"));
    std::vector<work::TaskDatabase> databases;
    if (list.isUndefined() || list.isNull())
        return databases;
    if (list.isString()) { // one label
        databases.push_back({list.toString(), QStringLiteral("{}")});
        return databases;
    }
    if (!list.isArray())
        return incorrect(QStringLiteral("'databases' is no list"));
    const QJsonArray array = list.toArray();
    for (const QJsonValue& entry : array) {
        QJsonObject object = entry.toObject();
        const QJsonValue label = object.take(L("label"));
        if (!label.isString())
            return incorrect(QStringLiteral("a database has no 'label'"));
        databases.push_back({label.toString(), compact(object)});
    }
    return databases;
}

/// v5 has a list of databases for each place of the algorithm's method; `position` keeps which.
Result<std::vector<work::TaskDatabase>> nestedDatabasesOf(const QJsonObject& body)
{
    const QJsonValue list = body.value(L("databases"));
    std::vector<work::TaskDatabase> databases;
    if (list.isUndefined() || list.isNull())
        return databases;
    if (!list.isArray())
        return incorrect(QStringLiteral("'databases' is no list"));
    const QJsonArray places = list.toArray();
    for (qsizetype position = 0; position < places.size(); ++position) {
        if (!places[position].isArray())
            return incorrect(QStringLiteral("'databases' is no list of lists"));
        const QJsonArray entries = places[position].toArray();
        for (const QJsonValue& entry : entries) {
            QJsonObject object = entry.toObject();
            const QJsonValue label = object.take(L("label"));
            if (object.value(L("type")) == L("dataframe"))
                return incorrect(QStringLiteral("this server keeps no data frames"));
            if (!label.isString())
                return incorrect(QStringLiteral("a database has no 'label'"));
            object.insert(L("type"), L("source"));
            object.insert(L("position"), position);
            databases.push_back({label.toString(), compact(object)});
        }
    }
    return databases;
}

Result<void> readV5(const QJsonObject& body, work::TaskRequest& request)
{
    static const std::array<L, 5> actions{L("data_extraction"), L("preprocessing"),
        L("federated_compute"), L("central_compute"), L("postprocessing")};
    const auto method = optionalText(body, L("method"));
    if (!method || method->isEmpty())
        return incorrect(QStringLiteral("'method' is needed"));
    // The original asks the algorithm's store when it is missing; there are none here.
    const auto action = optionalText(body, L("action"));
    if (!action || std::find(actions.begin(), actions.end(), *action) == actions.end())
        return incorrect(QStringLiteral("'action' is none of the actions of an algorithm"));
    const auto session = optionalId(body, L("session_id"));
    if (!session)
        return tl::unexpected<Error>(session.error());
    const QJsonValue awaited = body.value(L("depends_on_ids"));
    if (!awaited.isUndefined() && !awaited.isNull() && !awaited.isArray())
        return incorrect(QStringLiteral("'depends_on_ids' is no list"));
    const QJsonArray ids = awaited.toArray();
    for (const QJsonValue& id : ids) {
        if (id.toInteger() <= 0)
            return incorrect(QStringLiteral("'depends_on_ids' holds no positive integer"));
        request.dependsOn.push_back({id.toInteger()});
    }
    std::sort(request.dependsOn.begin(), request.dependsOn.end());
    request.dependsOn.erase(
        std::unique(request.dependsOn.begin(), request.dependsOn.end()), request.dependsOn.end());
    request.method = *method;
    request.action = *action;
    request.session = {*session};
    return {};
}

Result<void> place(work::TaskRequest& request, qint64 collaboration, qint64 study,
    const work::Directory& directory)
{
    request.collaboration = {collaboration};
    request.study = {study};
    if (study != 0) {
        const work::Study* known = directory.study(request.study);
        if (!known)
            return failure(ErrorCode::NotFound, QStringLiteral("Study id=%1 not found").arg(study));
        if (collaboration != 0 && known->collaboration != request.collaboration)
            return incorrect(QStringLiteral("the study is not of that collaboration"));
        request.collaboration = known->collaboration;
    }
    if (!request.collaboration.isValid())
        return incorrect(QStringLiteral("'collaboration_id' or 'study_id' is needed"));
    if (!directory.collaboration(request.collaboration))
        return failure(ErrorCode::NotFound,
            QStringLiteral("Collaboration id=%1 not found!").arg(collaboration));
    return {};
}

} // namespace

Result<work::TaskRequest> readTaskBody(
    const QJsonObject& body, WireForm form, const work::Directory& directory)
{
    const auto name = optionalText(body, L("name"));
    if (!name)
        return tl::unexpected<Error>(name.error());
    const auto description = optionalText(body, L("description"));
    if (!description)
        return tl::unexpected<Error>(description.error());
    const auto image = optionalText(body, L("image"));
    if (!image || image->isEmpty())
        return incorrect(QStringLiteral("'image' is needed"));
    const auto collaboration = optionalId(body, L("collaboration_id"));
    if (!collaboration)
        return tl::unexpected<Error>(collaboration.error());
    const auto study = optionalId(body, L("study_id"));
    if (!study)
        return tl::unexpected<Error>(study.error());
    const bool isV5 = form == WireForm::V5;
    auto runs = organizationsOf(body, isV5 ? L("arguments") : L("input"));
    if (!runs)
        return tl::unexpected<Error>(runs.error());
    auto databases = isV5 ? nestedDatabasesOf(body) : databasesOf(body);
    if (!databases)
        return tl::unexpected<Error>(databases.error());

    work::TaskRequest request;
    request.name = *name;
    request.description = *description;
    request.image = *image;
    request.organizations = std::move(*runs);
    request.databases = std::move(*databases);
    if (isV5) {
        if (const auto read = readV5(body, request); !read)
            return tl::unexpected<Error>(read.error());
    }
    if (const auto placed = place(request, *collaboration, *study, directory); !placed)
        return tl::unexpected<Error>(placed.error());
    return request;
}

Result<void> checkInputEncryption(
    const work::TaskRequest& request, const work::Collaboration& collaboration)
{
    if (!collaboration.encrypted)
        return {};
    for (const work::NewRun& run : request.organizations) {
        // Encrypted input is base64 of random-looking octets, which are no UTF-8.
        if (isValidUtf8(QByteArray::fromBase64(run.input.toUtf8())))
            return failure(ErrorCode::BadRequest,
                QStringLiteral("Your collaboration requires encryption, but input is not "
                               "encrypted! Please encrypt your input before sending it."));
    }
    return {};
}

} // namespace gatehouse::api
