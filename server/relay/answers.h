// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/client.h"
#include "server/relay/refusal.h"

namespace gatehouse::relay {

/// What is sent back to the client of an event: answers, errors, and the closing answer that ends
/// every view.
class Answers
{
public:
    explicit Answers(const Rules& rules) : m_rules(rules) { }

    /// The answer event with this template; the acknowledgement too, when `isLast` and one was
    /// asked for, empty where the template is. What cannot be filled becomes a refusal.
    void send(
        const EventCall& call, const JsonTemplate& payload, const Facts& facts, bool isLast) const;

    /// The error event. With `isLast` the closing answer follows, unless nobody is logged in: such
    /// a client never had anything to close.
    void refuse(const EventCall& call, const Refusal& refusal, bool isLast = true) const;

    /// The closing answer alone.
    void close(const EventCall& call) const;

private:
    const Rules& m_rules;
};

} // namespace gatehouse::relay
