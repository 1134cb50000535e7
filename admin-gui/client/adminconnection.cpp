// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/adminconnection.h"

#include "admin-gui/client/errornames.h"

#include <QLoggingCategory>

#include <algorithm>

namespace gatehouse::gui {

namespace {

Q_LOGGING_CATEGORY(lcLink, "gh.console.link", QtWarningMsg)

using L = QLatin1StringView;

constexpr int supportedProtocol = 1;

std::optional<Topic> topicFromName(const QString& wanted)
{
    for (const Topic topic : allTopics) {
        if (wanted == name(topic))
            return topic;
    }
    return std::nullopt;
}

} // namespace

AdminConnection::AdminConnection(std::unique_ptr<AdminLink> link,
    std::unique_ptr<TokenSource> tokens, const Clock& clock, ConnectionOptions options)
    : m_link(std::move(link)), m_tokens(std::move(tokens)), m_clock(clock), m_options(options)
{
    for (const Topic topic : allTopics)
        m_topics.try_emplace(topic);
    m_retry.setSingleShot(true);
    m_retry.setTimerType(Qt::PreciseTimer); // its countdown is shown
    m_helloDeadline.setSingleShot(true);
    m_silence.setInterval(std::max(m_options.staleAfter / 4, Millis{1}));
    connect(&m_retry, &QTimer::timeout, this, &AdminConnection::connectNow);
    connect(&m_silence, &QTimer::timeout, this, &AdminConnection::handleSilence);
    connect(&m_helloDeadline, &QTimer::timeout, this, [this] {
        lose({ErrorCode::Timeout, QStringLiteral("no answer")});
    });
    connect(m_link.get(), &AdminLink::opened, this, &AdminConnection::handleOpened);
    connect(m_link.get(), &AdminLink::refused, this, &AdminConnection::handleRefused);
    connect(m_link.get(), &AdminLink::closed, this, &AdminConnection::handleClosed);
    connect(m_link.get(), &AdminLink::eventReceived, this, &AdminConnection::handleEvent);
}

AdminConnection::~AdminConnection() = default;

void AdminConnection::open(const QUrl& server, const Credentials& credentials)
{
    close();
    m_server = server;
    m_credentials = credentials;
    connectNow();
}

void AdminConnection::close()
{
    ++m_generation;
    m_retry.stop();
    m_silence.stop();
    m_helloDeadline.stop();
    m_tokens->cancel();
    m_link->close();
    m_entered = false;
    m_wasLive = false;
    m_attempts = 0;
    m_hello = {};
    m_credentials = {};
    setState(LinkState::Offline);
}

void AdminConnection::retryNow()
{
    if (m_state == LinkState::Lost)
        connectNow();
}

void AdminConnection::connectNow()
{
    ++m_generation;
    m_retry.stop();
    m_entered = false;
    m_sessionExpired = false;
    if (!m_wasLive)
        setState(LinkState::Connecting);
    m_helloDeadline.start(m_options.helloTimeout);
    if (!m_credentials.token.isEmpty()) {
        openLink(m_credentials.token);
        return;
    }
    m_tokens->fetch(m_server, m_credentials.name, m_credentials.password,
        [this, generation = m_generation](const Result<QByteArray>& token) {
            if (generation != m_generation)
                return;
            if (token)
                openLink(*token);
            else if (traits(token.error().code).retry)
                lose(token.error());
            else
                refuse(token.error());
        });
}

void AdminConnection::openLink(const QByteArray& token)
{
    m_link->open(m_server, token);
}

void AdminConnection::handleOpened()
{
    m_lastMessage = m_clock.monotonic();
}

void AdminConnection::handleRefused(const Error& error)
{
    if (traits(error.code).retry)
        lose(error);
    else
        refuse(error);
}

void AdminConnection::handleClosed(const QString& reason)
{
    if (m_state == LinkState::Offline || m_state == LinkState::Refused)
        return;
    // A password can fetch a new token by itself; a token that ended can not.
    if (m_sessionExpired && !m_credentials.token.isEmpty())
        refuse({ErrorCode::TokenExpired, reason});
    else
        lose({ErrorCode::Unavailable, reason});
}

void AdminConnection::handleEvent(const QString& event, const QJsonArray& args)
{
    m_lastMessage = m_clock.monotonic();
    m_lastMessageWall = serverNow();
    if (event == L("change"))
        handleChange(args.at(0).toObject());
    else if (event == L("hello"))
        handleHello(args.at(0).toObject());
    else if (event == L("session_expired"))
        m_sessionExpired = true;
    updateLiveness();
}

void AdminConnection::handleHello(const QJsonObject& hello)
{
    if (m_entered)
        return;
    m_helloDeadline.stop();
    m_hello.protocol = hello.value(L("protocol")).toInt();
    m_hello.serverId = hello.value(L("serverId")).toString();
    m_hello.version = hello.value(L("version")).toString();
    m_hello.hostname = hello.value(L("hostname")).toString();
    m_hello.startedAt = hello.value(L("startedAt")).toInteger();
    m_hello.adminName = hello.value(L("principal")).toObject().value(L("name")).toString();
    if (m_hello.protocol != supportedProtocol) {
        refuse({ErrorCode::BadRequest, QStringLiteral("protocol %1").arg(m_hello.protocol)});
        return;
    }
    m_clockOffset
        = hello.value(L("now")).toInteger(m_clock.wall().count()) - m_clock.wall().count();
    m_entered = true;
    m_silence.start();
    Q_EMIT helloReceived();
    for (const Topic topic : allTopics)
        subscribe(topic);
}

void AdminConnection::subscribe(Topic topic)
{
    m_topics[topic].sync.ask();
    QJsonObject argument{{L("topic"), name(topic)}, {L("pageSize"), m_options.pageSize}};
    if (topic == Topic::Log)
        argument.insert(L("tail"), m_options.logTail);
    request(QStringLiteral("subscribe"), argument, [this, topic](const Result<QJsonObject>& ack) {
        if (ack)
            settle(topic, m_topics[topic].sync.snapshot(*ack));
        else
            settle(topic, TopicSync::Verdict::Gap);
    });
}

void AdminConnection::readPage(Topic topic)
{
    const QJsonObject argument{
        {L("topic"), name(topic)}, {L("cursor"), m_topics[topic].sync.cursor()}};
    request(QStringLiteral("page"), argument, [this, topic](const Result<QJsonObject>& ack) {
        if (ack)
            settle(topic, m_topics[topic].sync.page(*ack));
        else
            settle(topic, TopicSync::Verdict::Gap);
    });
}

void AdminConnection::settle(Topic topic, TopicSync::Verdict verdict)
{
    TopicState& state = m_topics[topic];
    switch (verdict) {
    case TopicSync::Verdict::More:
        readPage(topic);
        break;
    case TopicSync::Verdict::Complete:
        m_feed.deliverSnapshot(topic, state.sync.takeItems(), state.sync.epoch());
        for (const QJsonObject& change : state.sync.takeWaiting())
            m_feed.deliverChange(topic, change);
        updateLiveness();
        break;
    case TopicSync::Verdict::Gap:
        resubscribe(topic);
        break;
    case TopicSync::Verdict::Ignored:
    case TopicSync::Verdict::Next:
        break;
    }
}

void AdminConnection::resubscribe(Topic topic)
{
    TopicState& state = m_topics[topic];
    ++m_gaps;
    qCInfo(lcLink) << "gap in" << name(topic) << "after version" << state.sync.version();
    state.sync.stop();
    const Millis delay = m_options.resubscribeDelay * std::min(state.failures++, 20);
    QTimer::singleShot(delay, this, [this, topic, generation = m_generation] {
        if (generation == m_generation && m_entered)
            subscribe(topic);
    });
    updateLiveness();
}

void AdminConnection::handleChange(const QJsonObject& message)
{
    const std::optional<Topic> topic = topicFromName(message.value(L("topic")).toString());
    if (!topic || !m_entered)
        return;
    TopicState& state = m_topics[*topic];
    const TopicSync::Verdict verdict = state.sync.change(message);
    if (verdict == TopicSync::Verdict::Next) {
        state.failures = 0;
        m_feed.deliverChange(*topic, message);
    } else {
        settle(*topic, verdict);
    }
}

void AdminConnection::handleSilence()
{
    updateLiveness();
}

bool AdminConnection::isWhole() const
{
    return m_entered && std::ranges::all_of(m_topics, [](const auto& entry) {
        return entry.second.sync.phase() == TopicSync::Phase::Live;
    });
}

void AdminConnection::updateLiveness()
{
    if (!m_entered)
        return;
    const bool silent = m_clock.monotonic() - m_lastMessage > m_options.staleAfter;
    if (!silent && isWhole()) {
        m_attempts = 0;
        m_wasLive = true;
        setState(LinkState::Live);
    } else if (m_state == LinkState::Live || (silent && m_state != LinkState::Stale)) {
        setState(LinkState::Stale);
    }
}

void AdminConnection::lose(const Error& reason)
{
    ++m_generation;
    m_link->close();
    m_tokens->cancel();
    m_silence.stop();
    m_helloDeadline.stop();
    m_entered = false;
    for (auto& [topic, state] : m_topics)
        state.sync.stop();
    m_reason = reason;
    const Millis delay = std::min(
        m_options.firstRetry * (1 << std::min(m_attempts++, 10)), m_options.longestRetry);
    m_retry.start(delay);
    // An attempt that failed again is news too: the countdown starts anew.
    m_state = LinkState::Lost;
    Q_EMIT stateChanged(m_state);
}

void AdminConnection::refuse(const Error& reason)
{
    ++m_generation;
    m_link->close();
    m_tokens->cancel();
    m_retry.stop();
    m_silence.stop();
    m_helloDeadline.stop();
    m_entered = false;
    m_reason = reason;
    setState(LinkState::Refused);
}

void AdminConnection::setState(LinkState state)
{
    if (m_state == state)
        return;
    m_state = state;
    Q_EMIT stateChanged(state);
}

Millis AdminConnection::untilRetry() const
{
    return m_retry.isActive() ? m_retry.remainingTimeAsDuration() : Millis{};
}

qint64 AdminConnection::serverNow() const
{
    return m_clock.wall().count() + m_clockOffset;
}

void AdminConnection::request(const QString& event, const QJsonObject& argument,
    std::function<void(Result<QJsonObject>)> answer)
{
    m_link->request(event, {argument},
        [this, generation = m_generation, answer = std::move(answer)](
            const Result<QJsonArray>& args) {
            if (generation != m_generation)
                return;
            if (!args) {
                answer(tl::unexpected<Error>(args.error()));
                return;
            }
            m_lastMessage = m_clock.monotonic();
            const QJsonObject ack = args->at(0).toObject();
            if (ack.value(L("ok")).toBool())
                answer(ack);
            else
                answer(tl::unexpected<Error>(errorFromJson(ack.value(L("error")))));
        });
}

} // namespace gatehouse::gui
