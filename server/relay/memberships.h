// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "server/relay/caller.h"
#include "server/relay/identity.h"
#include "server/relay/relaycounters.h"
#include "server/relay/scope.h"

#include <QHash>

#include <functional>
#include <unordered_map>
#include <vector>

namespace gatehouse::relay {

/// Whether people belong to scopes, as the services on the bus say. A yes is remembered for a
/// while, a no is not; nobody's word counts but the one the rule names, and no answer is a no. The
/// same question asked twice at a time goes out once. Network thread only.
class Memberships
{
public:
    /// No refusal says that somebody is not a member: that is a Standing. A refusal says that it
    /// could not be found out.
    using Answer = std::function<void(const tl::expected<Standing, Refusal>&)>;

    Memberships(
        const Rules& rules, const Caller& caller, const Clock& clock, RelayCounters& counters)
        : m_rules(rules), m_caller(caller), m_clock(clock), m_counters(counters)
    {
    }

    /// The answer comes once: from inside this call when it is remembered or cannot be asked for,
    /// else later. Whoever may be gone by then has to see to that.
    void ask(const Membership& rule, const Identity& identity, const Scope& scope, Answer answer);

    /// As ask(), past what is remembered.
    void askAnew(
        const Membership& rule, const Identity& identity, const Scope& scope, Answer answer);

    void forget(const Identity& identity); ///< what is remembered about that subject
    qsizetype remembered() const { return m_known.size(); }

private:
    struct Known
    {
        Standing standing;
        Millis until{}; ///< monotonic
    };
    struct Question
    {
        bus::Ticket ticket;
        std::vector<Answer> askers;
    };

    void answered(const QByteArray& key, const Membership& rule,
        const tl::expected<CallAnswer, Refusal>& got);
    void sweep();

    const Rules& m_rules;
    const Caller& m_caller;
    const Clock& m_clock;
    RelayCounters& m_counters;
    QHash<QByteArray, Known> m_known;
    qsizetype m_sweepAt = 1'024;
    std::unordered_map<QByteArray, Question> m_questions;
};

/// What an answer says about somebody; only a true `member` makes one.
Standing standingIn(const Membership& rule, const QByteArray& answer);

} // namespace gatehouse::relay
