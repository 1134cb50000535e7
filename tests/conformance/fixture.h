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

/// "engine", "engine3", "socket", "socket4", "rooms" or "ws-echo"; null for another name.
std::unique_ptr<Fixture> makeFixture(const QString& name, const Clock& clock);

/// The timings the reference suites are written for.
session::SessionOptions quickOptions();

} // namespace gatehouse::conformance
