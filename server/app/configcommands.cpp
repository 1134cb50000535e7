// SPDX-License-Identifier: Apache-2.0
#include "server/app/configcommands.h"

#include "server/app/configdocument.h"
#include "server/app/configkey.h"

#include <QFile>
#include <QFileInfo>

#include <cstdio>

namespace gatehouse::app {

namespace {

void print(std::FILE* stream, const QString& text)
{
    const QByteArray utf8 = text.toUtf8();
    std::fwrite(utf8.constData(), 1, static_cast<size_t>(utf8.size()), stream);
}

QString configFileOf(const ConfigArguments& arguments)
{
    if (!arguments.file.isEmpty()) {
        return arguments.file;
    }
    const QString named = qEnvironmentVariable("GATEHOUSE_CONFIG");
    if (!named.isEmpty()) {
        return named;
    }
    const QString usual = QStringLiteral("/etc/gatehouse/gatehouse.toml");
    return QFileInfo::exists(usual) ? usual : QString();
}

/// Files that are named and cannot be read here. Only said: the configuration may be meant for
/// another machine or user.
QStringList unreadableFiles(const Configuration& configuration)
{
    QStringList found;
    for (const ConfigKey& key : configKeys()) {
        if (key.fullName() == u"server.data")
            continue; // is made when it is not there
        QStringList files;
        if (key.type == ConfigType::Path)
            files.append(std::get<QString>(key.read(configuration)));
        else if (key.type == ConfigType::PathList)
            files = std::get<QStringList>(key.read(configuration));
        for (const QString& path : std::as_const(files)) {
            QFile file(path);
            if (!path.isEmpty() && !file.open(QIODevice::ReadOnly))
                found.append(QStringLiteral("%1: %2: %3, so \"serve\" would not start here")
                                 .arg(key.fullName(), path, file.errorString()));
        }
    }
    return found;
}

} // namespace

ConfigurationReader::Report loadConfiguration(const ConfigArguments& arguments)
{
    ConfigurationReader reader;
    const QString file = configFileOf(arguments);
    if (!file.isEmpty()) {
        reader.readFile(file);
    }
    reader.readEnvironment(QProcessEnvironment::systemEnvironment());
    if (!arguments.data.isEmpty()) {
        reader.readOption(QStringLiteral("server.data"), arguments.data, QStringLiteral("--data"));
    }
    if (!arguments.listen.isEmpty()) {
        reader.readOption(
            QStringLiteral("server.listen"), arguments.listen, QStringLiteral("--listen"));
    }
    for (const QString& assignment : arguments.set) {
        reader.readOption(assignment.section(u'=', 0, 0), assignment.section(u'=', 1),
            QString(QStringLiteral("--set ") + assignment.section(u'=', 0, 0)));
    }
    return reader.finish();
}

bool printFindings(const ConfigurationReader::Report& report)
{
    for (const QString& warning : report.warnings) {
        print(stderr, QString(QStringLiteral("warning: ") + warning + u'\n'));
    }
    for (const QString& error : report.errors) {
        print(stderr, QString(error + u'\n'));
    }
    return report.isGood();
}

ExitCode checkConfig(const QString& file)
{
    ConfigurationReader reader;
    reader.readFile(file);
    auto report = reader.finish();
    if (report.isGood())
        report.warnings.append(unreadableFiles(report.configuration));
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    print(stdout, QString(file + QStringLiteral(": good\n")));
    return ExitCode::Ok;
}

ExitCode showConfig(const ConfigArguments& arguments)
{
    const auto report = loadConfiguration(arguments);
    if (!printFindings(report)) {
        return ExitCode::BadConfiguration;
    }
    print(stdout, effectiveConfiguration(report));
    return ExitCode::Ok;
}

ExitCode printSampleConfig()
{
    print(stdout, sampleConfiguration());
    return ExitCode::Ok;
}

ExitCode printConfigReference()
{
    print(stdout, configurationReference());
    return ExitCode::Ok;
}

} // namespace gatehouse::app
