// SPDX-License-Identifier: Apache-2.0
#include "server/store/job.h"

#include <QEventLoop>
#include <QTest>
#include <QTimer>

using namespace gatehouse;
using namespace gatehouse::store;

namespace {

/// Does nothing but to be completed.
class Answer final : public Job
{
public:
    explicit Answer(std::function<void()> done) : m_done(std::move(done)) { }
    JobOutcome run(Database&) override { return JobOutcome::Done; }
    void fail(const Error&) override { }
    Error error() const override { return {}; }
    void complete() override { m_done(); }

private:
    std::function<void()> m_done;
};

std::vector<JobPtr> answers(int count, const std::function<void(int)>& done)
{
    std::vector<JobPtr> jobs;
    for (int i = 0; i < count; ++i)
        jobs.push_back(std::make_unique<Answer>([done, i] { done(i); }));
    return jobs;
}

void spend(std::chrono::microseconds time)
{
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) { }
}

} // namespace

class JobTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void manyAnswersLetOthersHaveTheirTurn();
    void answersComeInOrderAlsoFromInsideAnother();
    void anAnswerMayWaitForTheOneBehindIt();
    void theLastOnesAreDeliveredAtOnce();
};

void JobTest::manyAnswersLetOthersHaveTheirTurn()
{
    constexpr int count = 40;
    Deliverer deliverer;
    // Somebody else who has always something to do, in turn.
    QObject other;
    int turns = 0;
    const std::function<void()> turn = [&] {
        ++turns;
        QMetaObject::invokeMethod(&other, turn, Qt::QueuedConnection);
    };
    turn();
    QList<int> order;
    QList<int> turnOf;
    deliverer.deliver(answers(count, [&](int i) {
        order << i;
        turnOf << turns;
        spend(std::chrono::milliseconds{1});
    }));
    QTRY_COMPARE(order.size(), count);
    for (int i = 0; i < count; ++i)
        QCOMPARE(order[i], i);
    // However slow the machine: two of them have used up the time of a turn.
    for (int i = 2; i < count; ++i)
        QVERIFY2(turnOf[i] > turnOf[i - 2], qPrintable(QString::number(i)));
    const std::vector<LoopTurn> taken = deliverer.takeTurns();
    QVERIFY(taken.size() >= size_t(count / 2));
    for (const LoopTurn& one : taken)
        QVERIFY(one.worked.count() > 0 && one.held >= std::chrono::milliseconds{1});
    QVERIFY(deliverer.takeTurns().empty());
}

void JobTest::answersComeInOrderAlsoFromInsideAnother()
{
    Deliverer deliverer;
    QList<int> order;
    deliverer.deliver(answers(3, [&](int i) {
        order << i;
        if (i > 0)
            return;
        QEventLoop inner; // as somebody does who waits for an answer in one
        deliverer.deliver(answers(1, [&](int) {
            order << 10;
            inner.quit();
        }));
        inner.exec();
    }));
    QTRY_COMPARE(order, (QList<int>{0, 1, 2, 10}));
}

void JobTest::anAnswerMayWaitForTheOneBehindIt()
{
    Deliverer deliverer;
    QList<int> order;
    QEventLoop inner;
    QTimer overdue;
    overdue.setSingleShot(true);
    QObject::connect(&overdue, &QTimer::timeout, &inner, [&] { inner.exit(1); });
    overdue.start(std::chrono::seconds{30});
    int waited = -1;
    deliverer.deliver(answers(3, [&](int i) {
        order << i;
        if (i == 0)
            waited = inner.exec();
        else if (i == 1)
            inner.quit();
    }));
    QTRY_COMPARE_WITH_TIMEOUT(order.size(), 3, 40'000);
    QCOMPARE(waited, 0);
    QCOMPARE(order, (QList<int>{0, 1, 2}));
    QVERIFY(!deliverer.hasFinished());
}

void JobTest::theLastOnesAreDeliveredAtOnce()
{
    Deliverer deliverer;
    int done = 0;
    deliverer.deliver(answers(10, [&](int) {
        spend(std::chrono::milliseconds{1});
        ++done;
    }));
    deliverer.deliverAll();
    QCOMPARE(done, 10);
    QVERIFY(!deliverer.hasFinished());
}

QTEST_GUILESS_MAIN(JobTest)
#include "tst_job.moc"
