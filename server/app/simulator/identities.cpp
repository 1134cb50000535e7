// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulator/identities.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace gatehouse::app {

Result<SimulatedIdentities> readIdentities(const QByteArray& json)
{
    QJsonParseError problem;
    const QJsonObject root = QJsonDocument::fromJson(json, &problem).object();
    if (problem.error != QJsonParseError::NoError) {
        return failure(ErrorCode::Malformed, problem.errorString());
    }
    SimulatedIdentities found;
    for (const QJsonValue& item : root.value(QLatin1StringView("nodes")).toArray()) {
        const QString key = item[QLatin1StringView("api_key")].toString();
        if (!key.isEmpty()) {
            found.nodes.push_back({item[QLatin1StringView("name")].toString(), key});
        }
    }
    for (const QJsonValue& item : root.value(QLatin1StringView("users")).toArray()) {
        const QString password = item[QLatin1StringView("password")].toString();
        if (!password.isEmpty()) {
            found.users.push_back({item[QLatin1StringView("username")].toString(), password});
        }
    }
    if (found.nodes.empty() || found.users.empty()) {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("the file names no node with an api_key, or no user with a password"));
    }
    return found;
}

} // namespace gatehouse::app
