// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/busoptions.h"

#include <QByteArray>
#include <QStringList>

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse::bus {

struct RedisOptions
{
    QString host = QStringLiteral("127.0.0.1");
    quint16 port = 6379;
    QString user{}; ///< empty: the default one
    QString password{};
    Millis connectTimeout{5'000};
    Millis pingPeriod{10'000}; ///< a server that is silent for twice as long is gone
    Millis retryMin{100};
    Millis retryMax{5'000};
    qint64 maxBodyBytes = 16 * 1024 * 1024; ///< larger messages are dropped and counted
    qsizetype maxWaiting = 1'000; ///< messages of ours that wait to be sent; more are dropped

    /// "redis://user:password@host:port". Plain TCP only: hiredis 0.14 has no TLS. BadRequest.
    static Result<RedisOptions> fromUrl(const QString& url);
    QString text() const; ///< without the password
};

/// Plain numbers of the network thread.
struct RedisCounters
{
    bool isUp = false; ///< now
    quint64 connects = 0;
    quint64 received = 0;
    quint64 oversized = 0;
    quint64 published = 0;
    quint64 dropped = 0; ///< of ours: Redis was away or too much was waiting
};

/// Hears channels of a Redis server and publishes on them (PUBSUB), for the emitters of other
/// languages. Redis forgets what nobody hears at the moment: what is published while the connection
/// is lost is lost. A thread of its own with hiredis; calls back on the network thread. Channels
/// are said once, before start().
class RedisLink
{
public:
    using Handler = std::function<void(const QByteArray& channel, const QByteArray& body)>;

    explicit RedisLink(RedisOptions options);
    ~RedisLink(); ///< ends the thread
    Q_DISABLE_COPY_MOVE(RedisLink)

    void subscribe(const QByteArray& channel, Handler handler);
    void subscribePattern(const QByteArray& pattern, Handler handler); ///< Redis's globs
    void start();
    void publish(const QByteArray& channel, const QByteArray& body);
    const RedisCounters& counters() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse::bus
