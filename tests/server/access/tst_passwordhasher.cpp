// SPDX-License-Identifier: Apache-2.0
#include "server/access/passwordhasher.h"

#include <QElapsedTimer>
#include <QTest>
#include <QThread>

using namespace gatehouse;
using namespace gatehouse::access;

namespace {

// Cheap, so that the tests are quick; the default's cost has a test of its own.
constexpr PasswordParameters cheap{.iterations = 1, .memoryKiB = 64, .lanes = 1};

QByteArray hashed(const QByteArray& password, const PasswordParameters& parameters = cheap)
{
    return hashPassword(password, parameters).value();
}

} // namespace

class TestPasswordHasher : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void rightPasswordMatches_data();
    void rightPasswordMatches();
    void saltMakesEqualPasswordsDiffer();
    void forgedStringMatchesNothing_data();
    void forgedStringMatchesNothing();
    void weakerParametersAskForANewHash();
    void defaultCostIsThatOfTheManual();
    void missingAccountCostsTheSame();
    void resultComesLaterInTheCallersThread();
    void contextThatIsGoneHearsNothing();
    void waitingIsBounded();
    void longPasswordIsRefused();
    void destructorWaits();
};

void TestPasswordHasher::rightPasswordMatches_data()
{
    QTest::addColumn<QByteArray>("password");
    QTest::newRow("usual") << QByteArray("correct horse");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("with NUL") << QByteArray("a\0b", 3);
    QTest::newRow("not ASCII") << QByteArray("pässwörd 漢");
}

void TestPasswordHasher::rightPasswordMatches()
{
    QFETCH(QByteArray, password);
    const QByteArray stored = hashed(password);
    QVERIFY(stored.startsWith("$argon2id$v=19$m=64,t=1,p=1$"));
    QVERIFY(verifyPassword(password, stored, cheap).matches);
    QVERIFY(!verifyPassword(password + 'x', stored, cheap).matches);
    QVERIFY(!verifyPassword("a", stored, cheap).matches);
}

void TestPasswordHasher::saltMakesEqualPasswordsDiffer()
{
    QVERIFY(hashed("x") != hashed("x"));
}

void TestPasswordHasher::forgedStringMatchesNothing_data()
{
    QTest::addColumn<QByteArray>("stored");
    const QByteArray good = hashed("x");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("the password itself") << QByteArray("x");
    QTest::newRow("argon2i") << QByteArray(good).replace("argon2id", "argon2i");
    QTest::newRow("older version") << QByteArray(good).replace("v=19", "v=16");
    QTest::newRow("4 GiB of memory") << QByteArray(good).replace("m=64", "m=4194304");
    QTest::newRow("4 billion rounds") << QByteArray(good).replace("t=1", "t=4294967295");
    QTest::newRow("1000 lanes") << QByteArray(good).replace("p=1", "p=1000");
    QTest::newRow("no memory given") << QByteArray(good).replace("m=64,", "");
    QTest::newRow("memory not a number") << QByteArray(good).replace("m=64", "m=64x");
    QTest::newRow("hash cut") << good.chopped(4);
    QTest::newRow("hash missing") << good.left(good.lastIndexOf('$'));
    QTest::newRow("bcrypt") << QByteArray(
        "$2b$12$abcdefghijklmnopqrstuuMJ1iyR9d6n4zGJz3mYbC0HWRfqG8l7W");
    QTest::newRow("endless") << QByteArray(good + QByteArray(100'000, 'A'));
}

void TestPasswordHasher::forgedStringMatchesNothing()
{
    QFETCH(QByteArray, stored);
    QElapsedTimer timer;
    timer.start();
    QVERIFY(!verifyPassword("x", stored, cheap).matches);
    QVERIFY(timer.elapsed() < 1'000);
}

void TestPasswordHasher::weakerParametersAskForANewHash()
{
    const PasswordParameters stronger{.iterations = 2, .memoryKiB = 128, .lanes = 1};
    QVERIFY(verifyPassword("x", hashed("x"), stronger).needsRehash);
    QVERIFY(!verifyPassword("x", hashed("x"), cheap).needsRehash);
    QVERIFY(!verifyPassword("x", hashed("x", stronger), cheap).needsRehash);
    QVERIFY(!verifyPassword("wrong", hashed("x"), stronger).needsRehash);
}

void TestPasswordHasher::defaultCostIsThatOfTheManual()
{
    const QByteArray stored = hashPassword("x").value();
    QVERIFY2(stored.startsWith("$argon2id$v=19$m=19456,t=2,p=1$"), stored.constData());
    QVERIFY(verifyPassword("x", stored).matches);
}

void TestPasswordHasher::missingAccountCostsTheSame()
{
    const QByteArray stored = hashPassword("x").value();
    // The best of several rounds, taken in turns, so that a busy machine disturbs both alike.
    qint64 real = std::numeric_limits<qint64>::max();
    qint64 missing = real;
    const auto measure = [](const QByteArray& against, qint64& best) {
        QElapsedTimer timer;
        timer.start();
        (void)verifyPassword("wrong", against);
        best = std::min(best, timer.nsecsElapsed());
    };
    for (int round = 0; round < 8; ++round) {
        measure(stored, real);
        measure({}, missing);
    }
    QVERIFY2(missing > real / 2 && missing < real * 2,
        qPrintable(QStringLiteral("%1 against %2 ns").arg(missing).arg(real)));
}

void TestPasswordHasher::resultComesLaterInTheCallersThread()
{
    PasswordHasher hasher({.parameters = cheap});
    QByteArray stored;
    QThread* where = nullptr;
    hasher.hash("x", this, [&](Result<QByteArray> result) {
        stored = result.value();
        where = QThread::currentThread();
    });
    QVERIFY(stored.isEmpty());
    QCOMPARE(hasher.pending(), 1);
    QTRY_VERIFY(!stored.isEmpty());
    QCOMPARE(where, QThread::currentThread());
    QCOMPARE(hasher.pending(), 0);
    std::optional<PasswordMatch> match;
    hasher.verify("x", stored, this, [&](Result<PasswordMatch> result) { match = result.value(); });
    QTRY_VERIFY(match);
    QVERIFY(match->matches);
}

void TestPasswordHasher::contextThatIsGoneHearsNothing()
{
    PasswordHasher hasher({.parameters = cheap});
    bool heard = false;
    {
        QObject context;
        hasher.hash("x", &context, [&](Result<QByteArray>) { heard = true; });
    }
    bool later = false;
    hasher.hash("y", this, [&](Result<QByteArray>) { later = true; });
    QTRY_VERIFY(later && hasher.pending() == 0);
    QCoreApplication::processEvents();
    QVERIFY(!heard);
}

void TestPasswordHasher::waitingIsBounded()
{
    PasswordHasher hasher({.parameters = {}, .threads = 1, .maxWaiting = 2});
    int done = 0;
    int refused = 0;
    for (int i = 0; i < 10; ++i) {
        hasher.hash("x", this, [&](Result<QByteArray> result) {
            ++done;
            if (!result && result.error().code == ErrorCode::RateLimited)
                ++refused;
        });
    }
    QTRY_COMPARE(done, 10);
    QCOMPARE(refused, 7);
}

void TestPasswordHasher::longPasswordIsRefused()
{
    PasswordHasher hasher({.parameters = cheap, .maxPasswordBytes = 10});
    std::optional<ErrorCode> code;
    hasher.verify(QByteArray(11, 'x'), hashed("x"), this,
        [&](Result<PasswordMatch> result) { code = result.error().code; });
    QVERIFY(!code);
    QTRY_VERIFY(code);
    QCOMPARE(*code, ErrorCode::TooLarge);
}

void TestPasswordHasher::destructorWaits()
{
    bool heard = false;
    {
        PasswordHasher hasher({});
        for (int i = 0; i < 8; ++i)
            hasher.hash("x", this, [&](Result<QByteArray>) { heard = true; });
    }
    QCoreApplication::processEvents();
    QVERIFY(!heard);
}

QTEST_GUILESS_MAIN(TestPasswordHasher)
#include "tst_passwordhasher.moc"
