// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/relay/answers.h"
#include "server/relay/caller.h"
#include "server/relay/relaycounters.h"

#include <memory>
#include <unordered_map>
#include <vector>

namespace gatehouse::relay {

/// The requests of clients that are under way on the bus. Each ends with exactly one last answer,
/// whatever the services do: their word, or an error and the closing answer. Network thread only.
class Requests
{
public:
    Requests(
        const Rules& rules, const Caller& caller, const Answers& answers, RelayCounters& counters);
    ~Requests(); ///< gives up what is under way, without a word

    void start(EventCallPtr call);

    /// Gives up everything of a client that has gone, or lost the right to hear the answers; then
    /// each is refused with `refusal`, if there is one.
    void drop(const Client& client, const Refusal* refusal = nullptr);

    int underWay() const { return m_underWay; }

private:
    class Run;

    void finished(Run& run);

    const Rules& m_rules;
    const Caller& m_caller;
    const Answers& m_answers;
    RelayCounters& m_counters;
    std::unordered_map<const Client*, std::vector<std::shared_ptr<Run>>> m_runs;
    int m_underWay = 0;
};

} // namespace gatehouse::relay
