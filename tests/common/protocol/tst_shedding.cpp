// SPDX-License-Identifier: Apache-2.0
#include "common/protocol/shedding.h"

#include <QTest>

using namespace gatehouse::protocol;

class TestShedding : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void choosesWhatGoes_data();
    void choosesWhatGoes();
};

/// "." may not go, "o" goes by age, a letter is the key of a packet that a newer one replaces. Each
/// costs 10.
static std::vector<Sheddable> queueOf(const QByteArray& kinds)
{
    std::vector<Sheddable> queue;
    for (const char kind : kinds) {
        if (kind == '.')
            queue.push_back({Shedding(), 10});
        else if (kind == 'o')
            queue.push_back({Shedding::oldestFirst(), 10});
        else
            queue.push_back({Shedding::keepLatest(quint64(kind)), 10});
    }
    return queue;
}

void TestShedding::choosesWhatGoes_data()
{
    QTest::addColumn<QByteArray>("queue");
    QTest::addColumn<int>("excess");
    QTest::addColumn<QByteArray>("left");
    const auto row = [](const char* name, const char* queue, int excess, const char* left) {
        QTest::newRow(name) << QByteArray(queue) << excess << QByteArray(left);
    };
    row("nothing waits", "", 10, "");
    row("nothing may go", "....", 30, "....");
    row("the oldest goes", ".ooo.", 10, ".oo.");
    row("as many as needed", ".ooo.", 11, ".o.");
    row("all there are", ".ooo.", 1'000, "..");
    row("the latest of a key stays", "a.ba.a", 10, ".b.a");
    row("all replaced go, though fewer would do", "aaaaa", 1, "a");
    row("the latest stays though it is too much", "ab", 20, "ab");
    row("age only when replacing was not enough", "oaa", 10, "oa");
    row("both", "oaoa", 15, "oa");
}

void TestShedding::choosesWhatGoes()
{
    QFETCH(QByteArray, queue);
    QFETCH(int, excess);
    QFETCH(QByteArray, left);
    const std::vector<bool> goes = chooseShed(queueOf(queue), excess);
    QByteArray rest;
    for (size_t i = 0; i < goes.size(); ++i)
        rest += goes[i] ? QByteArray() : QByteArray(1, queue[qsizetype(i)]);
    QCOMPARE(rest, left);
}

QTEST_GUILESS_MAIN(TestShedding)
#include "tst_shedding.moc"
