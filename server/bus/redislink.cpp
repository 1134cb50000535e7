// SPDX-License-Identifier: Apache-2.0
#include "server/bus/redislink.h"

#include "server/bus/buslog.h"
#include "server/bus/uplink.h"

#include <QUrl>

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

namespace gatehouse::bus {

namespace {

using SteadyClock = std::chrono::steady_clock;

struct FreeContext
{
    void operator()(redisContext* context) const { redisFree(context); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

struct FreeReply
{
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

timeval interval(Millis time)
{
    return {time_t(time.count() / 1'000), suseconds_t(time.count() % 1'000 * 1'000)};
}

QByteArrayView octets(const redisReply* reply)
{
    return {reply->str, qsizetype(reply->len)};
}

Reply command(redisContext* context, const std::vector<QByteArray>& words)
{
    std::vector<const char*> texts;
    std::vector<size_t> sizes;
    for (const QByteArray& word : words) {
        texts.push_back(word.constData());
        sizes.push_back(size_t(word.size()));
    }
    return Reply(static_cast<redisReply*>(
        redisCommandArgv(context, int(words.size()), texts.data(), sizes.data())));
}

} // namespace

Result<RedisOptions> RedisOptions::fromUrl(const QString& text)
{
    const QUrl url(text, QUrl::StrictMode);
    RedisOptions options;
    if (!url.isValid() || url.scheme() != QLatin1StringView("redis"))
        return failure(
            ErrorCode::BadRequest, QStringLiteral("not an address such as \"redis://host:6379\""));
    if (url.path().size() > 1)
        return failure(ErrorCode::BadRequest,
            QStringLiteral("channels do not belong to a database: leave its number out"));
    if (!url.host().isEmpty())
        options.host = url.host();
    if (url.port() > 0)
        options.port = quint16(url.port());
    options.user = url.userName(QUrl::FullyDecoded);
    options.password = url.password(QUrl::FullyDecoded);
    return options;
}

QString RedisOptions::text() const
{
    return QString(QStringLiteral("redis://") + host + u':' + QString::number(port));
}

struct RedisLink::Private
{
    explicit Private(RedisOptions o) : options(std::move(o)) { }

    struct Channel
    {
        QByteArray name;
        bool isPattern = false;
        Handler handler;
    };

    Context connect(int slot); ///< of `descriptors`
    bool isConnected(redisContext* context);
    bool login(redisContext* context);
    bool subscribeAll(redisContext* context);
    void run();
    void serve(redisContext* hearing, redisContext* saying);
    bool hear(redisContext* context);
    void take(const redisReply* reply);
    bool say(redisContext* context);
    void wait(int descriptor, Millis limit) const;
    bool setDescriptor(int slot, int descriptor); ///< false: told to stop
    void reportUp(bool isUp, const QString& why);

    const RedisOptions options;
    RedisCounters counters;
    std::vector<Channel> channels;
    Uplink uplink;
    const int wakeDescriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::atomic<bool> isStopping{false};
    std::mutex mutex;
    std::deque<std::pair<QByteArray, QByteArray>> outgoing; ///< guarded by mutex
    int descriptors[2] = {-1, -1}; ///< guarded by mutex
    QString lastError; ///< the worker's
    SteadyClock::time_point heardAt; ///< the worker's
    std::thread thread;
};

bool RedisLink::Private::setDescriptor(int slot, int descriptor)
{
    const std::lock_guard lock(mutex);
    descriptors[slot] = descriptor;
    return !isStopping;
}

void RedisLink::Private::reportUp(bool isUp, const QString& why)
{
    uplink.post([this, isUp, why] {
        if (counters.isUp == isUp && !isUp) {
            warnSparingly("redis", QString(u"No connection to " + options.text() + u": " + why));
            return;
        }
        counters.isUp = isUp;
        if (isUp) {
            ++counters.connects;
            qCInfo(busLog).noquote() << "Connected to" << options.text();
        } else {
            qCWarning(busLog).noquote() << "Lost" << options.text() << why;
        }
    });
}

/// Without blocking, so that the descriptor is known and the end of the link cuts this off too.
Context RedisLink::Private::connect(int slot)
{
    Context context(redisConnectNonBlock(options.host.toUtf8().constData(), options.port));
    if (!context || context->err != 0) {
        lastError = context ? QString::fromUtf8(context->errstr) : QStringLiteral("out of memory");
        return {};
    }
    if (setDescriptor(slot, context->fd) && isConnected(context.get())) {
        // From here on its calls wait for their answers.
        ::fcntl(context->fd, F_SETFL, ::fcntl(context->fd, F_GETFL) & ~O_NONBLOCK);
        context->flags |= REDIS_BLOCK;
        redisSetTimeout(context.get(), interval(options.connectTimeout));
        if (login(context.get()))
            return context;
    }
    setDescriptor(slot, -1); // before it is closed and its number somebody else's
    return {};
}

bool RedisLink::Private::isConnected(redisContext* context)
{
    pollfd watched{context->fd, POLLOUT, 0};
    if (::poll(&watched, 1, int(options.connectTimeout.count())) == 0) {
        lastError = QStringLiteral("no answer");
        return false;
    }
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(context->fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0)
        lastError = QString::fromLocal8Bit(std::strerror(code));
    return code == 0 && !isStopping;
}

bool RedisLink::Private::login(redisContext* context)
{
    if (options.password.isEmpty())
        return true;
    std::vector<QByteArray> words{"AUTH"};
    if (!options.user.isEmpty())
        words.push_back(options.user.toUtf8());
    words.push_back(options.password.toUtf8());
    const Reply reply = command(context, words);
    if (reply && reply->type != REDIS_REPLY_ERROR)
        return true;
    lastError = reply ? QString::fromUtf8(octets(reply.get())) : QString::fromUtf8(context->errstr);
    return false;
}

bool RedisLink::Private::subscribeAll(redisContext* context)
{
    for (const Channel& channel : channels) {
        const Reply reply
            = command(context, {channel.isPattern ? "PSUBSCRIBE" : "SUBSCRIBE", channel.name});
        if (!reply || reply->type == REDIS_REPLY_ERROR) {
            lastError = reply ? QString::fromUtf8(octets(reply.get()))
                              : QString::fromUtf8(context->errstr);
            return false;
        }
        take(reply.get()); // an earlier channel may have spoken already
    }
    return true;
}

void RedisLink::Private::run()
{
    Millis pause = options.retryMin;
    while (!isStopping) {
        const Context hearing = connect(0);
        const Context saying = hearing ? connect(1) : Context();
        if (saying && subscribeAll(hearing.get())) {
            pause = options.retryMin;
            reportUp(true, {});
            serve(hearing.get(), saying.get());
        }
        setDescriptor(0, -1);
        setDescriptor(1, -1);
        if (isStopping)
            break;
        reportUp(false, lastError);
        wait(-1, pause);
        pause = std::min(pause * 2, options.retryMax);
    }
}

void RedisLink::Private::serve(redisContext* hearing, redisContext* saying)
{
    heardAt = SteadyClock::now();
    auto pingAt = heardAt + options.pingPeriod;
    while (!isStopping) {
        if (!uplink.isFull() && !hear(hearing))
            return;
        if (!say(saying))
            return;
        const auto now = SteadyClock::now();
        if (now - heardAt > 2 * options.pingPeriod) {
            lastError = QStringLiteral("it does not answer");
            return;
        }
        if (now >= pingAt) {
            pingAt = now + options.pingPeriod;
            redisAppendCommand(hearing, "PING");
            int isDone = 0;
            while (isDone == 0) {
                if (redisBufferWrite(hearing, &isDone) != REDIS_OK) {
                    lastError = QString::fromUtf8(hearing->errstr);
                    return;
                }
            }
        }
        if (uplink.isFull())
            wait(-1, Millis{5});
        else
            wait(hearing->fd, options.pingPeriod / 4);
    }
}

/// Reads what is there, without waiting. False: the connection is lost.
bool RedisLink::Private::hear(redisContext* context)
{
    pollfd watched{context->fd, POLLIN, 0};
    while (::poll(&watched, 1, 0) == 1) {
        if (redisBufferRead(context) != REDIS_OK) {
            lastError = QString::fromUtf8(context->errstr);
            return false;
        }
        heardAt = SteadyClock::now();
        void* raw = nullptr;
        while (redisGetReplyFromReader(context, &raw) == REDIS_OK && raw) {
            const Reply reply(static_cast<redisReply*>(raw));
            take(reply.get());
            raw = nullptr;
        }
        if (context->err != 0) {
            lastError = QString::fromUtf8(context->errstr);
            return false;
        }
        if (uplink.isFull())
            break;
    }
    return true;
}

/// ["message", channel, body] or ["pmessage", pattern, channel, body].
void RedisLink::Private::take(const redisReply* reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
        return;
    for (size_t i = 0; i < reply->elements; ++i) {
        if (reply->element[i]->type != REDIS_REPLY_STRING)
            return;
    }
    const QByteArrayView kind = octets(reply->element[0]);
    const bool isPattern = kind == QByteArrayView("pmessage");
    if ((isPattern && reply->elements < 4) || (!isPattern && kind != QByteArrayView("message")))
        return;
    const QByteArray name = octets(reply->element[1]).toByteArray();
    const auto channel = std::find_if(channels.begin(), channels.end(),
        [&](const Channel& one) { return one.isPattern == isPattern && one.name == name; });
    if (channel == channels.end())
        return;
    const redisReply* body = reply->element[reply->elements - 1];
    if (qint64(body->len) > options.maxBodyBytes) {
        uplink.post([this] { ++counters.oversized; });
        return;
    }
    uplink.post(
        [this, channel = &*channel, on = octets(reply->element[reply->elements - 2]).toByteArray(),
            body = octets(body).toByteArray()] {
            ++counters.received;
            channel->handler(on, body);
        },
        qint64(body->len));
}

bool RedisLink::Private::say(redisContext* context)
{
    while (true) {
        std::pair<QByteArray, QByteArray> message;
        {
            const std::lock_guard lock(mutex);
            if (outgoing.empty())
                return true;
            message = std::move(outgoing.front());
            outgoing.pop_front();
        }
        const Reply reply = command(context, {"PUBLISH", message.first, message.second});
        if (!reply) {
            lastError = QString::fromUtf8(context->errstr);
            uplink.post([this] { ++counters.dropped; });
            return false;
        }
        uplink.post([this] { ++counters.published; });
    }
}

void RedisLink::Private::wait(int descriptor, Millis limit) const
{
    pollfd watched[2] = {{wakeDescriptor, POLLIN, 0}, {descriptor, POLLIN, 0}};
    ::poll(watched, descriptor < 0 ? 1 : 2, int(limit.count()));
    quint64 count = 0;
    [[maybe_unused]] const auto got = ::read(wakeDescriptor, &count, sizeof count);
}

RedisLink::RedisLink(RedisOptions options) : d(std::make_unique<Private>(std::move(options))) { }

RedisLink::~RedisLink()
{
    d->isStopping = true;
    {
        const std::lock_guard lock(d->mutex);
        for (const int descriptor : d->descriptors) {
            if (descriptor >= 0)
                ::shutdown(descriptor, SHUT_RDWR);
        }
    }
    const quint64 one = 1;
    [[maybe_unused]] const auto written = ::write(d->wakeDescriptor, &one, sizeof one);
    if (d->thread.joinable())
        d->thread.join();
    ::close(d->wakeDescriptor);
}

void RedisLink::subscribe(const QByteArray& channel, Handler handler)
{
    d->channels.push_back({channel, false, std::move(handler)});
}

void RedisLink::subscribePattern(const QByteArray& pattern, Handler handler)
{
    d->channels.push_back({pattern, true, std::move(handler)});
}

void RedisLink::start()
{
    // Signals are for the network thread, which reads them from a descriptor.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    d->thread = std::thread([this] { d->run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void RedisLink::publish(const QByteArray& channel, const QByteArray& body)
{
    {
        const std::lock_guard lock(d->mutex);
        if (d->counters.isUp && qsizetype(d->outgoing.size()) < d->options.maxWaiting) {
            d->outgoing.emplace_back(channel, body);
        } else {
            ++d->counters.dropped;
            return;
        }
    }
    const quint64 one = 1;
    [[maybe_unused]] const auto written = ::write(d->wakeDescriptor, &one, sizeof one);
}

const RedisCounters& RedisLink::counters() const
{
    return d->counters;
}

} // namespace gatehouse::bus
