// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulator/madefederation.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUuid>

#include <algorithm>

namespace gatehouse::app {

namespace {

constexpr int OrganizationsPerCollaboration = 10;

QString newSecret()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces);
}

QString organizationName(int number)
{
    return QStringLiteral("Organization %1").arg(number + 1);
}

} // namespace

QByteArray makeFederation(int nodes, int users)
{
    QJsonArray organizations;
    QJsonArray collaborations;
    QJsonArray stations;
    for (int first = 0; first < nodes; first += OrganizationsPerCollaboration) {
        const QString collaboration
            = QStringLiteral("Collaboration %1").arg(collaborations.size() + 1);
        QJsonArray members;
        for (int i = first; i < std::min(nodes, first + OrganizationsPerCollaboration); ++i) {
            members.append(organizationName(i));
            organizations.append(QJsonObject{{QStringLiteral("name"), organizationName(i)}});
            stations.append(
                QJsonObject{{QStringLiteral("name"), QStringLiteral("node-%1").arg(i + 1)},
                    {QStringLiteral("organization"), organizationName(i)},
                    {QStringLiteral("collaboration"), collaboration},
                    {QStringLiteral("api_key"), newSecret()}});
        }
        collaborations.append(QJsonObject{{QStringLiteral("name"), collaboration},
            {QStringLiteral("encrypted"), false}, {QStringLiteral("organizations"), members}});
    }
    QJsonArray people;
    for (int i = 0; i < users; ++i) {
        people.append(
            QJsonObject{{QStringLiteral("username"), QStringLiteral("user-%1").arg(i + 1)},
                {QStringLiteral("organization"), organizationName(i % nodes)},
                {QStringLiteral("password"), newSecret()},
                {QStringLiteral("roles"), QJsonArray{QStringLiteral("Researcher")}}});
    }
    const QJsonObject file{{QStringLiteral("format"), QStringLiteral("gatehouse-import")},
        {QStringLiteral("version"), 1}, {QStringLiteral("organizations"), organizations},
        {QStringLiteral("collaborations"), collaborations}, {QStringLiteral("nodes"), stations},
        {QStringLiteral("users"), people}};
    return QJsonDocument(file).toJson();
}

} // namespace gatehouse::app
