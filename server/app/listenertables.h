// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/configtree.h"
#include "server/session/plainserver.h"

#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::app {

/// A place where clients of plain WebSockets come in, `[[listener]]`.
struct ListenerTable
{
    /// Who takes its clients.
    enum class Profile : quint8 {
        Services, ///< clients of the services profile
        Backends, ///< the services themselves
        Relay, ///< clients of a profile of the relay
    };

    Profile profile = Profile::Services;
    QString relay; ///< name of the profile, `[relay.NAME]`
    QString listen; ///< "127.0.0.1:12345"; empty: the main listener
    QString path; ///< empty: every path
    bool isTls = true; ///< as `[tls]` says
    bool allowPlainPublic = false;
    bool requiresIdentity = false; ///< relay: who has no good cookie is refused with 401
    std::optional<QStringList> origins; ///< nothing: those of `cors.origins`
    session::PlainOptions options;
    int maxDepth = 64;
};

/// Reads them; null: absent. Each mistake has its place. `relays` are the profiles there are.
std::vector<ListenerTable> readListeners(
    const ConfigNode* listeners, const QStringList& relays, ConfigMistakes& mistakes);

} // namespace gatehouse::app
