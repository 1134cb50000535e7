// SPDX-License-Identifier: Apache-2.0
#include "server/services/servicesprofile.h"

namespace gatehouse::services {

Result<void> ServicesProfile::check(const ServicesOptions& options)
{
    const auto named = [](const char* key, const Error& error) {
        return failure(ErrorCode::BadRequest, QLatin1StringView(key) + u": " + error.detail);
    };
    if (!isTypeName(options.sender.toUtf8()))
        return failure(ErrorCode::BadRequest, QStringLiteral("sender: not a name of a service"));
    if (const auto allowed = TypePatterns::parse(options.allowedTypes); !allowed)
        return named("allowed_types", allowed.error());
    if (const auto reserved = TypePatterns::parse(options.reservedTypes); !reserved)
        return named("reserved_types", reserved.error());
    if (const auto rights = ServiceRightsTable::parse(options.rights); !rights)
        return named("rights", rights.error());
    const auto envelope = protocol::JsonTemplate::parse(options.envelope.toUtf8(), envelopeSlots());
    return envelope ? Result<void>() : named("envelope", envelope.error());
}

ServicesProfile::ServicesProfile(
    ServicesOptions options, bus::Bus& bus, const Clock& clock, ServiceGateway::Identify identify)
    : m_options(std::move(options)), m_publisher(m_options, bus, clock, m_counters,
                                         [this](const TypedPublisher::Dead& message) {
                                             m_clients.messageDied(message);
                                             m_services.messageDied(message);
                                         }),
      m_clients(m_options, bus, m_publisher, m_counters),
      m_services(m_options, bus, m_publisher, clock, m_counters, std::move(identify))
{
}

void ServicesProfile::tick()
{
    m_publisher.tick();
    m_services.sweep();
}

} // namespace gatehouse::services
