// SPDX-License-Identifier: Apache-2.0
#include "server/store/job.h"
#include "server/store/storedoutbox.h"
#include "tests/server/store/fixture.h"

using namespace gatehouse;
using namespace gatehouse::store;
using namespace gatehouse::store::test;

class TestOutbox : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { SKIP_WITHOUT_DATABASE(); }

    void keepsEverythingOfAMessage();
    void keepsTheOrderOverARestart();
    void givesNoNumberTwice();
    void boundsABatchByBytes();
    void tellsADamagedRow();
    void saysWhenTheStoreIsClosed();

private:
    static bus::Publication publication(const QByteArray& body)
    {
        return {.topic = "a", .body = body};
    }
    static Result<quint64> keep(StoredOutbox& outbox, const bus::Publication& message)
    {
        return await<quint64>([&](bus::Outbox::Completion<quint64> done) {
            outbox.keep(message, false, std::move(done));
        });
    }
    static std::vector<bus::KeptMessage> oldest(
        StoredOutbox& outbox, int count = 100, qint64 bytes = 1 << 20, quint64 after = 0)
    {
        return await<std::vector<bus::KeptMessage>>(
            [&](bus::Outbox::Completion<std::vector<bus::KeptMessage>> done) {
                outbox.oldest(after, count, bytes, std::move(done));
            })
            .value();
    }
    static bus::OutboxState state(StoredOutbox& outbox)
    {
        return await<bus::OutboxState>([&](bus::Outbox::Completion<bus::OutboxState> done) {
            outbox.state(std::move(done));
        }).value();
    }
    static bool remove(StoredOutbox& outbox, const std::vector<quint64>& numbers)
    {
        return await<void>([&](bus::Outbox::Completion<void> done) {
            outbox.remove(numbers, std::move(done));
        }).has_value();
    }

    ManualClock m_clock;
};

void TestOutbox::keepsEverythingOfAMessage()
{
    Fixture f;
    StoredOutbox outbox(*f.store, m_clock);
    QCOMPARE(state(outbox).messages, 0u);
    QVERIFY(!state(outbox).oldest);
    bus::Publication message;
    message.exchange = "events";
    message.topic = "guild.\xc3\xa9";
    message.body = QByteArray("\0\xff{", 3);
    message.properties.id = "id";
    message.properties.contentType = "x/y";
    message.properties.type = "t";
    message.properties.sender = "s";
    message.properties.headers = {{"a", "1"}, {"b", QByteArray("\xff\0", 2)}};
    message.needsReceiver = true;
    const auto number = keep(outbox, message);
    QVERIFY(number);
    const auto kept = oldest(outbox);
    QCOMPARE(kept.size(), size_t(1));
    QCOMPARE(kept[0].number, *number);
    QCOMPARE(kept[0].keptAt, m_clock.wall());
    QVERIFY(!kept[0].mayBeRepeated);
    const bus::Publication& back = kept[0].publication;
    QCOMPARE(back.exchange, message.exchange);
    QCOMPARE(back.topic, message.topic);
    QCOMPARE(back.body, message.body);
    QCOMPARE(back.properties.id, message.properties.id);
    QCOMPARE(back.properties.contentType, message.properties.contentType);
    QCOMPARE(back.properties.type, message.properties.type);
    QCOMPARE(back.properties.sender, message.properties.sender);
    QCOMPARE(back.properties.headers, message.properties.headers);
    QVERIFY(back.needsReceiver);
    QCOMPARE(back.care, bus::Care::Kept);
    QVERIFY(await<void>(
        [&](bus::Outbox::Completion<void> done) { outbox.markTried({*number}, std::move(done)); }));
    QVERIFY(oldest(outbox)[0].mayBeRepeated);
    QCOMPARE(state(outbox).bytes, 3u);
    QCOMPARE(*state(outbox).oldest, m_clock.wall());
}

void TestOutbox::keepsTheOrderOverARestart()
{
    Fixture f;
    {
        StoredOutbox outbox(*f.store, m_clock);
        for (int i = 0; i < 500; ++i)
            outbox.keep(publication(QByteArray::number(i)), false, {});
        QVERIFY(keep(outbox, publication("500")));
    }
    f.reopen();
    StoredOutbox outbox(*f.store, m_clock);
    QCOMPARE(state(outbox).messages, 501u);
    int next = 0;
    while (next <= 500) {
        const auto batch = oldest(outbox, 64);
        QVERIFY(!batch.empty());
        std::vector<quint64> numbers;
        for (const auto& message : batch) {
            QCOMPARE(message.publication.body, QByteArray::number(next++));
            numbers.push_back(message.number);
        }
        QVERIFY(remove(outbox, numbers));
    }
    QCOMPARE(state(outbox).messages, 0u);
}

void TestOutbox::givesNoNumberTwice()
{
    Fixture f;
    StoredOutbox outbox(*f.store, m_clock);
    const auto first = keep(outbox, publication("a"));
    QVERIFY(first);
    QVERIFY(remove(outbox, {*first}));
    const auto second = keep(outbox, publication("b"));
    QVERIFY(second);
    QVERIFY(*second > *first);
}

void TestOutbox::boundsABatchByBytes()
{
    Fixture f;
    StoredOutbox outbox(*f.store, m_clock);
    for (int i = 0; i < 5; ++i)
        QVERIFY(keep(outbox, publication(QByteArray(1'000, 'x'))));
    QCOMPARE(oldest(outbox, 100, 1'500).size(), size_t(2));
    QCOMPARE(oldest(outbox, 100, 1).size(), size_t(1)); // one at least
    QCOMPARE(oldest(outbox, 3).size(), size_t(3));
    const quint64 second = oldest(outbox)[1].number;
    const auto rest = oldest(outbox, 2, 1 << 20, second);
    QCOMPARE(rest.size(), size_t(2));
    QVERIFY(rest[0].number > second && rest[1].number > rest[0].number);
}

void TestOutbox::tellsADamagedRow()
{
    Fixture f;
    StoredOutbox outbox(*f.store, m_clock);
    const auto damaged = keep(outbox, publication("first"));
    QVERIFY(damaged && keep(outbox, publication("second")));
    QVERIFY(await<void>([&](work::Completion<void> done) {
        f.store->submitWrite(std::make_unique<TypedJob<void>>(
            [&](Database& database) {
                database.change(u"UPDATE outbox SET properties = ? WHERE id = ?"_s,
                    QByteArray("\0\0\0\7half", 8), qint64(*damaged));
            },
            std::move(done)));
    }));
    const auto kept = oldest(outbox);
    QCOMPARE(kept.size(), size_t(2));
    QVERIFY(kept[0].isDamaged);
    QCOMPARE(kept[0].number, *damaged);
    QCOMPARE(kept[0].publication.body.size(), 5); // counted, if not sent
    QVERIFY(!kept[1].isDamaged);
    QCOMPARE(kept[1].publication.body, QByteArray("second"));
}

void TestOutbox::saysWhenTheStoreIsClosed()
{
    Fixture f;
    StoredOutbox outbox(*f.store, m_clock);
    f.store->close();
    const auto refused = keep(outbox, publication("a"));
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::Unavailable);
}

QTEST_GUILESS_MAIN(TestOutbox)
#include "tst_outbox.moc"
