// SPDX-License-Identifier: Apache-2.0
#include "server/app/configdocument.h"

#include <QFile>
#include <QTest>

using namespace gatehouse::app;

class tst_ConfigDocument : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void committedSampleIsTheTable();
    void committedReferenceIsTheTable();
    void everyBoundIsInTheTableOfLimits();
    void sampleWithoutCommentsSetsTheDefaults();
    void effectiveConfigurationMasksSecrets();
};

namespace {

QString committed(const char* path)
{
    QFile file(QStringLiteral(GATEHOUSE_SOURCE_DIR "/") + QString::fromLatin1(path));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace

// To renew: build/dev/bin/gatehouse config defaults > resources/default-config/gatehouse.toml
void tst_ConfigDocument::committedSampleIsTheTable()
{
    QCOMPARE(committed("resources/default-config/gatehouse.toml"), sampleConfiguration());
}

// To renew: build/dev/bin/gatehouse config doc > docs/configuration.md
void tst_ConfigDocument::committedReferenceIsTheTable()
{
    QCOMPARE(committed("docs/configuration.md"), configurationReference());
}

void tst_ConfigDocument::everyBoundIsInTheTableOfLimits()
{
    const QString limits = committed("docs/limits.md");
    for (const ConfigKey& key : configKeys()) {
        const bool isBound = key.type != ConfigType::Choice && key.type != ConfigType::Flag
            && (key.section == QLatin1StringView("limits")
                || key.section == QLatin1StringView("http"));
        const bool isNumber = key.type == ConfigType::Count || key.type == ConfigType::Size;
        const bool isBoundOfTheBus = isNumber
            && (key.section == QLatin1StringView("bus")
                || key.section == QLatin1StringView("services"));
        QVERIFY2(
            !(isBound || isBoundOfTheBus) || limits.contains(QString(u'`' + key.fullName() + u'`')),
            qPrintable(key.fullName()));
    }
}

void tst_ConfigDocument::sampleWithoutCommentsSetsTheDefaults()
{
    QStringList lines = sampleConfiguration().split(u'\n');
    for (QString& line : lines) {
        if (line.startsWith(u'#') && !line.startsWith(QLatin1StringView("# "))) {
            line.remove(0, 1);
        }
    }
    ConfigurationReader reader;
    reader.readToml(lines.join(u'\n').toUtf8(), QStringLiteral("sample"), QString());
    const auto report = reader.finish();
    QCOMPARE(report.errors, QStringList());
    for (const ConfigKey& key : configKeys()) {
        QVERIFY2(report.origins.contains(key.fullName()), qPrintable(key.fullName()));
        QVERIFY2(key.read(report.configuration) == key.read(Configuration()),
            qPrintable(key.fullName()));
    }
}

void tst_ConfigDocument::effectiveConfigurationMasksSecrets()
{
    ConfigurationReader reader;
    reader.readToml("[metrics]\ntoken = \"s3cret\"\n", QStringLiteral("g.toml"), QString());
    const QString shown = effectiveConfiguration(reader.finish());
    QVERIFY(!shown.contains(QStringLiteral("s3cret")));
    QVERIFY(shown.contains(QStringLiteral("token = \"***\"  # g.toml:2")));
    QVERIFY(shown.contains(QStringLiteral("listen = \"127.0.0.1:7400\"  # default")));
}

QTEST_GUILESS_MAIN(tst_ConfigDocument)
#include "tst_configdocument.moc"
