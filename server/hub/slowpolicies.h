// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/result.h"
#include "common/protocol/shedding.h"
#include "common/protocol/socketiopacket.h"

#include <QStringList>

#include <vector>

namespace gatehouse::hub {

/// What becomes of an event for a client that is over its queue's bound, by room or event. A rule
/// is a line of four words: namespace, `room` or `event`, a name that may end in `*`, and
///
///     disconnect         the client is closed; what happens without any rule
///     drop-oldest        the oldest of these events that waits makes room
///     keep-latest        of each event (name and rooms) only the newest stays
///     keep-latest:FIELD  of each value of that member of the first argument only the newest stays
///
/// The first rule that fits counts. A room's rule fits an event published to that room alone.
class SlowPolicies
{
public:
    /// BadRequest says what is wrong with which rule.
    static Result<SlowPolicies> parse(const QStringList& rules);

    bool isEmpty() const { return m_rules.empty(); }

    /// `room` is empty for what goes to one socket, a whole namespace or several rooms.
    protocol::Shedding sheddingOf(const NamespaceName& nsp, const RoomName& room,
        QByteArrayView event, const protocol::JsonArgs& args) const;

private:
    enum class Subject : quint8 { Room, Event };
    enum class Action : quint8 { Disconnect, DropOldest, KeepLatest };

    struct Rule
    {
        NamespaceName nsp;
        Subject subject = Subject::Event;
        QByteArray name;
        bool isPrefix = false;
        Action action = Action::Disconnect;
        QByteArray field;

        bool fits(const RoomName& room, QByteArrayView event) const;
    };

    static Result<Rule> parseRule(const QString& text);

    std::vector<Rule> m_rules;
};

} // namespace gatehouse::hub
