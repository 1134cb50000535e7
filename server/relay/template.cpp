// SPDX-License-Identifier: Apache-2.0
#include "server/relay/template.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"
#include "server/relay/scope.h"

#include <algorithm>
#include <array>

namespace gatehouse::relay {

namespace {

struct Root
{
    QLatin1StringView name;
    QByteArrayView Facts::*fact;
};

constexpr std::array roots{
    Root{QLatin1StringView("payload"), &Facts::payload},
    Root{QLatin1StringView("body"), &Facts::body},
    Root{QLatin1StringView("answer"), &Facts::body}, // the same, as one says it of a request
    Root{QLatin1StringView("claims"), &Facts::claims},
    Root{QLatin1StringView("principal"), &Facts::principal},
    Root{QLatin1StringView("peer"), &Facts::peer},
    Root{QLatin1StringView("scope"), &Facts::scope},
    Root{QLatin1StringView("missing"), &Facts::missing},
    Root{QLatin1StringView("error"), &Facts::error},
    Root{QLatin1StringView("shard"), &Facts::shard},
};

tl::unexpected<Error> mistake(const QString& text)
{
    return failure(ErrorCode::BadRequest, text);
}

bool isNameCharacter(QChar c)
{
    return c.isLetterOrNumber() || c == u'_' || c == u'-';
}

/// A text cut at its braces: fixed text, value, fixed text, value, …
struct Piece
{
    QString text;
    std::optional<ValuePath> value;
};

Result<std::vector<Piece>> cut(const QString& text)
{
    std::vector<Piece> pieces;
    QString fixed;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text[i];
        const bool doubled = i + 1 < text.size() && text[i + 1] == c;
        if ((c == u'{' || c == u'}') && doubled) {
            fixed += c;
            ++i;
        } else if (c == u'{') {
            const qsizetype end = text.indexOf(u'}', i);
            if (end < 0)
                return mistake(QStringLiteral("\"{\" without \"}\" in \"%1\"").arg(text));
            auto value = ValuePath::parse(QStringView(text).sliced(i + 1, end - i - 1));
            if (!value)
                return tl::unexpected(value.error());
            pieces.push_back({fixed, *std::move(value)});
            fixed.clear();
            i = end;
        } else if (c == u'}') {
            return mistake(QStringLiteral("\"}\" without \"{\" in \"%1\"").arg(text));
        } else {
            fixed += c;
        }
    }
    if (!fixed.isEmpty() || pieces.empty())
        pieces.push_back({fixed, std::nullopt});
    return pieces;
}

/// What a value looks like within a text. Nothing for arrays, objects and fractions.
std::optional<QByteArray> asText(QByteArrayView raw)
{
    switch (jsonKind(raw)) {
    case JsonKind::String:
        return jsonText(raw);
    case JsonKind::Number:
    case JsonKind::Boolean:
        return raw.toByteArray();
    default:
        return std::nullopt;
    }
}

} // namespace

Result<ValuePath> ValuePath::parse(QStringView text)
{
    ValuePath path;
    path.m_optional = text.endsWith(u'?');
    if (path.m_optional)
        text.chop(1);
    const auto names = text.split(u'.');
    for (QStringView name : names) {
        if (name.isEmpty() || !std::all_of(name.begin(), name.end(), isNameCharacter))
            return mistake(QStringLiteral("\"%1\" names no value").arg(text));
        path.m_names.append(name.toUtf8());
    }
    const auto root = std::find_if(
        roots.begin(), roots.end(), [&](const Root& r) { return names.first() == r.name; });
    if (root == roots.end()) {
        QStringList known;
        for (const Root& r : roots)
            known.append(r.name);
        return mistake(QStringLiteral("\"%1\": values begin with one of %2")
                           .arg(text)
                           .arg(known.join(QStringLiteral(", "))));
    }
    path.m_root = root->fact;
    return path;
}

QString ValuePath::toText() const
{
    return QString::fromUtf8(m_names.join('.')) + (m_optional ? QStringLiteral("?") : QString());
}

std::optional<QByteArrayView> ValuePath::find(const Facts& facts) const
{
    if (!m_root)
        return std::nullopt;
    QByteArrayView at = facts.*m_root;
    for (qsizetype i = 1; i < m_names.size() && !at.isEmpty(); ++i) {
        bool isIndex = false;
        const int index = m_names[i].toInt(&isIndex);
        const auto next = isIndex && jsonKind(at) == JsonKind::Array ? rawElement(at, index)
                                                                     : rawMember(at, m_names[i]);
        if (!next)
            return std::nullopt;
        at = *next;
    }
    if (at.isEmpty() || (m_optional && jsonKind(at) == JsonKind::Null))
        return std::nullopt;
    return at;
}

Result<TextTemplate> TextTemplate::parse(const QString& text)
{
    auto pieces = cut(text);
    if (!pieces)
        return tl::unexpected(pieces.error());
    TextTemplate result;
    for (Piece& piece : *pieces)
        result.m_parts.push_back({piece.text.toUtf8(), std::move(piece.value)});
    return result;
}

Result<QByteArray> TextTemplate::fill(const Facts& facts) const
{
    QByteArray result;
    for (const Part& part : m_parts) {
        result += part.text;
        if (!part.value)
            continue;
        const auto raw = part.value->find(facts);
        if (!raw) {
            if (part.value->isOptional())
                continue;
            return failure(
                ErrorCode::NotFound, QStringLiteral("%1 is missing").arg(part.value->toText()));
        }
        const auto text = asText(*raw);
        if (!text || !isPlainWord(*text))
            return mistake(
                QStringLiteral("%1 is no number and no plain word").arg(part.value->toText()));
        result += *text;
    }
    return result;
}

bool TextTemplate::isFixed() const
{
    return std::none_of(
        m_parts.begin(), m_parts.end(), [](const Part& part) { return part.value.has_value(); });
}

QString TextTemplate::toText() const
{
    QString result;
    for (const Part& part : m_parts) {
        result += QString::fromUtf8(part.text);
        if (part.value)
            result += u'{' + part.value->toText() + u'}';
    }
    return result;
}

QByteArray TextTemplate::withValue(QByteArrayView text) const
{
    QByteArray result;
    for (const Part& part : m_parts) {
        result += part.text;
        if (part.value)
            result += text;
    }
    return result;
}

std::optional<QByteArray> TextTemplate::valueIn(QByteArrayView filled) const
{
    if (m_parts.empty() || !m_parts.front().value || m_parts.size() > 2
        || (m_parts.size() == 2 && m_parts.back().value))
        return std::nullopt;
    const QByteArray& before = m_parts.front().text;
    const QByteArray after = m_parts.size() == 2 ? m_parts.back().text : QByteArray();
    if (filled.size() < before.size() + after.size() || !filled.startsWith(before)
        || !filled.endsWith(after))
        return std::nullopt;
    const QByteArray value
        = filled.sliced(before.size(), filled.size() - before.size() - after.size()).toByteArray();
    return isPlainWord(value) ? std::optional(value) : std::nullopt;
}

/// One value of the tree a JSON template is.
struct JsonTemplate::Node
{
    enum class Kind : quint8 { Fixed, Value, Text, Array, Object } kind = Kind::Fixed;
    QByteArray fixed; ///< JSON text
    std::optional<ValuePath> value;
    std::vector<Piece> pieces;
    std::vector<Node> items;
    QByteArrayList names; ///< of an object's items, as JSON strings

    std::optional<Error> write(const Facts& facts, QByteArray& out, bool& isThere) const;
    std::optional<Error> writeText(const Facts& facts, QByteArray& out) const;
    std::optional<Error> writeItems(const Facts& facts, QByteArray& out) const;
};

namespace {

using Node = JsonTemplate::Node;

Node readText(const QString& text, ConfigPlace place, ConfigMistakes& mistakes)
{
    Node node;
    auto pieces = cut(text);
    if (!pieces) {
        mistakes.add(place, pieces.error().detail);
    } else if (pieces->size() == 1 && pieces->front().value && pieces->front().text.isEmpty()) {
        node.kind = Node::Kind::Value;
        node.value = pieces->front().value;
    } else if (pieces->size() == 1 && !pieces->front().value) {
        node.fixed = protocol::jsonString(pieces->front().text.toUtf8());
    } else {
        node.kind = Node::Kind::Text;
        node.pieces = *std::move(pieces);
    }
    return node;
}

Node readNode(const ConfigNode& config, ConfigMistakes& mistakes)
{
    Node node;
    if (const QString* text = config.text())
        return readText(*text, config.place(), mistakes);
    if (const auto* flag = std::get_if<bool>(&config.value())) {
        node.fixed = *flag ? "true" : "false";
    } else if (const auto* integer = std::get_if<qint64>(&config.value())) {
        node.fixed = QByteArray::number(*integer);
    } else if (const auto* number = std::get_if<double>(&config.value())) {
        node.fixed = QByteArray::number(*number, 'g', 17);
        if (checkJson(node.fixed).has_value() == false)
            mistakes.add(config.place(), QStringLiteral("JSON knows no such number"));
    } else if (const ConfigArray* items = config.array()) {
        node.kind = Node::Kind::Array;
        for (const ConfigNode& item : *items)
            node.items.push_back(readNode(item, mistakes));
    } else if (const ConfigMembers* members = config.table()) {
        node.kind = Node::Kind::Object;
        for (const ConfigMember& member : *members) {
            node.names.append(protocol::jsonString(member.name.toUtf8()));
            node.items.push_back(readNode(member.node, mistakes));
        }
    }
    return node;
}

} // namespace

std::optional<Error> JsonTemplate::Node::writeText(const Facts& facts, QByteArray& out) const
{
    QByteArray text;
    for (const Piece& piece : pieces) {
        text += piece.text.toUtf8();
        if (!piece.value)
            continue;
        const auto raw = piece.value->find(facts);
        const auto filled = raw ? asText(*raw) : std::nullopt;
        if (filled)
            text += *filled;
        else if (!piece.value->isOptional())
            return Error{ErrorCode::BadRequest,
                piece.value->toText() + QStringLiteral(" is missing or no text")};
    }
    out += protocol::jsonString(text);
    return std::nullopt;
}

std::optional<Error> JsonTemplate::Node::writeItems(const Facts& facts, QByteArray& out) const
{
    const bool isObject = kind == Kind::Object;
    out += isObject ? '{' : '[';
    bool isFirst = true;
    for (size_t i = 0; i < items.size(); ++i) {
        QByteArray item;
        bool isThere = true;
        if (auto error = items[i].write(facts, item, isThere))
            return error;
        if (!isThere && isObject)
            continue;
        if (!isFirst)
            out += ',';
        isFirst = false;
        if (isObject)
            out += names[qsizetype(i)] + ':';
        out += isThere ? item : QByteArray("null");
    }
    out += isObject ? '}' : ']';
    return std::nullopt;
}

std::optional<Error> JsonTemplate::Node::write(
    const Facts& facts, QByteArray& out, bool& isThere) const
{
    switch (kind) {
    case Kind::Fixed:
        out += fixed;
        return std::nullopt;
    case Kind::Text:
        return writeText(facts, out);
    case Kind::Array:
    case Kind::Object:
        return writeItems(facts, out);
    case Kind::Value:
        break;
    }
    const auto raw = value->find(facts);
    if (raw) {
        out += *raw;
        return std::nullopt;
    }
    isThere = false;
    if (value->isOptional())
        return std::nullopt;
    return Error{ErrorCode::BadRequest, value->toText() + QStringLiteral(" is missing")};
}

JsonTemplate JsonTemplate::read(const ConfigNode& node, ConfigMistakes& mistakes)
{
    JsonTemplate result;
    result.m_root = std::make_shared<const Node>(readNode(node, mistakes));
    return result;
}

JsonTemplate JsonTemplate::fixed(QByteArray json)
{
    Node node;
    node.fixed = std::move(json);
    JsonTemplate result;
    result.m_root = std::make_shared<const Node>(std::move(node));
    return result;
}

Result<QByteArray> JsonTemplate::fill(const Facts& facts) const
{
    QByteArray out;
    bool isThere = true;
    if (!m_root)
        return QByteArray("null");
    if (auto error = m_root->write(facts, out, isThere))
        return tl::unexpected(*std::move(error));
    return isThere ? out : QByteArray("null");
}

} // namespace gatehouse::relay
