// SPDX-License-Identifier: Apache-2.0
#include "common/core/strictjson.h"

#include "common/core/utf8.h"

#include <QSet>
#include <QVarLengthArray>
#include <QtEndian>

#include <array>
#include <bit>
#include <cstring>
#include <vector>

namespace gatehouse {

namespace {

constexpr qsizetype Step = 16;

/// How many of the next octets, at most Step, a string passes over: up to the end, a quote, a
/// backslash, a control character or an octet of a longer character.
qsizetype plainOctets(const char* at, const char* end)
{
    // A vector of GCC and Clang: one comparison for all of them on every processor that has such.
    using Octets [[gnu::vector_size(Step)]] = signed char;
    Octets octets{};
    if (end - at >= Step)
        std::memcpy(&octets, at, Step);
    else
        std::memcpy(&octets, at, static_cast<size_t>(end - at)); // a zero behind it stops
    // As signed numbers the octets from 0x80 on are below 0x20 as well.
    const auto stops = (octets == '"') | (octets == '\\') | (octets < 0x20);
    std::array<quint64, 2> words{};
    static_assert(sizeof words == sizeof stops);
    std::memcpy(words.data(), &stops, sizeof words);
    if (words[0] != 0)
        return std::countr_zero(qFromLittleEndian(words[0])) / 8;
    return 8 + std::countr_zero(qFromLittleEndian(words[1])) / 8; // of zero: 64
}

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

int hexValue(char c)
{
    if (isDigit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// The value of four hexadecimal digits at `at`, or -1.
int hexQuad(const char* at, const char* end)
{
    if (end - at < 4)
        return -1;
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hexValue(at[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

bool isHighSurrogate(int code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

bool isLowSurrogate(int code)
{
    return code >= 0xDC00 && code <= 0xDFFF;
}

/// The second half of a pair, when `at` stands on one written \udc00 to \udfff; else -1.
int lowSurrogateAt(const char* at, const char* end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    const int code = hexQuad(at + 2, end);
    return isLowSurrogate(code) ? code : -1;
}

/// The grammar as a loop: what may come next is `m_next`, what is open is a stack of brackets.
class Checker
{
public:
    Checker(QByteArrayView text, const JsonRules& rules)
        : m_begin(text.begin()), m_end(text.end()), m_at(m_begin), m_rules(rules)
    {
    }

    tl::expected<void, JsonFault> run()
    {
        while (m_next != Next::Nothing) {
            if (!step())
                return tl::unexpected<JsonFault>(m_fault);
        }
        return {};
    }

private:
    enum class Next : quint8 { Value, ValueOrEnd, Name, NameOrEnd, CommaOrEnd, Nothing };

    bool step()
    {
        skipSpace();
        switch (m_next) {
        case Next::ValueOrEnd:
            if (isAt(']'))
                return close();
            return value();
        case Next::Value:
            return value();
        case Next::NameOrEnd:
            if (isAt('}'))
                return close();
            return name();
        case Next::Name:
            return name();
        case Next::CommaOrEnd:
            return afterValue();
        case Next::Nothing:
            break;
        }
        return true;
    }

    bool afterValue()
    {
        if (m_open.isEmpty()) {
            if (m_at != m_end)
                return fault("text after the value");
            m_next = Next::Nothing;
            return true;
        }
        const bool isObject = m_open.back() == '{';
        if (isAt(',')) {
            ++m_at;
            m_next = isObject ? Next::Name : Next::Value;
            return true;
        }
        if (isAt(isObject ? '}' : ']'))
            return close();
        return fault(isObject ? "expected ',' or '}'" : "expected ',' or ']'");
    }

    bool value()
    {
        if (m_at == m_end)
            return fault("value missing");
        m_next = Next::CommaOrEnd;
        switch (*m_at) {
        case '{':
        case '[':
            return open();
        case '"':
            return string();
        case 't':
            return literal("true");
        case 'f':
            return literal("false");
        case 'n':
            return literal("null");
        default:
            return number();
        }
    }

    bool open()
    {
        if (m_open.size() >= m_rules.maxDepth)
            return fault("nested too deeply");
        const bool isObject = *m_at++ == '{';
        m_open.append(isObject ? '{' : '[');
        m_next = isObject ? Next::NameOrEnd : Next::ValueOrEnd;
        if (isObject && m_rules.duplicateNames == DuplicateNames::Refuse)
            m_names.emplace_back();
        return true;
    }

    bool close()
    {
        if (m_open.back() == '{' && m_rules.duplicateNames == DuplicateNames::Refuse)
            m_names.pop_back();
        m_open.removeLast();
        ++m_at;
        m_next = Next::CommaOrEnd;
        return true;
    }

    bool name()
    {
        const char* const start = m_at;
        if (!isAt('"'))
            return fault("expected a name in quotes");
        if (!string())
            return false;
        if (m_rules.duplicateNames == DuplicateNames::Refuse && !isNewName({start, m_at})) {
            m_at = start;
            return fault("duplicate name");
        }
        skipSpace();
        if (!isAt(':'))
            return fault("expected ':'");
        ++m_at;
        m_next = Next::Value;
        return true;
    }

    bool isNewName(QByteArrayView raw)
    {
        QSet<QByteArray>& names = m_names.back();
        const qsizetype before = names.size();
        names.insert(jsonText(raw).value_or(raw.toByteArray()));
        return names.size() > before;
    }

    bool literal(QByteArrayView word)
    {
        if (!QByteArrayView(m_at, m_end).startsWith(word))
            return fault("unknown value");
        m_at += word.size();
        return true;
    }

    bool number()
    {
        if (isAt('-'))
            ++m_at;
        else if (!isDigit(*m_at))
            return fault("unknown value");
        if (isAt('0'))
            ++m_at;
        else if (!digits())
            return fault("digit missing");
        if (isAt('.')) {
            ++m_at;
            if (!digits())
                return fault("digit missing after the point");
        }
        if (isAt('e') || isAt('E')) {
            ++m_at;
            if (isAt('+') || isAt('-'))
                ++m_at;
            if (!digits())
                return fault("digit missing in the exponent");
        }
        return true;
    }

    bool digits()
    {
        const char* const start = m_at;
        while (m_at < m_end && isDigit(*m_at))
            ++m_at;
        return m_at > start;
    }

    bool string()
    {
        ++m_at;
        while (true) {
            for (qsizetype plain = Step; plain == Step; m_at += plain)
                plain = plainOctets(m_at, m_end);
            if (m_at == m_end)
                return fault("string without end");
            const auto octet = static_cast<uchar>(*m_at);
            if (octet == '"') {
                ++m_at;
                return true;
            }
            if (!character(octet))
                return false;
        }
    }

    bool character(uchar octet)
    {
        if (octet == '\\')
            return escape();
        if (octet < 0x20)
            return fault("control character in a string");
        const int length = utf8SequenceLength(m_at, m_end);
        if (length == 0)
            return fault("not UTF-8");
        m_at += length;
        return true;
    }

    bool escape()
    {
        if (m_end - m_at < 2)
            return fault("string without end");
        if (m_at[1] == 'u')
            return unicodeEscape();
        if (std::strchr("\"\\/bfnrt", m_at[1]) == nullptr || m_at[1] == '\0')
            return fault("unknown escape");
        m_at += 2;
        return true;
    }

    bool unicodeEscape()
    {
        const int code = hexQuad(m_at + 2, m_end);
        if (code < 0)
            return fault("four hexadecimal digits missing");
        if (m_rules.loneSurrogates == LoneSurrogates::Refuse) {
            if (isLowSurrogate(code))
                return fault("lone surrogate");
            if (isHighSurrogate(code)) {
                if (lowSurrogateAt(m_at + 6, m_end) < 0)
                    return fault("lone surrogate");
                m_at += 6;
            }
        }
        m_at += 6;
        return true;
    }

    void skipSpace()
    {
        while (m_at < m_end && isSpace(*m_at))
            ++m_at;
    }

    bool isAt(char c) const { return m_at < m_end && *m_at == c; }

    bool fault(const char* what)
    {
        m_fault = {QLatin1StringView(what), m_at - m_begin};
        return false;
    }

    const char* const m_begin;
    const char* const m_end;
    const char* m_at;
    const JsonRules& m_rules;
    QVarLengthArray<char, 64> m_open;
    std::vector<QSet<QByteArray>> m_names; ///< of each open object, when duplicates matter
    JsonFault m_fault;
    Next m_next = Next::Value;
};

} // namespace

Error JsonFault::toError() const
{
    return Error{ErrorCode::Malformed,
        QStringLiteral("JSON: %1 at byte %2").arg(QString(what), QString::number(offset))};
}

tl::expected<void, JsonFault> checkJson(QByteArrayView text, const JsonRules& rules)
{
    return Checker(text, rules).run();
}

} // namespace gatehouse
