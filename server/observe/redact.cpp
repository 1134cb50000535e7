// SPDX-License-Identifier: Apache-2.0
#include "server/observe/redact.h"

#include <QRegularExpression>

namespace gatehouse::observe {

namespace {

const QString replacement = QStringLiteral("[redacted]");

/// A name, whole, with one of these words in it ("x-api-key"). It is looked at once: what gives
/// back and tries again costs a square of the length, and past a limit PCRE finds nothing at all.
QString nameWith(const char* words)
{
    return QStringLiteral(R"((?=[\w.-]*?(?:%1))[\w.-]++)").arg(QLatin1StringView(words));
}

// Names whose values are secrets. The values of "auth.secret_file" and "auth.accepted_secrets" are
// names of files.
const QString secretName
    = nameWith("token|password|passwd|secret|api[_-]?key|authorization|cookie|nonce|jwt")
    + QStringLiteral("(?<![_-]file|accepted_secrets)");

QRegularExpression anyCase(const QString& pattern)
{
    QRegularExpression expression(pattern, QRegularExpression::CaseInsensitiveOption);
    expression.optimize();
    return expression;
}

struct Patterns
{
    /// Most lines hold nothing of the kind: one look tells.
    QRegularExpression hint
        = anyCase(QStringLiteral(R"(\bey[\w-]{4,}\.|bearer|basic|token|passw|secret|api[_-]?key|)"
                                 R"(authorization|cookie|nonce|jwt)"));
    /// Base64url parts the first of which is an encoded "{".
    QRegularExpression jsonWebToken
        = QRegularExpression(QStringLiteral(R"(\bey[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?)"));
    QRegularExpression credentials = anyCase(QStringLiteral(R"(\b(bearer|basic)\s+[^\s"',;\\]+)"));
    QRegularExpression cookies = anyCase(QStringLiteral(R"(\b((?:set-)?cookie\s*:\s*)[^\r\n]+)"));
    /// "name":"value", also with escaped quotes, as in JSON within a text.
    QRegularExpression jsonText
        = anyCase(QStringLiteral(R"((\\*"%1\\*"\s*:\s*))"
                                 R"((?:\\+".*?(?<!\\)\\+"|"(?:[^"\\]|\\.)*"?))")
                      .arg(secretName));
    QRegularExpression jsonNumber
        = anyCase(QStringLiteral(R"((\\*"%1\\*"\s*:\s*)-?\d[\d.eE+-]*)")
                      .arg(nameWith("nonce|password|passwd|secret|api[_-]?key")));
    /// name=value, name: value, 'name': 'value' up to the next separator.
    QRegularExpression assignment
        = anyCase(QStringLiteral(R"((?<![\w.-])(%1'?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s&;,"']+))")
                      .arg(secretName));
};

const Patterns& patterns()
{
    static const Patterns all;
    return all;
}

QString hexEscape(char16_t unit)
{
    return unit <= 0xff ? QStringLiteral("\\x%1").arg(uint(unit), 2, 16, QLatin1Char('0'))
                        : QStringLiteral("\\u%1").arg(uint(unit), 4, 16, QLatin1Char('0'));
}

bool isControl(char16_t unit)
{
    const bool direction = (unit >= 0x202a && unit <= 0x202e) || (unit >= 0x2066 && unit <= 0x2069)
        || unit == 0x200e || unit == 0x200f || unit == 0x061c;
    return unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || unit == 0x2028 || unit == 0x2029
        || unit == 0xfeff || direction;
}

} // namespace

QString redacted(const QString& text)
{
    const Patterns& all = patterns();
    if (!all.hint.match(text).hasMatch())
        return text;
    const QString keepName = QStringLiteral("\\1") + replacement;
    QString result = text;
    result.replace(all.jsonWebToken, replacement);
    result.replace(all.credentials, QStringLiteral("\\1 ") + replacement);
    result.replace(all.cookies, keepName);
    result.replace(all.jsonText, QStringLiteral("\\1\"") + replacement + QLatin1Char('"'));
    result.replace(all.jsonNumber, QStringLiteral("\\1\"") + replacement + QLatin1Char('"'));
    result.replace(all.assignment, keepName);
    return result;
}

QString escapedControls(const QString& text)
{
    QString result;
    result.reserve(text.size());
    for (const QChar c : text) {
        const char16_t unit = c.unicode();
        if (!isControl(unit))
            result += c;
        else if (unit == u'\n')
            result += QLatin1StringView("\\n");
        else if (unit == u'\r')
            result += QLatin1StringView("\\r");
        else if (unit == u'\t')
            result += QLatin1StringView("\\t");
        else
            result += hexEscape(unit);
    }
    return result;
}

} // namespace gatehouse::observe
