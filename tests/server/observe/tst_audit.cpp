// SPDX-License-Identifier: Apache-2.0
#include "server/observe/audit.h"
#include "server/observe/livelog.h"
#include "server/observe/logsink.h"

#include <QJsonDocument>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::observe;

namespace {

AuditEntry kill(const QString& outcome)
{
    return {.at = Millis{1'800'000'000'000},
        .actorKind = QStringLiteral("admin"),
        .actorId = 1,
        .actorName = QStringLiteral("ada"),
        .address = QStringLiteral("127.0.0.1"),
        .action = QStringLiteral("task:kill"),
        .target = QStringLiteral("task 42"),
        .reason = QStringLiteral("runs wild\nand on"),
        .outcome = outcome,
        .before = {{QStringLiteral("status"), QStringLiteral("active")}},
        .after = {{QStringLiteral("status"), QStringLiteral("killed by user")}}};
}

class Keeper : public AuditSink
{
public:
    void record(const AuditEntry& entry) override { entries.push_back(entry); }
    std::vector<AuditEntry> entries;
};

} // namespace

class TestAudit : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void entryIsOneReadableLine();
    void refusalIsAWarning();
    void entryIsPassedOn();
};

void TestAudit::entryIsOneReadableLine()
{
    LiveLog live;
    LogSink sink({}, &live, [](const QByteArray&) {});
    LogAuditSink().record(kill(QStringLiteral("ok")));
    QTRY_COMPARE(live.lastSeq(), quint64(1));
    const model::LogEntry line = live.tail(1).at(0);
    QCOMPARE(line.category, QStringLiteral("gh.audit"));
    QCOMPARE(line.level, model::LogLevel::Info);
    const QJsonObject entry = QJsonDocument::fromJson(line.text.toUtf8()).object();
    QCOMPARE(entry, kill(QStringLiteral("ok")).toJson());
    QCOMPARE(
        entry.value(QLatin1StringView("reason")).toString(), QStringLiteral("runs wild\nand on"));
    const QJsonObject actor = entry.value(QLatin1StringView("actor")).toObject();
    QCOMPARE(actor.value(QLatin1StringView("name")).toString(), QStringLiteral("ada"));
}

void TestAudit::refusalIsAWarning()
{
    LiveLog live;
    LogSink sink({}, &live, [](const QByteArray&) {});
    LogAuditSink().record(kill(QStringLiteral("forbidden")));
    QTRY_COMPARE(live.lastSeq(), quint64(1));
    QCOMPARE(live.tail(1).at(0).level, model::LogLevel::Warning);
}

void TestAudit::entryIsPassedOn()
{
    LogSink sink({}, nullptr, [](const QByteArray&) {});
    Keeper keeper;
    LogAuditSink(&keeper).record(kill(QStringLiteral("ok")));
    QCOMPARE(keeper.entries.size(), size_t(1));
    QCOMPARE(keeper.entries[0].target, QStringLiteral("task 42"));
}

QTEST_GUILESS_MAIN(TestAudit)
#include "tst_audit.moc"
