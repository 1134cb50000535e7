// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QByteArray>
#include <QString>

namespace gatehouse::relay {

/// Why a client does not get what it asked for, as it is told. Codes are those of HTTP, which the
/// services behind the bus use too.
struct Refusal
{
    int code = 500;
    QString message; ///< one English sentence; never holds a secret

    /// {"code":…,"message":…,"human":…} for templates.
    QByteArray toJson() const;
};

/// What went wrong on our side of the bus or with a token. A service that does not answer in time
/// is a 500, one that is not there a 503.
Refusal refusalOf(const Error& error);

} // namespace gatehouse::relay
