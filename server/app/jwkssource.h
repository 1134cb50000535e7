// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"
#include "server/identity/keysource.h"

#include <QNetworkAccessManager>
#include <QTimer>
#include <QUrl>

#include <functional>
#include <optional>
#include <vector>

class QNetworkReply;

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::app {

struct JwksOptions
{
    QString url; ///< http or https; empty: there is none
    Millis refresh{600'000}; ///< asked for again after this
    Millis retry{30'000}; ///< least time between two questions, for whatever reason
    Millis timeout{5'000}; ///< of one question
};

/// Keeps the keys of an issuer such as Keycloak current: asks its JWKS address at the start, now
/// and then, and when a token names a key that is not known yet. Never waits: the server runs while
/// an answer is under way, and with the keys it has while the issuer cannot be reached. Owned by
/// the composition root; network thread only.
class JwksSource final : public identity::KeySource
{
public:
    /// Takes a key set, whole JSON. An error keeps the one there was.
    using Take = std::function<Result<void>(const QByteArray& jwks)>;

    JwksSource(JwksOptions options, Take take, observe::Metrics& metrics, const Clock& clock);
    ~JwksSource() override;
    Q_DISABLE_COPY_MOVE(JwksSource)

    void start(); ///< asks for the first time

    identity::Inquiry fetch(identity::KeyWait wait, std::function<void()> done) override;
    identity::Issuer issuer() const override;

private:
    bool ask();
    void askWhenAllowed();
    void answered(QNetworkReply& reply);
    void failed(const QString& why);
    void releaseWaiting();

    const JwksOptions m_options;
    const Take m_take;
    observe::Metrics& m_metrics;
    const Clock& m_clock;
    QNetworkAccessManager m_network;
    QTimer m_timer;
    QTimer m_nextTimer; ///< somebody waits until one may ask again
    QNetworkReply* m_underWay = nullptr;
    QByteArray m_received; ///< of the answer under way
    QByteArray m_taken; ///< the set in force; the same one again changes nothing
    std::optional<Millis> m_askedAt; ///< monotonic
    std::vector<std::function<void()>> m_waiting;
    bool m_isFailing = false;
};

} // namespace gatehouse::app
