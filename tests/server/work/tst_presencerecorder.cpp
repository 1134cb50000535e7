// SPDX-License-Identifier: Apache-2.0
#include "server/work/presencerecorder.h"
#include "tests/server/store/fixture.h"

using namespace gatehouse;
using namespace gatehouse::store::test;
using store::await;

class TestPresenceRecorder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stateIsWrittenAndComesBackAtTheNextStart();
};

void TestPresenceRecorder::stateIsWrittenAndComesBackAtTheNextStart()
{
    Fixture f;
    const NodeId node = f.node(u"a-heart"_s);
    const SocketId socket{"s"};
    const work::NodeConfig config{{u"encryption"_s, u"False"_s}};
    ManualClock clock(Millis{50'000});
    const auto stored = [&] {
        return await<work::NodeConfig>([&](auto done) {
            f.store->nodeConfig(node, std::move(done));
        }).value();
    };
    {
        work::Directory directory;
        directory.replace(f.directory);
        work::Presence presence(clock);
        work::PresenceRecorder recorder(presence, directory, *f.store);
        presence.socketOpened(node, socket, {});
        presence.setConfig(node, socket, config);
        QTRY_COMPARE(stored(), config);
        clock.advance(Millis{10'000});
        presence.socketClosed(node, socket);
        QTRY_VERIFY(stored().empty());
    }
    f.reopen();
    work::Directory directory;
    directory.replace(f.store->loadStartState()->directory);
    work::Presence presence(clock);
    work::PresenceRecorder recorder(presence, directory, *f.store);
    QCOMPARE(presence.presence(node).lastSeen, Millis{60'000});
    QVERIFY(!presence.isOnline(node));
}

QTEST_GUILESS_MAIN(TestPresenceRecorder)
#include "tst_presencerecorder.moc"
