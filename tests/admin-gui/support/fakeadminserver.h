// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminfeed.h"
#include "admin-gui/client/adminlink.h"
#include "admin-gui/client/tokensource.h"

#include <QJsonObject>

#include <map>
#include <vector>

namespace gatehouse::test {

/// Plays the server of docs/admin-protocol.md for one AdminConnection: keeps topics, answers
/// subscriptions page by page, sends numbered changes and records everything that was asked.
class FakeAdminServer final : public gui::AdminLink
{
    Q_OBJECT

public:
    struct Request
    {
        QString event;
        QJsonObject argument;
    };

    using AdminLink::AdminLink;

    // What the connection sees.
    void open(const QUrl& server, const QByteArray& token) override;
    void close() override;
    void request(const QString& event, const QJsonArray& args, Answer answer) override;

    // What a test sets up and does.
    QByteArray epoch = "e1";
    QByteArray acceptedToken = "good";
    bool reachable = true;
    bool answersPages = true; ///< false: the snapshot stops after its first page
    int pageSize = 0; ///< 0: as asked for
    std::map<QString, QJsonObject> actionAnswers; ///< by event; {ok: true} without an entry
    std::vector<Request> requests;
    int opens = 0;
    QByteArray lastToken;

    void put(gui::Topic topic, const QJsonObject& item); ///< into the state, unannounced
    void announce(gui::Topic topic, const QJsonObject& item); ///< put, and send the change
    void announceRemoval(gui::Topic topic, const QString& key);
    void announceLog(const std::vector<model::LogEntry>& lines, qint64 dropped = 0);
    void skipVersions(gui::Topic topic, int count); ///< the next change leaves a gap
    void breakConnection(const QString& reason);
    void restart(); ///< another epoch, versions anew, connection broken
    void send(const QString& event, const QJsonObject& argument);
    int subscriptionCount(gui::Topic topic) const;
    bool isOpen() const { return m_open; }

private:
    struct TopicState
    {
        QStringList order;
        QHash<QString, QJsonObject> items;
        qint64 version = 1;
    };

    QJsonObject answer(const QString& event, const QJsonObject& argument);
    QJsonObject page(const QString& topic, int from, int size);
    void sendChange(gui::Topic topic, const QJsonArray& changes);

    std::map<QString, TopicState> m_topics;
    bool m_open = false;
    int m_generation = 0;
};

/// Answers at once with what the test decided.
class FakeTokenSource final : public gui::TokenSource
{
public:
    void fetch(
        const QUrl& server, const QString& name, const QString& password, Answer answer) override;
    void cancel() override { }

    Result<QByteArray> result = QByteArray("good");
    int fetches = 0;
    QString lastName;
};

/// A small federation with every kind of thing in it.
void fillWithFederation(FakeAdminServer& server);
model::NodeInfo sampleNode(qint64 id, bool online);
model::ClientInfo sampleClient(const QString& sessionId, const QString& name);
model::TaskInfo sampleTask(qint64 id, const QString& status, int runs);
model::RoomInfo sampleRoom(const QString& room, qint64 members);
model::MemberInfo sampleMember(const QString& room, const QString& socketId, const QString& name);
model::BusInfo sampleBus(const QString& link);
model::ServiceInfo sampleService(const QString& name, const std::vector<QString>& types);
model::ServiceTypeInfo sampleType(
    const QString& type, const std::vector<QString>& wantedBy, qint64 held = 0, qint64 dead = 0);
model::LogEntry sampleLine(quint64 seq, model::LogLevel level, const QString& text);

} // namespace gatehouse::test
