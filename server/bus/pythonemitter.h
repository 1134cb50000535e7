// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/bus/emittercommand.h"

#include <QByteArray>

namespace gatehouse::bus {

/// How to read the message queue of python-socketio and Flask-SocketIO (PubSubManager). A message
/// is a map with `method`; its encoding has changed over the years and is told by its content.
struct PythonDialect
{
    /// Releases up to 5.13 write pickles. Read as data only (see pickle.h), and only where it is
    /// wanted.
    bool allowsPickle = false;
    /// In JSON without the member `binary` (5.14.0 and 5.14.1) a list may be several arguments or
    /// one that is a list: nobody can tell. Several, unless this is set.
    bool hasSingleLists = false;
};

/// Malformed, BadRequest (a method or a member that cannot be used), TooLarge, Forbidden (a pickle
/// where none is allowed).
Result<EmitterCommand> decodePythonEmitter(
    const QByteArray& body, const PythonDialect& dialect, const EmitterLimits& limits = {});

/// What goes back to the process `hostId` when a client has answered: JSON, which every release
/// reads.
QByteArray encodePythonCallback(
    const EmitterCommand::Answer& answer, const QByteArray& hostId, const protocol::JsonArgs& args);

} // namespace gatehouse::bus
