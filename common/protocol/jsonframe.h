// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/strictjson.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHash>
#include <QList>
#include <QString>

#include <span>
#include <vector>

/// Events of clients that speak plain WebSocket instead of Socket.IO: one text frame, one JSON
/// object, one event. Two shapes are in use. Flat: the event's name is a member among those of the
/// payload, `{"_event":"pool_request","_seq":3,"type":"guild"}`. Typed: the payload is a member of
/// its own, `{"type":"file-join","content":{…}}`. Which members mean what is data. Frames are
/// checked strictly, then taken apart and put together as raw text: numbers, escapes, white space
/// and the order of members inside a payload stay as they were written. Pure functions.
namespace gatehouse::protocol {

/// Which members of a frame mean what, and what clients call by other names than the rest of the
/// server does. A value.
struct JsonDialect
{
    using Names = QHash<QByteArray, QByteArray>; ///< unescaped UTF-8

    QByteArray eventKey; ///< the event's name, a text
    QByteArray payloadKey; ///< typed: the payload; empty is flat: all other members
    Names eventsIn{}; ///< a client's name for an event -> ours
    Names eventsOut{}; ///< ours -> the client's
    Names membersIn{}; ///< flat: the same for the payload's own members, not those inside them
    Names membersOut{};

    static JsonDialect flat(); ///< `_event`
    static JsonDialect typed(); ///< `type`, `content`

    bool isFlat() const { return payloadKey.isEmpty(); }
};

/// What came in one frame.
struct JsonEvent
{
    QByteArray name; ///< unescaped UTF-8, ours
    QByteArray payload; ///< raw JSON; flat: an object
};

enum class JsonEventFault : quint8 {
    NotJson, ///< breaks RFC 8259 or is nested too deeply
    NotAnObject,
    NoEvent, ///< its member is missing, not a text, or empty
    NameTooLong,
    NoPayload, ///< typed: its member is missing
    Ambiguous, ///< a member that counts here is there twice: two readers could disagree
};

struct JsonEventError
{
    JsonEventFault fault = JsonEventFault::NotJson;
    QString detail; ///< for the client and the log; English
};

struct JsonEventLimits
{
    int maxDepth = 64;
    qsizetype maxNameBytes = 128; ///< as it stands in the JSON, escapes included
};

tl::expected<JsonEvent, JsonEventError> decodeJsonEvent(
    const JsonDialect& dialect, QByteArrayView text, const JsonEventLimits& limits = {});

/// `payload` is checked JSON. Flat: its members follow the name, but for one that is called like
/// the name's own; what is no object is put under `data`, an empty payload is none. Typed: the
/// member `content`, null when empty.
QByteArray encodeJsonEvent(const JsonDialect& dialect, QByteArrayView name, QByteArrayView payload);

/// Finds members of an object in one walk through it: views into the text, empty for what is not
/// there. False when one of the names is there twice. `names` are compared after unescaping.
bool findJsonMembers(QByteArrayView checkedObject, std::span<const QByteArrayView> names,
    std::span<QByteArrayView> values);

/// A JSON object to be filled in, read once: `{"type":"$type","pref_dest":null}`. A text that is
/// the name of a slot behind a dollar sign stands for its value; everything else is written as it
/// is.
class JsonTemplate
{
public:
    /// The names without dollar sign; Malformed when the text is no JSON object, BadRequest for a
    /// slot nobody knows.
    static Result<JsonTemplate> parse(QByteArrayView text, const QList<QByteArray>& slotNames);

    /// `values` are raw JSON in the order of the names; an empty one is written as null.
    QByteArray fill(std::span<const QByteArrayView> values) const;

private:
    struct Part
    {
        QByteArray literal;
        qsizetype slot = -1; ///< whose value follows; -1: none
    };
    std::vector<Part> m_parts;
};

} // namespace gatehouse::protocol
