// SPDX-License-Identifier: Apache-2.0
#include "server/relay/payload.h"

#include "common/core/strictjson.h"
#include "server/relay/scope.h"

namespace gatehouse::relay {

namespace {

bool isOfKind(FieldKind kind, QByteArrayView raw, int maxIds)
{
    const JsonKind json = jsonKind(raw);
    switch (kind) {
    case FieldKind::Any:
        return true;
    case FieldKind::Integer:
        return json == JsonKind::Number && jsonInteger(raw).has_value();
    case FieldKind::Text:
        return json == JsonKind::String;
    case FieldKind::Id:
        return idOf(raw).has_value();
    case FieldKind::Flag:
        return json == JsonKind::Boolean;
    case FieldKind::Object:
        return json == JsonKind::Object;
    case FieldKind::Ids:
        break;
    }
    if (json != JsonKind::Array)
        return false;
    int count = 0;
    for (JsonArrayWalker items(raw); items.next();) {
        if (++count > maxIds || !idOf(items.value()))
            return false;
    }
    return true;
}

} // namespace

QByteArray firstArgument(const protocol::JsonArgs& args)
{
    if (args.isEmpty())
        return {};
    const QByteArray list = '[' + args + ']';
    JsonArrayWalker items(list);
    return items.next() ? items.value().toByteArray() : QByteArray();
}

QByteArray objectInText(const QByteArray& payload)
{
    if (payload.isEmpty() || jsonKind(payload) != JsonKind::String)
        return payload;
    const auto text = jsonText(payload);
    const bool isObject = text && checkJson(*text) && jsonKind(*text) == JsonKind::Object;
    return isObject ? text->trimmed() : payload;
}

std::optional<QString> faultInFields(
    const std::vector<FieldRule>& fields, QByteArrayView payload, int maxIds)
{
    for (const FieldRule& field : fields) {
        const auto raw = payload.isEmpty() ? std::nullopt : rawMember(payload, field.name);
        const bool isAbsent = !raw || (field.isOptional && jsonKind(*raw) == JsonKind::Null);
        if (isAbsent && !field.isOptional)
            return QString::fromUtf8(field.name) + QStringLiteral(" is missing");
        if (!isAbsent && !isOfKind(field.kind, *raw, maxIds))
            return QString::fromUtf8(field.name) + QStringLiteral(" has a wrong value");
    }
    return std::nullopt;
}

} // namespace gatehouse::relay
