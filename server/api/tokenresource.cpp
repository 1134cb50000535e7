// SPDX-License-Identifier: Apache-2.0
#include "server/api/tokenresource.h"

#include "server/access/accountmark.h"
#include "server/access/loginlimiter.h"
#include "server/access/passwordhasher.h"
#include "server/access/tokenminter.h"
#include "server/observe/audit.h"
#include "server/observe/log.h"
#include "server/observe/metrics.h"
#include "server/work/directory.h"
#include "server/work/journal.h"

#include <QCoreApplication>
#include <QJsonDocument>

namespace gatehouse::api {

using L = QLatin1StringView;
using access::TokenKind;

namespace {

constexpr qsizetype maxAuditedAccount = 256; ///< the name is whatever the client sent

struct Login
{
    QString name;
    QString password;
};

Result<Login> loginOf(const ApiCall& call, L nameField)
{
    const auto body = call.body();
    if (!body)
        return tl::unexpected<Error>(body.error());
    const QJsonValue name = body->value(nameField);
    const QJsonValue password = body->value(L("password"));
    if (!name.isString() || !password.isString() || name.toString().isEmpty()) {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("Request body is incorrect: '%1' and 'password' are needed")
                .arg(nameField));
    }
    return Login{name.toString(), password.toString()};
}

QJsonObject tokensJson(const QByteArray& access, const QByteArray& refresh, const QString& base)
{
    return {{L("access_token"), QString::fromLatin1(access)},
        {L("refresh_token"), QString::fromLatin1(refresh)},
        {L("refresh_url"), QString(base + QStringLiteral("/token/refresh"))}};
}

} // namespace

void TokenResource::addTo(Router& router, const QString& base)
{
    m_base = base;
    const QString token = base + QStringLiteral("/token/");
    const auto post = [&](const char* path, Callers callers, auto handler) {
        router.add("POST", token + QLatin1String(path), callers,
            [this, handler](const ApiCallPtr& call) { (this->*handler)(call); });
    };
    post("user", Caller::Anyone, &TokenResource::loginUser);
    post("node", Caller::Anyone, &TokenResource::loginNode);
    post("admin", Caller::Anyone, &TokenResource::loginAdmin);
    post("refresh", Caller::Anyone, &TokenResource::refresh);
    post("container", Caller::Node, &TokenResource::makeContainerToken);
    post("user/validate", Caller::User, &TokenResource::validate);
}

void TokenResource::loginUser(const ApiCallPtr& call)
{
    const auto login = loginOf(*call, L("username"));
    if (!login)
        return call->fail(login.error());
    const work::User* user = services().directory.user(login->name);
    const UserId id = user ? user->id : UserId{};
    checkPassword(call, QStringLiteral("user:") + login->name, login->password,
        user ? user->passwordHash : QByteArray(),
        [this, call, id, password = login->password](bool needsRehash) {
            const work::User* now = services().directory.user(id);
            if (!now)
                return call->fail({ErrorCode::BadCredentials, {}});
            replyUserTokens(*call, *now);
            if (needsRehash)
                rehash(id, password);
        });
}

void TokenResource::loginNode(const ApiCallPtr& call)
{
    const auto body = call->body();
    if (!body)
        return call->fail(body.error());
    const QString key = body->value(L("api_key")).toString();
    if (key.isEmpty() || key.size() > 200)
        return call->fail({ErrorCode::BadRequest,
            QStringLiteral("Request body is incorrect: 'api_key' is needed")});
    if (!mayLogIn(*call))
        return;
    const work::Node* node = services().directory.nodeByApiKey(key.toUtf8());
    if (!node) {
        loginFailed(*call, {});
        return call->fail(
            {ErrorCode::BadCredentials, QStringLiteral("Api key is not recognized!")});
    }
    services().metrics.loginsAccepted.Increment();
    observe::log(observe::Level::Info, observe::category::auth,
        QStringLiteral("Node <%1> logged in from %2").arg(node->name, call->request().peerAddress),
        {.node = node->id});
    replyNodeTokens(*call, *node);
}

void TokenResource::loginAdmin(const ApiCallPtr& call)
{
    const auto login = loginOf(*call, L("name"));
    if (!login)
        return call->fail(login.error());
    const work::AdminAccount* admin = services().directory.admin(login->name);
    const AdminId id = admin ? admin->id : AdminId{};
    checkPassword(call, QStringLiteral("admin:") + login->name, login->password,
        admin ? admin->passwordHash : QByteArray(),
        [this, call, id, name = login->name,
            mark = access::accountMark(admin ? admin->passwordHash : QByteArray())](bool) {
            const QByteArray token
                = services().minter.adminToken(id.value, name, std::nullopt, mark);
            services().audit.record({.at = services().clock.wall(),
                .actorKind = QStringLiteral("admin"),
                .actorId = id.value,
                .actorName = name,
                .address = call->request().peerAddress,
                .action = QStringLiteral("login"),
                .target = {},
                .reason = {},
                .outcome = QStringLiteral("ok"),
                .before = {},
                .after = {}});
            const qint64 lifetime = services().minter.options().adminLifetime.count();
            call->reply(200,
                {{L("access_token"), QString::fromLatin1(token)}, {L("expires_in"), lifetime}});
        });
}

void TokenResource::refresh(const ApiCallPtr& call)
{
    const auto identity = services().identities.identifyFrom(
        call->request().peerAddress, call->request().bearerToken());
    if (!identity)
        return call->fail(identity.error());
    if (identity->claims.type != access::TokenType::Refresh)
        return call->fail(
            {ErrorCode::TokenInvalid, QStringLiteral("Only refresh tokens are allowed")});
    const access::Principal& principal = identity->principal;
    if (const work::Node* node = services().directory.node(principal.nodeId()))
        return replyNodeTokens(*call, *node);
    if (const work::User* user = services().directory.user(principal.userId()))
        return replyUserTokens(*call, *user);
    call->fail({ErrorCode::TokenInvalid, QStringLiteral("not a token of a user or node")});
}

void TokenResource::makeContainerToken(const ApiCallPtr& call)
{
    const auto body = call->body();
    if (!body)
        return call->fail(body.error());
    const TaskId task{body->value(L("task_id")).toInteger()};
    const QString image = body->value(L("image")).toString();
    if (!task.isValid() || image.isEmpty())
        return call->fail({ErrorCode::BadRequest, QStringLiteral("Request body is incorrect")});
    services().journal.task(
        task, guarded([this, call, image](const Result<work::TaskRecord>& record) {
            if (record)
                return replyContainerToken(*call, *record, image);
            if (record.error().code == ErrorCode::NotFound)
                return call->fail(
                    400, ErrorCode::NotFound, QStringLiteral("Parent task does not exist!"));
            call->fail(record.error());
        }));
}

void TokenResource::replyContainerToken(
    const ApiCall& call, const work::TaskRecord& record, const QString& image)
{
    const access::Principal& node = call.principal();
    if (record.task.collaboration != node.collaboration)
        return call.fail(
            {ErrorCode::Forbidden, QStringLiteral("You are not within the collaboration")});
    const bool isInvolved = std::any_of(record.runs.begin(), record.runs.end(),
        [&node](const work::Run& run) { return run.organization == node.organization; });
    if (!isInvolved)
        return call.fail({ErrorCode::Forbidden, QStringLiteral("You have no run of this task")});
    if (record.task.image != image)
        return call.fail({ErrorCode::Forbidden, QStringLiteral("Image and task do no match")});
    if (work::hasFinished(record.status))
        return call.fail({ErrorCode::BadRequest, QStringLiteral("Task is already finished!")});
    QJsonArray databases;
    for (const work::TaskDatabase& database : record.task.databases) {
        QJsonObject json = QJsonDocument::fromJson(database.parameters.toUtf8()).object();
        json.insert(L("label"), database.label);
        databases.append(json);
    }
    const QByteArray token = services().minter.containerToken({node.nodeId(), node.organization,
        node.collaboration, record.task.study, 0, record.task.id, image, databases,
        m_form == WireForm::V5 ? std::optional(record.task.session) : std::nullopt});
    call.reply(200, {{L("container_token"), QString::fromLatin1(token)}});
}

void TokenResource::validate(const ApiCallPtr& call)
{
    const work::User* user = services().directory.user(call->principal().userId());
    if (!user)
        return call->fail({ErrorCode::TokenInvalid, {}});
    call->reply(200,
        {{L("msg"), QStringLiteral("Token is valid")}, {L("user_id"), user->id.value},
            {L("username"), user->username}, {L("email"), user->email},
            {L("organization_id"), user->organization.value}});
}

/// False when it has been refused.
bool TokenResource::mayLogIn(const ApiCall& call, const QString& account)
{
    const QString& address = call.request().peerAddress;
    const auto decision = services().limiter.check(address, account);
    if (decision)
        return true;
    services().metrics.loginsLocked.Increment();
    call.failLocked(decision.error(), services().limiter.lockedFor(address, account));
    return false;
}

void TokenResource::checkPassword(const ApiCallPtr& call, const QString& account,
    const QString& password, const QByteArray& storedHash, std::function<void(bool)> right)
{
    if (!mayLogIn(*call, account))
        return;
    call->setWaitsFor(ApiCall::WaitsFor::PasswordCheck);
    services().hasher.verify(password.toUtf8(), storedHash, QCoreApplication::instance(),
        guarded([this, call, account, right = std::move(right)](
                    const Result<access::PasswordMatch>& match) {
            if (!match) {
                if (match.error().code == ErrorCode::RateLimited) // too many wait; soon they do not
                    return call->failLocked(match.error(), Millis{1'000});
                return call->fail(match.error());
            }
            // Tries sent together all got past the first question: the lock counts here as well.
            if (!mayLogIn(*call, account))
                return;
            if (!match->matches) {
                loginFailed(*call, account);
                return call->fail(
                    {ErrorCode::BadCredentials, QStringLiteral("Invalid username or password!")});
            }
            services().limiter.recordSuccess(account);
            services().metrics.loginsAccepted.Increment();
            observe::log(observe::Level::Info, observe::category::auth,
                QStringLiteral("<%1> logged in from %2").arg(account, call->request().peerAddress));
            right(match->needsRehash);
        }));
}

void TokenResource::rehash(UserId user, const QString& password)
{
    services().hasher.hash(password.toUtf8(), QCoreApplication::instance(),
        guarded([this, user](const Result<QByteArray>& hash) {
            if (!hash)
                return; // there is another chance at the next login
            services().directory.setPasswordHash(user, *hash);
            services().journal.savePasswordHash(user, *hash, [](const Result<void>&) {});
        }));
}

void TokenResource::loginFailed(const ApiCall& call, const QString& account)
{
    services().metrics.loginsFailed.Increment();
    const QString address = call.request().peerAddress;
    const bool isLocked = services().limiter.recordFailure(address, account);
    observe::log(observe::Level::Warning, observe::category::auth,
        QStringLiteral("Failed login as <%1> from %2").arg(account, address));
    if (!isLocked)
        return;
    services().audit.record({.at = services().clock.wall(),
        .actorKind = QStringLiteral("system"),
        .actorId = 0,
        .actorName = {},
        .address = address,
        .action = QStringLiteral("login:lock"),
        .target = account.left(maxAuditedAccount),
        .reason = QStringLiteral("too many failed logins"),
        .outcome = QStringLiteral("ok"),
        .before = {},
        .after = {}});
}

void TokenResource::replyUserTokens(const ApiCall& call, const work::User& user)
{
    const QStringList roles = roleNames(user);
    const QByteArray access = services().minter.accessToken(TokenKind::User, user.id.value, roles);
    const QByteArray refresh
        = services().minter.refreshToken(TokenKind::User, user.id.value, roles);
    QJsonObject json = tokensJson(access, refresh, m_base);
    json.insert(
        L("user_url"), QStringLiteral("%1/user/%2").arg(m_base, QString::number(user.id.value)));
    call.reply(200, json, {{"jwt-token", access}});
}

void TokenResource::replyNodeTokens(const ApiCall& call, const work::Node& node)
{
    const QByteArray access = services().minter.accessToken(TokenKind::Node, node.id.value);
    const QByteArray refresh = services().minter.refreshToken(TokenKind::Node, node.id.value);
    QJsonObject json = tokensJson(access, refresh, m_base);
    json.insert(
        L("node_url"), QStringLiteral("%1/node/%2").arg(m_base, QString::number(node.id.value)));
    call.reply(200, json, {{"jwt-token", access}});
}

QStringList TokenResource::roleNames(const work::User& user) const
{
    QStringList names;
    for (const RoleId id : user.roles) {
        if (const work::Role* role = services().directory.role(id))
            names.append(role->name);
    }
    return names;
}

} // namespace gatehouse::api
