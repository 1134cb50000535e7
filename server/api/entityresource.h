// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/policy.h"
#include "server/api/resource.h"
#include "server/api/wirejson.h"

namespace gatehouse::api {

/// The directory, read: organizations, collaborations, studies, nodes, users, roles and rules; and
/// an organization's public key, written. Lists are ascending by id.
class EntityResource final : public Resource
{
public:
    EntityResource(ApiServices& services, WireJson json)
        : Resource(services), m_json(std::move(json))
    {
    }
    void addTo(Router& router, const QString& base) override;

private:
    void listNodes(const ApiCallPtr& call);
    void getNode(const ApiCallPtr& call);
    void getOwnNode(const ApiCallPtr& call);
    void listOrganizations(const ApiCallPtr& call);
    void getOrganization(const ApiCallPtr& call);
    void patchOrganization(const ApiCallPtr& call);
    void listCollaborations(const ApiCallPtr& call);
    void getCollaboration(const ApiCallPtr& call);
    void listStudies(const ApiCallPtr& call);
    void getStudy(const ApiCallPtr& call);
    void listUsers(const ApiCallPtr& call);
    void getUser(const ApiCallPtr& call);
    void listRoles(const ApiCallPtr& call);
    void listRules(const ApiCallPtr& call);

    template <class Entity>
    using ToJson = QJsonObject (WireJson::*)(const Entity&) const;

    template <class Entity, class Matches>
    void replyList(const ApiCall& call, const std::vector<Entity>& all, ToJson<Entity> toJson,
        Matches matches) const;
    template <class Entity>
    void replyOne(const ApiCall& call, QLatin1StringView what, const Entity* found,
        ToJson<Entity> toJson) const;
    void notFound(
        const ApiCall& call, QLatin1StringView what, const access::Decision& reachesAll) const;

    bool passesUserFilter(const ApiCall& call, qint64 id, const work::User* user) const;

    access::Decision mayView(const ApiCall& call, const work::Node* node) const;
    access::Decision mayView(const ApiCall& call, const work::Organization* organization) const;
    access::Decision mayView(const ApiCall& call, const work::Collaboration* collaboration) const;
    access::Decision mayView(const ApiCall& call, const work::Study* study) const;
    access::Decision mayView(const ApiCall& call, const work::User* user) const;
    bool mayViewRole(const ApiCall& call, const work::Role& role) const;
    access::Decision mayEdit(const ApiCall& call, OrganizationId organization) const;
    bool reaches(const ApiCall& call, QByteArrayView resource, model::RuleOperation operation,
        OrganizationId organization) const;

    WireJson m_json;
};

} // namespace gatehouse::api
