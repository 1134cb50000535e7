// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/configtree.h"
#include "common/core/ids.h"
#include "server/relay/template.h"

#include <QByteArray>
#include <QHash>
#include <QString>
#include <QStringList>

#include <optional>
#include <vector>

/// What an operator writes about one profile of the relay, `[relay.NAME]`, as values: who clients
/// are, which of their events go where, which messages of the bus go to which rooms. Read once at
/// the start; no code knows a profile's names. docs/relay.md explains every table.
namespace gatehouse::relay {

/// What one has to be. Each includes the ones before it.
enum class Level : quint8 {
    Open, ///< anybody
    Elevated, ///< a valid token or nonce
    Member, ///< of what the event is about (its scope), as the bus says
    Admin, ///< administrator of it
};

/// `needs = "member"`, `needs = ["member", "view_private_logs"]`.
struct Needs
{
    Level level = Level::Open;
    /// Administrator of the platform: a right of its own, which says nothing about any scope.
    bool platformAdmin = false;
    quint64 bits = 0; ///< all of them
    QString text = QStringLiteral("open"); ///< as written
};

/// A service on the bus. `[relay.NAME.route.ROUTE]`
struct Route
{
    QString name;
    ConfigPlace place;
    TextTemplate queue; ///< "shard_rpc_{shard}"
    int shards = 0; ///< 0: not sharded
    std::optional<ValuePath> shardOf; ///< (value >> shift) mod shards; "scope" when not said
    int shift = 22;
    enum class Without : quint8 { Any, Refuse } without = Without::Any; ///< no such value
    enum class Envelope : quint8 {
        Rpc, ///< {"method":…,"args":[…],"kwargs":{…}}, answered {"resp":…,"sc":n}
        Plain, ///< the filled `body` alone, answered by any JSON
    } envelope = Envelope::Rpc;
    Millis timeout{5'000};
};

/// How the bus is asked whether somebody belongs to a scope. `[relay.NAME.membership.SCOPE]`. No
/// answer, a wrong one or a late one is a no.
struct Membership
{
    QString name;
    ConfigPlace place;
    QString route;
    QByteArray method;
    JsonTemplate args;
    JsonTemplate kwargs;
    std::optional<ValuePath> member; ///< must be true in the answer
    std::optional<ValuePath> admin;
    std::optional<ValuePath> permissions; ///< an integer of bits
    Millis remembered{10'000}; ///< a yes; a no is asked again
};

/// A kind of value a field of a payload must have.
enum class FieldKind : quint8 { Any, Integer, Text, Id, Ids, Flag, Object };

struct FieldRule
{
    QByteArray name;
    FieldKind kind = FieldKind::Any;
    bool isOptional = false;
};

/// What a whole payload must be.
enum class ArgumentKind : quint8 { Object, Integer, Id, Text, Any };

/// A value and what it may be, as raw JSON.
struct Condition
{
    ValuePath path;
    QByteArrayList values; ///< one of them

    bool holds(const Facts& facts) const;
};
bool allHold(const std::vector<Condition>& conditions, const Facts& facts);

/// One message to a route.
struct Call
{
    QString route;
    QByteArray method;
    JsonTemplate args; ///< Rpc: an array
    JsonTemplate kwargs; ///< Rpc: an object
    JsonTemplate body; ///< Plain
    bool toAll = false; ///< to every shard, their answers are parts of one
};

/// How answers reach the client.
struct AnswerRule
{
    QByteArray event; ///< "pool_response"
    JsonTemplate partial; ///< empty: only the last answer is sent
    JsonTemplate last;
    JsonTemplate closing; ///< after an error or a timeout, so that no view loads for ever; may be
                          ///< empty
    std::optional<ValuePath> data; ///< an answer's items; a part without any is not sent
    std::optional<ValuePath> missing; ///< what an answer did not find; {missing} of later stages
    std::optional<ValuePath> finished; ///< false in an answer that others of its call follow
};

/// A room a client can be in by its own choice. `[relay.NAME.room.ROOM]`
struct RoomRule
{
    QString name;
    ConfigPlace place;
    TextTemplate room; ///< "guild_{scope}"
    bool isSingle = false; ///< a client is in one room of this rule at a time

    /// A room that comes with it for those who may, and want it.
    struct Extra
    {
        TextTemplate room;
        quint64 bits = 0;
        std::vector<Condition> where;
    };
    std::vector<Extra> extras;
};

/// What becomes of a client's event. `[[relay.NAME.event]]`; the first that fits counts.
struct EventRule
{
    enum class Action : quint8 {
        Request, ///< calls, answered to this client
        Publish, ///< a message to the bus, no answer expected
        Elevate, ///< redeems a nonce or a token
        Join, ///< a room by choice, and what comes with it
        Leave, ///< all rooms of that rule
        Refuse, ///< answered with an error, counted
    };

    QByteArray name;
    ConfigPlace place;
    Action action = Action::Refuse;
    ArgumentKind argument = ArgumentKind::Object;
    std::vector<Condition> where;
    QByteArrayList has; ///< members the payload must have for this rule to be the one
    std::vector<FieldRule> fields; ///< what is wrong with them is told to the client
    Needs needs;
    QString membership; ///< table that knows about the scope; empty: the event has no scope
    std::optional<ValuePath> scope; ///< where the payload names it
    std::optional<ValuePath> token; ///< re-checked with each event that has one
    std::vector<Call> stages; ///< Request: one after the other while something is missing
    AnswerRule answer; ///< Request, Elevate, Join, Leave
    QString room; ///< Join, Leave
    std::optional<ValuePath> nonce; ///< Elevate
    QByteArray exchange; ///< Publish
    TextTemplate topic; ///< Publish
    JsonTemplate body; ///< Publish

    bool fits(const Facts& facts) const; ///< kind of argument, `where` and `has`
};

/// Messages of the bus that clients get. `[[relay.NAME.publication]]`
struct PublicationRule
{
    ConfigPlace place;
    QByteArray exchange;
    TextTemplate topic; ///< "gateway.*", or "{scope}_logs": bound for each scope somebody watches
    TextTemplate room; ///< "guild_{body.guild_id}"
    TextTemplate restricted; ///< where it goes unless every condition of `openWhen` holds
    std::vector<Condition> openWhen;
    QByteArray event;
    JsonTemplate payload; ///< empty: the body, octet by octet
};

/// Calls services make to us. `[[relay.NAME.control]]`
struct ControlRule
{
    enum class Action : quint8 { RegisterNonce, Demote };

    ConfigPlace place;
    QByteArray queue; ///< "gateway_rpc"
    QByteArray method;
    Action action = Action::RegisterNonce;
    int nonceArg = 0; ///< positions in `args`
    int tokenArg = 1;
};

/// Everything of one `[relay.NAME]`.
struct Rules
{
    QString name;
    ConfigPlace place;
    NamespaceName nsp{"/"}; ///< the Socket.IO namespace, and whose rooms they are
    QString claims; ///< claim profile; empty: nobody can be elevated
    QByteArray cookie; ///< with the token, at the connection; empty: none
    QString nonceQuery; ///< query item with a nonce, at the connection; empty: none
    TextTemplate elevatedRoom; ///< "{peer.id}_auth"
    QHash<QString, quint64> bits; ///< names of permission bits
    quint64 scopeAdminBits = 0; ///< what the administrator of a scope may there, beside his own
    std::vector<Route> routes;
    std::vector<Membership> memberships;
    std::vector<RoomRule> rooms;
    std::vector<EventRule> events;
    std::vector<PublicationRule> publications;
    std::vector<ControlRule> controls;
    QByteArray gapEvent; ///< to a client that missed events because it was slow; empty: none
    QByteArray errorEvent; ///< empty: errors are counted, not told
    JsonTemplate errorPayload;
    Millis nonceLifetime{120'000};
    qsizetype maxNonces = 100'000;
    int maxRequestsPerClient = 64; ///< under way at a time
    int maxRequests = 100'000; ///< of all clients
    int maxIds = 1'000; ///< in one list of ids
    bool readsTextPayloads = false; ///< a text that is a JSON object counts as that object
    Millis recheck{60'000}; ///< how often the bus is asked again about those who are in rooms
    bool closesUnknownEvents = false; ///< a client that sends an event without a rule is closed

    const Route* route(const QString& wanted) const;
    const Membership* membership(const QString& wanted) const;
    const RoomRule* room(const QString& wanted) const;
};

/// Reads one `[relay.NAME]`; mistakes are added at their places.
Rules readRules(const QString& name, const ConfigNode& node, ConfigMistakes& mistakes);

} // namespace gatehouse::relay
