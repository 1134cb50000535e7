// SPDX-License-Identifier: Apache-2.0
#include "server/api/apicall.h"

#include "common/core/strictjson.h"
#include "server/observe/log.h"
#include "server/observe/metrics.h"

#include <QJsonDocument>
#include <QRandomGenerator>

#include <algorithm>
#include <utility>

namespace gatehouse::api {

namespace {

int statusFor(ErrorCode code)
{
    // vantage6 answers a missing right with 401, and its clients know only that.
    return code == ErrorCode::Forbidden ? 401 : traits(code).httpStatus;
}

/// Sixteen hexadecimal digits, to find a line in the log by.
QString makeRequestId()
{
    return QStringLiteral("%1").arg(
        QRandomGenerator::system()->generate64(), 16, 16, QLatin1Char('0'));
}

QJsonObject errorBody(ErrorCode code, const QString& text)
{
    return {{QStringLiteral("msg"), text}, {QStringLiteral("code"), QString(traits(code).name)}};
}

} // namespace

ApiCall::ApiCall(session::HttpExchangePtr exchange, std::vector<qint64> ids,
    const session::OriginPolicy& origins, const ApiOptions& options, ApiServices& services)
    : m_exchange(std::move(exchange)), m_ids(std::move(ids)), m_origins(origins),
      m_options(options), m_services(services), m_began(services.clock.monotonic())
{
}

access::Rights ApiCall::rights() const
{
    return m_services.identities.rightsOf(m_caller.principal);
}

Result<QJsonObject> ApiCall::body() const
{
    const QByteArray& text = request().body;
    const JsonRules rules{.duplicateNames = DuplicateNames::Refuse};
    if (const auto checked = checkJson(text, rules); !checked)
        return failure(ErrorCode::Malformed,
            QStringLiteral("Request body is incorrect: %1").arg(checked.error().toError().detail));
    const QJsonDocument document = QJsonDocument::fromJson(text);
    if (!document.isObject())
        return failure(ErrorCode::BadRequest, QStringLiteral("Request body is incorrect"));
    return document.object();
}

std::optional<QString> ApiCall::query(QLatin1StringView name) const
{
    return request().queryItem(name);
}

Result<qint64> ApiCall::queryId(QLatin1StringView name) const
{
    const auto text = query(name);
    if (!text || text->isEmpty())
        return 0;
    bool ok = false;
    const qint64 id = text->toLongLong(&ok);
    if (!ok || id <= 0) {
        return failure(ErrorCode::BadRequest,
            QStringLiteral("The '%1' parameter should be a positive integer").arg(name));
    }
    return id;
}

bool ApiCall::includes(QLatin1StringView what) const
{
    const QStringList values
        = request().query.allQueryItemValues(QStringLiteral("include"), QUrl::FullyDecoded);
    for (const QString& value : values) {
        if (value.split(QLatin1Char(',')).contains(what))
            return true;
    }
    return false;
}

void ApiCall::reply(int status, const QJsonObject& json, protocol::HttpHeaders headers) const
{
    if (std::exchange(m_isAnswered, true))
        return;
    protocol::HttpResponse response
        = protocol::HttpResponse::json(status, QJsonDocument(json).toJson(QJsonDocument::Compact));
    for (const protocol::HttpHeader& field : headers.fields())
        response.headers.add(field.name, field.value);
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("Access-Control-Expose-Headers", "total-count, Link, jwt-token");
    m_origins.decorate(request(), response);
    m_services.metrics.httpSeconds.Observe(
        std::chrono::duration<double>(m_services.clock.monotonic() - m_began).count());
    m_exchange->respond(std::move(response));
}

/// What was asked of the storage may still be done. A password check changes nothing.
void ApiCall::failOverdue() const
{
    const bool isLogin = m_waitsFor == WaitsFor::PasswordCheck;
    m_services.metrics.httpOverdue.Increment();
    observe::log(observe::Level::Error, observe::category::http,
        QStringLiteral("%1 %2: %3 within %4 ms")
            .arg(QString::fromLatin1(request().method), request().path,
                isLogin ? QStringLiteral("the password has not been checked")
                        : QStringLiteral("the storage has not answered"))
            .arg(m_options.answerTimeout.count()));
    if (isLogin)
        return fail(traits(ErrorCode::Unavailable).httpStatus, ErrorCode::Unavailable,
            QStringLiteral("Too many passwords wait to be checked. Try again"));
    fail(traits(ErrorCode::Unavailable).httpStatus, ErrorCode::Unavailable,
        QStringLiteral("The storage did not answer in time. A change that was asked for may have "
                       "been made or not: look, or repeat it with the same Idempotency-Key"));
}

void ApiCall::fail(const Error& error) const
{
    const int status = statusFor(error.code);
    if (status >= 500)
        return failInside(status, error);
    fail(status, error.code, error.detail.isEmpty() ? traits(error.code).name : error.detail);
}

/// The detail may name files, tables or other people's data.
void ApiCall::failInside(int status, const Error& error) const
{
    const QString id = makeRequestId();
    observe::log(observe::Level::Error, observe::category::http,
        QStringLiteral("%1 %2 failed: %3: %4 (request %5)")
            .arg(QString::fromLatin1(request().method), request().path, traits(error.code).name,
                error.detail, id));
    QJsonObject body = errorBody(error.code,
        (traits(error.code).retry ? QStringLiteral("The server cannot do this just now")
                                  : QStringLiteral("The server failed"))
            + QStringLiteral("; its log says more about request ") + id);
    body.insert(QStringLiteral("request_id"), id);
    reply(status, body);
}

void ApiCall::fail(int status, ErrorCode code, const QString& text) const
{
    if (status == traits(ErrorCode::RateLimited).httpStatus)
        return failLocked({code, text}, m_options.longestLock);
    protocol::HttpHeaders headers;
    if (status == 401)
        headers.add("WWW-Authenticate", "Bearer");
    reply(status, errorBody(code, text), headers);
}

void ApiCall::failLocked(const Error& error, Millis lockedFor) const
{
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(lockedFor).count();
    reply(traits(ErrorCode::RateLimited).httpStatus, errorBody(error.code, error.detail),
        {{"Retry-After", QByteArray::number(qint64(std::max<qint64>(seconds, 1)))}});
}

void ApiCall::failNotFound(const access::Decision& reachesAll, const QString& text) const
{
    if (!reachesAll)
        return deny(reachesAll);
    fail({ErrorCode::NotFound, text});
}

void ApiCall::deny(const access::Decision& decision) const
{
    m_services.metrics.decisionsDenied.Increment();
    observe::log(observe::Level::Warning, observe::category::auth,
        QStringLiteral("%1 <%2> may not %3 %4: %5")
            .arg(access::name(principal().kind), principal().name,
                QString::fromLatin1(request().method), request().path, decision.reason),
        {.node = principal().nodeId()});
    fail(401, ErrorCode::Forbidden, QStringLiteral("You lack the permission to do that!"));
}

} // namespace gatehouse::api
