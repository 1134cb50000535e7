// SPDX-License-Identifier: Apache-2.0
#include "common/client/pendingacks.h"
#include "tests/support/wait.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::client;
using gatehouse::test::waitUntil;

namespace {

const NamespaceName Root{"/"};
const NamespaceName Tasks{"/tasks"};
const Error Gone{ErrorCode::Unavailable, {}};

} // namespace

class TestPendingAcks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idsCountFromZero();
    void anAnswerIsDeliveredOnce();
    void anAnswerInAnotherNamespaceIsNotOurs();
    void lateOnesTimeOut();
    void aShorterDeadlineAddedLaterIsKept();
    void failingANamespaceLeavesTheOthers();
    void aGoneContextHearsNothing();
    void aCallbackMayAskAgain();
    void aCallbackMayDestroyTheOwner();

private:
    AckCallback keep()
    {
        return [this](Result<AckReply> reply) { m_replies.append(std::move(reply)); };
    }
    QList<Result<AckReply>> m_replies;

public Q_SLOTS:
    void init() { m_replies.clear(); }
};

void TestPendingAcks::idsCountFromZero()
{
    PendingAcks acks;
    QCOMPARE(acks.add(Root, Millis{1'000}, this, keep()), quint64(0));
    QCOMPARE(acks.add(Tasks, Millis{1'000}, this, keep()), quint64(1));
}

void TestPendingAcks::anAnswerIsDeliveredOnce()
{
    PendingAcks acks;
    const quint64 id = acks.add(Root, Millis{1'000}, this, keep());
    QVERIFY(acks.resolve(Root, id, {"1,2", {"x"}}));
    QVERIFY(!acks.resolve(Root, id, {"3", {}}));
    QCOMPARE(m_replies.size(), 1);
    QCOMPARE(m_replies.first()->args, "1,2");
    QCOMPARE(m_replies.first()->json(), (QJsonArray{1, 2}));
}

void TestPendingAcks::anAnswerInAnotherNamespaceIsNotOurs()
{
    PendingAcks acks;
    const quint64 id = acks.add(Root, Millis{1'000}, this, keep());
    QVERIFY(!acks.resolve(Tasks, id, {}));
    QVERIFY(!acks.resolve(Root, id + 1, {}));
    QVERIFY(m_replies.isEmpty());
}

void TestPendingAcks::lateOnesTimeOut()
{
    PendingAcks acks;
    const quint64 first = acks.add(Root, Millis{20}, this, keep());
    acks.add(Root, Millis{40}, this, keep());
    QVERIFY(waitUntil([this] { return m_replies.size() == 2; }));
    QCOMPARE(m_replies.first().error().code, ErrorCode::Timeout);
    QVERIFY(!acks.resolve(Root, first, {}));
}

void TestPendingAcks::aShorterDeadlineAddedLaterIsKept()
{
    PendingAcks acks;
    acks.add(Root, Millis{100'000}, this, keep());
    acks.add(Root, Millis{20}, this, keep());
    QVERIFY(waitUntil([this] { return m_replies.size() == 1; }));
}

void TestPendingAcks::failingANamespaceLeavesTheOthers()
{
    PendingAcks acks;
    acks.add(Root, Millis{1'000}, this, keep());
    const quint64 other = acks.add(Tasks, Millis{1'000}, this, keep());
    acks.failNamespace(Root, Gone);
    QCOMPARE(m_replies.size(), 1);
    QCOMPARE(m_replies.first().error().code, ErrorCode::Unavailable);
    QVERIFY(acks.resolve(Tasks, other, {}));
    acks.add(Root, Millis{1'000}, this, keep());
    acks.add(Tasks, Millis{1'000}, this, keep());
    acks.failAll(Gone);
    QCOMPARE(m_replies.size(), 4);
}

void TestPendingAcks::aGoneContextHearsNothing()
{
    PendingAcks acks;
    auto context = std::make_unique<QObject>();
    const quint64 id = acks.add(Root, Millis{1'000}, context.get(), keep());
    acks.add(Root, Millis{1'000}, context.get(), keep());
    context.reset();
    acks.resolve(Root, id, {});
    acks.failAll(Gone);
    QVERIFY(m_replies.isEmpty());
}

void TestPendingAcks::aCallbackMayAskAgain()
{
    PendingAcks acks;
    acks.add(Root, Millis{1'000}, this,
        [&](const Result<AckReply>&) { acks.add(Root, Millis{1'000}, this, keep()); });
    acks.failAll(Gone);
    QVERIFY(m_replies.isEmpty()); // the new one is not part of what failed
    acks.failAll(Gone);
    QCOMPARE(m_replies.size(), 1);
}

void TestPendingAcks::aCallbackMayDestroyTheOwner()
{
    auto* const acks = new PendingAcks;
    const auto destroy = [&](const Result<AckReply>&) {
        m_replies.append(AckReply{});
        delete acks;
    };
    acks->add(Root, Millis{1'000}, this, destroy);
    acks->add(Root, Millis{1'000}, this, destroy);
    acks->failAll(Gone);
    QCOMPARE(m_replies.size(), 1);
}

QTEST_GUILESS_MAIN(TestPendingAcks)
#include "tst_pendingacks.moc"
