// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/relays.h"

#include <QSet>
#include <QTimer>

namespace gatehouse::store {
class Store;
}

namespace gatehouse::app {

/// Tokens of claim profiles that were revoked stay so after a restart: their hashes, and when each
/// would have ended, are settings of the store, one for each profile. Owned by the composition
/// root, destroyed before the verifiers and the store. Network thread.
class Revocations
{
public:
    /// What earlier runs knew; waits for the store, before anything is served.
    static Result<void> load(store::Store& store, const ClaimVerifiers& verifiers);

    /// Writes what is revoked from now on.
    Revocations(store::Store& store, const ClaimVerifiers& verifiers);
    ~Revocations();
    Q_DISABLE_COPY_MOVE(Revocations)

    void flush(); ///< what is not written yet

private:
    store::Store& m_store;
    const ClaimVerifiers& m_verifiers;
    QSet<QString> m_changed; ///< profiles
    QTimer m_timer; ///< many may come at a time
};

} // namespace gatehouse::app
