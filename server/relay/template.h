// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/configtree.h"
#include "common/core/result.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QByteArrayView>

#include <memory>
#include <optional>
#include <vector>

/// What rules say with braces: "guild_{payload.guildId}", args = ["{principal.id}", "{scope}"].
/// Values are taken from JSON texts as octets and put into JSON texts as octets, so that an integer
/// of 64 bits never passes through a floating-point number.
namespace gatehouse::relay {

/// What the values of templates are taken from, at one moment. All views are checked JSON; an empty
/// one is "there is none".
struct Facts
{
    QByteArrayView payload{}; ///< first argument of the client's event
    QByteArrayView body{}; ///< message or answer from the bus
    QByteArrayView claims{}; ///< of the client's token, an object
    QByteArrayView principal{}; ///< {"id":…,"name":"…"} as the server knows it
    QByteArrayView peer{}; ///< {"id":"…","address":"…","port":n}
    QByteArrayView scope{}; ///< what the event is about: a guild's id
    QByteArrayView missing{}; ///< array: what earlier stages of the request did not find
    QByteArrayView error{}; ///< {"code":n,"message":"…","human":"…"}
    QByteArrayView shard{}; ///< number of the shard a call goes to
};

/// "payload.guildId": a value by the names that lead to it. One of the facts, then members.
class ValuePath
{
public:
    /// Without braces; a '?' at the end says that it may be absent.
    static Result<ValuePath> parse(QStringView text);

    bool isOptional() const { return m_optional; }
    QString toText() const; ///< as written

    /// The raw JSON; nothing when it is not there, or null and optional.
    std::optional<QByteArrayView> find(const Facts& facts) const;

private:
    QByteArrayView Facts::*m_root = nullptr;
    QByteArrayList m_names; ///< root first
    bool m_optional = false;
};

/// A text with values in braces, for rooms, topics and routing keys. A value put in is a whole
/// number or a text of letters, digits, '_' and '-' (128 at most): nothing a client sends can add a
/// dot, a wildcard or a space.
class TextTemplate
{
public:
    TextTemplate() = default;
    static Result<TextTemplate> parse(const QString& text);

    /// NotFound: a value is absent; BadRequest: it is of another type or has other characters.
    Result<QByteArray> fill(const Facts& facts) const;

    bool isEmpty() const { return m_parts.empty(); }
    bool isFixed() const; ///< no braces
    QString toText() const;

    /// With the same text in every pair of braces.
    QByteArray withValue(QByteArrayView text) const;

    /// The other way round, for a template with one value that is not optional: what the value was
    /// when the result was `filled`; nothing when it does not fit.
    std::optional<QByteArray> valueIn(QByteArrayView filled) const;

private:
    struct Part
    {
        QByteArray text; ///< before the value
        std::optional<ValuePath> value;
    };
    std::vector<Part> m_parts;
};

/// A value of any type with braces in it. A text that is one pair of braces alone becomes the value
/// itself, raw; braces within a longer text are filled in as text. An optional value that is absent
/// leaves its member out, or is null in an array and at the top.
class JsonTemplate
{
public:
    JsonTemplate() = default;
    /// Mistakes are said at the node they are in.
    static JsonTemplate read(const ConfigNode& node, ConfigMistakes& mistakes);
    /// JSON text as it stands, without braces of ours: for defaults.
    static JsonTemplate fixed(QByteArray json);

    bool isEmpty() const { return !m_root; }
    /// BadRequest names the value that is missing.
    Result<QByteArray> fill(const Facts& facts) const;

    struct Node; ///< template.cpp

private:
    std::shared_ptr<const Node> m_root;
};

} // namespace gatehouse::relay
