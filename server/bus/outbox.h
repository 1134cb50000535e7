// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/message.h"

#include <functional>
#include <optional>
#include <vector>

namespace gatehouse::bus {

/// A publication that waits on disk for the broker.
struct KeptMessage
{
    quint64 number = 0; ///< ascending in the order of keeping, never used twice
    Publication publication;
    Millis keptAt{}; ///< wall clock
    bool mayBeRepeated = false; ///< was sent before, and no confirm came
    bool isDamaged = false; ///< its properties cannot be read: not to be sent
};

struct OutboxState
{
    quint64 messages = 0;
    quint64 bytes = 0; ///< of bodies
    std::optional<Millis> oldest; ///< wall clock, when it was kept
};

/// Where publications wait that the broker does not take; `store` implements it. Every call returns
/// at once and is made on the network thread; the completion is called later on the same thread.
/// Calls take effect in their order; a write's completion comes when it is on disk. Errors:
/// Unavailable.
class Outbox
{
public:
    template <class T>
    using Completion = std::function<void(Result<T>)>;

    virtual ~Outbox() = default;
    virtual void state(Completion<OutboxState> done) = 0;
    /// Completes with the message's number.
    virtual void keep(Publication publication, bool mayBeRepeated, Completion<quint64> done) = 0;
    /// The oldest ones behind that number, in order: at most `count`, and at most `bytes` of bodies
    /// but one at least.
    virtual void oldest(
        quint64 after, int count, qint64 bytes, Completion<std::vector<KeptMessage>> done)
        = 0;
    /// They are about to be sent: from now on they may be repeated.
    virtual void markTried(std::vector<quint64> numbers, Completion<void> done) = 0;
    virtual void remove(std::vector<quint64> numbers, Completion<void> done) = 0;
};

} // namespace gatehouse::bus
