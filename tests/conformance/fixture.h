// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session/socketioserver.h"
#include "server/transport/server.h"

namespace gatehouse::conformance {

/// A small server behind the real front door. Owned by the test or by main().
class Fixture
{
public:
    virtual ~Fixture() = default;

    /// Bounds of the door it stands behind.
    virtual transport::TransportOptions doorOptions() const { return {}; }

    /// Puts its paths into the door, which must go first.
    virtual void attach(transport::Server& door) = 0;
};

/// What makeFixture() knows, for people.
inline constexpr QLatin1StringView fixtureNames{
    "engine, engine3, socket, socket4, client, large, rooms or ws-echo"};

/// The fixture of that name; null when there is none.
std::unique_ptr<Fixture> makeFixture(const QString& name, const Clock& clock);

/// The timings the reference suites are written for.
session::SessionOptions quickOptions();

} // namespace gatehouse::conformance
