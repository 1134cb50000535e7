// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configkey.h"

#include <QHash>
#include <QProcessEnvironment>

namespace gatehouse::app {

/// Gathers a Configuration: default < file < environment < command line. Call the sources in that
/// order, then finish(). Nothing stops at the first mistake: every one is kept, with its place, so
/// that an operator mends a file in one go. TOML lives in the .cpp alone.
class ConfigurationReader
{
public:
    /// One mistake or remark, ready to print: "gatehouse.toml:3:1: unknown key …".
    struct Report
    {
        Configuration configuration;
        QStringList errors;
        QStringList warnings;
        QHash<QString, QString> origins; ///< full name -> "gatehouse.toml:3", "environment", …

        bool isGood() const { return errors.isEmpty(); }
    };

    void readFile(const QString& path);

    /// `base` is the directory relative paths are resolved against.
    void readToml(const QByteArray& toml, const QString& displayName, const QString& base);

    /// GATEHOUSE_SECTION_KEY, and GATEHOUSE_SECTION_KEY_FILE for secrets. Names that are no key are
    /// only a warning: an orchestrator may put variables of its own there.
    void readEnvironment(const QProcessEnvironment& environment);

    /// `fullName` is "section.key"; `shown` names the source in messages ("--listen").
    void readOption(const QString& fullName, const QString& text, const QString& shown);

    /// Checks what several keys must agree on, and gives everything back.
    Report finish();

private:
    struct TomlWalk; // knows the TOML library's types
    void take(const ConfigKey& key, const ConfigValue& value, const QString& place,
        const QString& origin, const QString& base);
    void takeText(const ConfigKey& key, const QString& text, const QString& origin);
    void readSecretFile(const ConfigKey& key, const QString& path, const QString& variable);
    void checkTogether();
    QString originOf(const char* fullName) const;

    Report m_report;
};

} // namespace gatehouse::app
