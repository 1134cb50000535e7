// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/events/adminnamespace.h"
#include "server/events/keyedtopic.h"
#include "server/hub/hub.h"
#include "server/observe/ratemeter.h"
#include "server/session/socketioserver.h"

namespace gatehouse::events {

/// `overview`: the one item that says how the server is, every second.
class OverviewTopic final : public KeyedTopic,
                            private session::SessionObserver,
                            private hub::HubObserver
{
public:
    OverviewTopic(const AdminServices& services, Millis interval, Millis startedAtMonotonic);

    QLatin1StringView name() const override { return QLatin1StringView("overview"); }
    void start() override;
    void stop() override;
    void prepare(Millis monotonicNow) override;
    std::vector<QString> keys() const override;
    std::optional<QByteArray> item(const QString& key) override;

private:
    void eventReceived(const session::Socket&, const session::IncomingEvent&) override;
    void published(const hub::Publication&, const hub::Delivery& delivery) override;

    AdminServices m_services;
    const Millis m_interval;
    const Millis m_startedAt; ///< monotonic
    Millis m_toldAt{};
    /// Meters of one stretch between start() and stop().
    struct Rates
    {
        explicit Rates(const Clock& clock)
            : eventsIn(clock), eventsOut(clock), bytesIn(clock), bytesOut(clock)
        {
        }
        observe::RateMeter eventsIn;
        observe::RateMeter eventsOut;
        observe::RateMeter bytesIn;
        observe::RateMeter bytesOut;
        quint64 bytesInBefore = 0;
        quint64 bytesOutBefore = 0;
    };
    std::optional<Rates> m_rates;
};

} // namespace gatehouse::events
