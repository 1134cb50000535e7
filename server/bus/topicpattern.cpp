// SPDX-License-Identifier: Apache-2.0
#include "server/bus/topicpattern.h"

#include "common/core/utf8.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace gatehouse::bus {

namespace {

constexpr qsizetype maxShortString = 255; // AMQP 0-9-1, "shortstr"

bool isShortText(QByteArrayView text)
{
    return text.size() <= maxShortString && isValidUtf8(text)
        && std::none_of(
            text.begin(), text.end(), [](char c) { return uchar(c) < 0x20 || uchar(c) == 0x7f; });
}

bool isWildcard(QByteArrayView word)
{
    return word == QByteArrayView("*") || word == QByteArrayView("#");
}

/// Calls `accept` with each word; false when one is not accepted.
template <class Accept>
bool everyWord(QByteArrayView text, Accept accept)
{
    while (true) {
        const qsizetype dot = text.indexOf('.');
        if (!accept(dot < 0 ? text : text.first(dot)))
            return false;
        if (dot < 0)
            return true;
        text = text.sliced(dot + 1);
    }
}

/// The words of a text from one position on.
struct Words
{
    QByteArrayView text;
    bool isAtEnd = false; // "" is one empty word, which is not the same as none

    QByteArrayView first() const
    {
        const qsizetype dot = text.indexOf('.');
        return dot < 0 ? text : text.first(dot);
    }
    Words rest() const
    {
        const qsizetype dot = text.indexOf('.');
        return dot < 0 ? Words{{}, true} : Words{text.sliced(dot + 1), false};
    }
};

} // namespace

bool isTopic(QByteArrayView text)
{
    return !text.isEmpty() && isShortText(text)
        && everyWord(text, [](QByteArrayView word) { return !isWildcard(word); });
}

bool isPattern(QByteArrayView text)
{
    return !text.isEmpty() && isShortText(text) && everyWord(text, [](QByteArrayView word) {
        return isWildcard(word) || (word.indexOf('*') < 0 && word.indexOf('#') < 0);
    });
}

bool hasWildcard(QByteArrayView pattern)
{
    return !everyWord(pattern, [](QByteArrayView word) { return !isWildcard(word); });
}

bool isQueueName(QByteArrayView text)
{
    return !text.isEmpty() && isShortText(text) && !text.startsWith("amq.");
}

bool isExchangeName(QByteArrayView text)
{
    return text.isEmpty() || isQueueName(text);
}

bool matches(QByteArrayView pattern, QByteArrayView topic)
{
    Words left{pattern};
    Words right{topic};
    // Where to go on when a `#` has to swallow one more word. Only the latest one matters: what an
    // earlier one could swallow, the later one can as well.
    std::optional<std::pair<Words, Words>> retry;
    while (true) {
        if (!left.isAtEnd && left.first() == QByteArrayView("#")) {
            left = left.rest();
            retry = std::pair(left, right);
            continue;
        }
        if (left.isAtEnd && right.isAtEnd)
            return true;
        if (!left.isAtEnd && !right.isAtEnd
            && (left.first() == QByteArrayView("*") || left.first() == right.first())) {
            left = left.rest();
            right = right.rest();
            continue;
        }
        if (!retry || retry->second.isAtEnd)
            return false;
        retry->second = retry->second.rest();
        left = retry->first;
        right = retry->second;
    }
}

QByteArrayList likelyPatterns(const QByteArray& topic)
{
    constexpr int mostWords = 8;
    QByteArrayList patterns{topic, "#"};
    qsizetype dot = topic.indexOf('.');
    for (int words = 1; dot >= 0 && words < mostWords; ++words) {
        patterns.append(topic.first(dot + 1) + '#');
        dot = topic.indexOf('.', dot + 1);
    }
    patterns.append(topic.first(topic.lastIndexOf('.') + 1) + '*');
    return patterns;
}

} // namespace gatehouse::bus
