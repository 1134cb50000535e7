// SPDX-License-Identifier: Apache-2.0
#include "server/app/recoveryjournal.h"
#include "server/store/await.h"
#include "server/store/store.h"
#include "tests/support/wait.h"

#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;
using namespace gatehouse::test;

namespace {

const NamespaceName root{"/"};
constexpr qsizetype plenty = 1 << 20;

/// A data directory with a store in it, and its journal.
class Desk
{
public:
    explicit Desk(qsizetype most = plenty) : maxBytes(most) { open(); }

    void open()
    {
        store::StoreOptions impatient;
        impatient.busyTimeout = Millis{100};
        auto opened = store::Store::open(path(), impatient);
        if (!opened)
            qFatal("%s", qPrintable(opened.error().detail));
        store = std::move(*opened);
        journal = std::make_unique<RecoveryJournal>(*store, maxBytes);
    }
    /// As a server that is stopped.
    void reopen()
    {
        journal->flush();
        store->close();
        journal.reset();
        store.reset();
        open();
    }
    session::RecoveredNamespace load() const
    {
        return RecoveryJournal::load(*store, root, options, clock).value();
    }
    bool waitUntilWritten() const
    {
        return waitUntil([this] { return journal->unwritten() == 0; });
    }
    QString path() const { return folder.filePath(QStringLiteral("data")); }
    QString file() const { return path() + QStringLiteral("/gatehouse.sqlite"); }

    ManualClock clock;
    session::RecoveryOptions options;
    const qsizetype maxBytes;
    QTemporaryDir folder;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<RecoveryJournal> journal;
};

/// Another process that keeps the database from being written.
class Holder
{
public:
    explicit Holder(const QString& file)
        : m_database(QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("holder")))
    {
        m_database.setDatabaseName(file);
        isHolding = m_database.open()
            && !m_database.exec(QStringLiteral("BEGIN IMMEDIATE")).lastError().isValid();
    }
    ~Holder()
    {
        m_database.exec(QStringLiteral("ROLLBACK"));
        m_database.close();
        m_database = {};
        QSqlDatabase::removeDatabase(QStringLiteral("holder"));
    }

    bool isHolding = false;

private:
    QSqlDatabase m_database;
};

session::PastSocket somebody(const QByteArray& pid, qsizetype dataBytes = 4)
{
    session::PastSocket socket;
    socket.pid = pid;
    socket.absence = {{"id of " + pid}, 3, {{{"r"}, 4}, {{"\xc3\xa4"}, quint64{1} << 60}}, 5};
    socket.principalKind = access::PrincipalKind::Node;
    socket.principalId = qint64{1} << 40;
    socket.data = QByteArray(dataBytes, '\0');
    return socket;
}

hub::RecentPacket sent(quint64 number, Millis at, QByteArray text = "42[\"e\"]")
{
    return {number, at, {{{"r"}}, {}, {}}, protocol::EncodedPacket::create(std::move(text))};
}

QList<quint64> numbers(const session::RecoveredNamespace& past)
{
    QList<quint64> list;
    for (const hub::RecentPacket& packet : past.packets)
        list << packet.number;
    return list;
}

} // namespace

/// Between the sessions and the store: what is written is what comes back, and what could not be
/// written is known to be missing.
class TestRecoveryJournal : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everythingOfASocketComesBack();
    void everythingOfAnEventComesBack();
    void whatWaitsAtTheEndIsWritten();
    void changesOfAWhileAreWrittenTogether();
    void moreEventsThanMayWaitAreAGap();
    void moreSocketsThanMayWaitStartAnew();
    void aStoreThatRefusesLosesEventsButNoSockets();
    void aDamagedEventIsAGap();
    void aDamagedSocketStartsAnew();
    void onlyDurableNamespacesAreKept();
};

void TestRecoveryJournal::everythingOfASocketComesBack()
{
    Desk desk;
    session::PastSocket left = somebody("pid");
    left.leftAt = desk.clock.wall();
    desk.journal->socketSaved(root, left);
    desk.reopen();
    const auto past = desk.load();
    QCOMPARE(past.sockets.size(), size_t(1));
    const session::PastSocket& back = past.sockets.front();
    QCOMPARE(back.pid, left.pid);
    QCOMPARE(back.absence.socket, left.absence.socket);
    QCOMPARE(back.absence.since, left.absence.since);
    QCOMPARE(back.absence.lostUpTo, left.absence.lostUpTo);
    QCOMPARE(back.absence.rooms.size(), left.absence.rooms.size());
    for (size_t i = 0; i < left.absence.rooms.size(); ++i) {
        QCOMPARE(back.absence.rooms[i].room, left.absence.rooms[i].room);
        QCOMPARE(back.absence.rooms[i].since, left.absence.rooms[i].since);
    }
    QCOMPARE(back.principalKind, left.principalKind);
    QCOMPARE(back.principalId, left.principalId);
    QCOMPARE(back.data, left.data);
    QCOMPARE(back.leftAt, left.leftAt);
}

void TestRecoveryJournal::everythingOfAnEventComesBack()
{
    Desk desk;
    hub::RecentPacket full = sent(7, desk.clock.wall());
    full.audience = {{{"a"}, {"b"}}, {{"one"}}, {{"c"}}};
    full.packet = protocol::EncodedPacket::create(
        "451-[\"e\",{\"_placeholder\":true,\"num\":0},\"7\"]", {QByteArray("\0\xff", 2)});
    desk.journal->packetKept(root, full);
    desk.journal->packetsForgotten(root, 6);
    desk.reopen();
    const auto past = desk.load();
    QCOMPARE(past.forgottenUpTo, quint64(6));
    QCOMPARE(past.packets.size(), size_t(1));
    const hub::RecentPacket& back = past.packets.front();
    QCOMPARE(back.number, full.number);
    QCOMPARE(back.at, full.at);
    QVERIFY(back.audience.rooms == full.audience.rooms);
    QVERIFY(back.audience.except == full.audience.except);
    QVERIFY(back.audience.exceptRooms == full.audience.exceptRooms);
    QCOMPARE(back.packet->text(), full.packet->text());
    QCOMPARE(back.packet->attachments(), full.packet->attachments());
}

void TestRecoveryJournal::whatWaitsAtTheEndIsWritten()
{
    Desk desk;
    for (int i = 0; i < 50; ++i) {
        desk.journal->socketSaved(root, somebody("pid" + QByteArray::number(i)));
        desk.journal->packetKept(root, sent(quint64(i + 1), desk.clock.wall()));
        if (i % 10 == 0)
            desk.journal->flush();
    }
    desk.reopen();
    QCOMPARE(desk.load().sockets.size(), size_t(50));
    QCOMPARE(desk.load().packets.size(), size_t(50));
}

void TestRecoveryJournal::changesOfAWhileAreWrittenTogether()
{
    Desk desk;
    for (int i = 0; i < 1'000; ++i) {
        session::PastSocket socket = somebody("the same");
        socket.principalId = i;
        desk.journal->socketSaved(root, socket);
    }
    QCOMPARE(desk.journal->unwritten(), 1);
    QVERIFY(desk.waitUntilWritten());
    QCOMPARE(desk.load().sockets.front().principalId, 999);
    desk.journal->socketForgotten(root, "the same");
    QVERIFY(desk.waitUntilWritten());
    QVERIFY(desk.load().sockets.empty());
}

void TestRecoveryJournal::moreEventsThanMayWaitAreAGap()
{
    Desk desk(4'096);
    desk.journal->packetKept(root, sent(1, desk.clock.wall()));
    desk.journal->socketSaved(root, somebody("pid"));
    desk.journal->packetKept(root, sent(2, desk.clock.wall(), QByteArray(5'000, ' ')));
    desk.journal->packetKept(root, sent(3, desk.clock.wall()));
    QCOMPARE(desk.journal->eventsLost(), quint64(2));
    QVERIFY(desk.waitUntilWritten());
    const auto past = desk.load();
    QCOMPARE(numbers(past), QList<quint64>({3}));
    QCOMPARE(past.forgottenUpTo, quint64(2));
    QCOMPARE(past.sockets.size(), size_t(1));
}

void TestRecoveryJournal::moreSocketsThanMayWaitStartAnew()
{
    Desk desk(4'096);
    desk.journal->packetKept(root, sent(1, desk.clock.wall()));
    desk.journal->socketSaved(root, somebody("before"));
    QVERIFY(desk.waitUntilWritten());
    for (int i = 0; i < 5; ++i)
        desk.journal->socketSaved(root, somebody("pid" + QByteArray::number(i), 1'000));
    QVERIFY(desk.waitUntilWritten());
    const auto past = desk.load();
    QVERIFY2(past.sockets.size() < 4, QByteArray::number(quint64(past.sockets.size())).constData());
    for (const session::PastSocket& socket : past.sockets)
        QVERIFY(socket.pid != "before");
    QCOMPARE(numbers(past), QList<quint64>({1}));
}

void TestRecoveryJournal::aStoreThatRefusesLosesEventsButNoSockets()
{
    Desk desk;
    {
        const Holder holder(desk.file());
        QVERIFY(holder.isHolding);
        desk.journal->socketSaved(root, somebody("pid"));
        desk.journal->packetKept(root, sent(1, desk.clock.wall()));
        desk.journal->packetKept(root, sent(2, desk.clock.wall()));
        QVERIFY(waitUntil([&] { return desk.journal->eventsLost() == 2; }));
    }
    desk.journal->packetKept(root, sent(3, desk.clock.wall()));
    QVERIFY(desk.waitUntilWritten());
    const auto past = desk.load();
    QCOMPARE(past.sockets.size(), size_t(1));
    QCOMPARE(past.forgottenUpTo, quint64(2));
    QCOMPARE(numbers(past), QList<quint64>({3}));
}

void TestRecoveryJournal::aDamagedEventIsAGap()
{
    Desk desk;
    store::RecoveryChanges changes;
    changes.events = {{2, desk.clock.wall(), "rubbish"}};
    desk.journal->packetKept(root, sent(1, desk.clock.wall()));
    desk.journal->packetKept(root, sent(3, desk.clock.wall()));
    QVERIFY(store::await<void>([&](work::Completion<void> done) {
        store::StoredRecovery(*desk.store).write({{"/", changes}}, 0, std::move(done));
    }));
    QVERIFY(desk.waitUntilWritten());
    const auto past = desk.load();
    QCOMPARE(numbers(past), QList<quint64>({3}));
    QCOMPARE(past.forgottenUpTo, quint64(2));
}

void TestRecoveryJournal::aDamagedSocketStartsAnew()
{
    Desk desk;
    store::RecoveryChanges changes;
    for (const QByteArray& body : {QByteArray(), QByteArray("rubbish"), QByteArray("\1\0\0", 3)})
        changes.sockets["damaged " + body.toHex()]
            = store::StoredSocket{"damaged " + body.toHex(), body, {}};
    QVERIFY(store::await<void>([&](work::Completion<void> done) {
        store::StoredRecovery(*desk.store).write({{"/", changes}}, 0, std::move(done));
    }));
    desk.journal->socketSaved(root, somebody("sound"));
    QVERIFY(desk.waitUntilWritten());
    const auto past = desk.load();
    QCOMPARE(past.sockets.size(), size_t(1));
    QCOMPARE(past.sockets.front().pid, QByteArray("sound"));
}

void TestRecoveryJournal::onlyDurableNamespacesAreKept()
{
    Desk desk;
    desk.journal->socketSaved(root, somebody("pid"));
    desk.journal->socketSaved({"/other"}, somebody("pid"));
    QVERIFY(desk.waitUntilWritten());
    QVERIFY(RecoveryJournal::keepOnly(*desk.store, {{"/other"}}));
    QVERIFY(desk.load().sockets.empty());
    QCOMPARE(RecoveryJournal::load(*desk.store, {"/other"}, desk.options, desk.clock)
                 .value()
                 .sockets.size(),
        size_t(1));
}

QTEST_GUILESS_MAIN(TestRecoveryJournal)
#include "tst_recoveryjournal.moc"
