// SPDX-License-Identifier: Apache-2.0
#include "server/app/elsewhere/besideserver.h"

#include "server/observe/log.h"
#include "server/observe/metrics.h"

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

QByteArray holderOf(const access::Claims& claims)
{
    return QByteArray(access::name(claims.kind).data()) + ':' + claims.subject.toUtf8();
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

work::Organization organizationOf(qint64 id)
{
    work::Organization organization;
    organization.id = {id};
    organization.name = QStringLiteral("organization %1").arg(id);
    return organization;
}

} // namespace

BesideServer::BesideServer(BesideOptions options, work::Directory& directory,
    observe::Metrics& metrics, const Clock& clock)
    : m_options(std::move(options)), m_rest(m_options.url, m_options.timeout),
      m_directory(directory), m_metrics(metrics), m_clock(clock)
{
}

BesideServer::~BesideServer() = default;

bool BesideServer::learn(
    const access::Claims& claims, const QByteArray& token, std::function<void()> done)
{
    const bool isHolder = claims.kind == TokenKind::Node || claims.kind == TokenKind::User;
    if (m_options.url.isEmpty() || !isHolder || claims.type != access::TokenType::Access)
        return false;
    const QByteArray holder = holderOf(claims);
    if (const auto waiting = m_learning.find(holder); waiting != m_learning.end()) {
        waiting->push_back(std::move(done));
        return true;
    }
    const auto last = m_learntAt.constFind(holder);
    const bool isFresh
        = last != m_learntAt.cend() && m_clock.monotonic() - *last < m_options.cache;
    if (isFresh || m_learning.size() >= m_options.maxUnderWay)
        return false;
    m_learning[holder].push_back(std::move(done));
    const auto learnt = [this, holder, claims](const Result<work::DirectoryContent>& content) {
        finish(holder, claims, content);
    };
    if (claims.kind == TokenKind::Node)
        learnNode(claims, token, learnt);
    else
        learnUser(claims, token, learnt);
    return true;
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
            content.organizations = {organizationOf(node.organization.value)};
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

/// What the numbers of the user's rules mean.
void BesideServer::learnRules(
    work::User user, const QJsonArray& ruleIds, const QByteArray& token, Learnt done)
{
    m_rest.list(QStringLiteral("/rule"), token,
        [this, user = std::move(user), ruleIds, token, done = std::move(done)](
            const Result<QJsonArray>& answer) mutable {
            if (!answer)
                return done(tl::unexpected<Error>(answer.error()));
            for (const QJsonValue& rule : *answer) {
                const auto scope = model::ruleScopeFromName(rule[L("scope")].toString());
                const auto operation
                    = model::ruleOperationFromName(rule[L("operation")].toString());
                if (scope && operation && ruleIds.contains(rule[L("id")]))
                    user.rules.push_back({rule[L("name")].toString().toUtf8(), *scope, *operation});
            }
            learnMemberships(std::move(user), token, std::move(done));
        });
}

void BesideServer::learnMemberships(work::User user, const QByteArray& token, Learnt done)
{
    const model::Rule everywhere{
        "event", model::RuleScope::Global, model::RuleOperation::Receive};
    const bool hearsAll
        = std::find(user.rules.begin(), user.rules.end(), everywhere) != user.rules.end();
    const QString own
        = QStringLiteral("/collaboration?organization_id=%1").arg(user.organization.value);
    m_rest.list(hearsAll ? QStringLiteral("/collaboration") : own, token,
        [this, user = std::move(user), hearsAll, done = std::move(done)](
            const Result<QJsonArray>& answer) {
            if (!answer)
                return done(tl::unexpected<Error>(answer.error()));
            work::DirectoryContent content;
            content.organizations = {organizationOf(user.organization.value)};
            for (const QJsonValue& item : *answer) {
                const CollaborationId id{item[L("id")].toInteger()};
                if (!id.isValid())
                    return done(useless(QStringLiteral("collaboration")));
                content.collaborations.push_back(collaborationOf(id, item[L("name")].toString()));
                if (!hearsAll)
                    join(content.collaborations.back(), user.organization);
            }
            if (!hearsAll)
                leaveOthers(user.organization, content);
            content.users = {user};
            done(content);
        });
}

void BesideServer::finish(const QByteArray& holder, const access::Claims& claims,
    const Result<work::DirectoryContent>& learnt)
{
    if (learnt) {
        m_metrics.besideAnswers.Increment();
        m_isFailing = false;
        forgetOldAnswers();
        m_learntAt.insert(holder, m_clock.monotonic());
        m_directory.learn(*learnt);
    } else {
        // It knows that there is no such holder; when it cannot be asked, what was learnt stays.
        if (learnt.error().code == ErrorCode::NotFound || learnt.error().code == ErrorCode::Forbidden)
            forget(claims);
        report(learnt.error());
    }
    for (const auto& done : m_learning.take(holder))
        done();
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
    if (claims.kind == TokenKind::Node) {
        const work::Node* node = claims.subjectId > 0
            ? m_directory.node(NodeId{claims.subjectId})
            : m_directory.nodeByKeycloakId(claims.subject);
        if (node)
            m_directory.remove(node->id);
    } else {
        const work::User* user = claims.subjectId > 0
            ? m_directory.user(UserId{claims.subjectId})
            : m_directory.userByKeycloakId(claims.subject);
        if (user)
            m_directory.remove(user->id);
    }
}

void BesideServer::forgetOldAnswers()
{
    if (m_learntAt.size() < maxHolders)
        return;
    const Millis now = m_clock.monotonic();
    m_learntAt.removeIf([&](const auto& entry) { return now - *entry >= m_options.cache; });
}

void BesideServer::report(const Error& error)
{
    m_metrics.besideFailures.Increment();
    if (error.code == ErrorCode::Unavailable && !std::exchange(m_isFailing, true))
        observe::log(observe::Level::Warning, observe::category::auth,
            QStringLiteral("The server beside (%1) cannot be asked, what is known stays: %2")
                .arg(m_options.url, error.detail));
}

void BesideServer::findRun(
    const QByteArray& token, RunId run, std::function<void(Result<work::RunRef>)> done)
{
    if (const auto waiting = m_finding.find(run); waiting != m_finding.end()) {
        waiting->push_back(std::move(done));
        return;
    }
    if (m_finding.size() >= m_options.maxUnderWay)
        return done(failure(ErrorCode::Unavailable, QStringLiteral("too many runs are asked for")));
    m_finding[run].push_back(std::move(done));
    m_rest.get(QStringLiteral("/run/%1?include=task").arg(run.value), token,
        [this, run](const Result<QJsonObject>& answer) {
            Result<work::RunRef> found = failure(ErrorCode::NotFound, QString());
            if (answer) {
                m_metrics.besideAnswers.Increment();
                const QJsonValue task = answer->value(L("task"));
                work::RunRef ref;
                ref.run = run;
                ref.organization = {idOf(answer->value(L("organization")))};
                ref.task = {idOf(task)};
                ref.job = {task[L("job_id")].toInteger()};
                ref.parent = {idOf(task[L("parent")])};
                ref.collaboration = {idOf(task[L("collaboration")])};
                ref.finished = true; // whatever it does, this server's database does not keep it
                const bool isRight = answer->value(L("id")).toInteger() == run.value
                    && ref.organization.isValid() && ref.task.isValid()
                    && ref.collaboration.isValid();
                found = isRight ? Result<work::RunRef>(ref) : useless(QStringLiteral("run"));
            } else {
                report(answer.error());
                found = tl::unexpected<Error>(answer.error());
            }
            for (const auto& waiting : m_finding.take(run))
                waiting(found);
        });
}

} // namespace gatehouse::app
