// SPDX-License-Identifier: Apache-2.0
#include "server/access/claimprofile.h"
#include "server/relay/nonces.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::relay;

class TestNonces : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eachIsRedeemedOnce();
    void theirTimeEnds();
    void theOnesRedeemedAreRememberedThroughAnOutage();
    void beyondTheBoundTheOldestGoes();
    void redeemedElsewhere_data();
    void redeemedElsewhere();

private:
    static QByteArray hashOf(const QByteArray& token)
    {
        return access::ProfileVerifier::hashOf(token);
    }

    ManualClock clock;
};

void TestNonces::eachIsRedeemedOnce()
{
    Nonces nonces(Millis{1'000}, 10, clock);
    nonces.add("7", "token");
    QCOMPARE(nonces.size(), 1);
    QCOMPARE(nonces.take("8"), std::nullopt);
    QCOMPARE(nonces.take("7"), std::optional(QByteArray("token")));
    QCOMPARE(nonces.take("7"), std::nullopt);
    QCOMPARE(nonces.size(), 0);
    nonces.add("7", "another");
    QCOMPARE(nonces.take("7"), std::optional(QByteArray("another")));
}

void TestNonces::theirTimeEnds()
{
    Nonces nonces(Millis{1'000}, 10, clock);
    nonces.add("7", "token");
    nonces.add("8", "token");
    QVERIFY(nonces.take("8"));
    clock.advance(Millis{1'000});
    QCOMPARE(nonces.take("7"), std::nullopt);
    QCOMPARE(nonces.expired(), quint64(1)); // that nobody redeemed
}

// The broker was away as it was redeemed in two processes: each hears of the other much later.
void TestNonces::theOnesRedeemedAreRememberedThroughAnOutage()
{
    Nonces nonces(Millis{1'000}, 10, clock);
    nonces.add("7", "token");
    clock.advance(Millis{999});
    QVERIFY(nonces.take("7"));
    nonces.add("8", "other");
    clock.advance(Millis{600'000});
    QCOMPARE(nonces.takenElsewhere("7", hashOf("token")), std::optional(QByteArray("token")));
    QCOMPARE(nonces.size(), 0); // the other one's time is over as ever
    QCOMPARE(nonces.expired(), quint64(1));
    clock.advance(Millis{3'600'000});
    QCOMPARE(nonces.takenElsewhere("7", hashOf("token")), std::nullopt);
}

void TestNonces::beyondTheBoundTheOldestGoes()
{
    Nonces nonces(Millis{1'000}, 2, clock);
    nonces.add("1", "a");
    nonces.add("2", "b");
    nonces.add("3", "c");
    QCOMPARE(nonces.take("1"), std::nullopt);
    QVERIFY(nonces.take("2"));
    QVERIFY(nonces.take("3"));
}

void TestNonces::redeemedElsewhere_data()
{
    // What happens to the nonce here, in order: (a)dded, (t)aken, (e)lsewhere, (o)ther token added.
    QTest::addColumn<QByteArray>("story");
    QTest::addColumn<bool>("canBeTaken");
    QTest::addColumn<bool>("isConflict");
    QTest::newRow("known here") << QByteArray("ae") << false << false;
    QTest::newRow("heard of before it was registered") << QByteArray("ea") << false << false;
    QTest::newRow("heard of twice") << QByteArray("aee") << false << false;
    QTest::newRow("redeemed here too") << QByteArray("ate") << false << true;
    QTest::newRow("registered for another token since") << QByteArray("eo") << true << false;
    QTest::newRow("registered for another token before") << QByteArray("oe") << true << false;
    QTest::newRow("redeemed here for another token") << QByteArray("ote") << false << false;
}

void TestNonces::redeemedElsewhere()
{
    QFETCH(QByteArray, story);
    QFETCH(bool, canBeTaken);
    QFETCH(bool, isConflict);
    Nonces nonces(Millis{1'000}, 10, clock);
    std::optional<QByteArray> conflict;
    for (const char step : story) {
        if (step == 'a')
            nonces.add("7", "token");
        else if (step == 'o')
            nonces.add("7", "another");
        else if (step == 't')
            QVERIFY(nonces.take("7"));
        else
            conflict = nonces.takenElsewhere("7", hashOf("token"));
    }
    QCOMPARE(conflict, isConflict ? std::optional(QByteArray("token")) : std::nullopt);
    QCOMPARE(nonces.take("7").has_value(), canBeTaken);
}

QTEST_APPLESS_MAIN(TestNonces)
#include "tst_nonces.moc"
