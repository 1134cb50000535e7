// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "server/api/apioptions.h"
#include "server/work/entities.h"
#include "server/work/records.h"

#include <QJsonArray>
#include <QJsonObject>

#include <optional>

namespace gatehouse::work {
class Directory;
class Presence;
} // namespace gatehouse::work

namespace gatehouse::api {

/// Entities as the JSON of vantage6 4.x or 5.0 (its output schemas), with links below the API's
/// path. A related thing is {id, link, methods}, a list of them the URL that lists them. Times are
/// UTC in ISO 8601 without an offset, which is what its clients add.
class WireJson
{
public:
    WireJson(QString base, WireForm form, const work::Directory& directory,
        const work::Presence& presence)
        : m_base(std::move(base)), m_form(form), m_directory(directory), m_presence(presence)
    {
    }

    QJsonObject organization(const work::Organization& organization) const;
    QJsonObject collaboration(const work::Collaboration& collaboration) const;
    QJsonObject study(const work::Study& study) const;
    QJsonObject node(const work::Node& node) const;
    QJsonObject user(const work::User& user) const;
    QJsonObject workSession(const work::WorkSession& session) const;
    QJsonObject role(const work::Role& role) const;
    QJsonObject task(const work::Task& task, work::RunStatus status,
        std::optional<Millis> finishedAt = std::nullopt) const;
    QJsonObject task(const work::TaskRecord& record) const;
    QJsonObject run(const work::RunRecord& record) const;
    QJsonObject runWithTask(const work::RunRecord& record) const;
    QJsonObject result(const work::RunRecord& record) const;

    QString taskStatus(work::RunStatus status) const; ///< v5 knows three of a task

    WireForm form() const { return m_form; }

    static QJsonValue time(std::optional<Millis> at);
    static std::optional<Millis> parseTime(const QString& text);

private:
    QJsonValue link(QLatin1StringView resource, qint64 id, const QJsonArray& methods) const;
    QJsonValue organizationLink(OrganizationId id) const;
    QString list(QLatin1StringView resource, QLatin1StringView by, qint64 id) const;
    QJsonValue runNode(const work::RunRecord& record) const;

    QJsonArray databases(const work::Task& task) const;

    QString m_base;
    WireForm m_form;
    const work::Directory& m_directory;
    const work::Presence& m_presence;
};

} // namespace gatehouse::api
