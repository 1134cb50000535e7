// SPDX-License-Identifier: Apache-2.0
#include "server/app/revocations.h"
#include "server/store/store.h"
#include "tests/server/access/testkeys.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::app;

namespace {

const QByteArray secret("a secret of the REST API, long enough");

QByteArray tokenOf(int id)
{
    return access::test::hmacToken(R"({"alg":"HS256","typ":"JWT"})",
        R"({"sub":)" + QByteArray::number(id) + R"(,"exp":4000000000})", secret);
}

} // namespace

class TestRevocations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
    }
    void aRestartForgetsNothing();
    void keysAreReadAgainAllOrNone();

private:
    std::unique_ptr<store::Store> open() const
    {
        auto opened = store::Store::open(m_folder->filePath(QStringLiteral("data")), {});
        if (!opened)
            qFatal("%s", qPrintable(opened.error().detail));
        return std::move(*opened);
    }
    ClaimVerifiers verifiers() const
    {
        ClaimVerifiers made;
        for (const QString& name : {QStringLiteral("rest"), QStringLiteral("other")}) {
            access::KeySet keys;
            const auto added = keys.addSecret(secret);
            Q_ASSERT(added);
            access::ClaimProfile profile;
            profile.name = name;
            made.emplace(
                name, std::make_unique<access::ProfileVerifier>(profile, std::move(keys), m_clock));
        }
        return made;
    }

    SystemClock m_clock;
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestRevocations::aRestartForgetsNothing()
{
    for (int run = 0; run < 3; ++run) {
        const auto store = open();
        const ClaimVerifiers verifiers = this->verifiers();
        QVERIFY(Revocations::load(*store, verifiers));
        access::ProfileVerifier& rest = *verifiers.at(QStringLiteral("rest"));
        QCOMPARE(rest.revokedTokens(), run * 2);
        QCOMPARE(verifiers.at(QStringLiteral("other"))->revokedTokens(), 0);
        Revocations kept(*store, verifiers);
        for (int i = 1; i <= run * 2; ++i)
            QCOMPARE(rest.verify(tokenOf(i)).error().code, ErrorCode::TokenInvalid);
        for (int i = 1; i <= 2; ++i) {
            QVERIFY(rest.verify(tokenOf(run * 2 + i)));
            QVERIFY(rest.revoke(tokenOf(run * 2 + i)));
        }
        if (run == 0)
            QCoreApplication::processEvents(); // by itself
        else
            kept.flush(); // as the server goes down
        store->close();
    }
}

void TestRevocations::keysAreReadAgainAllOrNone()
{
    const auto write = [this](const QString& name, const QByteArray& octets) {
        QFile file(m_folder->filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(octets) < 0
            || !file.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
            qFatal("no file");
        return file.fileName();
    };
    RelayTables tables;
    for (const QString& name : {QStringLiteral("other"), QStringLiteral("rest")}) {
        ClaimSource source;
        source.profile.name = name;
        source.secretFiles = {write(name, secret)};
        tables.claims.push_back(source);
    }
    QStringList warnings;
    const auto made = makeClaimVerifiers(tables, m_clock, warnings);
    QVERIFY(made);
    access::ProfileVerifier& rest = *made->at(QStringLiteral("rest"));
    access::ProfileVerifier& other = *made->at(QStringLiteral("other"));
    const auto claims = rest.verify(tokenOf(1));
    QVERIFY(claims);
    const QByteArray hash = access::ProfileVerifier::hashOf(tokenOf(1));
    write(QStringLiteral("other"), "another secret of the REST API, as long");
    write(QStringLiteral("rest"), "short");
    QVERIFY(!loadAllClaimKeys(tables, warnings)); // all or none
    write(QStringLiteral("rest"), "another secret of the REST API, as long");
    auto fresh = loadAllClaimKeys(tables, warnings);
    QVERIFY(fresh);
    QVERIFY(rest.recheck(*claims, hash));
    QVERIFY(other.verify(tokenOf(1)));
    for (auto& [name, keys] : *fresh)
        made->at(name)->setKeys(std::move(keys));
    QVERIFY(!rest.recheck(*claims, hash));
    QCOMPARE(rest.verify(tokenOf(1)).error().code, ErrorCode::TokenForged);
    QVERIFY(!other.verify(tokenOf(1)));
}

QTEST_GUILESS_MAIN(TestRevocations)
#include "tst_revocations.moc"
