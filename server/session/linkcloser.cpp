// SPDX-License-Identifier: Apache-2.0
#include "server/session/linkcloser.h"

#include "server/session/turnqueue.h"

namespace gatehouse::session {

class LinkCloser::Closing final : public WebSocketLink::Receiver
{
public:
    Closing(LinkCloser& closer, std::unique_ptr<WebSocketLink> link)
        : m_closer(closer), m_link(std::move(link))
    {
        m_link->setReceiver(this);
    }

    void close(CloseCode code, QLatin1StringView reason) { m_link->close(code, reason); }
    void textReceived(QByteArrayView) override { }
    void binaryReceived(QByteArrayView) override { }
    void linkClosed(quint16, QLatin1StringView) override
    {
        const auto self = m_closer.m_closing.find(this);
        if (self == m_closer.m_closing.end())
            return;
        m_closer.m_turn.destroyLater(std::move(self->second));
        m_closer.m_closing.erase(self);
    }

private:
    LinkCloser& m_closer;
    std::unique_ptr<WebSocketLink> m_link;
};

LinkCloser::LinkCloser(TurnQueue& turn) : m_turn(turn) { }

LinkCloser::~LinkCloser() = default;

void LinkCloser::close(
    std::unique_ptr<WebSocketLink> link, CloseCode code, QLatin1StringView reason)
{
    auto closing = std::make_unique<Closing>(*this, std::move(link));
    Closing* key = closing.get();
    m_closing.emplace(key, std::move(closing));
    key->close(code, reason);
}

} // namespace gatehouse::session
