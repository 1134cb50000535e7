// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/transport/transportoptions.h"

#include <QSslConfiguration>

namespace gatehouse::transport {

/// Reads certificate chain and key and checks that they belong together; BadRequest says what is
/// wrong with which file.
Result<QSslConfiguration> loadTls(const TlsOptions& options);

} // namespace gatehouse::transport
