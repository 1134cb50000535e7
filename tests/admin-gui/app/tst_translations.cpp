// SPDX-License-Identifier: Apache-2.0
#include <QCoreApplication>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTranslator>
#include <QXmlStreamReader>
#include <QtTest>

using namespace Qt::StringLiterals;

namespace {

struct Entry
{
    QString source;
    QStringList texts; ///< more than one for plural forms
    bool isPlural = false;
    bool isFinished = true;
};

QString fileOf(const QString& language)
{
    return QStringLiteral(TRANSLATIONS_FOLDER "/gatehouse-admin_%1.ts").arg(language);
}

QList<Entry> readFile(const QString& path)
{
    QFile file(path);
    QList<Entry> entries;
    if (!file.open(QIODevice::ReadOnly))
        return entries;
    QXmlStreamReader xml(&file);
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        if (xml.name() == u"message"_s) {
            entries.append(Entry());
            entries.last().isPlural = xml.attributes().hasAttribute(u"numerus"_s);
        } else if (xml.name() == u"source"_s) {
            entries.last().source = xml.readElementText();
        } else if (xml.name() == u"translation"_s) {
            Entry& entry = entries.last();
            entry.isFinished = !xml.attributes().hasAttribute(u"type"_s);
            if (!entry.isPlural)
                entry.texts.append(xml.readElementText());
        } else if (xml.name() == u"numerusform"_s) {
            entries.last().texts.append(xml.readElementText());
        }
    }
    return entries;
}

QList<Entry> read(const QString& language)
{
    return readFile(fileOf(language));
}

QStringList unfinishedOf(const QList<Entry>& entries)
{
    QStringList sources;
    for (const Entry& entry : entries) {
        if (!entry.isFinished)
            sources.append(entry.source);
    }
    return sources;
}

QSet<QString> placesOf(const QString& text)
{
    static const QRegularExpression place(u"%(\\d|n)"_s);
    QSet<QString> places;
    for (const auto& match : place.globalMatch(text))
        places.insert(match.captured());
    return places;
}

} // namespace

class TestTranslations : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyTextIsTranslated_data()
    {
        QTest::addColumn<QString>("language");
        QTest::addColumn<int>("atLeast");
        QTest::newRow("Dutch") << u"nl"_s << 300;
        QTest::newRow("German") << u"de"_s << 300;
        QTest::newRow("English plurals") << u"en"_s << 10;
    }

    void everyTextIsTranslated()
    {
        QFETCH(QString, language);
        QFETCH(int, atLeast);
        const QList<Entry> entries = read(language);
        QVERIFY(entries.size() >= atLeast);
        QCOMPARE(unfinishedOf(entries), QStringList());
        for (const Entry& entry : entries) {
            QCOMPARE(entry.texts.size(), entry.isPlural ? 2 : 1);
            for (const QString& text : entry.texts) {
                QVERIFY2(!text.isEmpty(), qPrintable(entry.source));
                QVERIFY2(placesOf(text) == placesOf(entry.source), qPrintable(text));
            }
        }
    }

    /// What lupdate would add: a text in the sources that no translator has seen.
    void everyTextOfTheSourcesIsKnown()
    {
        QTemporaryDir folder;
        const QString copy = folder.filePath(u"gatehouse-admin_nl.ts"_s);
        QVERIFY(QFile::copy(fileOf(u"nl"_s), copy));
        QProcess lupdate;
        lupdate.start(QStringLiteral(LUPDATE),
            {u"-silent"_s, u"-no-obsolete"_s, u"-locations"_s, u"none"_s, u"-I"_s,
                QStringLiteral(CONSOLE_SOURCES "/.."), QStringLiteral(CONSOLE_SOURCES), u"-ts"_s,
                copy});
        QVERIFY2(lupdate.waitForFinished(60'000), qPrintable(lupdate.errorString()));
        QCOMPARE(lupdate.exitCode(), 0);
        const QList<Entry> entries = readFile(copy);
        QCOMPARE(unfinishedOf(entries), QStringList());
        QCOMPARE(entries.size(), read(u"nl"_s).size());
    }

    void bothLanguagesKnowTheSameTexts()
    {
        QStringList dutch;
        QStringList german;
        for (const Entry& entry : read(u"nl"_s))
            dutch.append(entry.source);
        for (const Entry& entry : read(u"de"_s))
            german.append(entry.source);
        QCOMPARE(dutch, german);
    }

    void theProgramCarriesThem()
    {
        QTranslator translator;
        QVERIFY(translator.load(u":/i18n/gatehouse-admin_de"_s));
        QCoreApplication::installTranslator(&translator);
        QCOMPARE(QCoreApplication::translate("gatehouse::gui::NodesPage", "Nodes"), u"Knoten"_s);
        QCOMPARE(QCoreApplication::translate("gatehouse::gui::RoomsPage", "%n room(s)", nullptr, 1),
            u"1 Raum"_s);
        QCOMPARE(QCoreApplication::translate("gatehouse::gui::RoomsPage", "%n room(s)", nullptr, 5),
            u"5 Räume"_s);
        QCoreApplication::removeTranslator(&translator);
        QVERIFY(translator.load(u":/i18n/gatehouse-admin_en"_s));
        QVERIFY(translator.load(u":/i18n/gatehouse-admin_nl"_s));
    }
};

QTEST_MAIN(TestTranslations)
#include "tst_translations.moc"
