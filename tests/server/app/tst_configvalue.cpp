// SPDX-License-Identifier: Apache-2.0
#include "server/app/configvalue.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;

class tst_ConfigValue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsDurations_data();
    void readsDurations();
    void printsDurationsSoThatTheyReadBack_data();
    void printsDurationsSoThatTheyReadBack();
    void readsSizes_data();
    void readsSizes();
    void quotesTextForToml();
    void splitsListsAtCommas();
};

void tst_ConfigValue::readsDurations_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("milliseconds"); // -1: refused
    QTest::newRow("milliseconds") << "250ms" << qint64(250);
    QTest::newRow("seconds") << "30s" << qint64(30'000);
    QTest::newRow("minutes, with a space") << "10 m" << qint64(600'000);
    QTest::newRow("hours") << "6h" << qint64(21'600'000);
    QTest::newRow("days") << "2d" << qint64(172'800'000);
    QTest::newRow("zero") << "0s" << qint64(0);
    QTest::newRow("no unit") << "30" << qint64(-1);
    QTest::newRow("no number") << "s" << qint64(-1);
    QTest::newRow("empty") << "" << qint64(-1);
    QTest::newRow("negative") << "-1s" << qint64(-1);
    QTest::newRow("fraction") << "1.5s" << qint64(-1);
    QTest::newRow("unknown unit") << "3weeks" << qint64(-1);
    QTest::newRow("too large for the unit") << "9223372036854775807d" << qint64(-1);
    QTest::newRow("foreign digits") << QStringLiteral("\u0663s") << qint64(-1);
}

void tst_ConfigValue::readsDurations()
{
    QFETCH(QString, text);
    QFETCH(qint64, milliseconds);
    const auto value = durationFromText(text);
    QCOMPARE(value.has_value(), milliseconds >= 0);
    if (value) {
        QCOMPARE(*value, milliseconds);
    } else {
        QVERIFY(value.error().detail.contains(QStringLiteral("a duration")));
    }
}

void tst_ConfigValue::printsDurationsSoThatTheyReadBack_data()
{
    QTest::addColumn<qint64>("milliseconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("zero") << qint64(0) << "0ms";
    QTest::newRow("below a second") << qint64(999) << "999ms";
    QTest::newRow("a second") << qint64(1'000) << "1s";
    QTest::newRow("ninety seconds") << qint64(90'000) << "90s";
    QTest::newRow("two days") << qint64(172'800'000) << "2d";
    QTest::newRow("six hours") << qint64(21'600'000) << "6h";
}

void tst_ConfigValue::printsDurationsSoThatTheyReadBack()
{
    QFETCH(qint64, milliseconds);
    QFETCH(QString, text);
    QCOMPARE(durationToText(milliseconds), text);
    QCOMPARE(durationFromText(text), Result<qint64>(milliseconds));
}

void tst_ConfigValue::readsSizes_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("octets"); // -1: refused
    QTest::newRow("plain number") << "1000000" << qint64(1'000'000);
    QTest::newRow("KiB") << "16KiB" << qint64(16'384);
    QTest::newRow("kB") << "16 kB" << qint64(16'000);
    QTest::newRow("MB") << "1MB" << qint64(1'000'000);
    QTest::newRow("MiB") << "1MiB" << qint64(1'048'576);
    QTest::newRow("negative") << "-5" << qint64(-1);
    QTest::newRow("wrong case") << "1mb" << qint64(-1);
    QTest::newRow("a word") << "big" << qint64(-1);
}

void tst_ConfigValue::readsSizes()
{
    QFETCH(QString, text);
    QFETCH(qint64, octets);
    const auto value = sizeFromText(text);
    QCOMPARE(value.has_value(), octets >= 0);
    if (value) {
        QCOMPARE(*value, octets);
        QCOMPARE(sizeFromText(sizeToText(*value)), Result<qint64>(octets));
    }
}

void tst_ConfigValue::quotesTextForToml()
{
    const ConfigValue value{QStringLiteral("a\"b\\c\nd")};
    QCOMPARE(configValueToToml(ConfigType::Text, value), QStringLiteral("\"a\\\"b\\\\c\\u000ad\""));
}

void tst_ConfigValue::splitsListsAtCommas()
{
    const auto value = configValueFromText(ConfigType::TextList, QStringLiteral("a, b,,c"));
    QVERIFY(value);
    QCOMPARE(std::get<QStringList>(*value), QStringLiteral("a b c").split(u' '));
}

QTEST_GUILESS_MAIN(tst_ConfigValue)
#include "tst_configvalue.moc"
