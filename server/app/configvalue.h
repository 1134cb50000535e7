// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/quantities.h"
#include "common/core/result.h"

#include <QString>
#include <QStringList>

#include <variant>

namespace gatehouse::app {

/// What a configuration key holds. Durations are written "250ms", "30s", "10m", "6h", "2d" and kept
/// in milliseconds; sizes are written 1000000, "16KiB", "1MB" and kept in octets.
enum class ConfigType : quint8 {
    Flag,
    Count,
    Size,
    Duration,
    Text,
    Path,
    Choice,
    TextList,
    PathList,
    Secret
};

using ConfigValue = std::variant<bool, qint64, QString, QStringList>;

QString typeName(ConfigType type); ///< for messages and the reference page: "a duration"

/// From text as it stands in an environment variable or on the command line. Lists are separated
/// by commas. Fails with BadRequest and a text that says what is expected.
Result<ConfigValue> configValueFromText(ConfigType type, const QString& text);

/// As it would stand in the file, quoted where TOML wants quotes.
QString configValueToToml(ConfigType type, const ConfigValue& value);

using gatehouse::durationFromText;
using gatehouse::durationToText;
using gatehouse::sizeFromText;
using gatehouse::sizeToText;

} // namespace gatehouse::app
