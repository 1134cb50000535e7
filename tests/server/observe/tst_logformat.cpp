// SPDX-License-Identifier: Apache-2.0
#include "server/observe/logformat.h"

#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::observe;

namespace {

model::LogEntry entry(const QString& text)
{
    return {5, 1'800'000'000'123, model::LogLevel::Warning, QStringLiteral("gh.task"), text, 3, 42,
        7, QStringLiteral("s1")};
}

} // namespace

class TestLogFormat : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void textLineNamesEverything();
    void absentThingsAreLeftOut();
    void jsonLineIsOneObject();
    void journalFieldsAreSeparate();
    void hostileTextStaysOneLine_data();
    void hostileTextStaysOneLine();
    void longTextIsCut();
};

void TestLogFormat::textLineNamesEverything()
{
    QCOMPARE(textLine(entry(QStringLiteral("run failed"))),
        QByteArray("2027-01-15T08:00:00.123Z warning gh.task run failed node=3 task=42 run=7 "
                   "socket=s1\n"));
}

void TestLogFormat::absentThingsAreLeftOut()
{
    const model::LogEntry bare{
        1, 0, model::LogLevel::Info, QStringLiteral("gh.app"), QStringLiteral("up"), 0, 0, 0, {}};
    QCOMPARE(textLine(bare), QByteArray("1970-01-01T00:00:00.000Z info gh.app up\n"));
    QCOMPARE(
        journalFields(bare), QByteArrayList({"MESSAGE=up", "PRIORITY=6", "GH_CATEGORY=gh.app"}));
    QCOMPARE(QJsonDocument::fromJson(jsonLine(bare)).object().keys().join(QLatin1Char(' ')),
        QStringLiteral("category level text time"));
}

void TestLogFormat::jsonLineIsOneObject()
{
    const QString text = QStringLiteral("say \"hi\" \\ é");
    const QJsonObject object = QJsonDocument::fromJson(jsonLine(entry(text))).object();
    QCOMPARE(object.value(QLatin1StringView("text")).toString(), text);
    QCOMPARE(object.value(QLatin1StringView("level")).toString(), QStringLiteral("warning"));
    QCOMPARE(object.value(QLatin1StringView("node")).toInteger(), 3);
    QCOMPARE(object.value(QLatin1StringView("task")).toInteger(), 42);
    QCOMPARE(object.value(QLatin1StringView("run")).toInteger(), 7);
    QCOMPARE(object.value(QLatin1StringView("socket")).toString(), QStringLiteral("s1"));
}

void TestLogFormat::journalFieldsAreSeparate()
{
    QCOMPARE(journalFields(entry(QStringLiteral("x"))),
        QByteArrayList({"MESSAGE=x", "PRIORITY=4", "GH_CATEGORY=gh.task", "GH_NODE=3", "GH_TASK=42",
            "GH_RUN=7", "GH_SID=s1"}));
}

void TestLogFormat::hostileTextStaysOneLine_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("forged second line")
        << QStringLiteral("x\n2027-01-15T08:00:00.000Z info gh.auth admin logged in");
    QTest::newRow("carriage return") << QStringLiteral("x\rgh.auth all is well");
    QTest::newRow("terminal") << QStringLiteral("\x1b]0;title\x07\x1b[2J");
    QTest::newRow("NUL") << QString(QStringLiteral("a") + QChar(u'\0') + QLatin1Char('b'));
    QTest::newRow("line separators") << QStringLiteral("a\u2028b\u2029c\u0085d");
    QTest::newRow("json breakout") << QStringLiteral("\"}\n{\"level\":\"info\"");
}

void TestLogFormat::hostileTextStaysOneLine()
{
    QFETCH(QString, text);
    const model::LogEntry clean = cleaned(entry(text));
    for (const QByteArray& line : {textLine(clean), jsonLine(clean)}) {
        QCOMPARE(line.count('\n'), 1);
        QVERIFY(line.endsWith('\n'));
        for (const QChar c : QString::fromUtf8(line.chopped(1)))
            QVERIFY(
                c.category() != QChar::Other_Control && c != QChar(0x2028) && c != QChar(0x2029));
    }
    QVERIFY(QJsonDocument::fromJson(jsonLine(clean)).isObject());
}

void TestLogFormat::longTextIsCut()
{
    const QString text(1'000'000, u'x');
    const QString cut = shortened(text, 100);
    QVERIFY(cut.size() < 150);
    QVERIFY(cut.endsWith(QStringLiteral("(1000000 characters)")));
    QCOMPARE(shortened(text.left(100), 100).size(), 100);
}

QTEST_GUILESS_MAIN(TestLogFormat)
#include "tst_logformat.moc"
