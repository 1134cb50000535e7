// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/relaytables.h"
#include "server/relay/profile.h"
#include "server/relay/socketnamespace.h"

#include <map>
#include <memory>

namespace gatehouse::observe {
class Metrics;
}

namespace gatehouse::app {

/// The verification keys of a claim profile, from its files. Warnings are about files that others
/// may read.
Result<access::KeySet> loadClaimKeys(const ClaimSource& source, QStringList& warnings);

using ClaimVerifiers = std::map<QString, std::unique_ptr<access::ProfileVerifier>>;

/// One verifier for each claim profile. The error names the key and the file.
Result<ClaimVerifiers> makeClaimVerifiers(
    const RelayTables& tables, const Clock& clock, QStringList& warnings);

/// The keys of all claim profiles, by its name, as their files have them now.
Result<std::map<QString, access::KeySet>> loadAllClaimKeys(
    const RelayTables& tables, QStringList& warnings);

/// The profiles of the relay that the configuration has, at work. Owned by the composition root,
/// after the sessions' server and before hub and bus in the order of being destroyed.
class Relays
{
public:
    Relays(const RelayTables& tables, ClaimVerifiers verifiers, access::LoginLimiterOptions guesses,
        hub::Hub& hub, bus::Bus& bus, observe::Metrics& metrics, const Clock& clock);
    ~Relays();

    relay::Profile* profile(const QString& name) const; ///< null: there is none
    bool serves(const NamespaceName& nsp) const;

    /// Demotes each of these sockets, all of one session, that has a login. `done` is called once,
    /// with the first error. Conflict: none has.
    void demote(
        const std::vector<SocketId>& sockets, std::function<void(const Result<void>&)> done);

    const ClaimVerifiers& verifiers() const { return m_verifiers; }

    /// Adds a namespace for each profile.
    void attach(session::SocketIoServer& sessions);

    void refreshMetrics();

private:
    struct Meters;

    ClaimVerifiers m_verifiers;
    std::vector<std::unique_ptr<relay::Profile>> m_profiles;
    std::vector<std::unique_ptr<relay::SocketNamespace>> m_namespaces;
    std::vector<std::unique_ptr<Meters>> m_meters; ///< as m_profiles
};

} // namespace gatehouse::app
