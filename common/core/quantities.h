// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QString>
#include <QStringView>

/// How people write durations ("250ms", "30s", "10m", "6h", "2d") and sizes (1000000, "16KiB",
/// "1MB") in configuration and on the command line.
namespace gatehouse {

/// BadRequest, with a text that says what is expected.
Result<qint64> durationFromText(QStringView text); ///< milliseconds
QString durationToText(qint64 milliseconds);
QString durationDescription(); ///< "a duration such as …"

Result<qint64> sizeFromText(QStringView text); ///< octets
QString sizeToText(qint64 octets);
QString sizeDescription();

} // namespace gatehouse
