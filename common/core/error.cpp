// SPDX-License-Identifier: Apache-2.0
#include "common/core/error.h"

namespace gatehouse {

const ErrorTraits& traits(ErrorCode code)
{
    using L = QLatin1StringView;
    static const ErrorTraits badRequest{L("bad-request"), 400, false};
    static const ErrorTraits malformed{L("malformed"), 400, false};
    static const ErrorTraits tooLarge{L("too-large"), 413, false};
    static const ErrorTraits tokenMissing{L("token-missing"), 401, false};
    static const ErrorTraits tokenInvalid{L("token-invalid"), 401, false};
    static const ErrorTraits tokenExpired{L("token-expired"), 401, false};
    static const ErrorTraits badCredentials{L("bad-credentials"), 401, false};
    static const ErrorTraits forbidden{L("forbidden"), 403, false};
    static const ErrorTraits notFound{L("not-found"), 404, false};
    static const ErrorTraits methodNotAllowed{L("method-not-allowed"), 405, false};
    static const ErrorTraits conflict{L("conflict"), 409, false};
    static const ErrorTraits rateLimited{L("rate-limited"), 429, true};
    static const ErrorTraits timeout{L("timeout"), 408, true};
    static const ErrorTraits slowConsumer{L("slow-consumer"), 503, true};
    static const ErrorTraits draining{L("draining"), 503, true};
    static const ErrorTraits unavailable{L("unavailable"), 503, true};
    static const ErrorTraits internal{L("internal"), 500, true};

    switch (code) {
    case ErrorCode::BadRequest:
        return badRequest;
    case ErrorCode::Malformed:
        return malformed;
    case ErrorCode::TooLarge:
        return tooLarge;
    case ErrorCode::TokenMissing:
        return tokenMissing;
    case ErrorCode::TokenInvalid:
    case ErrorCode::TokenForged:
        return tokenInvalid;
    case ErrorCode::TokenExpired:
        return tokenExpired;
    case ErrorCode::BadCredentials:
        return badCredentials;
    case ErrorCode::Forbidden:
        return forbidden;
    case ErrorCode::NotFound:
        return notFound;
    case ErrorCode::MethodNotAllowed:
        return methodNotAllowed;
    case ErrorCode::Conflict:
        return conflict;
    case ErrorCode::RateLimited:
        return rateLimited;
    case ErrorCode::Timeout:
        return timeout;
    case ErrorCode::SlowConsumer:
        return slowConsumer;
    case ErrorCode::Draining:
        return draining;
    case ErrorCode::Unavailable:
        return unavailable;
    case ErrorCode::Internal:
        return internal;
    }
    return internal;
}

} // namespace gatehouse
