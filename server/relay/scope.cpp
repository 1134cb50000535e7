// SPDX-License-Identifier: Apache-2.0
#include "server/relay/scope.h"

#include "common/core/strictjson.h"
#include "common/protocol/socketiopacket.h"

#include <algorithm>

namespace gatehouse::relay {

namespace {

constexpr qsizetype maxDigits = 20; // of 2^64
constexpr qsizetype maxWord = 128;

} // namespace

bool isPlainWord(QByteArrayView text)
{
    return !text.isEmpty() && text.size() <= maxWord
        && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                   || c == '_' || c == '-';
           });
}

std::optional<quint64> idOf(QByteArrayView raw)
{
    if (raw.isEmpty())
        return std::nullopt;
    const JsonKind kind = jsonKind(raw);
    const auto text = kind == JsonKind::String ? jsonText(raw)
        : kind == JsonKind::Number             ? std::optional(raw.toByteArray())
                                               : std::nullopt;
    if (!text || text->isEmpty() || text->size() > maxDigits
        || !std::all_of(text->begin(), text->end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    bool ok = false;
    const quint64 id = text->toULongLong(&ok);
    return ok ? std::optional(id) : std::nullopt;
}

std::optional<Scope> Scope::read(QByteArrayView raw)
{
    if (const auto id = idOf(raw)) {
        const QByteArray digits = QByteArray::number(*id);
        return Scope{digits, digits};
    }
    const auto word
        = !raw.isEmpty() && jsonKind(raw) == JsonKind::String ? jsonText(raw) : std::nullopt;
    if (!word || !isPlainWord(*word))
        return std::nullopt;
    return Scope{*word, protocol::jsonString(*word)};
}

int shardOf(quint64 id, int shift, int shards)
{
    return shards <= 0 ? 0 : int((id >> shift) % quint64(shards));
}

} // namespace gatehouse::relay
