// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/bus/emittercommand.h"
#include "server/bus/pythonemitter.h"

#include <QStringList>

#include <functional>
#include <vector>

namespace gatehouse::relay {

/// A channel on which back ends in Python or Node emit, and what they may do there: a line of words
///
///     python|node  rabbitmq|redis  CHANNEL  [pickle] [single-lists]
///         [namespaces=/|/x] [rooms=NAME|PREFIX*|@sockets] [methods=emit|join]
///
/// CHANNEL is the name of python-socketio's `channel` ("socketio", Flask-SocketIO's default is
/// "flask-socketio"), or of Node's prefix ("socket.io"). Without the lists: the namespace "/",
/// every room, and `emit`. Methods: emit, join, leave, disconnect, close (a room), callback (the
/// answer of a client back to who asked). `@sockets` are single clients by their id; `*` is
/// everything, the whole namespace too.
struct EmitterSource
{
    enum class Dialect : quint8 { Python, Node };
    enum class Carrier : quint8 { RabbitMq, Redis };

    Dialect dialect = Dialect::Python;
    Carrier carrier = Carrier::RabbitMq;
    QByteArray channel;
    bus::PythonDialect python;
    std::vector<QByteArray> namespaces{"/"};
    std::vector<QByteArray> rooms{"*"};
    QList<bus::EmitterCommand::Method> methods{bus::EmitterCommand::Method::Emit};

    /// BadRequest says what is wrong with which line.
    static Result<EmitterSource> fromText(const QString& line);

    /// Says whether a name is that of a client that is connected.
    using IsSocket = std::function<bool(const RoomName&)>;
    /// Forbidden with the reason when the lists do not allow it.
    Result<void> check(const bus::EmitterCommand& command, const IsSocket& isSocket) const;

private:
    bool allowsRoom(const RoomName& room, const IsSocket& isSocket) const;
    bool allowsEverything() const;
};

} // namespace gatehouse::relay
