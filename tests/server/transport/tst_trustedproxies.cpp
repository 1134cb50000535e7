// SPDX-License-Identifier: Apache-2.0
#include "server/transport/trustedproxies.h"

#include <QTest>

using namespace gatehouse::transport;

class TestTrustedProxies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void clientAddress_data()
    {
        QTest::addColumn<QString>("peer");
        QTest::addColumn<QByteArray>("forwarded");
        QTest::addColumn<QString>("client");
        const auto row
            = [](const char* name, const char* peer, const char* forwarded, const char* client) {
                  QTest::newRow(name) << QString::fromLatin1(peer) << QByteArray(forwarded)
                                      << QString::fromLatin1(client);
              };
        row("no field", "10.0.0.1", "", "10.0.0.1");
        row("stranger is not believed", "127.0.0.2", "1.2.3.4", "127.0.0.2");
        row("proxy is believed", "10.0.0.1", "1.2.3.4", "1.2.3.4");
        row("single trusted address", "192.0.2.7", "1.2.3.4", "1.2.3.4");
        row("neighbour of it is a stranger", "192.0.2.8", "1.2.3.4", "192.0.2.8");
        row("claim before a stranger is ignored", "10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4");
        row("chain of proxies", "10.0.0.1", "1.2.3.4, 10.9.9.9", "1.2.3.4");
        row("only proxies", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3");
        row("garbage stops the walk", "10.0.0.1", "1.2.3.4, <script>", "10.0.0.1");
        row("ipv6 client", "10.0.0.1", "2001:db8::1", "2001:db8::1");
        row("mapped ipv4", "10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4");
    }
    void clientAddress()
    {
        QFETCH(QString, peer);
        QFETCH(QByteArray, forwarded);
        const auto proxies
            = TrustedProxies::parse({QStringLiteral("10.0.0.0/8"), QStringLiteral("192.0.2.7")});
        QVERIFY(proxies);
        gatehouse::protocol::HttpHeaders headers;
        if (!forwarded.isEmpty())
            headers.add("X-Forwarded-For", forwarded);
        QTEST(proxies->clientAddress(QHostAddress(peer), headers).toString(), "client");
    }

    void protocolIsBelievedFromProxiesOnly()
    {
        const auto proxies = TrustedProxies::parse({QStringLiteral("::1")});
        QVERIFY(proxies);
        const gatehouse::protocol::HttpHeaders headers{{"X-Forwarded-Proto", "https"}};
        QVERIFY(proxies->saysSecure(QHostAddress(QHostAddress::LocalHostIPv6), headers));
        QVERIFY(!proxies->saysSecure(QHostAddress(QHostAddress::LocalHost), headers));
    }

    void badListIsRefused()
    {
        QVERIFY(!TrustedProxies::parse({QStringLiteral("proxy.example")}));
        QVERIFY(!TrustedProxies::parse({QStringLiteral("10.0.0.0/33")}));
        QVERIFY(TrustedProxies::parse({}));
    }
};

QTEST_GUILESS_MAIN(TestTrustedProxies)
#include "tst_trustedproxies.moc"
