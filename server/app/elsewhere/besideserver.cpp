// SPDX-License-Identifier: Apache-2.0
#include "server/app/elsewhere/besideserver.h"

#include "server/observe/log.h"
#include "server/observe/metrics.h"

#include <QCryptographicHash>
#include <QSet>

#include <algorithm>

namespace gatehouse::app {

using L = QLatin1StringView;
using access::TokenKind;

namespace {

constexpr qsizetype maxHolders = 100'000;

qint64 idOf(const QJsonValue& value)
{
    return value.isObject() ? value[L("id")].toInteger() : value.toInteger();
}

/// v4 names it by number, v5 finds it by its token.
QString pathOf(const char* kind, const access::Claims& claims)
{
    return claims.subjectId > 0
        ? QStringLiteral("/%1/%2").arg(QLatin1String(kind), QString::number(claims.subjectId))
        : QStringLiteral("/%1/me").arg(QLatin1String(kind));
}

QByteArray holderOf(TokenKind kind, const QString& subject)
{
    return QByteArray(access::name(kind).data()) + ':' + subject.toUtf8();
}

QByteArray holderOf(const access::Claims& claims)
{
    return holderOf(claims.kind, claims.subject);
}

QByteArray keyOf(const QByteArray& token)
{
    return QCryptographicHash::hash(token, QCryptographicHash::Sha256);
}

bool isHolderGone(const Error& error)
{
    return error.code == ErrorCode::NotFound || error.code == ErrorCode::TokenInvalid;
}

bool isRefusal(const Error& error)
{
    return isHolderGone(error) || error.code == ErrorCode::Forbidden;
}

/// Of a list: the holder may not see it, and is still somebody.
bool isHidden(const Error& error)
{
    return error.code == ErrorCode::NotFound || error.code == ErrorCode::Forbidden;
}

tl::unexpected<Error> useless(const QString& what)
{
    return failure(
        ErrorCode::Unavailable, QStringLiteral("the answer about a %1 is of no use").arg(what));
}

void join(work::Collaboration& collaboration, OrganizationId organization)
{
    std::vector<OrganizationId>& members = collaboration.members;
    const auto place = std::lower_bound(members.begin(), members.end(), organization);
    if (place == members.end() || *place != organization)
        members.insert(place, organization);
}

} // namespace

BesideServer::BesideServer(BesideOptions options, work::Directory& directory,
    observe::Metrics& metrics, const Clock& clock)
    : m_options(std::move(options)), m_rest(m_options.url, m_options.timeout),
      m_directory(directory), m_metrics(metrics), m_clock(clock),
      m_holders(m_options.maxUnderWay, m_options.maxWaiting),
      m_runs(m_options.maxUnderWay, m_options.maxWaiting)
{
}

BesideServer::~BesideServer() = default;

identity::Inquiry BesideServer::learn(
    const access::Claims& claims, const QByteArray& token, std::function<void(Result<void>)> done)
{
    using identity::Inquiry;
    if (isSettled(claims))
        return Inquiry::NotNeeded;
    const QByteArray key = keyOf(token);
    const bool isAdded = m_holders.add(
        key, [=, this] { ask(key, claims, token); }, std::move(done));
    m_metrics.besideWaiting.Set(double(m_holders.length()));
    if (!isAdded)
        m_metrics.besideTurnedAway.Increment();
    return isAdded ? Inquiry::Asked : Inquiry::Refused;
}

bool BesideServer::isSettled(const access::Claims& claims) const
{
    const bool isHolder = claims.kind == TokenKind::Node || claims.kind == TokenKind::User;
    if (m_options.url.isEmpty() || !isHolder || claims.type != access::TokenType::Access)
        return true;
    // Past its end but within leeway or grace it is good here, and the other server would say no.
    // While that cannot be reached, those it has told us of do not queue for nothing.
    const bool isUseless = isPast(claims) || (m_isFailing && m_holders.isBusy());
    return isFresh(claims) || (isUseless && isKnown(claims));
}

void BesideServer::ask(const QByteArray& key, const access::Claims& claims, const QByteArray& token)
{
    const auto learnt = [this, key, claims](const Result<work::DirectoryContent>& content) {
        m_holders.answered(key, finish(claims, content));
        m_metrics.besideWaiting.Set(double(m_holders.length()));
    };
    if (claims.kind == TokenKind::Node)
        learnNode(claims, token, learnt);
    else
        learnUser(claims, token, learnt);
}

void BesideServer::learnNode(const access::Claims& claims, const QByteArray& token, Learnt done)
{
    m_rest.get(pathOf("node", claims), token,
        [this, claims, done = std::move(done)](const Result<QJsonObject>& answer) {
            if (!answer)
                return done(tl::unexpected<Error>(answer.error()));
            work::Node node;
            node.id = {answer->value(L("id")).toInteger()};
            node.name = answer->value(L("name")).toString();
            node.organization = {idOf(answer->value(L("organization")))};
            node.collaboration = {idOf(answer->value(L("collaboration")))};
            if (claims.subjectId == 0)
                node.keycloakId = claims.subject;
            const bool isRight = claims.subjectId == 0 || node.id.value == claims.subjectId;
            if (!isRight || !node.id.isValid() || !node.organization.isValid()
                || !node.collaboration.isValid())
                return done(useless(QStringLiteral("node")));
            work::DirectoryContent content;
            content.organizations = {organizationOf(node.organization)};
            content.collaborations = {collaborationOf(node.collaboration, {})};
            join(content.collaborations.front(), node.organization);
            content.nodes = {node};
            done(content);
        });
}

void BesideServer::learnUser(const access::Claims& claims, const QByteArray& token, Learnt done)
{
    m_rest.get(pathOf("user", claims) + QStringLiteral("?include_permissions=true"), token,
        [this, claims, token, done = std::move(done)](const Result<QJsonObject>& answer) {
            if (!answer)
                return done(tl::unexpected<Error>(answer.error()));
            work::User user;
            user.id = {answer->value(L("id")).toInteger()};
            user.username = answer->value(L("username")).toString();
            user.organization = {idOf(answer->value(L("organization")))};
            if (claims.subjectId == 0)
                user.keycloakId = claims.subject;
            const QJsonValue rules = answer->value(L("permissions"))[L("rules")];
            const bool isRight = claims.subjectId == 0 || user.id.value == claims.subjectId;
            if (!isRight || !user.id.isValid() || !user.organization.isValid() || !rules.isArray())
                return done(useless(QStringLiteral("user")));
            learnRules(user, rules.toArray(), token, done);
        });
}

/// What the numbers of the user's rules mean. Who may not read that is told by what others read.
void BesideServer::learnRules(
    work::User user, const QJsonArray& ruleIds, const QByteArray& token, Learnt done)
{
    m_rest.list(QStringLiteral("/rule"), token,
        [this, user = std::move(user), ruleIds, token, done = std::move(done)](
            const Result<QJsonArray>& answer) mutable {
            if (!answer && !isHidden(answer.error()))
                return done(tl::unexpected<Error>(answer.error()));
            const QJsonArray rules = answer.value_or(QJsonArray());
            for (const QJsonValue& rule : rules) {
                const auto scope = model::ruleScopeFromName(rule[L("scope")].toString());
                const auto operation
                    = model::ruleOperationFromName(rule[L("operation")].toString());
                if (scope && operation)
                    m_rules.insert(rule[L("id")].toInteger(),
                        {rule[L("name")].toString().toUtf8(), *scope, *operation});
            }
            for (const QJsonValue& id : std::as_const(ruleIds)) {
                if (const auto rule = m_rules.constFind(id.toInteger()); rule != m_rules.cend())
                    user.rules.push_back(*rule);
            }
            learnMemberships(std::move(user), token, std::move(done));
        });
}

/// Who may see no collaborations leaves them as they are known from others.
void BesideServer::learnMemberships(work::User user, const QByteArray& token, Learnt done)
{
    const model::Rule everywhere{"event", model::RuleScope::Global, model::RuleOperation::Receive};
    const bool hearsAll
        = std::find(user.rules.begin(), user.rules.end(), everywhere) != user.rules.end();
    const QString own
        = QStringLiteral("/collaboration?organization_id=%1").arg(user.organization.value);
    m_rest.list(hearsAll ? QStringLiteral("/collaboration") : own, token,
        [this, user = std::move(user), hearsAll, done = std::move(done)](
            const Result<QJsonArray>& answer) {
            if (!answer && !isHidden(answer.error()))
                return done(tl::unexpected<Error>(answer.error()));
            work::DirectoryContent content;
            content.organizations = {organizationOf(user.organization)};
            const QJsonArray all = answer.value_or(QJsonArray());
            for (const QJsonValue& item : all) {
                const CollaborationId id{item[L("id")].toInteger()};
                if (!id.isValid())
                    return done(useless(QStringLiteral("collaboration")));
                content.collaborations.push_back(collaborationOf(id, item[L("name")].toString()));
                if (!hearsAll)
                    join(content.collaborations.back(), user.organization);
            }
            if (answer && !hearsAll)
                leaveOthers(user.organization, content);
            content.users = {user};
            done(content);
        });
}

/// The error is that of the token.
Result<void> BesideServer::finish(
    const access::Claims& claims, const Result<work::DirectoryContent>& learnt)
{
    if (learnt) {
        m_metrics.besideAnswers.Increment();
        m_isFailing = false;
        m_isUnknowing = false;
        forgetOldAnswers();
        m_learntAt.insert(holderOf(claims), m_clock.monotonic());
        m_directory.learn(*learnt);
        return {};
    }
    report(learnt.error(), QString::fromUtf8(holderOf(claims)));
    if (!isRefusal(learnt.error()))
        return {}; // it could not be asked: what was learnt stays
    if (isHolderGone(learnt.error())) {
        forget(claims);
        return failure(
            ErrorCode::TokenInvalid, QStringLiteral("the server beside does not know its holder"));
    }
    return failure(isPast(claims) ? ErrorCode::TokenExpired : ErrorCode::TokenInvalid,
        QStringLiteral("the server beside refuses it"));
}

bool BesideServer::isFresh(const access::Claims& claims) const
{
    const auto last = m_learntAt.constFind(holderOf(claims));
    return last != m_learntAt.cend() && m_clock.monotonic() - *last < m_options.cache;
}

bool BesideServer::isPast(const access::Claims& claims) const
{
    return claims.expiresAt && *claims.expiresAt <= m_clock.wall();
}

bool BesideServer::isKnown(const access::Claims& claims) const
{
    if (claims.kind == TokenKind::Node)
        return claims.subjectId > 0 ? m_directory.node(NodeId{claims.subjectId}) != nullptr
                                    : m_directory.nodeByKeycloakId(claims.subject) != nullptr;
    return claims.subjectId > 0 ? m_directory.user(UserId{claims.subjectId}) != nullptr
                                : m_directory.userByKeycloakId(claims.subject) != nullptr;
}

/// Its name is asked of nobody; where there is one it stays.
work::Organization BesideServer::organizationOf(OrganizationId id) const
{
    if (const work::Organization* known = m_directory.organization(id))
        return *known;
    work::Organization organization;
    organization.id = id;
    organization.name = QStringLiteral("organization %1").arg(id.value);
    return organization;
}

/// As it is known so far; an empty name keeps the one there is.
work::Collaboration BesideServer::collaborationOf(CollaborationId id, const QString& name) const
{
    work::Collaboration collaboration;
    if (const work::Collaboration* known = m_directory.collaboration(id))
        collaboration = *known;
    else
        collaboration.name = QStringLiteral("collaboration %1").arg(id.value);
    collaboration.id = id;
    if (!name.isEmpty())
        collaboration.name = name;
    return collaboration;
}

/// Those the answer does not name have lost this member.
void BesideServer::leaveOthers(OrganizationId organization, work::DirectoryContent& content) const
{
    for (const CollaborationId id : m_directory.collaborationsOf(organization)) {
        const bool isNamed = std::any_of(content.collaborations.begin(),
            content.collaborations.end(), [id](const auto& one) { return one.id == id; });
        if (isNamed)
            continue;
        work::Collaboration left = *m_directory.collaboration(id);
        std::erase(left.members, organization);
        content.collaborations.push_back(std::move(left));
    }
}

void BesideServer::forget(const access::Claims& claims)
{
    m_learntAt.remove(holderOf(claims));
    if (claims.kind == TokenKind::Node) {
        forget(claims.subjectId > 0 ? m_directory.node(NodeId{claims.subjectId})
                                    : m_directory.nodeByKeycloakId(claims.subject));
    } else {
        const work::User* user = claims.subjectId > 0
            ? m_directory.user(UserId{claims.subjectId})
            : m_directory.userByKeycloakId(claims.subject);
        if (user)
            m_directory.remove(user->id);
    }
}

void BesideServer::forget(const work::Node* node)
{
    if (!node)
        return;
    const QString subject
        = node->keycloakId.isEmpty() ? QString::number(node->id.value) : node->keycloakId;
    m_learntAt.remove(holderOf(TokenKind::Node, subject));
    m_directory.remove(node->id);
}

void BesideServer::forgetOldAnswers()
{
    if (m_learntAt.size() < maxHolders)
        return;
    const Millis now = m_clock.monotonic();
    m_learntAt.removeIf([&](const auto& entry) { return now - *entry >= m_options.cache; });
    if (m_learntAt.size() >= maxHolders)
        m_learntAt.clear(); // or each further one would look through all of them
}

void BesideServer::report(const Error& error, const QString& about)
{
    m_metrics.besideFailures.Increment();
    if (error.code == ErrorCode::Unavailable && !std::exchange(m_isFailing, true))
        observe::log(observe::Level::Warning, observe::category::auth,
            QStringLiteral("The server beside (%1) cannot be asked, what is known stays: %2")
                .arg(m_options.url, error.detail));
    // Who is told that it is gone is known there; a 404 may be the word of another server.
    if (error.code == ErrorCode::NotFound && !std::exchange(m_isUnknowing, true))
        observe::log(observe::Level::Warning, observe::category::auth,
            QStringLiteral("The server beside (%1) does not know %2, nor maybe others after it: is "
                           "federation.beside_url right?")
                .arg(m_options.url, about));
}

void BesideServer::findRun(NodeId asker, const QByteArray& token, RunId run,
    std::function<void(Result<work::RunRef>)> done)
{
    // Somebody else's question may be one this server refuses: it answers for that token alone.
    const std::pair key(keyOf(token), run);
    const auto ask = [this, asker, key, token] {
        m_rest.get(QStringLiteral("/run/%1?include=task").arg(key.second.value), token,
            [this, asker, key](
                const Result<QJsonObject>& answer) { answerRun(asker, key, answer); });
    };
    if (!m_runs.add(key, ask, done))
        done(failure(ErrorCode::Unavailable, QStringLiteral("too many runs are asked for")));
}

void BesideServer::answerRun(
    NodeId asker, const std::pair<QByteArray, RunId>& key, const Result<QJsonObject>& answer)
{
    if (!answer) {
        if (answer.error().code == ErrorCode::TokenInvalid)
            forget(m_directory.node(asker));
        if (isRefusal(answer.error()))
            m_metrics.besideFailures.Increment();
        else
            report(answer.error(), {});
        return m_runs.answered(key, tl::unexpected<Error>(answer.error()));
    }
    m_metrics.besideAnswers.Increment();
    m_isFailing = false;
    const QJsonValue task = answer->value(L("task"));
    work::RunRef ref;
    ref.run = key.second;
    ref.organization = {idOf(answer->value(L("organization")))};
    ref.task = {idOf(task)};
    ref.job = {task[L("job_id")].toInteger()};
    ref.parent = {idOf(task[L("parent")])};
    ref.collaboration = {idOf(task[L("collaboration")])};
    ref.finished = true; // whatever it does, this server's database does not keep it
    const bool isRight = answer->value(L("id")).toInteger() == key.second.value
        && ref.organization.isValid() && ref.task.isValid() && ref.collaboration.isValid();
    m_runs.answered(key, isRight ? Result<work::RunRef>(ref) : useless(QStringLiteral("run")));
}

} // namespace gatehouse::app
