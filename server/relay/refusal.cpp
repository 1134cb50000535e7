// SPDX-License-Identifier: Apache-2.0
#include "server/relay/refusal.h"

#include "common/protocol/socketiopacket.h"

namespace gatehouse::relay {

namespace {

/// For people who know nothing of tokens and services.
const char* humanText(int code)
{
    switch (code) {
    case 400:
        return "The request was not understood.";
    case 401:
        return "You are not logged in, or your login has ended.";
    case 403:
        return "You are not allowed to do this.";
    case 404:
        return "This does not exist.";
    case 429:
        return "Too many requests at a time; try again in a moment.";
    case 503:
        return "The service is not available at the moment; try again later.";
    default:
        return "Something went wrong; try again later.";
    }
}

} // namespace

QByteArray Refusal::toJson() const
{
    return R"({"code":)" + QByteArray::number(code) + R"(,"message":)"
        + protocol::jsonString(message.toUtf8()) + R"(,"human":)"
        + protocol::jsonString(humanText(code)) + '}';
}

Refusal refusalOf(const Error& error)
{
    const ErrorTraits& known = traits(error.code);
    const QString message = error.detail.isEmpty() ? QString(known.name) : error.detail;
    switch (error.code) {
    case ErrorCode::TokenMissing:
        return {401, QStringLiteral("not authenticated")};
    case ErrorCode::TokenInvalid:
    case ErrorCode::TokenForged:
    case ErrorCode::TokenExpired:
        return {401, message};
    case ErrorCode::Timeout:
        return {500, u"TimeoutError: " + message};
    case ErrorCode::Unavailable:
    case ErrorCode::NotFound: // nobody serves the queue
        return {503, message};
    default:
        return {known.httpStatus, message};
    }
}

} // namespace gatehouse::relay
