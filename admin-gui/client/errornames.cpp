// SPDX-License-Identifier: Apache-2.0
#include "admin-gui/client/errornames.h"

#include <QJsonObject>

namespace gatehouse::gui {

ErrorCode errorCodeFromName(const QString& name)
{
    for (int i = 0; i <= int(ErrorCode::Internal); ++i) {
        if (name == traits(ErrorCode(i)).name)
            return ErrorCode(i);
    }
    return ErrorCode::Internal;
}

Error errorFromJson(const QJsonValue& value)
{
    const QJsonObject object = value.toObject();
    return {errorCodeFromName(object.value(QLatin1StringView("code")).toString()),
        object.value(QLatin1StringView("message")).toString()};
}

} // namespace gatehouse::gui
