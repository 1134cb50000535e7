// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/ids.h"
#include "common/model/rule.h"
#include "server/work/runstatus.h"

#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::work {

// The entities of the federation profile with the fields vantage6 4.x shows. Plain values. Times
// are wall clock; an invalid id means "none".

struct Organization
{
    OrganizationId id;
    QString name; ///< unique
    QString domain;
    QString address1;
    QString address2;
    QString zipcode;
    QString country;
    QString publicKey; ///< base64 or empty

    friend bool operator==(const Organization&, const Organization&) = default;
};

struct Collaboration
{
    CollaborationId id;
    QString name; ///< unique
    bool encrypted = true;
    std::vector<OrganizationId> members; ///< ascending

    friend bool operator==(const Collaboration&, const Collaboration&) = default;
};

/// A named subset of a collaboration's organizations.
struct Study
{
    StudyId id;
    QString name; ///< unique
    CollaborationId collaboration;
    std::vector<OrganizationId> members; ///< ascending
};

/// One fact a node tells about itself ("encryption", "allowed_algorithms", …). Keys repeat: a list
/// is several entries with one key.
struct NodeConfigEntry
{
    QString key;
    QString value;

    friend bool operator==(const NodeConfigEntry&, const NodeConfigEntry&) = default;
};
using NodeConfig = std::vector<NodeConfigEntry>;

/// A data station: at most one per organization and collaboration.
struct Node
{
    NodeId id;
    QString name; ///< unique
    QByteArray apiKeyHash; ///< apiKeyHash() of the key; the key itself is never kept
    CollaborationId collaboration;
    OrganizationId organization;
    std::optional<Millis> lastSeen; ///< as of the server's start; Presence knows better
    QString keycloakId = {}; ///< `sub` of its tokens of vantage6 v5; empty: none

    friend bool operator==(const Node&, const Node&) = default;
};

struct Role
{
    RoleId id;
    QString name; ///< unique within its organization
    QString description;
    OrganizationId organization; ///< none: usable by every organization
    bool isDefault = false;
    std::vector<model::Rule> rules;
};

struct User
{
    UserId id;
    QString username; ///< unique
    OrganizationId organization;
    QByteArray passwordHash; ///< PHC string; empty: cannot log in with a password
    QString email;
    QString firstname;
    QString lastname;
    std::vector<RoleId> roles;
    std::vector<model::Rule> rules; ///< given directly, beside those of the roles
    QString keycloakId = {}; ///< as of Node

    friend bool operator==(const User&, const User&) = default;
};

/// Who may open the console.
struct AdminAccount
{
    AdminId id;
    QString name; ///< unique
    QByteArray passwordHash; ///< PHC string; empty: tokens only
    Millis createdAt{};
};

/// What tasks of vantage6 v5 share at the nodes: data that one has made is there for the next. Whom
/// its scope leaves out may not use it.
struct WorkSession
{
    WorkSessionId id;
    QString name; ///< unique within its collaboration
    CollaborationId collaboration;
    StudyId study;
    UserId owner;
    OrganizationId organization; ///< the owner's
    model::RuleScope scope = model::RuleScope::Own;
    Millis createdAt{};
};

struct TaskDatabase
{
    QString label;
    QString parameters; ///< JSON text or empty

    friend bool operator==(const TaskDatabase&, const TaskDatabase&) = default;
};

struct Task
{
    TaskId id;
    QString name;
    QString description;
    QString image;
    CollaborationId collaboration;
    StudyId study;
    JobId job; ///< shared by a task and its subtasks
    TaskId parent;
    OrganizationId initOrganization;
    UserId initUser;
    Millis createdAt{};
    std::vector<TaskDatabase> databases;
    // vantage6 v5
    QString method; ///< of the algorithm; empty: its input says it
    QString action; ///< "federated_compute", …; empty: of a v4 task
    WorkSessionId session;
    std::vector<TaskId> dependsOn; ///< its runs start when all of these have finished; ascending
};

/// One organization's part of a task. Its node is the one of (organization, collaboration).
struct Run
{
    RunId id;
    TaskId task;
    OrganizationId organization;
    RunStatus status = RunStatus::Pending;
    QString input; ///< left empty where a query says so
    std::optional<QString> result; ///< left empty where a query says so
    std::optional<QString> log; ///< left empty where a query says so
    Millis assignedAt{};
    std::optional<Millis> startedAt;
    std::optional<Millis> finishedAt;
    std::optional<Millis> cleanupAt;
    bool blobStorageUsed = false;
};

/// Where a run belongs: what a node's event is checked against.
struct RunRef
{
    RunId run;
    TaskId task;
    JobId job;
    TaskId parent;
    OrganizationId organization;
    CollaborationId collaboration;
    RunStatus status = RunStatus::Pending;
    bool finished = false; ///< finished_at is set; nothing may change any more

    friend bool operator==(const RunRef&, const RunRef&) = default;
};

/// SHA-256 of a node's API key. Keys are random UUIDs (122 bits), so a fast hash is enough and an
/// index can find it.
QByteArray apiKeyHash(QByteArrayView apiKey);

} // namespace gatehouse::work
