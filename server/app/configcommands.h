// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/configurationreader.h"
#include "server/app/exitcode.h"

namespace gatehouse::app {

/// What the command line says on the configuration, for every command that needs one.
struct ConfigArguments
{
    QString file; ///< --config
    QString data; ///< --data
    QString listen; ///< --listen
    QStringList set; ///< --set section.key=VALUE
};

/// Default < file < environment < command line. The file is --config, else $GATEHOUSE_CONFIG, else
/// /etc/gatehouse/gatehouse.toml when it exists.
ConfigurationReader::Report loadConfiguration(const ConfigArguments& arguments);

/// Prints warnings and errors to stderr, one a line; true when there is no error.
bool printFindings(const ConfigurationReader::Report& report);

ExitCode checkConfig(const QString& file);
ExitCode showConfig(const ConfigArguments& arguments);
ExitCode printSampleConfig();
ExitCode printConfigReference();

} // namespace gatehouse::app
