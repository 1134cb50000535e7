// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/buscounters.h"
#include "server/bus/message.h"
#include "server/bus/reply.h"
#include "server/bus/ticket.h"

#include <functional>

namespace gatehouse::bus {

/// How a publication ended.
enum class Outcome {
    Confirmed, ///< the broker has it; in-process: it is on its way to the subscribers
    Kept, ///< on disk in the outbox; goes out, in order, when the broker takes it
    Unroutable, ///< nobody is bound to its topic, though it needs a receiver; ErrorCode::NotFound
    Refused, ///< not sent, or not known to be; the error says why
};

/// `error` means something only with Unroutable and Refused. Refused comes with
///   Unavailable: the broker is away, takes no messages now, or did not confirm in time
///   RateLimited: more is waiting than the bus's bounds allow
///   TooLarge:    the body or a property is over its bound
///   BadRequest:  a topic or an exchange name that cannot be
///   Forbidden:   the broker does not let us use that exchange, or it is of another kind
///   Internal:    the broker took the message and gave it back (`basic.nack`)
using Published = std::function<void(Outcome outcome, const Error& error)>;

/// What a subscriber thinks of a message. A rejected one goes to the dead letters, once, with the
/// reason in the log; it never comes again.
enum class Verdict { Accepted, Rejected };

using MessageHandler = std::function<Verdict(const Message&)>;

/// One question to whoever serves a queue.
struct Request
{
    QueueName queue{};
    QByteArray body{};
    Properties properties{};
    /// From now until the final answer; 1 ms to 10 min.
    Millis timeout{5'000};
    /// Says whether an answer is the last one. Null: one without the property type "partial" is.
    std::function<bool(const Message&)> isFinal{};
    int maxParts = 1'000; ///< with more partial answers the request ends with TooLarge
};

/// One of the answers, in the order they came. `message.topic` is the queue that was asked.
struct Answer
{
    Message message;
    bool isFinal = true; ///< nothing follows
};

/// Called for every partial answer and for the final one, or once with an error, after which
/// nothing follows:
///   Timeout:     "NAME did not answer within 5000 ms"
///   NotFound:    nobody serves that queue
///   Unavailable: the broker is away, or went away with the answer outstanding, or a part of the
///                answer did not reach it
///   RateLimited: too many requests are outstanding (BusOptions::maxRequests), or a part of the
///                answer found no room where it was given
///   TooLarge, BadRequest: as for a publication
/// What comes later is dropped and counted.
using AnswerHandler = std::function<void(const Result<Answer>&)>;

/// A call that came to a served queue. Ask `reply.isWanted()` whether somebody waits for an answer.
using CallHandler = std::function<void(const Message& call, Reply reply)>;

/// Why the broker does not do what it was asked for: Forbidden (we may not, or somebody has it for
/// himself), Conflict (likewise, or it is of another kind), NotFound, Internal; RateLimited: this
/// would be more than BusOptions allow. It is asked again by itself, now and then and with every
/// new connection; called once until it has agreed, and again should it refuse later.
using Refused = std::function<void(const Error& why)>;

/// Who is on the bus and what can be had from them.
struct Service
{
    QByteArray name{}; ///< unique on the bus; "service.Filesystem"
    std::vector<Topic> topics{}; ///< patterns it wants to hear, in the bus's own exchange
    std::vector<QueueName> queues{}; ///< it serves
    QByteArray node{}; ///< set by the bus: the process it is connected to or announced by

    friend bool operator==(const Service&, const Service&) = default;
};

/// Is told about services, each change once, in a turn of its own.
class ServiceObserver
{
public:
    virtual ~ServiceObserver() = default;
    virtual void serviceCame(const Service& service) = 0; ///< or changed what it wants
    virtual void serviceWent(const Service& service) = 0;
};

/// How the bus is now. `/readyz` and the console show it.
struct BusState
{
    enum class Link {
        Up,
        Connecting, ///< never was up, or was lost: tried again with growing pauses
        Blocked, ///< connected, but the broker takes no messages (its memory or disk alarm)
    };
    Link link = Link::Up;
    Millis since{}; ///< monotonic clock
    QString detail; ///< why it is not up, for people; holds no secret

    bool isUp() const { return link == Link::Up; }
};

class StateObserver
{
public:
    virtual ~StateObserver() = default;
    virtual void busStateChanged(const BusState& state) = 0;
};

/// What joins this process with back-end services and with other processes of the same kind:
/// messages by topic, questions with answers, calls that are served, and who is there. `LocalBus`
/// carries them within the process, `AmqpBus` over a RabbitMQ broker (AMQP 0-9-1).
///
/// Everything is called on the network thread and calls back on it, always in a later turn of the
/// event loop, never from inside the call and never after the object that was returned for it is
/// gone. Nothing blocks. Bodies are octets the bus does not look into. Messages, requests and calls
/// that wait have bounds (BusOptions) and counters of what was refused at them; what else is
/// remembered is as much as its users have asked for and not dropped. Owned by the composition
/// root, which destroys it after its users; what is then unfinished is dropped.
class Bus
{
public:
    virtual ~Bus() = default;

    /// Messages with the same exchange and the same care keep their order. `done` is called exactly
    /// once, unless the bus is destroyed first. One that was refused as Unavailable or Internal may
    /// have arrived, or still arrive, if it had left this process: whoever publishes it again gives
    /// it a `properties.id` from the start, the same each time, and says `mayBeRepeated`.
    virtual void publish(Publication publication, Published done = {}) = 0;

    /// Something on that topic that needs a receiver is in the outbox: what is published there now
    /// and is not to be kept would overtake it. Not known of what a former process has left there
    /// until it is read.
    virtual bool isWaiting(const ExchangeName& exchange, const Topic& topic) const = 0;

    /// Messages of that exchange whose topic matches the pattern come to `handler` until the ticket
    /// is dropped. Any number of subscriptions may have one pattern: the process is bound to the
    /// topic once, from the first of them to the end of the last. A message that matches several
    /// patterns comes once to each subscription. `bound`, when given, is called once the broker
    /// has bound it: what is published from then on arrives. `refused` says that it does not (yet).
    /// A pattern that cannot be gives a ticket that stands for nothing (`!ticket`).
    [[nodiscard]] virtual Ticket subscribe(const ExchangeName& exchange, const Topic& pattern,
        MessageHandler handler, std::function<void()> bound = {}, Refused refused = {})
        = 0;

    /// Dropping the ticket gives the request up: its handler is not called any more.
    /// Ticket::release() lets it go on by itself.
    [[nodiscard]] virtual Ticket request(Request request, AnswerHandler handler) = 0;

    /// Calls to that queue come to `handler` until the ticket is dropped, shared out among all who
    /// serve it. At most BusOptions::maxCalls are unanswered at a time; further ones wait
    /// with the bus. `ready`, when given, is called once the queue is there; `refused` says that it
    /// is not ours to serve (yet). More than BusOptions::maxServed, which is refused for good, and
    /// a name that cannot be give a ticket that stands for nothing.
    [[nodiscard]] virtual Ticket serve(const QueueName& queue, CallHandler handler,
        std::function<void()> ready = {}, Refused refused = {})
        = 0;

    /// Tells everybody on the bus that this service is here, until the ticket is dropped. A name
    /// that is in use gives a ticket that stands for nothing.
    [[nodiscard]] virtual Ticket announce(Service service) = 0;
    virtual std::vector<Service> services() const = 0; ///< by name
    virtual void addObserver(ServiceObserver* observer) = 0; ///< not owned
    virtual void removeObserver(ServiceObserver* observer) = 0;

    virtual BusState state() const = 0;
    virtual void addObserver(StateObserver* observer) = 0; ///< not owned
    virtual void removeObserver(StateObserver* observer) = 0;

    virtual const BusCounters& counters() const = 0;
    /// This process on the bus; unique among all connected now.
    virtual const QByteArray& nodeName() const = 0;

    /// Sends what is waiting, for as long as it takes or until `limit`; then `done`. For the end of
    /// a process: says that it leaves. What is published meanwhile is waited for too.
    virtual void flush(Millis limit, std::function<void()> done) = 0;
};

} // namespace gatehouse::bus
