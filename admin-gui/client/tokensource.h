// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QNetworkAccessManager>
#include <QObject>
#include <QPointer>
#include <QUrl>

#include <functional>

class QNetworkReply;

namespace gatehouse::gui {

/// Turns an admin's name and password into a token.
class TokenSource
{
public:
    using Answer = std::function<void(Result<QByteArray>)>;

    virtual ~TokenSource() = default;

    /// One request at a time: a new one, or cancel(), drops the answer of the one before.
    virtual void fetch(
        const QUrl& server, const QString& name, const QString& password, Answer answer)
        = 0;
    virtual void cancel() = 0;
};

/// `POST /api/token/admin`. A certificate the system does not trust is a failure, never waved
/// through. The password is not kept.
class HttpTokenSource final : public QObject, public TokenSource
{
    Q_OBJECT

public:
    void fetch(
        const QUrl& server, const QString& name, const QString& password, Answer answer) override;
    void cancel() override;

private:
    QNetworkAccessManager m_network;
    QPointer<QNetworkReply> m_reply;
};

} // namespace gatehouse::gui
