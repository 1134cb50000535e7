// SPDX-License-Identifier: Apache-2.0
#include "tests/support/httpcall.h"

#include <QHostAddress>

namespace gatehouse::test {

HttpCall::HttpCall(quint16 port, const QByteArray& method, const QByteArray& target,
    const protocol::HttpHeaders& headers, const QByteArray& body)
    : m_socket(std::make_unique<QTcpSocket>())
{
    QByteArray request = method + ' ' + target + " HTTP/1.1\r\n";
    if (!headers.has("Host"))
        request += "Host: 127.0.0.1:" + QByteArray::number(port) + "\r\n";
    if (!headers.has("Connection"))
        request += "Connection: close\r\n";
    if (!headers.has("Content-Length") && (!body.isEmpty() || method == "POST"))
        request += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
    for (const protocol::HttpHeader& header : headers.fields())
        request += header.name + ": " + header.value + "\r\n";
    m_socket->connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    m_socket->write(request + "\r\n" + body);
}

bool HttpCall::isFinished()
{
    readAvailable();
    return hasWholeBody() || m_socket->state() == QAbstractSocket::UnconnectedState;
}

HttpReply HttpCall::wait(Millis deadline)
{
    waitUntil([this] { return isFinished(); }, deadline);
    if (m_bodyAt >= 0)
        m_reply.body = m_received.sliced(m_bodyAt);
    return m_reply;
}

void HttpCall::abort()
{
    m_socket->abort();
}

void HttpCall::readAvailable()
{
    m_received += m_socket->readAll();
    if (m_bodyAt < 0)
        parseHttpHead(m_received, m_reply, m_bodyAt);
}

bool HttpCall::hasWholeBody() const
{
    if (m_bodyAt < 0)
        return false;
    if (m_reply.headers.has("Content-Length"))
        return m_received.size() - m_bodyAt >= m_reply.headers.value("Content-Length").toLongLong();
    return m_reply.status == 204 || m_reply.status == 101;
}

HttpReply httpRequest(quint16 port, const QByteArray& method, const QByteArray& target,
    const protocol::HttpHeaders& headers, const QByteArray& body)
{
    return HttpCall(port, method, target, headers, body).wait();
}

bool parseHttpHead(const QByteArray& received, HttpReply& reply, qsizetype& bodyAt)
{
    const qsizetype end = received.indexOf("\r\n\r\n");
    if (end < 0)
        return false;
    const QList<QByteArray> lines = received.first(end).replace("\r\n", "\n").split('\n');
    reply.status = lines.first().split(' ').value(1).toInt();
    for (const QByteArray& line : lines.sliced(1)) {
        const qsizetype colon = line.indexOf(':');
        if (colon > 0)
            reply.headers.add(line.first(colon), line.sliced(colon + 1).trimmed());
    }
    bodyAt = end + 4;
    return true;
}

} // namespace gatehouse::test
