// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/protocol/http.h"
#include "tests/support/wait.h"

#include <QTcpSocket>

#include <memory>

namespace gatehouse::test {

struct HttpReply
{
    int status = 0; ///< 0: the connection ended without an answer
    protocol::HttpHeaders headers;
    QByteArray body;
};

/// One HTTP/1.1 request to 127.0.0.1 on a connection of its own. It is under way from the
/// constructor on, so that several can be open at once.
class HttpCall
{
public:
    HttpCall(quint16 port, const QByteArray& method, const QByteArray& target,
        const protocol::HttpHeaders& headers = {}, const QByteArray& body = {});

    bool isFinished();

    /// The answer; status 0 when there is none within the deadline.
    HttpReply wait(Millis deadline = Patience);

    /// Resets the connection.
    void abort();

private:
    void readAvailable();
    bool hasWholeBody() const;

    std::unique_ptr<QTcpSocket> m_socket;
    QByteArray m_received;
    HttpReply m_reply;
    qsizetype m_bodyAt = -1;
};

/// A request and its answer.
HttpReply httpRequest(quint16 port, const QByteArray& method, const QByteArray& target,
    const protocol::HttpHeaders& headers = {}, const QByteArray& body = {});

/// Reads the head of an answer. True and `bodyAt` set once it is complete.
bool parseHttpHead(const QByteArray& received, HttpReply& reply, qsizetype& bodyAt);

} // namespace gatehouse::test
