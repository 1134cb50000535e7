// SPDX-License-Identifier: Apache-2.0
#include "server/observe/metrics.h"

#include <QRegularExpression>
#include <QTest>

#include <algorithm>

using namespace gatehouse::observe;

class TestMetrics : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void valuesAreServed();
    void everyLineFollowsTheFormat();
    void noNameIsUsedTwice();
    void totalsOnlyGrow();
};

void TestMetrics::valuesAreServed()
{
    Metrics metrics;
    metrics.eventsIn.Increment(3);
    metrics.nodesOnline.Set(7);
    metrics.tokensExpired.Increment();
    metrics.httpSeconds.Observe(0.004);
    const QByteArray text = metrics.serialize();
    QVERIFY(text.contains("\ngatehouse_events_received_total 3\n"));
    QVERIFY(text.contains("\ngatehouse_nodes_online 7\n"));
    QVERIFY(text.contains("\ngatehouse_tokens_total{outcome=\"expired\"} 1\n"));
    QVERIFY(text.contains("\ngatehouse_tokens_total{outcome=\"accepted\"} 0\n"));
    QVERIFY(text.contains("gatehouse_http_request_duration_seconds_bucket{le=\"0.005\"} 1\n"));
    QVERIFY(text.contains("gatehouse_http_request_duration_seconds_bucket{le=\"0.0025\"} 0\n"));
    QVERIFY(text.contains("# TYPE gatehouse_nodes_online gauge\n"));
}

void TestMetrics::everyLineFollowsTheFormat()
{
    Metrics metrics;
    const QRegularExpression sample(
        QStringLiteral(R"(^gatehouse_[a-z0-9_]+(\{[a-z]+="[A-Za-z0-9.+-]+"\})? [0-9.e+-]+$)"));
    int samples = 0;
    for (const QByteArray& line : metrics.serialize().split('\n')) {
        if (line.isEmpty() || line.startsWith("# HELP ") || line.startsWith("# TYPE "))
            continue;
        QVERIFY2(sample.match(QString::fromUtf8(line)).hasMatch(), line.constData());
        ++samples;
    }
    QVERIFY(samples > 50);
}

void TestMetrics::noNameIsUsedTwice()
{
    Metrics metrics;
    QByteArrayList names;
    for (const QByteArray& line : metrics.serialize().split('\n')) {
        if (line.startsWith("# TYPE "))
            names.append(line.split(' ').at(2));
    }
    std::sort(names.begin(), names.end());
    QVERIFY(names.size() > 30);
    QVERIFY(std::adjacent_find(names.begin(), names.end()) == names.end());
}

void TestMetrics::totalsOnlyGrow()
{
    Metrics metrics;
    syncTotal(metrics.packetsIn, 10);
    syncTotal(metrics.packetsIn, 10);
    QCOMPARE(metrics.packetsIn.Value(), 10.0);
    syncTotal(metrics.packetsIn, 4);
    QCOMPARE(metrics.packetsIn.Value(), 10.0);
    syncTotal(metrics.packetsIn, 12);
    QCOMPARE(metrics.packetsIn.Value(), 12.0);
}

QTEST_GUILESS_MAIN(TestMetrics)
#include "tst_metrics.moc"
