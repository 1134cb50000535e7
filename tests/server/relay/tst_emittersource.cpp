// SPDX-License-Identifier: Apache-2.0
#include "server/relay/emittersource.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::relay;
using Command = gatehouse::bus::EmitterCommand;
using Method = Command::Method;
using namespace Qt::StringLiterals;

class TestEmitterSource : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsALine();
    void refusesALine_data();
    void refusesALine();
    void allowsWhatItsListsSay_data();
    void allowsWhatItsListsSay();
};

void TestEmitterSource::readsALine()
{
    const auto bare = EmitterSource::fromText(u"python rabbitmq socketio"_s);
    QVERIFY(bare);
    QCOMPARE(bare->channel, QByteArray("socketio"));
    QCOMPARE(bare->carrier, EmitterSource::Carrier::RabbitMq);
    QVERIFY(!bare->python.allowsPickle);
    QVERIFY(!bare->python.hasSingleLists);
    QCOMPARE(bare->namespaces, std::vector<QByteArray>{"/"});
    QCOMPARE(bare->rooms, std::vector<QByteArray>{"*"});
    QCOMPARE(bare->methods, QList<Method>{Method::Emit});
    const auto full = EmitterSource::fromText(
        u"python  redis flask-socketio pickle single-lists namespaces=/|/x rooms=a*|b|@sockets "
        "methods=emit|join|leave|disconnect|close|callback"_s);
    QVERIFY(full);
    QCOMPARE(full->carrier, EmitterSource::Carrier::Redis);
    QVERIFY(full->python.allowsPickle);
    QVERIFY(full->python.hasSingleLists);
    QCOMPARE(full->namespaces, (std::vector<QByteArray>{"/", "/x"}));
    QCOMPARE(full->rooms, (std::vector<QByteArray>{"a*", "b", "@sockets"}));
    QCOMPARE(full->methods.size(), 6);
    const auto node = EmitterSource::fromText(u"node redis socket.io"_s);
    QVERIFY(node);
    QCOMPARE(node->dialect, EmitterSource::Dialect::Node);
}

void TestEmitterSource::refusesALine_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* line, const char* word) {
        QTest::newRow(line) << QString::fromLatin1(line) << QString::fromLatin1(word);
    };
    row("", "expected");
    row("python rabbitmq", "expected");
    row("perl rabbitmq x", "dialect");
    row("python kafka x", "carrier");
    row("node rabbitmq x", "redis only");
    row("python rabbitmq amq.x", "channel");
    row("python rabbitmq x pickles", "pickles");
    row("node redis x pickle", "pickle");
    row("python rabbitmq x methods=", "methods=");
    row("python rabbitmq x methods=emit|save", "save");
    row("python rabbitmq x namespaces=chat", "slash");
    row("python rabbitmq x rooms", "rooms");
}

void TestEmitterSource::refusesALine()
{
    QFETCH(QString, line);
    QFETCH(QString, word);
    const auto source = EmitterSource::fromText(line);
    QVERIFY(!source);
    QCOMPARE(source.error().code, ErrorCode::BadRequest);
    QVERIFY2(source.error().detail.contains(word), qPrintable(source.error().detail));
    QVERIFY(source.error().detail.contains(u'"' + line + u'"'));
}

namespace {

Command emitTo(const std::vector<RoomName>& rooms, const char* nsp = "/")
{
    Command command;
    command.nsp = {nsp};
    command.event = "e";
    command.rooms = rooms;
    return command;
}

Command with(Method method, const char* socket, const std::vector<RoomName>& targets = {})
{
    Command command;
    command.method = method;
    command.socket = {socket};
    command.targets = targets;
    return command;
}

Command asking()
{
    Command command = emitTo({{"guild_1"}});
    command.answer = Command::Answer{"sid", {"/"}, 1};
    return command;
}

} // namespace

void TestEmitterSource::allowsWhatItsListsSay_data()
{
    QTest::addColumn<QString>("options");
    QTest::addColumn<bool>("allowed");
    QTest::addColumn<int>("number"); // of the command below
    const auto row = [](const char* name, const char* options, int number, bool allowed) {
        QTest::newRow(name) << QString::fromLatin1(options) << allowed << number;
    };
    row("everybody", "", 0, true);
    row("everybody, of some rooms", "rooms=guild_*", 0, false);
    row("a room by prefix", "rooms=guild_*", 1, true);
    row("another room", "rooms=guild_*", 2, false);
    row("one of two rooms", "rooms=guild_*", 3, false);
    row("a client by its id", "rooms=@sockets", 4, true);
    row("a room that is no client", "rooms=@sockets", 1, false);
    row("another namespace", "", 5, false);
    row("another namespace, listed", "namespaces=/|/x", 5, true);
    row("a method that is not listed", "", 6, false);
    row("a method that is", "methods=disconnect", 6, true);
    row("a method that is, of another room", "methods=disconnect rooms=guild_*", 6, false);
    row("a room to join", "methods=join rooms=guild_*|@sockets", 7, true);
    row("another room to join", "methods=join rooms=guild_*|@sockets", 8, false);
    row("a question", "", 9, false);
    row("a question with callback", "methods=emit|callback", 9, true);
    row("a room to close", "methods=close rooms=guild_*", 10, true);
    row("another room to close", "methods=close rooms=guild_*", 11, false);
}

void TestEmitterSource::allowsWhatItsListsSay()
{
    QFETCH(QString, options);
    QFETCH(int, number);
    const std::vector<Command> commands{emitTo({}), emitTo({{"guild_1"}}), emitTo({{"lobby"}}),
        emitTo({{"guild_1"}, {"lobby"}}), emitTo({{"sid"}}), emitTo({}, "/x"),
        with(Method::Disconnect, "sid"), with(Method::Join, "sid", {{"guild_1"}}),
        with(Method::Join, "sid", {{"lobby"}}), asking(),
        with(Method::CloseRoom, "", {{"guild_1"}}), with(Method::CloseRoom, "", {{"lobby"}})};
    const auto source = EmitterSource::fromText(u"python rabbitmq socketio "_s + options);
    QVERIFY(source);
    const auto checked = source->check(
        commands[size_t(number)], [](const RoomName& room) { return room.value == "sid"; });
    QTEST(checked.has_value(), "allowed");
    if (!checked)
        QCOMPARE(checked.error().code, ErrorCode::Forbidden);
}

QTEST_APPLESS_MAIN(TestEmitterSource)
#include "tst_emittersource.moc"
