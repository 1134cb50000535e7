// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QObject>
#include <QString>

#include <functional>

namespace gatehouse::app {

/// Asks a vantage6 server over HTTP in somebody's name. Every question is bounded in time and size;
/// redirects are not followed. Network thread only.
class RestClient
{
public:
    RestClient(QString base, Millis timeout); ///< "http://127.0.0.1:5000/api"
    Q_DISABLE_COPY_MOVE(RestClient)
    ~RestClient();

    /// NotFound: 404 with a reason in JSON, as vantage6 gives it. TokenInvalid: 401 that says that
    /// the token is good and its holder gone. Forbidden: other 401, 403. Unavailable: anything else
    /// but 200 with an object.
    void get(const QString& path, const QByteArray& token,
        std::function<void(Result<QJsonObject>)> done);

    /// Every page of a list, up to a bound.
    void list(
        const QString& path, const QByteArray& token, std::function<void(Result<QJsonArray>)> done);

private:
    void nextPage(const QString& path, const QByteArray& token, int page, QJsonArray sofar,
        std::function<void(Result<QJsonArray>)> done);

    QString m_base; ///< without a slash at the end
    const Millis m_timeout;
    QObject m_context; ///< answers end with it
    QNetworkAccessManager m_network;
};

} // namespace gatehouse::app
