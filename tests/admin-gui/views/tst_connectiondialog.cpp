// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/views/connection/connectiondialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

using namespace gatehouse::gui;
using namespace Qt::StringLiterals;

namespace {

/// A keyring that works, or a desktop without one.
class MemorySecrets final : public SecretStore
{
public:
    void read(const QString& id, QObject*, ReadAnswer answer) override { answer(kept.value(id)); }
    void write(const QString& id, const QString& secret, QObject*, WriteAnswer answer) override
    {
        const auto finish = [this, id, secret, answer = std::move(answer)] {
            if (works)
                kept.insert(id, secret);
            answer(works);
        };
        if (isSlow)
            underWay = finish;
        else
            finish();
    }
    void forget(const QString& id) override { kept.remove(id); }

    bool works = true;
    bool isSlow = false; ///< writing takes until somebody calls underWay
    std::function<void()> underWay;
    QHash<QString, QString> kept;
};

struct Bench
{
    Bench() : settings(folder.filePath(u"s.ini"_s), QSettings::IniFormat), profiles(settings) { }

    QString fileText()
    {
        settings.sync();
        QFile file(settings.fileName());
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    }

    QTemporaryDir folder;
    QSettings settings;
    ProfileStore profiles;
    MemorySecrets secrets;
};

void fill(
    ConnectionDialog& dialog, const QString& server, const QString& user, const QString& secret)
{
    const auto type = [&dialog](const QString& field, const QString& text) {
        auto* edit = dialog.findChild<QLineEdit*>(field);
        edit->clear();
        QTest::keyClicks(edit, text);
    };
    type(u"server"_s, server);
    type(u"user"_s, user);
    type(u"secret"_s, secret);
}

} // namespace

class TestConnectionDialog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void connectsWithNameAndPasswordForThisRunOnly()
    {
        Bench bench;
        ConnectionDialog dialog(bench.profiles, bench.secrets);
        dialog.show();
        auto* connectButton = dialog.findChild<QPushButton*>(u"connect"_s);
        QVERIFY(!connectButton->isEnabled()); // nothing to sign in with
        Profile profile;
        Credentials credentials;
        connect(&dialog, &ConnectionDialog::chosen, this, [&](const auto& p, const auto& c) {
            profile = p;
            credentials = c;
        });
        fill(dialog, u"gate.example.org:8443"_s, u"demo"_s, u"hunter2"_s);
        QVERIFY(connectButton->isEnabled());
        connectButton->click();
        QCOMPARE(profile.server, QUrl(u"https://gate.example.org:8443"_s));
        QCOMPARE(credentials.name, u"demo"_s);
        QCOMPARE(credentials.password, u"hunter2"_s);
        QVERIFY(credentials.token.isEmpty());
        QVERIFY(bench.secrets.kept.isEmpty());
        QVERIFY(bench.fileText().contains(u"demo"_s));
        QVERIFY(!bench.fileText().contains(u"hunter2"_s));
    }

    void theSecretComesBackFromTheKeyring()
    {
        Bench bench;
        {
            ConnectionDialog dialog(bench.profiles, bench.secrets);
            dialog.findChild<QComboBox*>(u"signIn"_s)->setCurrentIndex(1);
            fill(dialog, u"http://127.0.0.1:7400"_s, u""_s, u"token-1"_s);
            dialog.findChild<QCheckBox*>(u"keepSecret"_s)->setChecked(true);
            dialog.findChild<QPushButton*>(u"connect"_s)->click();
        }
        QVERIFY(!bench.fileText().contains(u"token-1"_s));
        ConnectionDialog again(bench.profiles, bench.secrets);
        QCOMPARE(again.findChild<QLineEdit*>(u"secret"_s)->text(), u"token-1"_s);
        Credentials credentials;
        connect(&again, &ConnectionDialog::chosen, this,
            [&](const auto&, const auto& c) { credentials = c; });
        again.findChild<QPushButton*>(u"connect"_s)->click();
        QCOMPARE(credentials.token, QByteArray("token-1"));
    }

    void withoutAKeyringItSaysSoAndStillConnects()
    {
        Bench bench;
        bench.secrets.works = false;
        ConnectionDialog dialog(bench.profiles, bench.secrets);
        QSignalSpy chosen(&dialog, &ConnectionDialog::chosen);
        fill(dialog, u"http://127.0.0.1:7400"_s, u"demo"_s, u"pw"_s);
        dialog.findChild<QCheckBox*>(u"keepSecret"_s)->setChecked(true);
        auto* connectButton = dialog.findChild<QPushButton*>(u"connect"_s);
        connectButton->click();
        QCOMPARE(chosen.count(), 0);
        QVERIFY(dialog.findChild<QLabel*>(u"message"_s)->text().contains(u"keyring"_s));
        connectButton->click();
        QCOMPARE(chosen.count(), 1);
    }

    void aProfileRemovedWhileTheKeyringWritesIsGone()
    {
        Bench bench;
        bench.secrets.isSlow = true;
        ConnectionDialog dialog(bench.profiles, bench.secrets);
        QSignalSpy chosen(&dialog, &ConnectionDialog::chosen);
        dialog.findChild<QPushButton*>(u"addProfile"_s)->click();
        fill(dialog, u"https://prod.example.org"_s, u"root"_s, u"pw"_s);
        dialog.findChild<QCheckBox*>(u"keepSecret"_s)->setChecked(true);
        dialog.findChild<QPushButton*>(u"connect"_s)->click();
        QVERIFY(bench.secrets.underWay);
        dialog.findChild<QPushButton*>(u"removeProfile"_s)->click();
        bench.secrets.underWay();
        QCOMPARE(chosen.count(), 0);
        QVERIFY(bench.secrets.kept.isEmpty()); // it was written after all
        for (const Profile& profile : bench.profiles.profiles())
            QVERIFY(!profile.keepsSecret);
    }

    void aProfileMovedWhileTheKeyringWritesIsStillTheOneToConnectTo()
    {
        Bench bench;
        bench.secrets.isSlow = true;
        ConnectionDialog dialog(bench.profiles, bench.secrets);
        auto* list = dialog.findChild<QListWidget*>(u"profiles"_s);
        for (const QString& server :
            {u"https://second.example.org"_s, u"https://third.example.org"_s}) {
            dialog.findChild<QPushButton*>(u"addProfile"_s)->click();
            fill(dialog, server, u"root"_s, u"pw"_s);
        }
        list->setCurrentRow(1);
        fill(dialog, u"https://second.example.org"_s, u"root"_s, u"pw"_s);
        dialog.findChild<QCheckBox*>(u"keepSecret"_s)->setChecked(true);
        dialog.findChild<QPushButton*>(u"connect"_s)->click();
        list->setCurrentRow(0);
        dialog.findChild<QPushButton*>(u"removeProfile"_s)->click(); // the others move up
        QVERIFY(!dialog.findChild<QPushButton*>(u"connect"_s)->isEnabled()); // one at a time
        Profile picked;
        connect(&dialog, &ConnectionDialog::chosen, this,
            [&](const auto& profile, const auto&) { picked = profile; });
        bench.secrets.underWay();
        QCOMPARE(picked.server, QUrl(u"https://second.example.org"_s));
        QVERIFY(picked.keepsSecret);
    }

    void aLateRefusalOfTheKeyringConcernsItsOwnProfile()
    {
        Bench bench;
        bench.secrets.isSlow = true;
        bench.secrets.works = false;
        ConnectionDialog dialog(bench.profiles, bench.secrets);
        fill(dialog, u"https://first.example.org"_s, u"root"_s, u"pw"_s);
        auto* keep = dialog.findChild<QCheckBox*>(u"keepSecret"_s);
        keep->setChecked(true);
        dialog.findChild<QPushButton*>(u"connect"_s)->click();
        dialog.findChild<QPushButton*>(u"addProfile"_s)->click();
        keep->setChecked(true); // wanted for the new one
        bench.secrets.underWay();
        QVERIFY(keep->isChecked());
        dialog.findChild<QListWidget*>(u"profiles"_s)->setCurrentRow(0);
        QVERIFY(!keep->isChecked());
    }

    void profilesAreKept()
    {
        Bench bench;
        {
            ConnectionDialog dialog(bench.profiles, bench.secrets);
            dialog.findChild<QPushButton*>(u"addProfile"_s)->click();
            QTest::keyClicks(dialog.findChild<QLineEdit*>(u"profileName"_s), u"Production"_s);
            fill(dialog, u"https://prod.example.org"_s, u"root"_s, u"pw"_s);
            dialog.findChild<QPushButton*>(u"connect"_s)->click();
        }
        const auto profiles = bench.profiles.profiles();
        QCOMPARE(profiles.size(), size_t(2));
        QCOMPARE(profiles[1].title(), u"Production"_s);
        QCOMPARE(bench.profiles.lastUsed(), profiles[1].id);
        ConnectionDialog again(bench.profiles, bench.secrets);
        QCOMPARE(again.findChild<QListWidget*>(u"profiles"_s)->currentRow(), 1);
        QCOMPARE(again.findChild<QLineEdit*>(u"user"_s)->text(), u"root"_s);
    }

    void addressesAreReadOrRefused_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("url");
        QTest::newRow("whole") << u"https://a.example"_s << u"https://a.example"_s;
        QTest::newRow("web socket") << u"wss://a.example:1/x"_s << u"https://a.example:1"_s;
        QTest::newRow("local without scheme") << u"127.0.0.1:7400"_s << u"http://127.0.0.1:7400"_s;
        QTest::newRow("local name") << u"localhost:7400"_s << u"http://localhost:7400"_s;
        QTest::newRow("elsewhere without scheme") << u"a.example"_s << u"https://a.example"_s;
        QTest::newRow("path and query go") << u"http://a/b?c#d"_s << u"http://a"_s;
        QTest::newRow("empty") << QString() << QString();
        QTest::newRow("other scheme") << u"ftp://a"_s << QString();
        QTest::newRow("password in it") << u"http://u:p@a"_s << QString();
        QTest::newRow("no host") << u"http://"_s << QString();
    }

    void addressesAreReadOrRefused()
    {
        QFETCH(QString, text);
        QFETCH(QString, url);
        const auto parsed = ProfileStore::parseServer(text);
        QCOMPARE(parsed ? parsed->toString() : QString(), url);
    }
};

QTEST_MAIN(TestConnectionDialog)
#include "tst_connectiondialog.moc"
