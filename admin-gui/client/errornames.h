// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/error.h"

#include <QJsonValue>

namespace gatehouse::gui {

/// The code of an error name on the wire ("token-expired"); Internal for a name we do not know.
ErrorCode errorCodeFromName(const QString& name);

/// Reads `{code, message}` as the admin protocol writes errors. Anything else is Internal.
Error errorFromJson(const QJsonValue& value);

} // namespace gatehouse::gui
