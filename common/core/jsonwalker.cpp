// SPDX-License-Identifier: Apache-2.0
// The readers of checked text declared in strictjson.h. On unchecked text their answers are
// arbitrary, but they stay inside it.
#include "common/core/strictjson.h"

#include <QChar>

#include <cstring>
#include <limits>

namespace gatehouse {

namespace {

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

qsizetype skipSpace(QByteArrayView text, qsizetype at)
{
    while (at < text.size() && isSpace(text[at]))
        ++at;
    return at;
}

/// Whether eight octets hold neither a quote nor a backslash.
bool isInsideString(const char* at)
{
    constexpr quint64 Ones = 0x0101010101010101ULL;
    constexpr quint64 Highs = 0x8080808080808080ULL;
    quint64 word = 0;
    std::memcpy(&word, at, 8);
    const quint64 quotes = word ^ (Ones * '"');
    const quint64 slashes = word ^ (Ones * '\\');
    return ((((quotes - Ones) & ~quotes) | ((slashes - Ones) & ~slashes)) & Highs) == 0;
}

/// Behind the string that starts at `at`. Long strings are passed over in words: a file in base64
/// is one of many MiB.
qsizetype skipString(QByteArrayView text, qsizetype at)
{
    for (++at; at < text.size(); ++at) {
        while (text.size() - at >= 8 && isInsideString(text.data() + at))
            at += 8;
        if (at >= text.size())
            break;
        if (text[at] == '\\')
            ++at;
        else if (text[at] == '"')
            return at + 1;
    }
    return text.size();
}

qsizetype skipBrackets(QByteArrayView text, qsizetype at)
{
    qsizetype depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = skipString(text, at);
            continue;
        }
        ++at;
        if (c == '{' || c == '[')
            ++depth;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return text.size();
}

qsizetype skipValue(QByteArrayView text, qsizetype at)
{
    if (at >= text.size())
        return text.size();
    if (text[at] == '"')
        return skipString(text, at);
    if (text[at] == '{' || text[at] == '[')
        return skipBrackets(text, at);
    while (at < text.size() && text[at] != ',' && text[at] != ']' && text[at] != '}'
        && !isSpace(text[at]))
        ++at;
    return at;
}

/// Where the first member or element of a container starts, or its end when it has none.
qsizetype firstItem(QByteArrayView text, char open, char close)
{
    const qsizetype at = skipSpace(text, 0);
    if (at >= text.size() || text[at] != open)
        return text.size();
    const qsizetype item = skipSpace(text, at + 1);
    return item < text.size() && text[item] == close ? text.size() : item;
}

/// Behind the comma after an item, or the end of the text when it was the last.
qsizetype nextItem(QByteArrayView text, qsizetype at)
{
    at = skipSpace(text, at);
    if (at >= text.size() || text[at] != ',')
        return text.size();
    return skipSpace(text, at + 1);
}

char unescaped(char escape)
{
    switch (escape) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return escape;
    }
}

/// The code unit of the escape \uXXXX at `at`; nothing when there is none.
std::optional<char16_t> codeUnitAt(QByteArrayView text, qsizetype at)
{
    if (text.size() - at < 6 || text[at] != '\\' || text[at + 1] != 'u')
        return std::nullopt;
    bool ok = false;
    const uint code = text.sliced(at + 2, 4).toByteArray().toUInt(&ok, 16);
    if (!ok)
        return std::nullopt;
    return static_cast<char16_t>(code);
}

void appendUtf8(QByteArray& out, char32_t code)
{
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

/// Appends what the escape \uXXXX (or a pair of them) at `at` means and moves behind it; false for
/// half a pair.
bool takeUnicodeEscape(QByteArrayView text, qsizetype& at, QByteArray& out)
{
    const std::optional<char16_t> unit = codeUnitAt(text, at);
    if (!unit || QChar::isLowSurrogate(*unit))
        return false;
    at += 6;
    if (!QChar::isHighSurrogate(*unit)) {
        appendUtf8(out, *unit);
        return true;
    }
    const std::optional<char16_t> low = codeUnitAt(text, at);
    if (!low || !QChar::isLowSurrogate(*low))
        return false;
    at += 6;
    appendUtf8(out, QChar::surrogateToUcs4(*unit, *low));
    return true;
}

QByteArrayView trimmed(QByteArrayView text)
{
    while (!text.isEmpty() && isSpace(text.front()))
        text = text.sliced(1);
    while (!text.isEmpty() && isSpace(text.back()))
        text.chop(1);
    return text;
}

} // namespace

JsonKind jsonKind(QByteArrayView checked)
{
    const qsizetype at = skipSpace(checked, 0);
    switch (at < checked.size() ? checked[at] : 'n') {
    case '{':
        return JsonKind::Object;
    case '[':
        return JsonKind::Array;
    case '"':
        return JsonKind::String;
    case 't':
    case 'f':
        return JsonKind::Boolean;
    case 'n':
        return JsonKind::Null;
    default:
        return JsonKind::Number;
    }
}

JsonArrayWalker::JsonArrayWalker(QByteArrayView checkedArray)
    : m_text(checkedArray), m_at(firstItem(checkedArray, '[', ']'))
{
}

bool JsonArrayWalker::next()
{
    if (m_at >= m_text.size())
        return false;
    const qsizetype end = skipValue(m_text, m_at);
    m_value = m_text.sliced(m_at, end - m_at);
    m_at = nextItem(m_text, end);
    m_rest = m_at < m_text.size() ? m_at : -1;
    return true;
}

JsonObjectWalker::JsonObjectWalker(QByteArrayView checkedObject)
    : m_text(checkedObject), m_at(firstItem(checkedObject, '{', '}'))
{
}

bool JsonObjectWalker::next()
{
    if (m_at >= m_text.size())
        return false;
    const qsizetype nameEnd = skipValue(m_text, m_at);
    m_name = m_text.sliced(m_at, nameEnd - m_at);
    const qsizetype colon = skipSpace(m_text, nameEnd);
    const qsizetype start = skipSpace(m_text, qMin(colon + 1, m_text.size()));
    const qsizetype end = skipValue(m_text, start);
    m_value = m_text.sliced(start, end - start);
    m_at = nextItem(m_text, end);
    return true;
}

bool JsonObjectWalker::hasName(QByteArrayView utf8) const
{
    if (m_name.size() < 2)
        return false;
    const QByteArrayView inner = m_name.sliced(1, m_name.size() - 2);
    if (!inner.contains('\\'))
        return inner == utf8;
    const std::optional<QByteArray> meaning = jsonText(m_name);
    return meaning && *meaning == utf8;
}

std::optional<QByteArrayView> rawMember(QByteArrayView checked, QByteArrayView name)
{
    std::optional<QByteArrayView> found;
    JsonObjectWalker walker(checked);
    while (walker.next()) {
        if (walker.hasName(name))
            found = walker.value();
    }
    return found;
}

std::optional<QByteArrayView> rawElement(QByteArrayView checked, qsizetype index)
{
    JsonArrayWalker walker(checked);
    while (walker.next()) {
        if (index-- == 0)
            return walker.value();
    }
    return std::nullopt;
}

std::optional<QByteArray> jsonText(QByteArrayView checked)
{
    const QByteArrayView text = trimmed(checked);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"')
        return std::nullopt;
    const QByteArrayView inner = text.sliced(1, text.size() - 2);
    if (!inner.contains('\\'))
        return inner.toByteArray();
    QByteArray out;
    out.reserve(inner.size());
    for (qsizetype at = 0; at < inner.size();) {
        if (inner[at] != '\\') {
            out += inner[at++];
        } else if (at + 1 < inner.size() && inner[at + 1] != 'u') {
            out += unescaped(inner[at + 1]);
            at += 2;
        } else if (!takeUnicodeEscape(inner, at, out)) {
            return std::nullopt;
        }
    }
    return out;
}

std::optional<qint64> jsonInteger(QByteArrayView checked)
{
    const QByteArrayView text = trimmed(checked);
    const bool isNegative = text.startsWith('-');
    const QByteArrayView digits = isNegative ? text.sliced(1) : text;
    if (digits.isEmpty() || digits.size() > 19)
        return std::nullopt;
    quint64 value = 0; // 19 digits always fit
    for (const char c : digits) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + static_cast<quint64>(c - '0');
    }
    constexpr auto Max = static_cast<quint64>(std::numeric_limits<qint64>::max());
    if (value > (isNegative ? Max + 1 : Max))
        return std::nullopt;
    return isNegative ? static_cast<qint64>(0 - value) : static_cast<qint64>(value);
}

std::optional<bool> jsonBoolean(QByteArrayView checked)
{
    const QByteArrayView text = trimmed(checked);
    if (text == "true")
        return true;
    if (text == "false")
        return false;
    return std::nullopt;
}

} // namespace gatehouse
