// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/message.h"

#include <QByteArray>
#include <QStringList>

#include <vector>

namespace gatehouse::services {

/// A message type goes into topics of the bus: letters, digits, `-`, `_`, `.` and `:`, at most 128
/// octets, words between dots not empty.
bool isTypeName(QByteArrayView type);

/// Types that only servers and services send: what a client says goes by its name.
bool isInternalType(QByteArrayView type); ///< "client-*", "service-*", "bus-*"

/// Topics in the bus's own exchange.
bus::Topic topicOf(const QByteArray& type); ///< "services.TYPE"
bus::Topic topicOfAll(); ///< a pattern: every type
bus::Topic topicTo(const QByteArray& service); ///< for one service alone, by its name

/// What the name of every service begins with.
inline constexpr QByteArrayView servicePrefix{"service."};

/// A list of names that may begin or end in `*`.
class TypePatterns
{
public:
    TypePatterns() = default;
    static Result<TypePatterns> parse(
        const QStringList& patterns); ///< BadRequest names the bad one

    bool isEmpty() const { return m_patterns.empty(); }
    bool match(QByteArrayView type) const;
    bool matchesAll() const; ///< one of them is `*`

private:
    struct Pattern
    {
        QByteArray text; ///< without stars
        bool isPrefix = false;
        bool isSuffix = false;
    };
    std::vector<Pattern> m_patterns;
};

} // namespace gatehouse::services
