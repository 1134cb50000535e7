// SPDX-License-Identifier: Apache-2.0
#include "server/relay/answers.h"

namespace gatehouse::relay {

void Answers::send(
    const EventCall& call, const JsonTemplate& payload, const Facts& facts, bool isLast) const
{
    if (call.client->isGone)
        return;
    if (payload.isEmpty()) {
        if (isLast && call.ackId) // that it was done is an answer too
            call.client->peer.acknowledge(*call.ackId, {});
        return;
    }
    const auto filled = payload.fill(facts);
    if (!filled) {
        refuse(call, {500, filled.error().detail}, isLast);
        return;
    }
    call.client->peer.send(call.rule->answer.event, *filled);
    if (isLast && call.ackId)
        call.client->peer.acknowledge(*call.ackId, *filled);
}

void Answers::refuse(const EventCall& call, const Refusal& refusal, bool isLast) const
{
    if (call.client->isGone)
        return;
    const QByteArray error = refusal.toJson();
    Facts facts = call.facts();
    facts.error = error;
    if (!m_rules.errorEvent.isEmpty()) {
        const auto filled = m_rules.errorPayload.isEmpty() ? Result<QByteArray>(error)
                                                           : m_rules.errorPayload.fill(facts);
        call.client->peer.send(m_rules.errorEvent, filled.value_or(error));
    }
    if (!isLast)
        return;
    if (call.ackId)
        call.client->peer.acknowledge(*call.ackId, error);
    if (refusal.code != 401)
        close(call);
}

void Answers::close(const EventCall& call) const
{
    const AnswerRule& answer = call.rule->answer;
    if (call.client->isGone || answer.closing.isEmpty())
        return;
    // A client whose question was not even readable gets no answer it could not assign.
    if (const auto filled = answer.closing.fill(call.facts()))
        call.client->peer.send(answer.event, *filled);
}

} // namespace gatehouse::relay
