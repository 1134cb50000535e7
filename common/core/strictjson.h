// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

/// JSON text as RFC 8259 defines it, checked in one pass without building a document. QJsonDocument
/// is lenient (18 of JSONTestSuite's bad texts pass) and sorts names, so every payload is checked
/// here first and then relayed as bytes, or read by the small walkers below. Pure functions, any
/// thread, no recursion.
namespace gatehouse {

enum class DuplicateNames : quint8 {
    Allow, ///< the last one wins, as in every JavaScript and Python reader
    Refuse, ///< where two readers must never disagree: tokens, permissions
};

/// Escapes like \ud800 without their other half. They are within the grammar and JSON.stringify
/// writes them, so a relay lets them pass; they cannot be turned into UTF-8.
enum class LoneSurrogates : quint8 { Allow, Refuse };

struct JsonRules
{
    int maxDepth = 64; ///< nested arrays and objects
    DuplicateNames duplicateNames = DuplicateNames::Allow;
    LoneSurrogates loneSurrogates = LoneSurrogates::Allow;
};

/// What is wrong and at which octet.
struct JsonFault
{
    QLatin1StringView what;
    qsizetype offset = 0;

    Error toError() const; ///< Malformed, "what at byte n"
};

/// One complete JSON value, white space around it allowed, any type at the top.
tl::expected<void, JsonFault> checkJson(QByteArrayView text, const JsonRules& rules = {});

enum class JsonKind : quint8 { Null, Boolean, Number, String, Array, Object };

// Everything below reads text that checkJson() has accepted.

/// The type of a value, by its first character.
JsonKind jsonKind(QByteArrayView checked);

/// Walks the elements of an array as raw slices of the text, without white space around them.
class JsonArrayWalker
{
public:
    explicit JsonArrayWalker(QByteArrayView checkedArray);

    bool next();
    QByteArrayView value() const { return m_value; }

    /// Where the text after the current value's comma begins, in the array given; -1 after the last
    /// value.
    qsizetype restOffset() const { return m_rest; }

private:
    QByteArrayView m_text;
    QByteArrayView m_value;
    qsizetype m_at = 0;
    qsizetype m_rest = -1;
};

/// Walks the members of an object as raw slices; the name with its quotes, escapes untouched.
class JsonObjectWalker
{
public:
    explicit JsonObjectWalker(QByteArrayView checkedObject);

    bool next();
    QByteArrayView rawName() const { return m_name; }
    bool hasName(QByteArrayView utf8) const; ///< compares what the name means, after unescaping
    QByteArrayView value() const { return m_value; }

private:
    QByteArrayView m_text;
    QByteArrayView m_name;
    QByteArrayView m_value;
    qsizetype m_at = 0;
};

/// The value of an object's member as raw text, the last one of that name; nothing when there is
/// none or `checked` is not an object.
std::optional<QByteArrayView> rawMember(QByteArrayView checked, QByteArrayView name);

/// An array's element as raw text; nothing when there is none or `checked` is not an array.
std::optional<QByteArrayView> rawElement(QByteArrayView checked, qsizetype index);

/// The text a JSON string means, UTF-8; nothing for another type or a lone surrogate.
std::optional<QByteArray> jsonText(QByteArrayView checked);

/// The value of a whole number written without fraction or exponent; nothing for anything else or
/// outside 64 bits.
std::optional<qint64> jsonInteger(QByteArrayView checked);

std::optional<bool> jsonBoolean(QByteArrayView checked);

} // namespace gatehouse
