// SPDX-License-Identifier: Apache-2.0
// What emitters in Python and Node write: a command that is understood is bounded everywhere, its
// arguments are strict JSON, its event a client may get. Input: one octet for the dialect (n: a
// broadcast of Node, r: a request of Node, else Python with pickles), then the message.
#include "common/core/strictjson.h"
#include "common/core/utf8.h"
#include "server/bus/nodeemitter.h"
#include "server/bus/pickle.h"
#include "server/bus/pythonemitter.h"
#include "tests/fuzz/target.h"

namespace gatehouse::fuzz {

using namespace bus;

namespace {

const EmitterLimits limits;

void checkNames(const std::vector<RoomName>& names)
{
    require(qsizetype(names.size()) <= limits.maxNames, "rooms are bounded");
    for (const RoomName& name : names)
        require(
            !name.isEmpty() && name.value.size() <= limits.maxNameBytes && isValidUtf8(name.value),
            "a room is a name");
}

void checkCommand(const EmitterCommand& command)
{
    require(command.nsp.value.startsWith('/'), "a namespace begins with a slash");
    checkNames(command.rooms);
    checkNames(command.except);
    checkNames(command.targets);
    require(command.attachments.size() <= limits.maxAttachments, "attachments are bounded");
    require(command.args.size() <= limits.maxArgsBytes, "arguments are bounded");
    const QByteArray array = '[' + command.args + ']';
    require(checkJson(array, {.maxDepth = limits.maxDepth + 2}).has_value(), "arguments are JSON");
    if (command.method != EmitterCommand::Method::Emit)
        return;
    require(!command.event.isEmpty() && command.event.size() <= limits.maxEventBytes
            && isValidUtf8(command.event),
        "an event has a name");
    require(command.event != "disconnect" && command.event != "connect",
        "no event looks like the protocol's own");
    if (command.answer) {
        const QByteArray callback = encodePythonCallback(*command.answer, "host", command.args);
        const auto back = decodePythonEmitter(callback, {});
        require(back && back->answer && back->answer->id == command.answer->id,
            "an answer finds its way back");
    }
}

void checkPickle(QByteArrayView octets)
{
    const auto pickle = Pickle::read(octets);
    if (!pickle)
        return;
    QByteArray json;
    QList<QByteArray> attachments;
    if (!pickle->toJson(pickle->root(), json, attachments, limits.maxAttachments))
        return;
    require(checkJson(json, {.maxDepth = 66}).has_value(), "a pickle becomes JSON");
    require(attachments.size() <= limits.maxAttachments, "attachments are bounded");
}

} // namespace

void checkInput(QByteArrayView input)
{
    Input parts(input);
    const uchar dialect = parts.takeOctet();
    const QByteArray message = parts.rest();
    Result<EmitterCommand> command;
    if (dialect == 'n' || dialect == 'r') {
        const NodeAddress address{
            dialect == 'n' ? NodeChannel::Broadcast : NodeChannel::Request, {"/"}};
        command = decodeNodeEmitter(address, message, limits);
    } else {
        checkPickle(message);
        command = decodePythonEmitter(message, {.allowsPickle = true}, limits);
        const auto strict = decodePythonEmitter(message, {}, limits);
        require(!message.startsWith('\x80') || !strict, "no pickle passes where none is allowed");
    }
    if (command)
        checkCommand(*command);
}

} // namespace gatehouse::fuzz
