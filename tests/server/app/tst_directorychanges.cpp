// SPDX-License-Identifier: Apache-2.0
#include "server/app/directorychanges.h"

#include <QTest>

using namespace gatehouse;
using namespace Qt::StringLiterals;

class DirectoryChangesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changesOfTheDatabaseAreNamed();
    void whatWasLearntElsewhereIsNoChange();

private:
    static work::DirectoryContent content()
    {
        work::DirectoryContent all;
        all.collaborations = {{{10}, u"heart"_s, true, {}}};
        all.roles = {{{1}, u"reader"_s, {}, {}, false, {}}};
        all.nodes = {{{100}, u"a"_s, {}, {10}, {1}, {}, {}}};
        return all;
    }
};

void DirectoryChangesTest::changesOfTheDatabaseAreNamed()
{
    work::Directory directory;
    directory.replace(content());
    work::DirectoryContent fresh = content();
    fresh.nodes[0].name = u"b"_s;
    fresh.roles.clear();
    const auto changes = app::directoryChanges(directory, fresh);
    QCOMPARE(changes.size(), size_t(2));
    QCOMPARE(changes[0].action, u"directory:node"_s);
    QCOMPARE(changes[0].after.value(u"name"_s).toString(), u"b"_s);
    QCOMPARE(changes[1].action, u"directory:role"_s);
    QVERIFY(changes[1].after.isEmpty());
}

/// Beside another server thousands of nodes are in memory that the database has never had.
void DirectoryChangesTest::whatWasLearntElsewhereIsNoChange()
{
    work::Directory directory;
    directory.replace(content());
    work::DirectoryContent elsewhere;
    for (qint64 i = 1; i <= 1'000; ++i) {
        elsewhere.nodes.push_back({{1'000 + i}, u"node %1"_s.arg(i), {}, {20}, {i}, {}, {}});
        elsewhere.organizations.push_back(
            {{i}, u"organization %1"_s.arg(i), {}, {}, {}, {}, {}, {}});
    }
    elsewhere.collaborations = {{{20}, u"lung"_s, true, {}}};
    directory.learn(elsewhere);
    QCOMPARE(app::directoryChanges(directory, content()).size(), size_t(0));
}

QTEST_GUILESS_MAIN(DirectoryChangesTest)
#include "tst_directorychanges.moc"
