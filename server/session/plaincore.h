// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/observerlist.h"
#include "server/session/linkcloser.h"
#include "server/session/originpolicy.h"
#include "server/session/plainserver.h"
#include "server/session/timerqueue.h"
#include "server/session/turnqueue.h"

namespace gatehouse::session {

class PlainSession;

/// What the sessions of one PlainServer share. Owned by it, outlives every session.
struct PlainCore
{
    PlainCore(PlainOptions o, hub::Hub& h, const Clock& c, PlainHandler& handlerOfAll);

    /// What a packet for Socket.IO clients is in this dialect; null when it cannot be said. What
    /// goes to many is turned into it once.
    const protocol::EncodedPacketPtr& plainForm(const protocol::EncodedPacketPtr& packet);

    const PlainOptions options;
    hub::Hub& hub;
    const Clock& clock;
    PlainHandler& handler;
    const OriginPolicy origins;
    AddressBook addresses;
    PlainCounters counters;
    ObserverList<SessionObserver> observers;
    TurnQueue turn;
    TimerQueue timers;
    LinkCloser closingLinks;
    qint64 queuedBytes = 0; ///< of all sessions, as last looked at

private:
    protocol::EncodedPacketPtr m_source;
    protocol::EncodedPacketPtr m_form;
};

/// The event of a packet `42/nsp,["name",payload,…]` in a dialect of plain frames; empty when it is
/// none, or has attachments.
QByteArray plainFrameOf(
    const protocol::EncodedPacket& packet, const protocol::JsonDialect& dialect);

} // namespace gatehouse::session
