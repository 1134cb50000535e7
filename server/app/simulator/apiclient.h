// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QUrl>
#include <QUrlQuery>

#include <functional>

namespace gatehouse::app {

/// The server's HTTP API as a client sees it. Shared by all simulated clients; network thread only.
class ApiClient : public QObject
{
    Q_OBJECT

public:
    using Answer = std::function<void(Result<QJsonObject>)>;

    explicit ApiClient(QUrl server, QObject* parent = nullptr);

    const QUrl& server() const { return m_server; }

    /// The callback is dropped when `context` goes first. Errors: by the answer's status, and
    /// Unavailable when there was none.
    void get(const QString& path, const QUrlQuery& query, const QByteArray& token, QObject* context,
        Answer done);
    void send(const QByteArray& method, const QString& path, const QByteArray& token,
        const QJsonObject& body, QObject* context, Answer done);

    quint64 requests() const { return m_requests; }
    quint64 failures() const { return m_failures; } ///< of any kind

private:
    QNetworkRequest request(const QString& path, const QByteArray& token) const;
    void finish(QNetworkReply* reply, QObject* context, Answer done);

    QUrl m_server;
    QNetworkAccessManager m_network;
    quint64 m_requests = 0;
    quint64 m_failures = 0;
};

/// The number in a token's `sub`; 0 when there is none.
qint64 subjectOf(const QByteArray& token);

} // namespace gatehouse::app
