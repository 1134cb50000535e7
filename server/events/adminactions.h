// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/access/policy.h"
#include "server/events/adminnamespace.h"
#include "server/session/socket.h"

#include <QHash>
#include <QJsonObject>

#include <functional>
#include <memory>

namespace gatehouse::events {

/// The privileged actions of the admin namespace. Each asks access, acts, is audited with its
/// outcome, and answers once. Owned by AdminNamespace.
class AdminActions
{
public:
    AdminActions(const AdminServices& services, const AdminOptions& options);

    /// Gets what the ack says beside `ok`, or the error.
    using Reply = std::function<void(Result<QJsonObject>)>;

    bool has(const QByteArray& event) const { return m_actions.contains(event); }
    void run(const session::Socket& socket, const session::IncomingEvent& event, Reply reply);

private:
    /// One request: who, what they said, and how to answer. `argument` is the first argument.
    struct Request
    {
        access::Principal principal;
        QString address;
        session::IncomingEvent event;
        QJsonObject argument;
        Reply reply;

        QString reason() const { return argument.value(QLatin1StringView("reason")).toString(); }
        qint64 id(QLatin1StringView field) const { return argument.value(field).toInteger(); }
    };
    using Act = void (AdminActions::*)(const Request&);
    struct Action
    {
        access::AdminAction kind;
        Act act;
    };

    void disconnectClient(const Request& request);
    void demoteClient(const Request& request);
    void killTask(const Request& request);
    void renewToken(const Request& request);
    void pingNode(const Request& request);
    void sendToRoom(const Request& request);

    std::optional<session::SessionView> sessionOf(const Request& request) const;
    void finish(const Request& request, const QString& target, const Result<QJsonObject>& result,
        const QJsonObject& before = {});

    const AdminServices m_services;
    const AdminOptions& m_options;
    QHash<QByteArray, Action> m_actions;
    std::shared_ptr<bool> m_alive;
};

} // namespace gatehouse::events
