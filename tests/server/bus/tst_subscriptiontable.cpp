// SPDX-License-Identifier: Apache-2.0
#include "server/bus/subscriptiontable.h"

#include <QTest>

using namespace gatehouse::bus;

class TestSubscriptionTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tellsTheFirstAndTheLastOfAPattern();
    void exchangesAreApart();
    void aHandlerMayRemoveItselfAndOthers();
    void oneRejectionIsEnough();
};

namespace {

Message on(const char* exchange, const char* topic)
{
    Message message;
    message.exchange = exchange;
    message.topic = topic;
    return message;
}

MessageHandler counting(int& count)
{
    return [&count](const Message&) {
        ++count;
        return Verdict::Accepted;
    };
}

} // namespace

void TestSubscriptionTable::tellsTheFirstAndTheLastOfAPattern()
{
    SubscriptionTable table;
    int count = 0;
    const auto first = table.add("", "a.b", counting(count));
    const auto second = table.add("", "a.b", counting(count));
    const auto wild = table.add("", "a.*", counting(count));
    QVERIFY(first.isFirst);
    QVERIFY(!second.isFirst);
    QVERIFY(wild.isFirst);
    QCOMPARE(table.patternCount(), 2);
    QCOMPARE(table.count(), 3);
    QCOMPARE(table.deliver(on("", "a.b")).handlers, 3);
    QCOMPARE(count, 3);
    QVERIFY(!table.remove(first.id).wasLast);
    const auto last = table.remove(second.id);
    QVERIFY(last.wasLast);
    QCOMPARE(last.pattern, QByteArray("a.b"));
    QVERIFY(!table.remove(second.id).wasLast); // a second time: nothing
    QVERIFY(table.has("", "a.*"));
    QVERIFY(table.remove(wild.id).wasLast);
    QVERIFY(!table.has("", "a.*"));
    QCOMPARE(table.patternCount(), 0);
}

void TestSubscriptionTable::exchangesAreApart()
{
    SubscriptionTable table;
    int count = 0;
    table.add("events", "a", counting(count));
    QCOMPARE(table.deliver(on("", "a")).handlers, 0);
    QCOMPARE(table.deliver(on("events", "a")).handlers, 1);
    const auto again = table.add("", "a", counting(count));
    QVERIFY(again.isFirst);
}

void TestSubscriptionTable::aHandlerMayRemoveItselfAndOthers()
{
    SubscriptionTable table;
    int other = 0;
    quint64 self = 0;
    quint64 victim = 0;
    int calls = 0;
    self = table
               .add("", "a",
                   [&](const Message&) {
                       ++calls;
                       table.remove(self);
                       table.remove(victim);
                       table.add("", "a", counting(other));
                       return Verdict::Accepted;
                   })
               .id;
    victim = table.add("", "a", counting(other)).id;
    QCOMPARE(table.deliver(on("", "a")).handlers, 1);
    QCOMPARE(calls, 1);
    QCOMPARE(other, 0);
    QCOMPARE(table.deliver(on("", "a")).handlers, 1); // the new one
    QCOMPARE(other, 1);
}

void TestSubscriptionTable::oneRejectionIsEnough()
{
    SubscriptionTable table;
    int count = 0;
    table.add("", "a", [](const Message&) { return Verdict::Rejected; });
    table.add("", "#", counting(count));
    const auto delivered = table.deliver(on("", "a"));
    QVERIFY(delivered.isRejected);
    QCOMPARE(count, 1);
    QVERIFY(!table.deliver(on("", "b")).isRejected);
}

QTEST_APPLESS_MAIN(TestSubscriptionTable)
#include "tst_subscriptiontable.moc"
