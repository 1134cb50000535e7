// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QByteArray>

#include <optional>
#include <utility>
#include <vector>

namespace gatehouse::bus {

/// Where messages are exchanged; the AMQP term. Topics of different exchanges have nothing to do
/// with each other. Empty: the bus's own one (`BusOptions::exchange`).
using ExchangeName = QByteArray;

/// Words joined by dots, at most 255 octets of UTF-8 (AMQP 0-9-1, "routing key"). In a pattern `*`
/// stands for exactly one word and `#` for any number of them, none included.
using Topic = QByteArray;

/// A queue that one of possibly several servers answers. At most 255 octets.
using QueueName = QByteArray;

/// What travels beside a body. Empty fields are not sent. Names and values are at most 255 octets.
struct Properties
{
    QByteArray id{}; ///< unique; made by the bus when empty. Stays the same when sent again
    QByteArray contentType{};
    QByteArray type{}; ///< the application's name for the kind of message
    QByteArray sender{}; ///< `app-id` in AMQP; the node's name when empty
    std::vector<std::pair<QByteArray, QByteArray>> headers{}; ///< at most 32

    QByteArray header(const QByteArray& name) const
    {
        for (const auto& [key, value] : headers) {
            if (key == name)
                return value;
        }
        return {};
    }
};

/// A message as it comes to a subscriber.
struct Message
{
    ExchangeName exchange{};
    Topic topic{};
    QByteArray body{}; ///< as the sender gave it; the bus never looks into it
    Properties properties{};
    /// The sender (or the broker) cannot say whether it came before. Within the bus's window of
    /// remembered ids a second one is dropped and counted before it comes here.
    bool mayBeRepeated = false;
};

/// What happens to a publication the broker does not take at once.
enum class Care {
    Volatile, ///< dropped and counted; the completion says Refused
    Confirmed, ///< waits for the confirm up to the bus's confirm timeout, then Refused
    Kept, ///< waits in the outbox until it is confirmed; Kept as soon as it is on disk there
};

struct Publication
{
    ExchangeName exchange{};
    Topic topic{};
    QByteArray body{};
    Properties properties{};
    Care care = Care::Confirmed;
    /// Somebody has to be bound to the topic; else the completion says Unroutable.
    bool needsReceiver = false;
    /// It was published before, with the same `properties.id`, and may have arrived.
    bool mayBeRepeated = false;
};

} // namespace gatehouse::bus
