// SPDX-License-Identifier: Apache-2.0
#include "server/app/jwkssource.h"

#include "server/observe/log.h"
#include "server/observe/metrics.h"

#include <QNetworkReply>
#include <QNetworkRequest>

#include <algorithm>

namespace gatehouse::app {

namespace {

constexpr qsizetype maxSetBytes = 256 * 1024;
constexpr size_t maxWaiting = 1'000;

} // namespace

JwksSource::JwksSource(
    JwksOptions options, Take take, observe::Metrics& metrics, const Clock& clock)
    : m_options(std::move(options)), m_take(std::move(take)), m_metrics(metrics), m_clock(clock)
{
    m_timer.callOnTimeout(&m_timer, [this] { ask(); });
    m_nextTimer.setSingleShot(true);
    m_nextTimer.callOnTimeout(&m_nextTimer, [this] { askWhenAllowed(); });
}

JwksSource::~JwksSource()
{
    if (m_underWay)
        m_underWay->disconnect();
}

void JwksSource::start()
{
    if (m_options.url.isEmpty())
        return;
    ask();
    m_timer.start(m_options.refresh);
}

identity::Inquiry JwksSource::fetch(identity::KeyWait wait, std::function<void()> done)
{
    using identity::Inquiry;
    if (m_options.url.isEmpty())
        return Inquiry::NotNeeded;
    const bool isAsking = m_underWay || ask();
    if (!isAsking && wait == identity::KeyWait::Answer)
        return Inquiry::NotNeeded;
    if (m_waiting.size() >= maxWaiting)
        return Inquiry::Refused;
    m_waiting.push_back(std::move(done));
    if (!isAsking && !m_nextTimer.isActive())
        askWhenAllowed();
    return Inquiry::Asked;
}

identity::Issuer JwksSource::issuer() const
{
    using identity::Issuer;
    if (m_options.url.isEmpty())
        return Issuer::None;
    return m_isFailing ? Issuer::Silent : Issuer::Answers;
}

/// The window between two questions may have been opened by anybody with a made-up key; who waits
/// with a good one must not pay for that.
void JwksSource::askWhenAllowed()
{
    if (m_waiting.empty() || m_underWay || ask())
        return;
    const Millis left = m_options.retry - (m_clock.monotonic() - *m_askedAt);
    m_nextTimer.start(std::max(left, Millis{1}));
}

/// False: asked only lately, or there is no address.
bool JwksSource::ask()
{
    const Millis now = m_clock.monotonic();
    const bool isTooSoon = m_askedAt && now - *m_askedAt < m_options.retry;
    if (m_options.url.isEmpty() || m_underWay || isTooSoon)
        return false;
    m_askedAt = now;
    QNetworkRequest request{QUrl(m_options.url)};
    request.setTransferTimeout(int(m_options.timeout.count()));
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    // The keys of whoever the address leads on to are not those of the issuer.
    request.setAttribute(
        QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    m_received.clear();
    m_underWay = m_network.get(request);
    QObject::connect(m_underWay, &QNetworkReply::readyRead, &m_timer, [this] {
        m_received += m_underWay->readAll();
        if (m_received.size() > maxSetBytes)
            m_underWay->abort();
    });
    QObject::connect(
        m_underWay, &QNetworkReply::finished, &m_timer, [this] { answered(*m_underWay); });
    return true;
}

void JwksSource::answered(QNetworkReply& reply)
{
    m_underWay = nullptr;
    reply.deleteLater();
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    m_received += reply.readAll();
    if (m_received.size() > maxSetBytes) {
        failed(QStringLiteral("the answer is longer than %1 KiB").arg(maxSetBytes / 1024));
    } else if (reply.error() != QNetworkReply::NoError) {
        failed(reply.errorString());
    } else if (status != 200) {
        failed(QStringLiteral("it answered %1").arg(status));
    } else if (const auto taken = m_received == m_taken ? Result<void>() : m_take(m_received);
               !taken) {
        failed(taken.error().detail);
    } else {
        m_metrics.keysFetched.Increment();
        if (m_received != m_taken || m_isFailing)
            observe::log(observe::Level::Info, observe::category::auth,
                QStringLiteral("Keys of %1 read").arg(m_options.url));
        m_taken = m_received;
        m_isFailing = false;
    }
    m_received.clear();
    releaseWaiting();
}

void JwksSource::failed(const QString& why)
{
    m_metrics.keysFailed.Increment();
    if (!std::exchange(m_isFailing, true))
        observe::log(observe::Level::Warning, observe::category::auth,
            QStringLiteral("Keys of %1 not read, those there are stay: %2")
                .arg(m_options.url, why));
}

void JwksSource::releaseWaiting()
{
    const auto waiting = std::exchange(m_waiting, {});
    for (const auto& done : waiting)
        done();
}

} // namespace gatehouse::app
