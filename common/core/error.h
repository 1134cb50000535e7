// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QLatin1StringView>
#include <QString>

namespace gatehouse {

/// Every expected failure has one of these codes. The table in error.cpp says what each means to a
/// client: its stable name on the wire, the HTTP status, and whether trying again can help. The
/// console translates codes; the server never translates.
enum class ErrorCode {
    BadRequest, ///< understood, but a field is missing or has a wrong value
    Malformed, ///< bytes that do not follow their grammar
    TooLarge, ///< over a configured size
    TokenMissing,
    TokenInvalid,
    TokenForged, ///< well formed, but no key of ours made its signature; outside: token-invalid
    TokenExpired,
    BadCredentials,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    RateLimited,
    Timeout,
    SlowConsumer, ///< the client's outgoing queue is over its bound
    Draining, ///< the server is going down and takes nothing new
    Unavailable, ///< a service we need (database, bus) does not answer
    Internal,
};

/// What a code means outside.
struct ErrorTraits
{
    QLatin1StringView name; ///< stable, kebab-case, what clients and scripts compare
    int httpStatus;
    bool retry; ///< the same request may succeed later
};

const ErrorTraits& traits(ErrorCode code);

/// A failure as a value. `detail` is English text for the client and the log; it never holds a
/// secret.
struct Error
{
    ErrorCode code = ErrorCode::Internal;
    QString detail;

    friend bool operator==(const Error&, const Error&) = default;
};

} // namespace gatehouse
