// SPDX-License-Identifier: Apache-2.0
// The pickles were made by Python 3.11's own pickle module; each row says of what.
#include "server/bus/pickle.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::bus;

class TestPickle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsData_data();
    void readsData();
    void refusesEverythingElse_data();
    void refusesEverythingElse();
    void everyCutIsRefused();
    void boundsWhatGrowsOnTheWayOut();
    void boundsValues();
};

namespace {

QByteArray hex(const char* text)
{
    return QByteArray::fromHex(text);
}

// {'a': 1, 'b': [True, None, 1.5, -3, 2**40], 'é': ('x', b'\x01\x02')}, protocol 4
const char* const mixed = "80049536000000000000007d94288c0161944b018c0162945d9428884e473ff800000000"
                          "00004afdffffff8a06000000"
                          "000001658c02c3a9948c017894430201029486947 52e";

QByteArray mixedPickle()
{
    return QByteArray::fromHex(QByteArray(mixed).replace(' ', ""));
}

} // namespace

void TestPickle::readsData_data()
{
    QTest::addColumn<QByteArray>("pickle");
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("None") << hex("80044e2e") << QByteArray("null");
    QTest::newRow("True") << hex("8004882e") << QByteArray("true");
    QTest::newRow("False") << hex("8004892e") << QByteArray("false");
    QTest::newRow("0") << hex("80044b002e") << QByteArray("0");
    QTest::newRow("65535") << hex("80044dffff2e") << QByteArray("65535");
    QTest::newRow("-1") << hex("80044affffffff2e") << QByteArray("-1");
    QTest::newRow("2**63-1") << hex("80048a08ffffffffffffff7f2e")
                             << QByteArray("9223372036854775807");
    QTest::newRow("-2**40") << hex("80048a060000000000ff2e") << QByteArray("-1099511627776");
    QTest::newRow("LONG1 of no octets") << hex("80048a002e") << QByteArray("0");
    QTest::newRow("1.0") << hex("8004473ff00000000000002e") << QByteArray("1.0");
    QTest::newRow("text with a quote") << hex("80048c03612262942e") << QByteArray("\"a\\\"b\"");
    QTest::newRow("empty list, dict, tuple")
        << hex("80045d947d9429879 42e") << QByteArray("[[],{},[]]");
    QTest::newRow("protocol 2") << hex("80027d710058010000006171014b01732e")
                                << QByteArray("{\"a\":1}");
    QTest::newRow("mixed") << mixedPickle()
                           << QByteArray("{\"a\":1,\"b\":[true,null,1.5,-3,1099511627776],"
                                         "\"\xc3\xa9\":[\"x\",{\"_placeholder\":true,\"num\":0}]}");
}

void TestPickle::readsData()
{
    QFETCH(QByteArray, pickle);
    const auto read = Pickle::read(pickle);
    QVERIFY2(read, qPrintable(read ? QString() : read.error().detail));
    QByteArray json;
    QList<QByteArray> attachments;
    QVERIFY(read->toJson(read->root(), json, attachments, 10));
    QTEST(json, "json");
}

void TestPickle::refusesEverythingElse_data()
{
    QTest::addColumn<QByteArray>("pickle");
    // os.system("echo marker_here") as __reduce__ writes it
    QTest::newRow("a call") << hex(
        "80049533000000000000008c05706f736978948c0673797374656d9493948c106563686f206d61726b65"
        "725f686572659485945 22e");
    QTest::newRow("sys.exit") << hex("8004950e000000000000008c03737973948c046578697494932e");
    QTest::newRow("a set") << hex("80048f94284b014b02902e");
    QTest::newRow("protocol 0") << QByteArray("I1\n.");
    QTest::newRow("GLOBAL of protocol 2") << hex("8002636f730a73797374656d0a2e");
    QTest::newRow("an object, NEWOBJ") << hex("80045d29812e");
    QTest::newRow("persistent id") << hex("80048c0178512e");
    QTest::newRow("extension") << hex("800482012e");
    QTest::newRow("2**70") << hex("80048a090000000000000000402e");
    QTest::newRow("protocol 6") << hex("80064e2e");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("two values") << hex("80044e4e2e");
    QTest::newRow("none") << hex("80042e");
    QTest::newRow("only a mark") << hex("8004282e");
    QTest::newRow("goes on") << hex("80044e2e4e");
    QTest::newRow("text not UTF-8") << hex("80048c01ff2e");
    QTest::newRow("text longer than there is") << hex("80048c0561622e");
    QTest::newRow("8-octet length of 2**63") << hex("80048d00000000000000802e");
    QTest::newRow("APPEND to nothing") << hex("80044e612e");
    QTest::newRow("APPEND to a dict") << hex("80047d4e612e");
    QTest::newRow("SETITEMS with a key alone") << hex("80047d284e752e");
    QTest::newRow("TUPLE2 over a mark") << hex("8004284e862e");
    QTest::newRow("APPENDS without a mark") << hex("80045d652e");
    QTest::newRow("BINGET of nothing") << hex("800468002e");
    QTest::newRow("MEMOIZE of nothing") << hex("8004942e");
}

void TestPickle::refusesEverythingElse()
{
    QFETCH(QByteArray, pickle);
    const auto read = Pickle::read(pickle);
    QVERIFY(!read);
    QVERIFY(read.error().code == ErrorCode::Malformed);
}

void TestPickle::everyCutIsRefused()
{
    const QByteArray whole = mixedPickle();
    QVERIFY(Pickle::read(whole));
    for (qsizetype size = 0; size < whole.size(); ++size)
        QVERIFY2(!Pickle::read(whole.first(size)), qPrintable(QString::number(size)));
}

void TestPickle::boundsWhatGrowsOnTheWayOut()
{
    const auto json = [](const QByteArray& octets) -> Result<QByteArray> {
        const auto read = Pickle::read(octets);
        if (!read)
            return tl::unexpected(read.error());
        QByteArray text;
        QList<QByteArray> attachments;
        const auto done = read->toJson(read->root(), text, attachments, 0);
        if (!done)
            return tl::unexpected(done.error());
        return text;
    };
    // l = []; l.append(l)
    const auto circle = json(hex("80045d946800612e"));
    QVERIFY(!circle);
    QCOMPARE(circle.error().code, ErrorCode::Malformed);
    // thirty times x = (x, x): a few octets that would be gigabytes
    QByteArray tuples = hex("80044b0194");
    for (int i = 0; i < 30; ++i)
        tuples += QByteArray("h") + char(i) + hex("8694"); // (x, x), remembered
    const auto grown = json(tuples + '.');
    QVERIFY(!grown);
    QCOMPARE(grown.error().code, ErrorCode::TooLarge);
    QVERIFY(!json(hex("8004477ff00000000000002e"))); // infinity
    QVERIFY(!json(hex("80047d4b014b02732e"))); // {1: 2}
    QVERIFY(!json(hex("80044301612e"))); // bytes, none allowed
}

void TestPickle::boundsValues()
{
    const QByteArray many = hex("80045d28") + QByteArray(100'000, 'N') + hex("652e");
    const auto read = Pickle::read(many);
    QVERIFY(!read);
    QCOMPARE(read.error().code, ErrorCode::TooLarge);
    const QByteArray fewer = hex("80045d28") + QByteArray(90'000, 'N') + hex("652e");
    QVERIFY(Pickle::read(fewer));
    const QByteArray marks = hex("8004") + QByteArray(200'000, '(') + '.';
    QVERIFY(!Pickle::read(marks));
}

QTEST_APPLESS_MAIN(TestPickle)
#include "tst_pickle.moc"
