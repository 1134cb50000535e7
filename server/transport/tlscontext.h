// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/transport/transportoptions.h"

#include <openssl/types.h>

#include <memory>

namespace gatehouse::transport {

/// What all TLS connections share: certificate, key, rules and the keys of session tickets, which
/// clients that come back present for a shorter handshake. Connections of an older one keep it.
using TlsContextPtr = std::shared_ptr<ssl_ctx_st>;

/// TLS 1.2 and newer, ALPN "http/1.1", no renegotiation, buffers given back between messages.
/// BadRequest when the files, which loadTls() has checked, cannot be used.
Result<TlsContextPtr> makeTlsContext(const TlsOptions& options);

} // namespace gatehouse::transport
