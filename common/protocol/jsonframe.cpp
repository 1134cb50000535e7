// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/jsonframe.h"

#include "common/protocol/socketiopacket.h"

#include <QSet>

namespace gatehouse::protocol {

namespace {

tl::unexpected<JsonEventError> fault(JsonEventFault kind, const QString& detail)
{
    return tl::unexpected(JsonEventError{kind, detail});
}

QString inQuotes(const QByteArray& name)
{
    return u'"' + QString::fromUtf8(name) + u'"';
}

QByteArray renamed(const JsonDialect::Names& names, QByteArray name)
{
    const auto found = names.find(name);
    return found == names.end() ? std::move(name) : *found;
}

/// Puts an object together from members as they were written.
class ObjectWriter
{
public:
    explicit ObjectWriter(qsizetype size) { m_out.reserve(size); }

    void add(const QByteArray& name, QByteArrayView rawValue)
    {
        begin();
        m_out += jsonString(name);
        m_out += ':';
        m_out += rawValue;
    }

    /// With its white space, under another name if the table has one for it.
    void add(const JsonObjectWalker& member, const JsonDialect::Names& names)
    {
        const char* from = member.rawName().begin();
        begin();
        if (!names.isEmpty()) {
            const auto name = jsonText(member.rawName());
            const auto other = name ? names.find(*name) : names.end();
            if (other != names.end()) {
                m_out += jsonString(*other);
                from = member.rawName().end();
            }
        }
        m_out += QByteArrayView(from, member.value().end());
    }

    QByteArray finish()
    {
        m_out += '}';
        return std::move(m_out);
    }

private:
    void begin()
    {
        if (m_out.size() > 1)
            m_out += ',';
    }

    QByteArray m_out = "{";
};

/// No member is called as another one is going to be.
bool isFreeOf(QByteArrayView object, const JsonDialect::Names& targets)
{
    QSet<QByteArray> taken;
    JsonObjectWalker walker(object);
    while (walker.next()) {
        for (auto it = targets.begin(); it != targets.end(); ++it) {
            if (!walker.hasName(it.key()) && !walker.hasName(it.value()))
                continue;
            if (taken.contains(it.value()))
                return false;
            taken.insert(it.value());
        }
    }
    return true;
}

/// What a walk through a frame found.
struct Found
{
    std::optional<QByteArrayView> event;
    std::optional<QByteArrayView> payload;
    QByteArray rest; ///< flat: the other members
    bool isAmbiguous = false;

    void take(std::optional<QByteArrayView>& place, QByteArrayView value)
    {
        isAmbiguous |= place.has_value();
        place = value;
    }
};

Found walk(const JsonDialect& dialect, QByteArrayView text)
{
    Found found;
    ObjectWriter rest(dialect.isFlat() ? text.size() : 2);
    JsonObjectWalker walker(text);
    while (walker.next()) {
        if (walker.hasName(dialect.eventKey))
            found.take(found.event, walker.value());
        else if (dialect.isFlat())
            rest.add(walker, dialect.membersIn);
        else if (walker.hasName(dialect.payloadKey))
            found.take(found.payload, walker.value());
    }
    if (dialect.isFlat()) {
        found.rest = rest.finish();
        found.isAmbiguous |= !dialect.membersIn.isEmpty() && !isFreeOf(text, dialect.membersIn);
    }
    return found;
}

} // namespace

JsonDialect JsonDialect::flat()
{
    return {"_event", {}};
}

JsonDialect JsonDialect::typed()
{
    return {"type", "content"};
}

tl::expected<JsonEvent, JsonEventError> decodeJsonEvent(
    const JsonDialect& dialect, QByteArrayView text, const JsonEventLimits& limits)
{
    const auto checked = checkJson(text, {.maxDepth = limits.maxDepth});
    if (!checked)
        return fault(JsonEventFault::NotJson, checked.error().toError().detail);
    if (jsonKind(text) != JsonKind::Object)
        return fault(JsonEventFault::NotAnObject, QStringLiteral("a frame is one JSON object"));

    Found found = walk(dialect, text);
    if (found.isAmbiguous) {
        return fault(JsonEventFault::Ambiguous,
            QStringLiteral("a member that says what the frame is, is there twice"));
    }
    if (!found.event) {
        return fault(JsonEventFault::NoEvent,
            QStringLiteral("%1 is missing").arg(inQuotes(dialect.eventKey)));
    }
    if (found.event->size() - 2 > limits.maxNameBytes) {
        return fault(JsonEventFault::NameTooLong,
            QStringLiteral("%1 is longer than %2 octets")
                .arg(inQuotes(dialect.eventKey))
                .arg(limits.maxNameBytes));
    }
    std::optional<QByteArray> name = jsonText(*found.event);
    if (!name || name->isEmpty()) {
        return fault(JsonEventFault::NoEvent,
            QStringLiteral("%1 has to be a text").arg(inQuotes(dialect.eventKey)));
    }
    if (!dialect.isFlat() && !found.payload) {
        return fault(JsonEventFault::NoPayload,
            QStringLiteral("%1 is missing").arg(inQuotes(dialect.payloadKey)));
    }
    return JsonEvent{renamed(dialect.eventsIn, *std::move(name)),
        dialect.isFlat() ? std::move(found.rest) : found.payload->toByteArray()};
}

QByteArray encodeJsonEvent(const JsonDialect& dialect, QByteArrayView name, QByteArrayView payload)
{
    const QByteArray event = jsonString(renamed(dialect.eventsOut, name.toByteArray()));
    ObjectWriter out(payload.size() + event.size() + dialect.eventKey.size() + 64);
    out.add(dialect.eventKey, event);
    if (!dialect.isFlat()) {
        out.add(dialect.payloadKey, payload.isEmpty() ? QByteArrayView("null") : payload);
    } else if (!payload.isEmpty() && jsonKind(payload) != JsonKind::Object) {
        out.add(QByteArrayLiteral("data"), payload);
    } else {
        JsonObjectWalker walker(payload);
        while (walker.next()) {
            if (!walker.hasName(dialect.eventKey))
                out.add(walker, dialect.membersOut);
        }
    }
    return out.finish();
}

bool findJsonMembers(QByteArrayView checkedObject, std::span<const QByteArrayView> names,
    std::span<QByteArrayView> values)
{
    Q_ASSERT(names.size() == values.size());
    bool isClear = true;
    JsonObjectWalker walker(checkedObject);
    while (walker.next()) {
        for (size_t i = 0; i < names.size(); ++i) {
            if (!walker.hasName(names[i]))
                continue;
            isClear = isClear && values[i].isEmpty();
            values[i] = walker.value();
        }
    }
    return isClear;
}

Result<JsonTemplate> JsonTemplate::parse(QByteArrayView text, const QList<QByteArray>& slotNames)
{
    const auto checked = checkJson(text, {.duplicateNames = DuplicateNames::Refuse});
    if (!checked)
        return tl::unexpected(checked.error().toError());
    if (jsonKind(text) != JsonKind::Object)
        return failure(ErrorCode::Malformed, QStringLiteral("not a JSON object"));
    JsonTemplate made;
    QByteArray literal = "{";
    JsonObjectWalker walker(text);
    while (walker.next()) {
        if (literal.size() > 1 || !made.m_parts.empty())
            literal += ',';
        literal += walker.rawName();
        literal += ':';
        const std::optional<QByteArray> value = jsonText(walker.value());
        if (!value || !value->startsWith('$')) {
            literal += walker.value();
            continue;
        }
        const qsizetype slot = slotNames.indexOf(value->sliced(1));
        if (slot < 0) {
            return failure(ErrorCode::BadRequest,
                QStringLiteral("\"%1\" is no slot; there are $%2")
                    .arg(QString::fromUtf8(*value),
                        QString::fromUtf8(slotNames.join(QByteArrayLiteral(", $")))));
        }
        made.m_parts.push_back({std::exchange(literal, {}), slot});
    }
    made.m_parts.push_back({literal + '}', -1});
    return made;
}

QByteArray JsonTemplate::fill(std::span<const QByteArrayView> values) const
{
    static constexpr QByteArrayView Null("null");
    const auto valueOf = [&](const Part& part) {
        const bool isThere = part.slot >= 0 && size_t(part.slot) < values.size()
            && !values[size_t(part.slot)].isEmpty();
        return isThere ? values[size_t(part.slot)] : Null;
    };
    qsizetype size = 0;
    for (const Part& part : m_parts)
        size += part.literal.size() + valueOf(part).size();
    QByteArray out;
    out.reserve(size);
    for (const Part& part : m_parts) {
        out += part.literal;
        if (part.slot >= 0)
            out += valueOf(part);
    }
    return out;
}

} // namespace gatehouse::protocol
