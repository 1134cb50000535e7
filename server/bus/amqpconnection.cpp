// SPDX-License-Identifier: Apache-2.0
#include "server/bus/amqpconnection.h"

#include <QHash>

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace gatehouse::bus {

namespace {

constexpr int frameOctets = 131'072; // RabbitMQ's own default
constexpr auto repeatedHeader = "x-may-be-repeated";
constexpr auto receiverHeader = "x-needs-receiver";

amqp_bytes_t bytes(const QByteArray& text)
{
    return {size_t(text.size()), const_cast<char*>(text.constData())};
}

QByteArray copy(const amqp_bytes_t& octets)
{
    return QByteArray(static_cast<const char*>(octets.bytes), qsizetype(octets.len));
}

QString words(const amqp_bytes_t& octets)
{
    return QString::fromUtf8(static_cast<const char*>(octets.bytes), qsizetype(octets.len));
}

timeval interval(Millis time)
{
    return {time_t(time.count() / 1'000), suseconds_t(time.count() % 1'000 * 1'000)};
}

tl::unexpected<Error> lost(QString why)
{
    return failure(ErrorCode::Unavailable, std::move(why));
}

tl::unexpected<Error> lost(int status)
{
    return lost(QString::fromLatin1(amqp_error_string2(status)));
}

struct FreeAddresses
{
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

/// An empty text when it is connected.
QString connectWithin(int descriptor, const addrinfo& address, Millis limit)
{
    const auto text = [](int code) { return QString::fromLocal8Bit(std::strerror(code)); };
    if (::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0)
        return {};
    if (errno != EINPROGRESS)
        return text(errno);
    pollfd watched{descriptor, POLLOUT, 0};
    if (::poll(&watched, 1, int(limit.count())) == 0)
        return QStringLiteral("no answer");
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0)
        return text(code);
    // Shut down meanwhile, it is neither connected nor in error.
    sockaddr_storage peer{};
    socklen_t peerSize = sizeof peer;
    const int named = ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peerSize);
    return named == 0 ? QString() : text(errno);
}

ErrorCode codeOf(int replyCode)
{
    switch (replyCode) {
    case AMQP_NOT_FOUND:
        return ErrorCode::NotFound;
    case AMQP_ACCESS_REFUSED:
        return ErrorCode::Forbidden;
    case AMQP_RESOURCE_LOCKED:
    case AMQP_PRECONDITION_FAILED:
        return ErrorCode::Conflict;
    default:
        return ErrorCode::Internal;
    }
}

amqp_table_entry_t entry(const char* key, bool value)
{
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    made.value.value.boolean = value;
    return made;
}

amqp_table_entry_t entry(const char* key, qint32 value)
{
    amqp_table_entry_t made{};
    made.key = amqp_cstring_bytes(key);
    made.value.kind = AMQP_FIELD_KIND_I32;
    made.value.value.i32 = value;
    return made;
}

amqp_table_entry_t entry(const QByteArray& key, const QByteArray& value)
{
    amqp_table_entry_t made{};
    made.key = bytes(key);
    made.value.kind = AMQP_FIELD_KIND_UTF8;
    made.value.value.bytes = bytes(value);
    return made;
}

template <size_t N>
amqp_table_t table(std::array<amqp_table_entry_t, N>& entries)
{
    return {int(N), entries.data()};
}

amqp_table_t table(std::vector<amqp_table_entry_t>& entries)
{
    return {int(entries.size()), entries.data()};
}

/// The text of the values we understand; others are left out.
void readHeaders(const amqp_table_t& headers, Incoming& to)
{
    Message& message = to.message;
    for (int i = 0; i < headers.num_entries && message.properties.headers.size() < 32; ++i) {
        const amqp_table_entry_t& one = headers.entries[i];
        const QByteArray key = copy(one.key);
        switch (one.value.kind) {
        case AMQP_FIELD_KIND_BOOLEAN:
            if (key == repeatedHeader)
                message.mayBeRepeated = message.mayBeRepeated || one.value.value.boolean;
            else if (key == receiverHeader)
                to.needsReceiver = one.value.value.boolean;
            break;
        case AMQP_FIELD_KIND_UTF8:
        case AMQP_FIELD_KIND_BYTES:
            if (one.value.value.bytes.len <= 255)
                message.properties.headers.emplace_back(key, copy(one.value.value.bytes));
            break;
        case AMQP_FIELD_KIND_I32:
            message.properties.headers.emplace_back(key, QByteArray::number(one.value.value.i32));
            break;
        case AMQP_FIELD_KIND_I64:
            message.properties.headers.emplace_back(key, QByteArray::number(one.value.value.i64));
            break;
        default:
            break;
        }
    }
}

void readProperties(const amqp_basic_properties_t& from, Incoming& to)
{
    const auto has = [&from](amqp_flags_t flag) { return (from._flags & flag) != 0; };
    Properties& properties = to.message.properties;
    if (has(AMQP_BASIC_MESSAGE_ID_FLAG))
        properties.id = copy(from.message_id);
    if (has(AMQP_BASIC_CONTENT_TYPE_FLAG))
        properties.contentType = copy(from.content_type);
    if (has(AMQP_BASIC_TYPE_FLAG))
        properties.type = copy(from.type);
    if (has(AMQP_BASIC_APP_ID_FLAG))
        properties.sender = copy(from.app_id);
    if (has(AMQP_BASIC_REPLY_TO_FLAG))
        to.replyTo = copy(from.reply_to);
    if (has(AMQP_BASIC_CORRELATION_ID_FLAG))
        to.correlation = copy(from.correlation_id);
    if (has(AMQP_BASIC_HEADERS_FLAG))
        readHeaders(from.headers, to);
}

} // namespace

struct AmqpConnection::Private
{
    ~Private()
    {
        if (state)
            amqp_destroy_connection(state);
    }

    /// One content: its method has come, header and body follow frame by frame.
    struct Content
    {
        AmqpEvent event;
        quint64 octetsLeft = 0;
        bool hasHeader = false;
    };

    Result<void> connect(const AmqpOptions& options, const DescriptorKnown& known);
    Result<amqp_socket_t*> plainSocket(const AmqpOptions& options, const DescriptorKnown& known);
    Result<amqp_socket_t*> tlsSocket(const AmqpOptions& options);
    Result<void> logIn(const AmqpOptions& options, const QByteArray& name);
    void setUserTimeout(Millis limit) const;

    Result<void> check(quint16 channel);
    tl::unexpected<Error> closedByBroker(quint16 channel, const amqp_method_t& method);
    Result<std::optional<AmqpEvent>> takeMethod(quint16 channel, const amqp_method_t& method);
    std::optional<AmqpEvent> takeHeader(quint16 channel, const amqp_frame_t& frame);
    std::optional<AmqpEvent> takeBody(quint16 channel, const amqp_frame_t& frame);
    std::optional<AmqpEvent> finished(quint16 channel);

    amqp_connection_state_t state = nullptr;
    qint64 maxBodyBytes = 0;
    bool isDrained = false; ///< nothing was there when next() looked, and no call has read since
    QHash<quint16, Content> contents;
};

Result<void> AmqpConnection::Private::connect(
    const AmqpOptions& options, const DescriptorKnown& known)
{
    const auto socket = options.endpoint.hasTls ? tlsSocket(options) : plainSocket(options, known);
    if (!socket)
        return tl::unexpected(socket.error());
    setUserTimeout(options.heartbeat * 2);
    return {};
}

/// The library's own way of connecting tells nobody the descriptor until it is done, so that
/// nothing could cut it off.
Result<amqp_socket_t*> AmqpConnection::Private::plainSocket(
    const AmqpOptions& options, const DescriptorKnown& known)
{
    const AmqpEndpoint& endpoint = options.endpoint;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int found = ::getaddrinfo(endpoint.host.toUtf8().constData(),
        QByteArray::number(endpoint.port).constData(), &hints, &list);
    if (found != 0)
        return lost(QString(u"no address of " + endpoint.host + u": "
            + QString::fromLocal8Bit(::gai_strerror(found))));
    const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
    int left = 0;
    for (const addrinfo* one = list; one; one = one->ai_next)
        ++left;
    const auto until = std::chrono::steady_clock::now() + options.connectTimeout;
    QString why;
    for (const addrinfo* one = list; one; one = one->ai_next, --left) {
        const int descriptor = ::socket(
            one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
        if (descriptor < 0) {
            why = QString::fromLocal8Bit(std::strerror(errno));
            continue;
        }
        const bool goesOn = known(descriptor);
        // Each address gets its share of the time, the last one what is left.
        const auto share
            = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now()) / left;
        why = goesOn ? connectWithin(descriptor, *one, std::max(share, Millis{1}))
                     : QStringLiteral("told to stop");
        if (why.isEmpty()) {
            const int on = 1;
            ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            amqp_socket_t* socket = amqp_tcp_socket_new(state);
            if (socket) {
                amqp_tcp_socket_set_sockfd(socket, descriptor);
                return socket;
            }
            why = QStringLiteral("out of memory");
        }
        known(-1);
        ::close(descriptor);
        if (!goesOn)
            break;
    }
    return lost(QString(
        u"no socket to " + endpoint.host + u':' + QString::number(endpoint.port) + u": " + why));
}

Result<amqp_socket_t*> AmqpConnection::Private::tlsSocket(const AmqpOptions& options)
{
    const AmqpEndpoint& endpoint = options.endpoint;
    amqp_set_initialize_ssl_library(0); // OpenSSL 3 does that itself, and Qt uses it as well
    amqp_socket_t* socket = amqp_ssl_socket_new(state);
    if (!socket)
        return lost(QStringLiteral("no TLS context"));
    const QString authorities = endpoint.caFile.isEmpty()
        ? QStringLiteral("/etc/ssl/certs/ca-certificates.crt")
        : endpoint.caFile;
    if (amqp_ssl_socket_set_cacert(socket, authorities.toLocal8Bit().constData()) != AMQP_STATUS_OK)
        return lost(QString(u"cannot read the certificate authorities in " + authorities));
    if (!endpoint.certificateFile.isEmpty()
        && amqp_ssl_socket_set_key(socket, endpoint.certificateFile.toLocal8Bit().constData(),
               endpoint.keyFile.toLocal8Bit().constData())
            != AMQP_STATUS_OK)
        return lost(
            QString(u"cannot read " + endpoint.certificateFile + u" and " + endpoint.keyFile));
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    timeval limit = interval(options.connectTimeout);
    const int status = amqp_socket_open_noblock(
        socket, endpoint.host.toUtf8().constData(), endpoint.port, &limit);
    if (status != AMQP_STATUS_OK)
        return lost(status);
    return socket;
}

/// Octets the broker's machine does not acknowledge, or its process does not read, end the
/// connection after this; else a send could block for ever.
void AmqpConnection::Private::setUserTimeout(Millis limit) const
{
    const unsigned milliseconds = unsigned(limit.count());
    ::setsockopt(
        amqp_get_sockfd(state), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

Result<void> AmqpConnection::Private::logIn(const AmqpOptions& options, const QByteArray& name)
{
    std::array capabilities{entry("connection.blocked", true),
        entry("consumer_cancel_notify", true), entry("authentication_failure_close", true),
        entry("basic.nack", true), entry("publisher_confirms", true)};
    amqp_table_entry_t able{};
    able.key = amqp_cstring_bytes("capabilities");
    able.value.kind = AMQP_FIELD_KIND_TABLE;
    able.value.value.table = table(capabilities);
    const QByteArray nameKey("connection_name");
    std::array properties{able, entry(nameKey, name)};
    const amqp_table_t all = table(properties);
    const timeval limit = interval(options.connectTimeout);
    amqp_set_handshake_timeout(state, &limit);
    const amqp_rpc_reply_t reply
        = amqp_login_with_properties(state, options.endpoint.virtualHost.toUtf8().constData(), 0,
            frameOctets, int(std::chrono::ceil<std::chrono::seconds>(options.heartbeat).count()),
            &all, AMQP_SASL_METHOD_PLAIN, options.endpoint.user.toUtf8().constData(),
            options.endpoint.password.toUtf8().constData());
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION
        && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD)
        return lost(words(static_cast<amqp_connection_close_t*>(reply.reply.decoded)->reply_text));
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        return lost(reply.library_error);
    const timeval callLimit = interval(options.callTimeout);
    amqp_set_rpc_timeout(state, &callLimit);
    return {};
}

Result<std::unique_ptr<AmqpConnection>> AmqpConnection::open(
    const AmqpOptions& options, const QByteArray& name, const DescriptorKnown& known)
{
    auto parts = std::make_unique<Private>();
    parts->state = amqp_new_connection();
    parts->maxBodyBytes = options.common.maxBodyBytes;
    if (!parts->state)
        return lost(QStringLiteral("out of memory"));
    const auto tell = [&known](int descriptor) { return !known || known(descriptor); };
    Result<void> done = parts->connect(options, tell);
    if (done && !tell(amqp_get_sockfd(parts->state)))
        done = lost(QStringLiteral("told to stop"));
    if (done)
        done = parts->logIn(options, name);
    if (!done) {
        tell(-1); // its number may be somebody else's once it is closed
        return tl::unexpected(done.error());
    }
    return std::unique_ptr<AmqpConnection>(new AmqpConnection(std::move(parts)));
}

AmqpConnection::AmqpConnection(std::unique_ptr<Private> parts) : d(std::move(parts)) { }

AmqpConnection::~AmqpConnection() = default;

int AmqpConnection::descriptor() const
{
    return amqp_get_sockfd(d->state);
}

quint16 AmqpConnection::channelMax() const
{
    const int max = amqp_get_channel_max(d->state);
    return max == 0 ? 65'535 : quint16(max);
}

/// How the latest call ended.
Result<void> AmqpConnection::Private::check(quint16 channel)
{
    isDrained = false;
    const amqp_rpc_reply_t reply = amqp_get_rpc_reply(state);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        amqp_maybe_release_buffers_on_channel(state, channel);
        return {};
    }
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
        return closedByBroker(channel, reply.reply);
    return lost(reply.library_error);
}

tl::unexpected<Error> AmqpConnection::Private::closedByBroker(
    quint16 channel, const amqp_method_t& method)
{
    if (method.id != AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* closed = static_cast<amqp_connection_close_t*>(method.decoded);
        const QString why = words(closed->reply_text);
        amqp_connection_close_ok_t ok{};
        amqp_send_method(state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
        return lost(why);
    }
    const auto* closed = static_cast<amqp_channel_close_t*>(method.decoded);
    const Error error{codeOf(closed->reply_code), words(closed->reply_text)};
    amqp_channel_close_ok_t ok{};
    amqp_send_method(state, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
    amqp_maybe_release_buffers_on_channel(state, channel);
    contents.remove(channel);
    return tl::unexpected(error);
}

Result<void> AmqpConnection::openChannel(quint16 channel)
{
    amqp_channel_open(d->state, channel);
    return d->check(channel);
}

Result<void> AmqpConnection::closeChannel(quint16 channel)
{
    const amqp_rpc_reply_t reply = amqp_channel_close(d->state, channel, AMQP_REPLY_SUCCESS);
    d->isDrained = false;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
        return lost(reply.library_error);
    d->contents.remove(channel);
    amqp_maybe_release_buffers_on_channel(d->state, channel);
    return {};
}

Result<void> AmqpConnection::selectConfirms(quint16 channel)
{
    amqp_confirm_select(d->state, channel);
    return d->check(channel);
}

Result<void> AmqpConnection::setPrefetch(quint16 channel, int messages)
{
    amqp_basic_qos(d->state, channel, 0, quint16(std::clamp(messages, 1, 65'535)), 0);
    return d->check(channel);
}

Result<void> AmqpConnection::declareExchange(
    quint16 channel, const ExchangeOptions& options, bool isPassive)
{
    amqp_exchange_declare(d->state, channel, bytes(options.name), bytes(options.type), isPassive,
        options.isDurable, 0, 0, amqp_empty_table);
    return d->check(channel);
}

Result<QueueName> AmqpConnection::declareQueue(
    quint16 channel, const QueueName& name, const QueueOptions& options)
{
    std::vector<amqp_table_entry_t> arguments;
    const QByteArray deadLetterKey("x-dead-letter-exchange");
    if (!options.isPassive) {
        if (options.expires > Millis{0})
            arguments.push_back(entry("x-expires", qint32(options.expires.count())));
        if (options.maxLength > 0)
            arguments.push_back(entry("x-max-length", qint32(options.maxLength)));
        if (!options.deadLetters.isEmpty())
            arguments.push_back(entry(deadLetterKey, options.deadLetters));
    }
    const amqp_queue_declare_ok_t* declared
        = amqp_queue_declare(d->state, channel, bytes(name), options.isPassive, options.isDurable,
            options.isExclusive, options.isAutoDelete, table(arguments));
    const QueueName given = declared ? copy(declared->queue) : QueueName();
    if (const auto checked = d->check(channel); !checked)
        return tl::unexpected(checked.error());
    return given;
}

Result<void> AmqpConnection::bind(
    quint16 channel, const QueueName& queue, const ExchangeName& exchange, const Topic& pattern)
{
    amqp_queue_bind(
        d->state, channel, bytes(queue), bytes(exchange), bytes(pattern), amqp_empty_table);
    return d->check(channel);
}

Result<void> AmqpConnection::unbind(
    quint16 channel, const QueueName& queue, const ExchangeName& exchange, const Topic& pattern)
{
    amqp_queue_unbind(
        d->state, channel, bytes(queue), bytes(exchange), bytes(pattern), amqp_empty_table);
    return d->check(channel);
}

Result<void> AmqpConnection::consume(quint16 channel, const QueueName& queue,
    const QByteArray& consumer, bool isAcked, bool isExclusive)
{
    amqp_basic_consume(d->state, channel, bytes(queue), bytes(consumer), 0, !isAcked, isExclusive,
        amqp_empty_table);
    return d->check(channel);
}

Result<void> AmqpConnection::cancel(quint16 channel, const QByteArray& consumer)
{
    amqp_basic_cancel(d->state, channel, bytes(consumer));
    return d->check(channel);
}

Result<void> AmqpConnection::publish(quint16 channel, const Outgoing& message)
{
    amqp_basic_properties_t to{};
    const auto put = [&to](amqp_flags_t flag, amqp_bytes_t& field, const QByteArray& value) {
        if (value.isEmpty())
            return;
        to._flags |= flag;
        field = bytes(value);
    };
    const Properties& from = message.properties;
    put(AMQP_BASIC_MESSAGE_ID_FLAG, to.message_id, from.id);
    put(AMQP_BASIC_CONTENT_TYPE_FLAG, to.content_type, from.contentType);
    put(AMQP_BASIC_TYPE_FLAG, to.type, from.type);
    put(AMQP_BASIC_APP_ID_FLAG, to.app_id, from.sender);
    put(AMQP_BASIC_REPLY_TO_FLAG, to.reply_to, message.replyTo);
    put(AMQP_BASIC_CORRELATION_ID_FLAG, to.correlation_id, message.correlation);
    const QByteArray expiration = message.expiration > Millis{0}
        ? QByteArray::number(qint64(message.expiration.count()))
        : QByteArray();
    put(AMQP_BASIC_EXPIRATION_FLAG, to.expiration, expiration);
    to._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
    to.delivery_mode = message.isPersistent ? 2 : 1;
    std::vector<amqp_table_entry_t> headers;
    for (const auto& [key, value] : from.headers)
        headers.push_back(entry(key, value));
    if (message.mayBeRepeated)
        headers.push_back(entry(repeatedHeader, true));
    if (message.needsReceiver)
        headers.push_back(entry(receiverHeader, true));
    if (!headers.empty()) {
        to._flags |= AMQP_BASIC_HEADERS_FLAG;
        to.headers = table(headers);
    }
    d->isDrained = false; // it looks for heartbeats
    const int status = amqp_basic_publish(d->state, channel, bytes(message.exchange),
        bytes(message.routingKey), message.isMandatory, 0, &to, bytes(message.body));
    if (status != AMQP_STATUS_OK)
        return lost(status);
    return {};
}

Result<void> AmqpConnection::acknowledge(quint16 channel, quint64 tag)
{
    const int status = amqp_basic_ack(d->state, channel, tag, 0);
    return status == AMQP_STATUS_OK ? Result<void>() : lost(status);
}

Result<void> AmqpConnection::reject(quint16 channel, quint64 tag, bool requeue)
{
    const int status = amqp_basic_reject(d->state, channel, tag, requeue);
    return status == AMQP_STATUS_OK ? Result<void>() : lost(status);
}

Result<std::optional<AmqpEvent>> AmqpConnection::next()
{
    while (true) {
        amqp_frame_t frame{};
        const timeval now{0, 0};
        const int status = amqp_simple_wait_frame_noblock(d->state, &frame, &now);
        if (status == AMQP_STATUS_TIMEOUT) {
            d->isDrained = true;
            return std::optional<AmqpEvent>();
        }
        if (status != AMQP_STATUS_OK)
            return lost(status);
        Result<std::optional<AmqpEvent>> event;
        switch (frame.frame_type) {
        case AMQP_FRAME_METHOD:
            event = d->takeMethod(frame.channel, frame.payload.method);
            break;
        case AMQP_FRAME_HEADER:
            event = d->takeHeader(frame.channel, frame);
            break;
        case AMQP_FRAME_BODY:
            event = d->takeBody(frame.channel, frame);
            break;
        default:
            break;
        }
        // Everything was copied; what frames are queued behind a call keeps the buffers.
        amqp_maybe_release_buffers_on_channel(d->state, frame.channel);
        if (!event || *event)
            return event;
    }
}

/// TLS holds octets too, of which the library does not tell: hence the note of our own.
bool AmqpConnection::mayHoldEvents() const
{
    return !d->isDrained || amqp_frames_enqueued(d->state) || amqp_data_in_buffer(d->state);
}

Result<std::optional<AmqpEvent>> AmqpConnection::Private::takeMethod(
    quint16 channel, const amqp_method_t& method)
{
    using Kind = AmqpEvent::Kind;
    AmqpEvent event;
    event.channel = channel;
    switch (method.id) {
    case AMQP_BASIC_DELIVER_METHOD: {
        const auto* delivered = static_cast<amqp_basic_deliver_t*>(method.decoded);
        event.kind = Kind::Delivery;
        event.incoming.channel = channel;
        event.incoming.deliveryTag = delivered->delivery_tag;
        event.incoming.consumer = copy(delivered->consumer_tag);
        event.incoming.message.exchange = copy(delivered->exchange);
        event.incoming.message.topic = copy(delivered->routing_key);
        event.incoming.isRedelivered = delivered->redelivered;
        event.incoming.message.mayBeRepeated = delivered->redelivered;
        contents[channel] = {std::move(event), 0, false};
        return std::optional<AmqpEvent>();
    }
    case AMQP_BASIC_RETURN_METHOD: {
        event.kind = Kind::Returned;
        contents[channel] = {std::move(event), 0, false};
        return std::optional<AmqpEvent>();
    }
    case AMQP_BASIC_ACK_METHOD: {
        const auto* confirmed = static_cast<amqp_basic_ack_t*>(method.decoded);
        event.kind = Kind::Confirmed;
        event.tag = confirmed->delivery_tag;
        event.isMultiple = confirmed->multiple;
        return std::optional(std::move(event));
    }
    case AMQP_BASIC_NACK_METHOD: {
        const auto* refused = static_cast<amqp_basic_nack_t*>(method.decoded);
        event.kind = Kind::Nacked;
        event.tag = refused->delivery_tag;
        event.isMultiple = refused->multiple;
        return std::optional(std::move(event));
    }
    case AMQP_CONNECTION_BLOCKED_METHOD:
        event.kind = Kind::Blocked;
        event.detail = words(static_cast<amqp_connection_blocked_t*>(method.decoded)->reason);
        return std::optional(std::move(event));
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        event.kind = Kind::Unblocked;
        return std::optional(std::move(event));
    case AMQP_BASIC_CANCEL_METHOD:
        event.kind = Kind::ConsumerCancelled;
        event.incoming.consumer
            = copy(static_cast<amqp_basic_cancel_t*>(method.decoded)->consumer_tag);
        return std::optional(std::move(event));
    case AMQP_CHANNEL_CLOSE_METHOD: {
        const Error why = closedByBroker(channel, method).value();
        event.kind = Kind::ChannelClosed;
        event.detail = why.detail;
        event.code = why.code;
        return std::optional(std::move(event));
    }
    case AMQP_CONNECTION_CLOSE_METHOD:
        return closedByBroker(channel, method);
    default:
        return std::optional<AmqpEvent>(); // an answer nobody waits for any more
    }
}

std::optional<AmqpEvent> AmqpConnection::Private::takeHeader(
    quint16 channel, const amqp_frame_t& frame)
{
    const auto content = contents.find(channel);
    if (content == contents.end())
        return {};
    Incoming& incoming = content->event.incoming;
    content->hasHeader = true;
    content->octetsLeft = frame.payload.properties.body_size;
    if (frame.payload.properties.class_id == AMQP_BASIC_CLASS)
        readProperties(
            *static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded), incoming);
    incoming.isOversized = content->octetsLeft > quint64(maxBodyBytes);
    if (!incoming.isOversized)
        incoming.message.body.reserve(qsizetype(content->octetsLeft));
    return content->octetsLeft == 0 ? finished(channel) : std::nullopt;
}

std::optional<AmqpEvent> AmqpConnection::Private::takeBody(
    quint16 channel, const amqp_frame_t& frame)
{
    const auto content = contents.find(channel);
    if (content == contents.end() || !content->hasHeader)
        return {};
    const amqp_bytes_t& piece = frame.payload.body_fragment;
    Incoming& incoming = content->event.incoming;
    if (!incoming.isOversized && content->event.kind == AmqpEvent::Kind::Delivery)
        incoming.message.body.append(static_cast<const char*>(piece.bytes), qsizetype(piece.len));
    content->octetsLeft -= std::min(content->octetsLeft, quint64(piece.len));
    return content->octetsLeft == 0 ? finished(channel) : std::nullopt;
}

std::optional<AmqpEvent> AmqpConnection::Private::finished(quint16 channel)
{
    return contents.take(channel).event;
}

void AmqpConnection::close()
{
    const timeval limit{1, 0};
    amqp_set_rpc_timeout(d->state, &limit);
    amqp_connection_close(d->state, AMQP_REPLY_SUCCESS);
}

} // namespace gatehouse::bus
