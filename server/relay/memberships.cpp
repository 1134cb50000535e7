// SPDX-License-Identifier: Apache-2.0
#include "server/relay/memberships.h"

#include "common/core/strictjson.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

constexpr char separator = '\0';

QByteArray subjectKey(const Identity& identity)
{
    return identity.claims.subject + separator;
}

} // namespace

Standing standingIn(const Membership& rule, const QByteArray& answer)
{
    Facts facts;
    facts.body = answer;
    const auto isTrue = [&](const std::optional<ValuePath>& path) {
        const auto raw = path ? path->find(facts) : std::nullopt;
        return raw && jsonBoolean(*raw) == true;
    };
    Standing standing;
    standing.isMember = isTrue(rule.member);
    if (!standing.isMember)
        return standing;
    standing.isAdmin = isTrue(rule.admin);
    const auto raw = rule.permissions ? rule.permissions->find(facts) : std::nullopt;
    const auto bits = raw ? jsonInteger(*raw) : std::nullopt;
    standing.bits = bits && *bits > 0 ? quint64(*bits) : 0;
    return standing;
}

void Memberships::ask(
    const Membership& rule, const Identity& identity, const Scope& scope, Answer answer)
{
    const QByteArray key = subjectKey(identity) + rule.name.toUtf8() + separator + scope.text;
    const auto known = m_known.constFind(key);
    if (known != m_known.constEnd() && m_clock.monotonic() < known->until) {
        answer(known->standing);
        return;
    }
    askAnew(rule, identity, scope, std::move(answer));
}

void Memberships::askAnew(
    const Membership& rule, const Identity& identity, const Scope& scope, Answer answer)
{
    const QByteArray key = subjectKey(identity) + rule.name.toUtf8() + separator + scope.text;
    if (const auto asked = m_questions.find(key); asked != m_questions.end()) {
        asked->second.askers.push_back(std::move(answer));
        return;
    }
    const QByteArray principal = identity.facts();
    Facts facts;
    facts.claims = identity.claims.payload;
    facts.principal = principal;
    facts.scope = scope.json;
    const Call call{rule.route, rule.method, rule.args, rule.kwargs, {}, false};
    const auto shards = m_caller.shardsFor(call, facts);
    if (!shards) {
        answer(tl::unexpected(shards.error()));
        return;
    }
    auto sent = m_caller.send(call, shards->front(), facts, std::nullopt,
        [this, key, &rule](const auto& got) { answered(key, rule, got); });
    if (!sent) {
        answer(tl::unexpected(sent.error()));
        return;
    }
    ++m_counters.membershipQuestions;
    Question& question = m_questions[key];
    question.ticket = *std::move(sent);
    question.askers.push_back(std::move(answer));
}

void Memberships::answered(
    const QByteArray& key, const Membership& rule, const tl::expected<CallAnswer, Refusal>& got)
{
    const auto asked = m_questions.find(key);
    if (asked == m_questions.end())
        return;
    const Question question = std::move(asked->second);
    m_questions.erase(asked);
    tl::expected<Standing, Refusal> result = tl::unexpected(Refusal{});
    if (got) {
        result = standingIn(rule, got->body);
        if (result->isMember && rule.remembered > Millis{0}) {
            sweep();
            m_known.insert(key, Known{*result, m_clock.monotonic() + rule.remembered});
        } else {
            m_known.remove(key);
        }
    } else {
        ++m_counters.failedCalls;
        result = tl::unexpected(got.error());
    }
    for (const Answer& answer : question.askers)
        answer(result);
}

void Memberships::forget(const Identity& identity)
{
    const QByteArray subject = subjectKey(identity);
    m_known.removeIf([&](const auto& entry) { return entry.key().startsWith(subject); });
}

void Memberships::sweep()
{
    if (m_known.size() < m_sweepAt)
        return;
    const Millis now = m_clock.monotonic();
    m_known.removeIf([&](const auto& entry) { return now >= entry->until; });
    m_sweepAt = std::max<qsizetype>(1'024, m_known.size() * 2);
}

} // namespace gatehouse::relay
