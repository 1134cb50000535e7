// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>

#include <optional>

namespace gatehouse::access {

/// Base64url without padding, canonical only (RFC 7515 section 2): the one spelling that encoding
/// gives back. No padding, no white space, no left-over bits, no lone last character.
std::optional<QByteArray> decodeBase64Url(QByteArrayView text);

QByteArray encodeBase64Url(const QByteArray& octets);

} // namespace gatehouse::access
