// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"

#include <QString>
#include <QStringList>

namespace gatehouse::api {

/// Whose words the API speaks.
enum class WireForm : quint8 { V4, V5 };

/// What an operator may change about the HTTP API.
struct ApiOptions
{
    QString apiPath = QStringLiteral("/api"); ///< no trailing slash
    WireForm form = WireForm::V4;
    QStringList allowedOrigins{QStringLiteral("*")}; ///< CORS; the same list as for sessions
    int defaultPerPage = 10;
    int maxPerPage = 1'000;
    int maxRunsPerPage = 100; ///< runs carry their input and log
    Millis answerTimeout{5'000}; ///< for the storage or a password check; then 503
    Millis longestLock{15 * 60'000}; ///< what a 429 whose end is not known tells to wait
};

} // namespace gatehouse::api
