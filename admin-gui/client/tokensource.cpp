// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/tokensource.h"

#include "admin-gui/client/errornames.h"

#include <QJsonDocument>
#include <QNetworkReply>
#include <QNetworkRequest>

namespace gatehouse::gui {

namespace {

constexpr int transferTimeoutMs = 10'000;
constexpr qint64 largestAnswerBytes = 64 * 1024;

using L = QLatin1StringView;

Error errorOf(QNetworkReply& reply)
{
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const QString reason = reply.errorString();
    if (status == 401)
        return {ErrorCode::BadCredentials, QString()};
    if (status == 403)
        return {ErrorCode::Forbidden, QString()};
    if (status == 429)
        return {ErrorCode::RateLimited, QString()};
    if (status == 404)
        return {ErrorCode::NotFound, reason};
    return {ErrorCode::Unavailable, reason};
}

Result<QByteArray> tokenOf(QNetworkReply& reply)
{
    if (reply.error() != QNetworkReply::NoError)
        return tl::unexpected<Error>(errorOf(reply));
    const QByteArray body = reply.read(largestAnswerBytes);
    const QJsonValue token = QJsonDocument::fromJson(body).object().value(L("access_token"));
    if (!token.isString() || token.toString().isEmpty())
        return failure(ErrorCode::Malformed, QStringLiteral("no access_token in the answer"));
    return token.toString().toUtf8();
}

} // namespace

void HttpTokenSource::fetch(
    const QUrl& server, const QString& name, const QString& password, Answer answer)
{
    cancel();
    QUrl url = server;
    url.setPath(QStringLiteral("/api/token/admin"));
    QNetworkRequest request(url);
    request.setHeader(QNetworkRequest::ContentTypeHeader, QStringLiteral("application/json"));
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute,
        QNetworkRequest::ManualRedirectPolicy); // a password never follows a redirect
    request.setTransferTimeout(transferTimeoutMs);
    const QJsonObject body{{L("name"), name}, {L("password"), password}};
    m_reply = m_network.post(request, QJsonDocument(body).toJson(QJsonDocument::Compact));
    QNetworkReply* reply = m_reply;
    connect(reply, &QNetworkReply::finished, this, [this, reply, answer = std::move(answer)] {
        reply->deleteLater();
        if (reply != m_reply)
            return;
        m_reply = nullptr;
        answer(tokenOf(*reply));
    });
}

void HttpTokenSource::cancel()
{
    if (QNetworkReply* reply = m_reply) {
        m_reply = nullptr;
        reply->abort();
    }
}

} // namespace gatehouse::gui
