// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/fixture.h"

#include "tests/conformance/clientfixture.h"
#include "tests/conformance/engineecho.h"
#include "tests/conformance/oldclients.h"
#include "tests/conformance/socketfixtures.h"
#include "tests/conformance/websocketecho.h"

namespace gatehouse::conformance {

session::SessionOptions quickOptions()
{
    session::SessionOptions options;
    options.pingInterval = Millis{300};
    options.pingTimeout = Millis{200};
    options.connectTimeout = Millis{1'000};
    options.maxPayloadBytes = 1'000'000;
    return options;
}

namespace {

/// Heartbeats often enough to see some, and never missed on a busy machine.
session::SessionOptions patientOptions()
{
    session::SessionOptions options;
    options.pingInterval = Millis{500};
    options.pingTimeout = Millis{10'000};
    return options;
}

session::SessionOptions withEngineIo3(session::SessionOptions options)
{
    options.allowEngineIo3 = true;
    return options;
}

/// The default timings, for messages of many megabytes.
session::SessionOptions largeOptions()
{
    session::SessionOptions options;
    options.maxPayloadBytes = 16 << 20;
    // What it echoes is as large as what was sent, and a client may send several before it reads.
    options.maxQueuedBytes = 4 * options.maxPayloadBytes;
    return options;
}

} // namespace

std::unique_ptr<Fixture> makeFixture(const QString& name, const Clock& clock)
{
    if (name == QStringLiteral("engine"))
        return std::make_unique<EngineEcho>(quickOptions(), clock);
    if (name == QStringLiteral("engine3"))
        return std::make_unique<EngineEcho>(withEngineIo3(quickOptions()), clock);
    if (name == QStringLiteral("socket"))
        return std::make_unique<ReferenceFixture>(quickOptions(), clock);
    if (name == QStringLiteral("large"))
        return std::make_unique<ReferenceFixture>(largeOptions(), clock);
    if (name == QStringLiteral("socket4"))
        return std::make_unique<OldClientsFixture>(withEngineIo3(patientOptions()), clock);
    if (name == QStringLiteral("client"))
        return std::make_unique<ClientSuiteFixture>(clock);
    if (name == QStringLiteral("rooms"))
        return std::make_unique<RoomsFixture>(clock);
    if (name == QStringLiteral("ws-echo"))
        return std::make_unique<WebSocketEcho>();
    return nullptr;
}

} // namespace gatehouse::conformance
