// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QHash>
#include <QHostAddress>

#include <memory>
#include <mutex>

namespace gatehouse::transport {

/// How many connections are open, in all and per address. A connection holds a Ticket for as long
/// as its descriptor is open. Shared, because tickets may outlive the front door; they may end in
/// any thread, everything else is called by the one that accepts.
class ConnectionCaps : public std::enable_shared_from_this<ConnectionCaps>
{
public:
    enum class Verdict : quint8 { Admitted, TotalCap, AddressCap };

    class Ticket
    {
    public:
        Ticket(std::shared_ptr<ConnectionCaps> caps, QHostAddress key);
        ~Ticket();
        Q_DISABLE_COPY_MOVE(Ticket)

    private:
        std::shared_ptr<ConnectionCaps> m_caps;
        QHostAddress m_key; ///< null: not counted per address
    };

    ConnectionCaps(int maxTotal, int maxPerAddress);

    Verdict judge(const QHostAddress& address) const;
    /// For an admitted address; a null address counts in all only.
    std::unique_ptr<Ticket> admit(const QHostAddress& address);

    int total() const;
    int countOf(const QHostAddress& address) const;

private:
    void enter(const QHostAddress& key);
    void leave(const QHostAddress& key);
    static QHostAddress keyOf(const QHostAddress& address); ///< IPv6: its /64

    const int m_maxTotal;
    const int m_maxPerAddress;
    mutable std::mutex m_mutex; ///< of what follows
    int m_total = 0;
    QHash<QHostAddress, int> m_perAddress;
};

} // namespace gatehouse::transport
