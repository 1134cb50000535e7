// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/app/consoleoptions.h"

#include "admin-gui/views/connection/profilestore.h"

#include <QCommandLineParser>
#include <QFile>

namespace gatehouse::gui {

namespace {

const QStringList pages{QStringLiteral("overview"), QStringLiteral("rooms"),
    QStringLiteral("clients"), QStringLiteral("nodes"), QStringLiteral("tasks"),
    QStringLiteral("services"), QStringLiteral("log")};
const QStringList languages{QStringLiteral("en"), QStringLiteral("nl"), QStringLiteral("de")};
const QStringList themes{QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")};

void describe(QCommandLineParser& parser)
{
    parser.setApplicationDescription(QStringLiteral("Console of a Gatehouse server."));
    parser.addOptions({
        {QStringLiteral("connect"), QStringLiteral("Connect to this server at once."),
            QStringLiteral("url")},
        {QStringLiteral("token-file"),
            QStringLiteral("Read the admin token from this file. Without it the environment "
                           "variable GATEHOUSE_ADMIN_TOKEN is used."),
            QStringLiteral("file")},
        {QStringLiteral("page"),
            QStringLiteral("Show this page: overview, rooms, clients, nodes, tasks, services or "
                           "log."),
            QStringLiteral("name")},
        {QStringLiteral("theme"), QStringLiteral("Colours: system, light or dark."),
            QStringLiteral("theme")},
        {QStringLiteral("language"), QStringLiteral("Language: en, nl or de."),
            QStringLiteral("code")},
        {QStringLiteral("screenshot"),
            QStringLiteral("Write a picture of the window once data has settled, then quit."),
            QStringLiteral("file")},
        {QStringLiteral("settle"),
            QStringLiteral("Seconds of live data before the screenshot, 4 by default."),
            QStringLiteral("seconds")},
        {QStringLiteral("size"), QStringLiteral("Size of the window, as 1320x820."),
            QStringLiteral("size")},
        {{QStringLiteral("h"), QStringLiteral("help")}, QStringLiteral("Show this help.")},
        {{QStringLiteral("v"), QStringLiteral("version")}, QStringLiteral("Show the version.")},
    });
}

tl::unexpected<Error> wrong(const QString& text)
{
    return failure(ErrorCode::BadRequest, text);
}

std::optional<QSize> sizeOf(const QString& text)
{
    bool widthOk = false;
    bool heightOk = false;
    const QSize size(
        text.section(u'x', 0, 0).toInt(&widthOk), text.section(u'x', 1).toInt(&heightOk));
    if (!widthOk || !heightOk || size.width() < 200 || size.height() < 200)
        return std::nullopt;
    return size;
}

} // namespace

Result<ConsoleOptions> parseOptions(const QStringList& arguments, const QByteArray& tokenVariable)
{
    QCommandLineParser parser;
    describe(parser);
    if (!parser.parse(arguments))
        return wrong(parser.errorText());
    if (!parser.positionalArguments().isEmpty())
        return wrong(QStringLiteral("Unexpected argument '%1'.")
                         .arg(parser.positionalArguments().constFirst()));
    ConsoleOptions options;
    options.showHelp = parser.isSet(QStringLiteral("help"));
    options.showVersion = parser.isSet(QStringLiteral("version"));
    options.token = tokenVariable.trimmed();
    options.screenshot = parser.value(QStringLiteral("screenshot"));
    if (parser.isSet(QStringLiteral("connect"))) {
        options.server = ProfileStore::parseServer(parser.value(QStringLiteral("connect")));
        if (!options.server)
            return wrong(QStringLiteral("--connect needs the address of a server."));
    }
    if (parser.isSet(QStringLiteral("token-file"))) {
        QFile file(parser.value(QStringLiteral("token-file")));
        if (!file.open(QIODevice::ReadOnly))
            return wrong(
                QStringLiteral("Cannot read %1: %2").arg(file.fileName(), file.errorString()));
        options.token = file.read(16 * 1024).trimmed();
    }
    options.page = parser.value(QStringLiteral("page"));
    if (!options.page.isEmpty() && !pages.contains(options.page))
        return wrong(QStringLiteral("--page is one of: ") % pages.join(QStringLiteral(", ")));
    options.language = parser.value(QStringLiteral("language"));
    if (!options.language.isEmpty() && !languages.contains(options.language))
        return wrong(
            QStringLiteral("--language is one of: ") % languages.join(QStringLiteral(", ")));
    if (parser.isSet(QStringLiteral("theme"))) {
        const qsizetype theme = themes.indexOf(parser.value(QStringLiteral("theme")));
        if (theme < 0)
            return wrong(QStringLiteral("--theme is one of: ") % themes.join(QStringLiteral(", ")));
        options.scheme = Scheme(theme);
    }
    if (parser.isSet(QStringLiteral("settle"))) {
        bool ok = false;
        options.settleSeconds = parser.value(QStringLiteral("settle")).toInt(&ok);
        if (!ok || options.settleSeconds < 1 || options.settleSeconds > 3600)
            return wrong(QStringLiteral("--settle is a number of seconds."));
    }
    if (parser.isSet(QStringLiteral("size"))) {
        const auto size = sizeOf(parser.value(QStringLiteral("size")));
        if (!size)
            return wrong(QStringLiteral("--size looks like 1320x820."));
        options.size = *size;
    }
    if (options.server && options.token.isEmpty() && !options.screenshot.isEmpty())
        return wrong(
            QStringLiteral("--screenshot needs a token: GATEHOUSE_ADMIN_TOKEN or --token-file."));
    return options;
}

QString helpText()
{
    QCommandLineParser parser;
    describe(parser);
    return parser.helpText();
}

} // namespace gatehouse::gui
