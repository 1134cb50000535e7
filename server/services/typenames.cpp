// SPDX-License-Identifier: Apache-2.0
#include "server/services/typenames.h"

#include <algorithm>

namespace gatehouse::services {

namespace {

constexpr qsizetype MaxTypeBytes = 128;

bool isTypeCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
        || c == '_' || c == '.' || c == ':';
}

} // namespace

bool isTypeName(QByteArrayView type)
{
    return !type.isEmpty() && type.size() <= MaxTypeBytes
        && std::all_of(type.begin(), type.end(), isTypeCharacter) && !type.startsWith('.')
        && !type.endsWith('.') && !type.contains("..");
}

bool isInternalType(QByteArrayView type)
{
    return type.startsWith("client-") || type.startsWith("service-") || type.startsWith("bus-");
}

bus::Topic topicOf(const QByteArray& type)
{
    return "services." + type;
}

bus::Topic topicOfAll()
{
    return "services.#";
}

bus::Topic topicTo(const QByteArray& service)
{
    return "services-to." + service;
}

Result<TypePatterns> TypePatterns::parse(const QStringList& patterns)
{
    TypePatterns made;
    for (const QString& text : patterns) {
        Pattern pattern{text.toUtf8()};
        if (pattern.text.endsWith('*')) {
            pattern.isPrefix = true;
            pattern.text.chop(1);
        }
        if (pattern.text.startsWith('*')) {
            pattern.isSuffix = true;
            pattern.text.remove(0, 1);
        }
        const bool isGood = std::all_of(pattern.text.begin(), pattern.text.end(), isTypeCharacter)
            && (!pattern.text.isEmpty() || pattern.isPrefix);
        if (!isGood) {
            return failure(ErrorCode::BadRequest,
                QStringLiteral("\"%1\" is no message type; it may begin or end in *").arg(text));
        }
        made.m_patterns.push_back(std::move(pattern));
    }
    return made;
}

bool TypePatterns::matchesAll() const
{
    return std::any_of(m_patterns.begin(), m_patterns.end(),
        [](const Pattern& pattern) { return pattern.text.isEmpty(); });
}

bool TypePatterns::match(QByteArrayView type) const
{
    return std::any_of(m_patterns.begin(), m_patterns.end(), [&](const Pattern& pattern) {
        if (pattern.isPrefix && pattern.isSuffix)
            return type.contains(pattern.text);
        if (pattern.isPrefix)
            return type.startsWith(pattern.text);
        return pattern.isSuffix ? type.endsWith(pattern.text) : type == pattern.text;
    });
}

} // namespace gatehouse::services
