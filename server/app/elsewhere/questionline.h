// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QHash>

#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace gatehouse::app {

/// Questions of one kind to another server: so many under way, the others in line behind them, and
/// everybody with the same question waits for one answer. After a restart all clients ask at once,
/// and each gets its turn; only what is over the bound of the line is turned away. Network thread
/// only.
template <class Key, class Answer>
class QuestionLine
{
public:
    using Ask = std::function<void()>; ///< must lead to answered(), not from inside
    using Done = std::function<void(const Result<Answer>&)>;

    QuestionLine(int maxUnderWay, int maxWaiting)
        : m_maxUnderWay(maxUnderWay), m_maxWaiting(maxWaiting)
    {
    }

    /// False: as many wait as may, for anything or for this.
    bool add(const Key& key, Ask ask, Done done)
    {
        if (m_waiters >= m_maxUnderWay + m_maxWaiting)
            return false;
        Question& question = m_questions[key];
        if (question.waiting.size() >= maxForOne)
            return false;
        ++m_waiters;
        question.waiting.push_back(std::move(done));
        if (question.waiting.size() > 1)
            return true;
        if (isBusy()) {
            question.ask = std::move(ask);
            m_line.push_back(key);
            return true;
        }
        ++m_underWay;
        ask();
        return true;
    }

    void answered(const Key& key, const Result<Answer>& answer)
    {
        --m_underWay;
        const Question question = m_questions.take(key);
        m_waiters -= int(question.waiting.size());
        for (const Done& done : question.waiting)
            done(answer);
        while (!isBusy() && !m_line.empty()) {
            const Key next = m_line.front();
            m_line.pop_front();
            ++m_underWay;
            const Ask ask = std::exchange(m_questions[next].ask, {});
            ask();
        }
    }

    bool isBusy() const { return m_underWay >= m_maxUnderWay; }
    qsizetype length() const { return qsizetype(m_line.size()); } ///< of those not asked yet

private:
    /// One client does not fill the line for all others.
    static constexpr size_t maxForOne = 100;

    struct Question
    {
        Ask ask; ///< while it is in line
        std::vector<Done> waiting;
    };

    const int m_maxUnderWay;
    const int m_maxWaiting;
    int m_underWay = 0;
    int m_waiters = 0;
    QHash<Key, Question> m_questions;
    std::deque<Key> m_line;
};

} // namespace gatehouse::app
