// SPDX-License-Identifier: Apache-2.0
#include "server/transport/listhook.h"

#include <QTest>

#include <memory>
#include <vector>

using gatehouse::transport::ListHook;

namespace {

std::vector<const ListHook*> listed(const ListHook& head)
{
    std::vector<const ListHook*> hooks;
    for (const ListHook* at = head.next(); at != &head; at = at->next())
        hooks.push_back(at);
    return hooks;
}

using Hooks = std::vector<const ListHook*>;

} // namespace

class TestListHook : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hooksStandInTheOrderTheyCame();
    void whoIsDestroyedLeaves();
    void takenHooksComeBehindThoseThatAreThere();
    void takingFromAnEmptyListChangesNothing();
};

void TestListHook::hooksStandInTheOrderTheyCame()
{
    ListHook head;
    ListHook a;
    ListHook b;
    QVERIFY(head.isEmpty());
    QVERIFY(!a.isLinked());
    a.append(head);
    b.append(head);
    QCOMPARE(listed(head), (Hooks{&a, &b}));
    a.append(head); // again: moves to the end
    QCOMPARE(listed(head), (Hooks{&b, &a}));
    b.unlink();
    QCOMPARE(listed(head), Hooks{&a});
    QVERIFY(!b.isLinked());
}

void TestListHook::whoIsDestroyedLeaves()
{
    ListHook head;
    ListHook a;
    a.append(head);
    {
        ListHook b;
        b.append(head);
    }
    QCOMPARE(listed(head), Hooks{&a});
}

void TestListHook::takenHooksComeBehindThoseThatAreThere()
{
    ListHook head;
    ListHook other;
    ListHook a;
    ListHook b;
    ListHook c;
    a.append(head);
    b.append(other);
    c.append(other);
    head.takeAll(other);
    QCOMPARE(listed(head), (Hooks{&a, &b, &c}));
    QVERIFY(other.isEmpty());
    other.takeAll(head); // into an empty one, and it goes on working
    QCOMPARE(listed(other), (Hooks{&a, &b, &c}));
    QVERIFY(head.isEmpty());
    c.unlink();
    a.unlink();
    QCOMPARE(listed(other), Hooks{&b});
}

void TestListHook::takingFromAnEmptyListChangesNothing()
{
    ListHook head;
    ListHook other;
    ListHook a;
    a.append(head);
    head.takeAll(other);
    QCOMPARE(listed(head), Hooks{&a});
    QVERIFY(other.isEmpty());
}

QTEST_APPLESS_MAIN(TestListHook)

#include "tst_listhook.moc"
