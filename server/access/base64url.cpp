// SPDX-License-Identifier: Apache-2.0
#include "server/access/base64url.h"

#include <algorithm>

namespace gatehouse::access {

namespace {

constexpr auto options = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

bool isAlphabet(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
        || c == '_';
}

} // namespace

std::optional<QByteArray> decodeBase64Url(QByteArrayView text)
{
    if (text.size() % 4 == 1 || !std::all_of(text.begin(), text.end(), isAlphabet))
        return std::nullopt;
    const auto decoded = QByteArray::fromBase64Encoding(
        text.toByteArray(), options | QByteArray::AbortOnBase64DecodingErrors);
    // Qt takes unused bits in the last character; only the encoder's own spelling is one token.
    if (!decoded || (*decoded).toBase64(options) != text)
        return std::nullopt;
    return *decoded;
}

QByteArray encodeBase64Url(const QByteArray& octets)
{
    return octets.toBase64(options);
}

} // namespace gatehouse::access
