// SPDX-License-Identifier: Apache-2.0
#include "server/observe/metrics.h"
#include "tests/server/relay/relayrig.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;
using relay::test::FakePeer;

/// The profiles of one server, each with clients of its own.
class TestRelays : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyLoginOfASessionIsTaken_data();
    void everyLoginOfASessionIsTaken();
};

void TestRelays::everyLoginOfASessionIsTaken_data()
{
    QTest::addColumn<QList<int>>("loggedIn"); // of the profiles 0 and 1
    QTest::addColumn<QList<int>>("refusing"); // whose disk is full
    QTest::addColumn<ErrorCode>("error");
    const ErrorCode none = ErrorCode::Internal;
    QTest::newRow("in one") << QList<int>{1} << QList<int>() << none;
    QTest::newRow("in both") << QList<int>{0, 1} << QList<int>() << none;
    QTest::newRow("in none") << QList<int>() << QList<int>() << ErrorCode::Conflict;
    QTest::newRow("in both, the first is not kept")
        << QList<int>{0, 1} << QList<int>{0} << ErrorCode::Unavailable;
    QTest::newRow("in both, the last is not kept")
        << QList<int>{0, 1} << QList<int>{1} << ErrorCode::Unavailable;
}

void TestRelays::everyLoginOfASessionIsTaken()
{
    QFETCH(QList<int>, loggedIn);
    QFETCH(QList<int>, refusing);
    QFETCH(ErrorCode, error);
    relay::test::Rig rig; // its tables, bus, clock and tokens
    rig.profile.reset();
    const relay::Rules rules = rig.tables.relays.front();
    rig.tables.relays.clear();
    ClaimVerifiers verifiers;
    for (int i = 0; i < 2; ++i) {
        relay::Rules one = rules;
        one.name = QStringLiteral("profile%1").arg(i);
        one.claims = QStringLiteral("claims%1").arg(i);
        rig.tables.relays.push_back(one);
        access::KeySet keys;
        QVERIFY(keys.addSecret(relay::test::secret));
        auto verifier = std::make_unique<access::ProfileVerifier>(
            rig.tables.claims.front().profile, std::move(keys), rig.clock);
        verifier->setKeeper([isFull = refusing.contains(i)](const auto& done) {
            done(isFull ? failure(ErrorCode::Unavailable, QStringLiteral("the disk is full"))
                        : Result<void>());
        });
        verifiers.emplace(one.claims, std::move(verifier));
    }
    observe::Metrics metrics;
    Relays relays(rig.tables, std::move(verifiers), {}, rig.hub, rig.bus, metrics, rig.clock);
    std::vector<SocketId> sockets;
    std::vector<std::unique_ptr<FakePeer>> peers;
    for (int i = 0; i < 2; ++i) {
        protocol::HttpHeaders headers;
        if (loggedIn.contains(i))
            headers.add("Cookie", "token=" + rig.token());
        peers.push_back(
            std::make_unique<FakePeer>(rig.hub, "sid" + QByteArray::number(i), headers, QString()));
        sockets.push_back(peers.back()->id());
        relays.profile(QStringLiteral("profile%1").arg(i))->peerConnected(*peers.back());
        QCOMPARE(peers.back()->isIn(sockets.back().value + "_auth"), loggedIn.contains(i));
    }
    std::vector<Result<void>> outcomes;
    relays.demote(sockets, [&](const Result<void>& outcome) { outcomes.push_back(outcome); });
    rig.spin();
    QCOMPARE(outcomes.size(), size_t(1));
    for (const auto& peer : peers)
        QVERIFY(!peer->isIn(peer->id().value + "_auth"));
    for (const auto& [name, verifier] : relays.verifiers())
        QCOMPARE(verifier->revokedTokens(), loggedIn.contains(name.right(1).toInt()) ? 1 : 0);
    QCOMPARE(outcomes[0].has_value(), error == ErrorCode::Internal);
    if (!outcomes[0])
        QCOMPARE(outcomes[0].error().code, error);
}

QTEST_GUILESS_MAIN(TestRelays)
#include "tst_relays.moc"
