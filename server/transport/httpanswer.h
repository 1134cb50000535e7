// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"

#include <QByteArray>

namespace gatehouse::transport {

/// How a response has to look for the request it answers.
struct AnswerForm
{
    bool keepsAlive = true;
    bool isHead = false; ///< answer to HEAD: no body
};

/// The octets of a response (HTTP/1.1), with Date, Content-Length and Connection. Those and
/// Transfer-Encoding are ours alone; a field whose name or value could end its line is left out.
QByteArray serialize(const protocol::HttpResponse& response, AnswerForm form);

/// Standard text of a status, "Unknown" for others.
QByteArray reasonPhrase(int status);

/// A refusal as a response: `{"error":name,"message":reason}`.
protocol::HttpResponse refusalResponse(int status, const QByteArray& reason);

} // namespace gatehouse::transport
