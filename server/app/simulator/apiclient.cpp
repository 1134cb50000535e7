// SPDX-License-Identifier: Apache-2.0
#include "server/app/simulator/apiclient.h"

#include <QJsonDocument>
#include <QNetworkReply>
#include <QPointer>

namespace gatehouse::app {

namespace {

ErrorCode codeOf(int status)
{
    switch (status) {
    case 0:
        return ErrorCode::Unavailable;
    case 401:
        return ErrorCode::TokenInvalid;
    case 403:
        return ErrorCode::Forbidden;
    case 404:
        return ErrorCode::NotFound;
    case 409:
        return ErrorCode::Conflict;
    case 429:
        return ErrorCode::RateLimited;
    default:
        return status >= 500 ? ErrorCode::Unavailable : ErrorCode::BadRequest;
    }
}

} // namespace

ApiClient::ApiClient(QUrl server, QObject* parent) : QObject(parent), m_server(std::move(server))
{
    m_network.setTransferTimeout(30'000);
}

void ApiClient::get(const QString& path, const QUrlQuery& query, const QByteArray& token,
    QObject* context, Answer done)
{
    QNetworkRequest wanted = request(path, token);
    QUrl url = wanted.url();
    url.setQuery(query);
    wanted.setUrl(url);
    finish(m_network.get(wanted), context, std::move(done));
}

void ApiClient::send(const QByteArray& method, const QString& path, const QByteArray& token,
    const QJsonObject& body, QObject* context, Answer done)
{
    QNetworkRequest wanted = request(path, token);
    wanted.setHeader(QNetworkRequest::ContentTypeHeader, QByteArray("application/json"));
    const QByteArray json = QJsonDocument(body).toJson(QJsonDocument::Compact);
    finish(m_network.sendCustomRequest(wanted, method, json), context, std::move(done));
}

QNetworkRequest ApiClient::request(const QString& path, const QByteArray& token) const
{
    QUrl url = m_server;
    url.setPath(QStringLiteral("/api/") + path);
    QNetworkRequest result(url);
    if (!token.isEmpty()) {
        result.setRawHeader(QByteArray("Authorization"), QByteArray("Bearer ") + token);
    }
    return result;
}

void ApiClient::finish(QNetworkReply* reply, QObject* context, Answer done)
{
    ++m_requests;
    const QPointer<QObject> alive(context);
    connect(reply, &QNetworkReply::finished, this, [this, reply, alive, done = std::move(done)] {
        reply->deleteLater();
        const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
        const QByteArray body = reply->readAll();
        const bool good = status >= 200 && status < 300;
        m_failures += good ? 0 : 1;
        if (!alive) {
            return;
        }
        if (good) {
            done(QJsonDocument::fromJson(body).object());
        } else {
            const QString text
                = status == 0 ? reply->errorString() : QString::fromUtf8(body.left(300));
            done(failure(codeOf(status), QString(QString::number(status) + u' ' + text)));
        }
    });
}

qint64 subjectOf(const QByteArray& token)
{
    const QByteArrayList parts = token.split('.');
    if (parts.size() != 3) {
        return 0;
    }
    const QByteArray payload = QByteArray::fromBase64(parts[1], QByteArray::Base64UrlEncoding);
    return QJsonDocument::fromJson(payload).object().value(QLatin1StringView("sub")).toInteger();
}

} // namespace gatehouse::app
