// SPDX-License-Identifier: Apache-2.0
#include "server/relay/requests.h"

#include "common/core/strictjson.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

bool isEmptyArray(QByteArrayView raw)
{
    return jsonKind(raw) == JsonKind::Array && !JsonArrayWalker(raw).next();
}

} // namespace

/// One request: its stages one after the other, the calls of a stage all at once.
class Requests::Run : public std::enable_shared_from_this<Requests::Run>
{
public:
    Run(Requests& owner, EventCallPtr call) : m_owner(owner), m_call(std::move(call)) { }

    const EventCall& call() const { return *m_call; }

    void startStage()
    {
        const Call& stage = m_call->rule->stages[m_stage];
        const auto shards = m_owner.m_caller.shardsFor(stage, facts());
        if (!shards) {
            end(shards.error());
            return;
        }
        m_outstanding = int(shards->size());
        m_isFanOut = stage.toAll;
        const auto self = weak_from_this();
        for (int shard : *shards) {
            const size_t at = m_tickets.size();
            auto sent = m_owner.m_caller.send(
                stage, shard, facts(), m_call->rule->answer.finished, [self, at](const auto& got) {
                    if (const auto run = self.lock())
                        run->answered(at, got);
                });
            if (!sent) {
                end(sent.error());
                return;
            }
            ++m_owner.m_counters.requests;
            m_tickets.push_back(*std::move(sent));
        }
    }

    void giveUp() { m_tickets.clear(); }

private:
    Facts facts() const
    {
        Facts facts = m_call->facts();
        if (!m_missing.isEmpty())
            facts.missing = m_missing;
        return facts;
    }

    void answered(size_t ticket, const tl::expected<CallAnswer, Refusal>& got)
    {
        if (m_isOver)
            return;
        if (!got) {
            m_tickets[ticket].reset(); // parts may follow a part that makes no sense
            failed(got.error());
            return;
        }
        ++m_owner.m_counters.answers;
        const AnswerRule& rule = m_call->rule->answer;
        Facts all = facts();
        all.body = got->body;
        if (got->isFinal)
            --m_outstanding;
        if (rule.missing) {
            const auto raw = rule.missing->find(all);
            m_missing
                = raw && jsonKind(*raw) == JsonKind::Array ? raw->toByteArray() : QByteArray("[]");
            all.missing = m_missing;
        }
        const bool isLastStage = m_stage + 1 == m_call->rule->stages.size() || m_missing.isEmpty()
            || isEmptyArray(m_missing);
        const bool isLast = got->isFinal && m_outstanding == 0 && isLastStage;
        if (m_isFanOut && rule.partial.isEmpty()) {
            merge(all);
        } else if (isLast && !m_isFanOut) {
            m_owner.m_answers.send(*m_call, rule.last, all, true);
            end();
            return;
        } else if (hasData(all)) {
            m_owner.m_answers.send(*m_call, rule.partial, all, false);
        }
        if (got->isFinal && m_outstanding == 0)
            stageDone(isLastStage);
    }

    // One of several shards may fail and the others still answer; alone, it is the end.
    void failed(const Refusal& refusal)
    {
        ++m_owner.m_counters.failedCalls;
        --m_outstanding;
        if (!m_isFanOut) {
            end(refusal);
            return;
        }
        m_owner.m_answers.refuse(*m_call, refusal, false);
        if (m_outstanding == 0)
            stageDone(true);
    }

    void stageDone(bool isLastStage)
    {
        if (!isLastStage) {
            ++m_stage;
            m_tickets.clear();
            startStage();
            return;
        }
        const AnswerRule& rule = m_call->rule->answer;
        if (rule.partial.isEmpty()) {
            Facts all = facts();
            const QByteArray merged = '[' + m_merged.join(',') + ']';
            all.body = merged;
            m_owner.m_answers.send(*m_call, rule.last, all, true);
        } else {
            m_owner.m_answers.send(*m_call, rule.closing, facts(), true);
        }
        end();
    }

    void merge(const Facts& all)
    {
        const auto& path = m_call->rule->answer.data;
        const auto data = path ? path->find(all) : std::optional(all.body);
        if (!data)
            return;
        if (jsonKind(*data) != JsonKind::Array) {
            m_merged.append(data->toByteArray());
            return;
        }
        for (JsonArrayWalker items(*data); items.next();)
            m_merged.append(items.value().toByteArray());
    }

    bool hasData(const Facts& all) const
    {
        const auto& path = m_call->rule->answer.data;
        if (!path)
            return true;
        const auto data = path->find(all);
        return data && !isEmptyArray(*data);
    }

    void end() { m_owner.finished(*this); }
    void end(const Refusal& refusal)
    {
        m_owner.m_answers.refuse(*m_call, refusal);
        end();
    }

    friend class Requests;

    Requests& m_owner;
    const EventCallPtr m_call;
    size_t m_stage = 0;
    int m_outstanding = 0; ///< calls of this stage without their final answer
    bool m_isFanOut = false;
    bool m_isOver = false;
    QByteArray m_missing; ///< array, as the last answer said
    QByteArrayList m_merged; ///< items of a fan-out whose parts are not sent
    std::vector<bus::Ticket> m_tickets;
};

Requests::Requests(
    const Rules& rules, const Caller& caller, const Answers& answers, RelayCounters& counters)
    : m_rules(rules), m_caller(caller), m_answers(answers), m_counters(counters)
{
}

Requests::~Requests() = default;

void Requests::start(EventCallPtr call)
{
    if (m_underWay >= m_rules.maxRequests) {
        ++m_counters.limited;
        m_answers.refuse(*call, {429, QStringLiteral("too many requests are under way")});
        return;
    }
    Client& client = *call->client;
    call->beginWaiting();
    auto run = std::make_shared<Run>(*this, std::move(call));
    m_runs[&client].push_back(run);
    m_counters.requestsUnderWay = quint64(++m_underWay);
    run->startStage();
}

void Requests::finished(Run& run)
{
    if (run.m_isOver)
        return;
    run.m_isOver = true;
    run.giveUp();
    const Client* client = run.call().client.get();
    --run.call().client->requestsUnderWay;
    m_counters.requestsUnderWay = quint64(--m_underWay);
    const auto theirs = m_runs.find(client);
    std::erase_if(theirs->second, [&](const auto& other) { return other.get() == &run; });
    if (theirs->second.empty())
        m_runs.erase(theirs);
}

void Requests::drop(const Client& client, const Refusal* refusal)
{
    const auto found = m_runs.find(&client);
    if (found == m_runs.end())
        return;
    const std::vector<std::shared_ptr<Run>> theirs = found->second;
    for (const auto& run : theirs) {
        finished(*run);
        if (refusal)
            m_answers.refuse(run->call(), *refusal);
    }
}

} // namespace gatehouse::relay
