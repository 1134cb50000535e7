// SPDX-License-Identifier: Apache-2.0
#include "server/bus/topicpattern.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse::bus;

class TestTopicPattern : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void matchesAsATopicExchangeDoes_data();
    void matchesAsATopicExchangeDoes();
    void manyHashesDoNotTakeForEver();
    void tellsByWhatATopicMayHaveCome();
    void tellsWhatIsATopic_data();
    void tellsWhatIsATopic();
};

void TestTopicPattern::matchesAsATopicExchangeDoes_data()
{
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<bool>("expected");
    const auto row = [](const char* pattern, const char* topic, bool expected) {
        QTest::addRow("%s / %s", pattern, topic)
            << QByteArray(pattern) << QByteArray(topic) << expected;
    };
    row("a", "a", true);
    row("a", "b", false);
    row("a", "a.b", false);
    row("a.b", "a", false);
    row("*", "a", true);
    row("*", "a.b", false);
    row("gateway.*", "gateway.on_message", true);
    row("gateway.*", "gateway", false);
    row("gateway.*", "gateway.on.message", false);
    row("#", "a.b.c", true);
    row("a.#", "a", true);
    row("a.#", "a.b.c", true);
    row("a.#", "b", false);
    row("#.c", "c", true);
    row("#.c", "a.b.c", true);
    row("#.c", "a.b.c.d", false);
    row("a.#.c", "a.c", true);
    row("a.#.c", "a.b.b.c", true);
    row("a.#.b.#.c", "a.x.b.y.c", true);
    row("a.#.b.#.c", "a.x.c.y.b", false);
    row("*.#", "a", true);
    row("#.*", "a", true);
    row("#.#", "a", true);
    row("*.*", "a", false);
    row("a.", "a.", true);
    row("a.*", "a.", true);
    row("a", "a.", false);
    row("a..b", "a..b", true);
    row("a.*.b", "a..b", true);
    row("é.#", "é.ü", true);
}

void TestTopicPattern::matchesAsATopicExchangeDoes()
{
    QFETCH(QByteArray, pattern);
    QFETCH(QByteArray, topic);
    QVERIFY(isPattern(pattern));
    QVERIFY(isTopic(topic));
    QTEST(matches(pattern, topic), "expected");
}

void TestTopicPattern::manyHashesDoNotTakeForEver()
{
    const QByteArray pattern = QByteArray("#.a.").repeated(63) + "b";
    const QByteArray topic = QByteArray("a.").repeated(127) + "a";
    QVERIFY(isPattern(pattern));
    QVERIFY(isTopic(topic));
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 1'000; ++i)
        QVERIFY(!matches(pattern, topic));
    QVERIFY(timer.elapsed() < 5'000); // some 10 us each; a tree of choices would not end
}

void TestTopicPattern::tellsByWhatATopicMayHaveCome()
{
    QCOMPARE(likelyPatterns("a"), (QByteArrayList{"a", "#", "*"}));
    QCOMPARE(likelyPatterns("a.b.c"), (QByteArrayList{"a.b.c", "#", "a.#", "a.b.#", "a.b.*"}));
    const QByteArray deep = QByteArray("a.").repeated(100) + "b";
    const QByteArrayList patterns = likelyPatterns(deep);
    QVERIFY(patterns.size() <= 10);
    for (const QByteArray& pattern : patterns)
        QVERIFY2(matches(pattern, deep), pattern.constData());
}

void TestTopicPattern::tellsWhatIsATopic_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("topic");
    QTest::addColumn<bool>("pattern");
    QTest::newRow("word") << QByteArray("a") << true << true;
    QTest::newRow("empty") << QByteArray() << false << false;
    QTest::newRow("star") << QByteArray("a.*") << false << true;
    QTest::newRow("hash") << QByteArray("#") << false << true;
    QTest::newRow("star in a word") << QByteArray("a*") << true << false;
    QTest::newRow("255 octets") << QByteArray(255, 'x') << true << true;
    QTest::newRow("256 octets") << QByteArray(256, 'x') << false << false;
    QTest::newRow("not UTF-8") << QByteArray("\xff") << false << false;
    QTest::newRow("line feed") << QByteArray("a\nb") << false << false;
    QTest::newRow("NUL") << QByteArray("a\0b", 3) << false << false;
}

void TestTopicPattern::tellsWhatIsATopic()
{
    QFETCH(QByteArray, text);
    QTEST(isTopic(text), "topic");
    QTEST(isPattern(text), "pattern");
}

QTEST_APPLESS_MAIN(TestTopicPattern)
#include "tst_topicpattern.moc"
