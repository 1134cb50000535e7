// SPDX-License-Identifier: Apache-2.0
#include "server/transport/connectioncaps.h"

#include <QTest>

using gatehouse::transport::ConnectionCaps;
using Verdict = ConnectionCaps::Verdict;

class TestConnectionCaps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void countsInAllAndPerAddress()
    {
        const auto caps = std::make_shared<ConnectionCaps>(3, 2);
        const QHostAddress a(QStringLiteral("192.0.2.1"));
        const QHostAddress b(QStringLiteral("192.0.2.2"));
        auto first = caps->admit(a);
        auto second = caps->admit(a);
        QCOMPARE(caps->judge(a), Verdict::AddressCap);
        QCOMPARE(caps->judge(b), Verdict::Admitted);
        auto third = caps->admit(b);
        QCOMPARE(caps->judge(b), Verdict::TotalCap);
        first.reset();
        QCOMPARE(caps->judge(a), Verdict::Admitted);
        QCOMPARE(caps->total(), 2);
        second.reset();
        third.reset();
        QCOMPARE(caps->countOf(a), 0);
        QCOMPARE(caps->total(), 0);
    }

    void ipv6CountsByNetwork()
    {
        const auto caps = std::make_shared<ConnectionCaps>(10, 1);
        const auto ticket = caps->admit(QHostAddress(QStringLiteral("2001:db8::1")));
        QCOMPARE(caps->judge(QHostAddress(QStringLiteral("2001:db8::2"))), Verdict::AddressCap);
        QCOMPARE(caps->judge(QHostAddress(QStringLiteral("2001:db8:0:1::2"))), Verdict::Admitted);
    }

    void nobodyCountsInAllOnly()
    {
        const auto caps = std::make_shared<ConnectionCaps>(10, 1);
        const auto first = caps->admit(QHostAddress());
        QCOMPARE(caps->judge(QHostAddress()), Verdict::Admitted);
        const auto second = caps->admit(QHostAddress());
        QCOMPARE(caps->total(), 2);
    }

    void ticketsOutliveTheCounter()
    {
        auto caps = std::make_shared<ConnectionCaps>(10, 10);
        const auto ticket = caps->admit(QHostAddress(QHostAddress::LocalHost));
        caps.reset(); // the ticket keeps what it needs
    }
};

QTEST_GUILESS_MAIN(TestConnectionCaps)
#include "tst_connectioncaps.moc"
