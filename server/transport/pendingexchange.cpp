// SPDX-License-Identifier: Apache-2.0
#include "server/transport/pendingexchange.h"

#include "server/transport/httpanswer.h"
#include "server/transport/httpconnection.h"

namespace gatehouse::transport {

PendingExchange::PendingExchange(HttpConnection& connection, protocol::HttpRequest request)
    : m_connection(&connection), m_request(std::move(request))
{
}

PendingExchange::~PendingExchange()
{
    if (m_connection)
        respond(refusalResponse(500, "the request was not answered"));
}

void PendingExchange::respond(protocol::HttpResponse response)
{
    m_peerGone = nullptr;
    if (HttpConnection* connection = std::exchange(m_connection, nullptr))
        connection->answer(std::move(response));
}

void PendingExchange::drop()
{
    m_peerGone = nullptr;
    if (HttpConnection* connection = std::exchange(m_connection, nullptr))
        connection->drop();
}

void PendingExchange::setPeerGoneCallback(std::function<void()> callback)
{
    if (m_connection)
        m_peerGone = std::move(callback);
}

void PendingExchange::peerLeft()
{
    m_connection = nullptr;
    m_isPeerGone = true;
    if (const auto callback = std::exchange(m_peerGone, nullptr))
        callback();
}

} // namespace gatehouse::transport
