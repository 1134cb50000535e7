// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/busoptions.h"
#include "server/bus/message.h"

#include <QStringList>

#include <vector>

namespace gatehouse::bus {

/// Where a broker is and who we are there.
struct AmqpEndpoint
{
    QString host = QStringLiteral("127.0.0.1");
    quint16 port = 5672;
    QString virtualHost = QStringLiteral("/");
    QString user = QStringLiteral("guest");
    QString password = QStringLiteral("guest");
    bool hasTls = false;
    /// PEM files; without authorities the system's are used. A key and its certificate are what we
    /// show the broker, if it asks.
    QString caFile{};
    QString certificateFile{};
    QString keyFile{};

    /// "amqp://user:password@host:5672/vhost" or "amqps://…" (RabbitMQ's "URI Specification").
    /// Everything but the scheme may be left out. BadRequest with a reason that holds no secret.
    static Result<AmqpEndpoint> fromUrl(const QString& url);
    QString text() const; ///< without the password, for people
};

/// An exchange somebody else may have made already: it is used as it is then.
struct ExchangeOptions
{
    ExchangeName name;
    QByteArray type = "topic";
    bool isDurable = true;

    /// "events topic transient", "socketio fanout", "NAME TYPE [durable|transient]".
    static Result<ExchangeOptions> fromText(const QString& text);
};

struct AmqpOptions
{
    BusOptions common{};
    AmqpEndpoint endpoint{};
    std::vector<ExchangeOptions> exchanges{}; ///< others are durable topic exchanges
    Millis heartbeat{10'000}; ///< a broker that is silent for twice as long is gone; whole seconds
    Millis connectTimeout{5'000}; ///< for the connection and the handshake, each
    Millis callTimeout{5'000}; ///< for an answer of the broker itself (declare, bind)
    Millis retryMin{100}; ///< first pause before connecting again; doubles
    Millis retryMax{5'000};
    Millis refusedRetry{10'000}; ///< then the broker is asked again for what it refused
    Millis confirmTimeout{5'000}; ///< after it a publication is refused
    Millis keepAfter{1'000}; ///< what is to be kept and not confirmed by then goes to the outbox
    int prefetch = 256; ///< messages the broker sends before we have dealt with earlier ones
    qsizetype maxUnconfirmed = 1'024; ///< publications the broker has and has not confirmed
    qint64 maxUnconfirmedBytes = 16 * 1024 * 1024;
    Millis queueExpiry{60'000}; ///< our queue outlives a lost connection for this long
    int maxQueueLength = 100'000; ///< messages in our queue at the broker; then the oldest go
    int maxDeadLetters = 10'000; ///< messages in the broker's queue of dead letters
    qsizetype maxKept = 100'000; ///< messages in the outbox
    qint64 maxKeptBytes = 256 * 1024 * 1024;
    /// With the broker there, of what is in the outbox and needs a receiver: for one to come. Then
    /// it is a dead letter.
    Millis outboxHold{60'000};
    Millis presencePeriod{2'000}; ///< each process tells who is on it; gone after three missed
};

} // namespace gatehouse::bus
