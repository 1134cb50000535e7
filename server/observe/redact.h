// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

namespace gatehouse::observe {

/// Replaces what looks like a secret by "[redacted]": Bearer and Basic credentials, JSON Web Tokens
/// wherever they stand, and the values of token, access_token, refresh_token, container_token,
/// password, secret, api_key, authorization, cookie and nonce in the spellings `name=value`,
/// `name: value` and `"name":"value"`. A net under the rule that secrets are not logged at all.
QString redacted(const QString& text);

/// Control characters (C0, DEL, C1, line and paragraph separators, direction overrides) as \n, \t,
/// \xHH or \uHHHH: one event stays one line and cannot repaint a terminal.
QString escapedControls(const QString& text);

} // namespace gatehouse::observe
