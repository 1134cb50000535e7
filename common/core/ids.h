// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>
#include <QHash>

#include <compare>

namespace gatehouse {

/// A number that names one kind of thing; a TaskId cannot be passed as a RunId. Zero is "none".
/// Values are positive 64-bit integers given by the database.
template <class Tag>
struct Id
{
    qint64 value = 0;

    bool isValid() const { return value > 0; }
    friend auto operator<=>(const Id&, const Id&) = default;
    friend size_t qHash(const Id& id, size_t seed = 0) { return ::qHash(id.value, seed); }
};

using OrganizationId = Id<struct OrganizationTag>;
using CollaborationId = Id<struct CollaborationTag>;
using StudyId = Id<struct StudyTag>;
using NodeId = Id<struct NodeTag>; ///< shares one number space with UserId, as in vantage6
using UserId = Id<struct UserTag>;
using RoleId = Id<struct RoleTag>;
using AdminId = Id<struct AdminTag>; ///< console accounts; a number space of their own
using TaskId = Id<struct TaskTag>;
using JobId = Id<struct JobTag>; ///< shared by a task and its subtasks
using RunId = Id<struct RunTag>;
using WorkSessionId = Id<struct WorkSessionTag>; ///< of vantage6 v5: tasks that share data at nodes

/// Text that names one kind of thing: compared octet by octet, UTF-8.
template <class Tag>
struct Name
{
    QByteArray value;

    bool isEmpty() const { return value.isEmpty(); }
    friend bool operator==(const Name&, const Name&) = default;
    friend auto operator<=>(const Name& a, const Name& b) { return a.value.compare(b.value) <=> 0; }
    friend size_t qHash(const Name& name, size_t seed = 0) { return ::qHash(name.value, seed); }
};

using SessionId = Name<struct SessionTag>; ///< Engine.IO session ("sid" of the open packet)
using SocketId = Name<struct SocketTag>; ///< Socket.IO socket: one namespace of one session
using NamespaceName = Name<struct NamespaceTag>; ///< with its slash: "/", "/tasks"
using RoomName = Name<struct RoomTag>;

} // namespace gatehouse
