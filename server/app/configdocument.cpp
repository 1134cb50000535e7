// SPDX-License-Identifier: Apache-2.0
#include "server/app/configdocument.h"

namespace gatehouse::app {

namespace {

QString wrapped(const QString& text, const QString& prefix)
{
    constexpr qsizetype width = 96;
    QString result;
    QString line = prefix;
    for (const QString& word : text.split(u' ')) {
        if (line.size() + 1 + word.size() > width && line != prefix) {
            result += line + u'\n';
            line = prefix;
        }
        line += (line == prefix ? QString() : QStringLiteral(" ")) + word;
    }
    return result + line + u'\n';
}

QString defaultOf(const ConfigKey& key)
{
    static const Configuration defaults;
    return configValueToToml(key.type, key.read(defaults));
}

QString shortTypeName(ConfigType type)
{
    switch (type) {
    case ConfigType::Flag:
        return QStringLiteral("flag");
    case ConfigType::Count:
        return QStringLiteral("number");
    case ConfigType::Size:
        return QStringLiteral("size");
    case ConfigType::Duration:
        return QStringLiteral("duration");
    case ConfigType::Text:
        return QStringLiteral("text");
    case ConfigType::Choice:
        return QStringLiteral("choice");
    case ConfigType::Secret:
        return QStringLiteral("secret");
    case ConfigType::Path:
        return QStringLiteral("path");
    case ConfigType::TextList:
        return QStringLiteral("list");
    case ConfigType::PathList:
        return QStringLiteral("list of paths");
    }
    return {};
}

QString referenceEntry(const ConfigKey& key)
{
    const QString range = key.rangeText();
    return QStringLiteral("| `%1` | %2 | `%3` | %4 |\n")
        .arg(key.name,
            shortTypeName(key.type)
                + (range.isEmpty() ? QString() : QString(QStringLiteral(", ") + range)),
            defaultOf(key), key.doc);
}

} // namespace

QString sampleConfiguration()
{
    QString result = QStringLiteral(
        "# Gatehouse configuration. Every key is shown at its default; remove "
        "the # to change it.\n"
        "# Check a file with: gatehouse check-config FILE\n"
        "# Profiles for dashboards and other clients of services are tables of their "
        "own:\n# docs/relay.md, examples/dashboard/gatehouse.toml\n");
    for (const ConfigSection& section : configSections()) {
        result += u'\n' + wrapped(section.doc, QStringLiteral("# ")) + u'[' + section.name
            + QStringLiteral("]\n");
        for (const ConfigKey& key : configKeys()) {
            if (key.section != section.name) {
                continue;
            }
            const QString range = key.rangeText();
            result += u'\n' + wrapped(key.doc, QStringLiteral("# "));
            if (!range.isEmpty()) {
                result += QStringLiteral("# (") + range + QStringLiteral(")\n");
            }
            result += u'#' + key.name + QStringLiteral(" = ") + defaultOf(key) + u'\n';
        }
    }
    return result;
}

QString configurationReference()
{
    QString result = QStringLiteral(
        "# Configuration\n\n"
        "This page is made from the table the server reads its configuration with\n"
        "(`gatehouse config doc`); a test keeps both the same.\n\n"
        "Defaults < file < environment < command line. `gatehouse serve` reads the file given "
        "with\n"
        "`--config`, else the one named by `GATEHOUSE_CONFIG`, else "
        "`/etc/gatehouse/gatehouse.toml`\n"
        "when there is one. A key `section.key` can be set by the variable "
        "`GATEHOUSE_SECTION_KEY`\n"
        "(lists separated by commas) and by `--set section.key=VALUE`. A secret can be read from "
        "the\n"
        "file that `GATEHOUSE_SECTION_KEY_FILE` names, which nobody else may be able to read.\n\n"
        "`gatehouse check-config FILE` checks a file and names every mistake with line and "
        "column;\n"
        "unknown keys are mistakes. `gatehouse config defaults` prints a sample file, `gatehouse "
        "config\n"
        "show` what is in force and why.\n\n"
        "Durations are texts such as `\"250ms\"`, `\"30s\"`, `\"10m\"`, `\"6h\"`, `\"2d\"`; sizes "
        "are numbers of\n"
        "octets or texts such as `\"16KiB\"` and `\"1MB\"`. Relative paths count from the file's "
        "directory.\n\n"
        "The tables `[claims.NAME]` and `[relay.NAME]`, which only the file can hold, are "
        "explained "
        "in\n"
        "[relay.md](relay.md); `examples/` has whole files.\n");
    for (const ConfigSection& section : configSections()) {
        result += QStringLiteral(
            "\n## [%1]\n\n%2\n\n| key | type | default | meaning |\n|---|---|---|---|\n")
                      .arg(section.name, section.doc);
        for (const ConfigKey& key : configKeys()) {
            if (key.section == section.name) {
                result += referenceEntry(key);
            }
        }
    }
    return result;
}

QString effectiveConfiguration(const ConfigurationReader::Report& report)
{
    QString result;
    for (const ConfigSection& section : configSections()) {
        result += u'[' + section.name + QStringLiteral("]\n");
        for (const ConfigKey& key : configKeys()) {
            if (key.section != section.name) {
                continue;
            }
            const ConfigValue value = key.read(report.configuration);
            const bool masked
                = key.type == ConfigType::Secret && !std::get<QString>(value).isEmpty();
            result += key.name + QStringLiteral(" = ")
                + (masked ? QStringLiteral("\"***\"") : configValueToToml(key.type, value))
                + QStringLiteral("  # ")
                + report.origins.value(key.fullName(), QStringLiteral("default")) + u'\n';
        }
        result += u'\n';
    }
    return result;
}

} // namespace gatehouse::app
