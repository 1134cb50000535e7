// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "admin-gui/client/adminfeed.h"
#include "admin-gui/client/adminlink.h"
#include "admin-gui/client/tokensource.h"
#include "admin-gui/client/topicsync.h"
#include "common/core/clock.h"

#include <QTimer>

#include <map>
#include <memory>

namespace gatehouse::gui {

enum class LinkState {
    Offline, ///< nothing was asked for
    Connecting, ///< the first attempt, up to the first whole snapshot
    Live, ///< what is shown is what the server has
    Stale, ///< connected, but silent or reading a new snapshot after a gap
    Lost, ///< the connection broke or cannot be made; another attempt is planned
    Refused, ///< the server said no; only a person can change that
};

/// How to enter: a token, or a name and a password that become one. Kept in memory only.
struct Credentials
{
    QByteArray token;
    QString name;
    QString password;
};

/// What the server says about itself on entering.
struct ServerHello
{
    int protocol = 0;
    QString serverId;
    QString version;
    QString hostname;
    qint64 startedAt = 0; ///< UTC milliseconds
    QString adminName;
};

struct ConnectionOptions
{
    Millis firstRetry{500};
    Millis longestRetry{10'000};
    Millis staleAfter{4'000}; ///< the overview comes every second
    Millis helloTimeout{10'000};
    Millis resubscribeDelay{
        200}; ///< grows with each gap in a row, so that a broken server is not hammered
    int pageSize = 1000;
    int logTail = 5000;
};

/// The console's way to the server: enters the admin namespace, keeps every topic in step, tries
/// again after a loss, and carries actions. All signals come from the GUI thread; no widgets.
class AdminConnection final : public QObject
{
    Q_OBJECT

public:
    /// Calls back once with the number the ack tells (runs killed, sockets asked, round trip in
    /// ms, recipients; 0 where there is none).
    using ActionAnswer = std::function<void(Result<qint64>)>;

    AdminConnection(std::unique_ptr<AdminLink> link, std::unique_ptr<TokenSource> tokens,
        const Clock& clock, ConnectionOptions options = {});
    ~AdminConnection() override;

    void open(const QUrl& server, const Credentials& credentials);
    void close();
    void retryNow();

    AdminFeed& feed() { return m_feed; }
    LinkState state() const { return m_state; }
    const Error& reason() const { return m_reason; } ///< of Lost and Refused
    Millis untilRetry() const; ///< 0 when no attempt is planned
    const ServerHello& hello() const { return m_hello; }
    const QUrl& server() const { return m_server; }
    qint64 serverNow() const; ///< UTC milliseconds by the server's clock
    qint64 lastMessageAt() const { return m_lastMessageWall; } ///< by the server's clock
    qint64 gapCount() const { return m_gaps; }

    void disconnectClient(const QString& sessionId, const QString& reason, ActionAnswer answer);
    void demoteClient(const QString& sessionId, const QString& reason, ActionAnswer answer);
    void killTask(qint64 taskId, const QString& reason, ActionAnswer answer);
    void renewToken(qint64 nodeId, const QString& reason, ActionAnswer answer);
    void pingNode(qint64 nodeId, const QString& reason, ActionAnswer answer);
    void sendToRoom(const QString& nsp, const QString& room, const QString& event,
        const QJsonArray& args, const QString& reason, ActionAnswer answer);

Q_SIGNALS:
    void stateChanged(gatehouse::gui::LinkState state);
    void helloReceived();

private:
    struct TopicState
    {
        TopicSync sync;
        int failures = 0; ///< gaps in a row
    };

    void connectNow();
    void openLink(const QByteArray& token);
    void handleOpened();
    void handleRefused(const Error& error);
    void handleClosed(const QString& reason);
    void handleEvent(const QString& event, const QJsonArray& args);
    void handleHello(const QJsonObject& hello);
    void handleChange(const QJsonObject& message);
    void handleSilence();
    void subscribe(Topic topic);
    void resubscribe(Topic topic);
    void readPage(Topic topic);
    void settle(Topic topic, TopicSync::Verdict verdict);
    void act(const QString& event, const QJsonObject& argument, QLatin1StringView number,
        ActionAnswer answer);
    void request(const QString& event, const QJsonObject& argument,
        std::function<void(Result<QJsonObject>)> answer);
    void lose(const Error& reason);
    void refuse(const Error& reason);
    void setState(LinkState state);
    void updateLiveness();
    bool isWhole() const;

    std::unique_ptr<AdminLink> m_link;
    std::unique_ptr<TokenSource> m_tokens;
    const Clock& m_clock;
    ConnectionOptions m_options;
    AdminFeed m_feed;
    std::map<Topic, TopicState> m_topics;
    QUrl m_server;
    Credentials m_credentials;
    ServerHello m_hello;
    LinkState m_state = LinkState::Offline;
    Error m_reason;
    int m_attempts = 0; ///< failed ones since the last Live
    int m_generation = 0; ///< of the connection; answers of an older one are ignored
    qint64 m_gaps = 0;
    qint64 m_clockOffset = 0; ///< server minus ours
    qint64 m_lastMessageWall = 0;
    Millis m_lastMessage{};
    bool m_entered = false;
    bool m_wasLive = false;
    bool m_sessionExpired = false;
    QTimer m_retry;
    QTimer m_silence;
    QTimer m_helloDeadline;
};

} // namespace gatehouse::gui
