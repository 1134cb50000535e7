// SPDX-License-Identifier: Apache-2.0
#include "server/app/elsewhere/restclient.h"

#include "common/core/strictjson.h"

#include <QJsonDocument>
#include <QNetworkReply>
#include <QNetworkRequest>

#include <memory>

namespace gatehouse::app {

namespace {

constexpr qsizetype maxAnswerBytes = 4 << 20;
constexpr int maxPages = 100;
constexpr int perPage = 100;

Result<QJsonObject> objectIn(const QByteArray& body)
{
    if (!checkJson(body, {.duplicateNames = DuplicateNames::Refuse}))
        return failure(ErrorCode::Unavailable, QStringLiteral("the answer is no JSON"));
    const QJsonDocument document = QJsonDocument::fromJson(body);
    if (!document.isObject())
        return failure(ErrorCode::Unavailable, QStringLiteral("the answer is no object"));
    return document.object();
}

/// How vantage6 4.x answers a good token whose holder it has no more: the default words of its
/// library, flask-jwt-extended, where the server's own lookup finds nobody.
bool isHolderGone(const QByteArray& body)
{
    const auto said = objectIn(body);
    return said
        && said->value(QStringLiteral("msg"))
               .toString()
               .startsWith(QLatin1StringView("Error loading the user "));
}

Result<QJsonObject> answerOf(const QNetworkReply& reply, const QByteArray& body)
{
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (body.size() > maxAnswerBytes)
        return failure(ErrorCode::Unavailable, QStringLiteral("the answer is too long"));
    if (status == 404) {
        // Of a wrong address there is a page, or nothing; vantage6 says what it does not find.
        const auto said = objectIn(body);
        if (!said || !said->contains(QStringLiteral("msg")))
            return failure(ErrorCode::Unavailable,
                QStringLiteral(
                    "it answered 404 as no vantage6 server does: is the address right?"));
        return failure(ErrorCode::NotFound, QStringLiteral("it is not there"));
    }
    if (status == 401 && isHolderGone(body))
        return failure(ErrorCode::TokenInvalid, QStringLiteral("it has no such holder any more"));
    if (status == 401 || status == 403)
        return failure(ErrorCode::Forbidden, QStringLiteral("it may not be seen"));
    if (status == 200)
        return objectIn(body);
    return failure(ErrorCode::Unavailable,
        status == 0 ? reply.errorString() : QStringLiteral("it answered %1").arg(status));
}

} // namespace

RestClient::RestClient(QString base, Millis timeout) : m_base(std::move(base)), m_timeout(timeout)
{
    while (m_base.endsWith(u'/'))
        m_base.chop(1);
}

RestClient::~RestClient() = default;

void RestClient::get(
    const QString& path, const QByteArray& token, std::function<void(Result<QJsonObject>)> done)
{
    QNetworkRequest request{QUrl(m_base + path)};
    request.setRawHeader("Authorization", "Bearer " + token);
    request.setTransferTimeout(int(m_timeout.count()));
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(
        QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    QNetworkReply* reply = m_network.get(request);
    const auto body = std::make_shared<QByteArray>();
    QObject::connect(reply, &QNetworkReply::readyRead, &m_context, [reply, body] {
        *body += reply->readAll();
        if (body->size() > maxAnswerBytes)
            reply->abort();
    });
    QObject::connect(
        reply, &QNetworkReply::finished, &m_context, [reply, body, done = std::move(done)] {
            reply->deleteLater();
            *body += reply->readAll();
            done(answerOf(*reply, *body));
        });
}

void RestClient::list(
    const QString& path, const QByteArray& token, std::function<void(Result<QJsonArray>)> done)
{
    nextPage(path, token, 1, {}, std::move(done));
}

void RestClient::nextPage(const QString& path, const QByteArray& token, int page, QJsonArray sofar,
    std::function<void(Result<QJsonArray>)> done)
{
    const QChar mark = path.contains(u'?') ? u'&' : u'?';
    const QString target = path + mark
        + QStringLiteral("per_page=%1&page=%2")
              .arg(QString::number(perPage), QString::number(page));
    get(target, token,
        [this, path, token, page, sofar, done = std::move(done)](
            const Result<QJsonObject>& answer) mutable {
            if (!answer)
                return done(tl::unexpected<Error>(answer.error()));
            const QJsonArray data = answer->value(QStringLiteral("data")).toArray();
            for (const QJsonValue& item : data)
                sofar.append(item);
            const QJsonObject links = answer->value(QStringLiteral("links")).toObject();
            if (!links.value(QStringLiteral("next")).isString() || page >= maxPages)
                return done(sofar);
            nextPage(path, token, page + 1, sofar, std::move(done));
        });
}

} // namespace gatehouse::app
