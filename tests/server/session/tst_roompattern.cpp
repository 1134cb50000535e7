// SPDX-License-Identifier: Apache-2.0
#include "server/session/roompattern.h"

#include <QElapsedTimer>
#include <QTest>

using gatehouse::session::fitsPattern;

class TestRoomPattern : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wholeNamesFit_data();
    void wholeNamesFit();
    void manyStarsAreQuick();
};

void TestRoomPattern::wholeNamesFit_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("fits");
    const auto row = [](const char* what, const char* pattern, const char* name, bool fits) {
        QTest::newRow(what) << QString::fromUtf8(pattern) << QString::fromUtf8(name) << fits;
    };
    row("a name", "task_1", "task_1", true);
    row("another name", "task_1", "task_2", false);
    row("more than the name", "task_1", "task_12", false);
    row("less than the name", "task_1", "task_", false);
    row("case", "Task", "task", false);
    row("star at the end", "task_*", "task_12", true);
    row("star for nothing", "task_*", "task_", true);
    row("star over a slash", "site/*", "site/a/b", true);
    row("star alone", "*", "a/b[c]", true);
    row("star and the empty name", "*", "", true);
    row("star in the middle", "a*c", "abcbc", true);
    row("star in the middle, other end", "a*c", "abcb", false);
    row("two stars", "*b*", "abc", true);
    row("stars in a row", "a**", "a", true);
    row("brackets are characters", "room[1]", "room[1]", true);
    row("brackets are no set", "room[1]", "room1", false);
    row("a dot is a character", "a.b", "axb", false);
    row("a backslash is a character", "a\\*", "a\\b", true);
    row("one character", "task_?", "task_7", true);
    row("no character", "task_?", "task_", false);
    row("a slash for one character", "a?b", "a/b", true);
    row("the empty pattern", "", "a", false);
    row("beyond ASCII", "räume/*", "räume/ü", true);
}

void TestRoomPattern::wholeNamesFit()
{
    QFETCH(QString, pattern);
    QFETCH(QString, name);
    QTEST(fitsPattern(name, pattern), "fits");
}

void TestRoomPattern::manyStarsAreQuick()
{
    QElapsedTimer time;
    time.start();
    const QString pattern = QStringLiteral("*a").repeated(100) + u'b';
    QVERIFY(!fitsPattern(QString(1'000, u'a'), pattern));
    QVERIFY2(time.elapsed() < 1'000, qPrintable(QString::number(time.elapsed())));
}

QTEST_APPLESS_MAIN(TestRoomPattern)
#include "tst_roompattern.moc"
