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
    void save(const QString& name, access::ProfileVerifier::Kept done);
    void wasSaved(const QString& name, const Result<void>& saved);

    store::Store& m_store;
    const ClaimVerifiers& m_verifiers;
    QSet<QString> m_changed; ///< profiles that are to be written
    QSet<QString> m_failing; ///< whose last write failed
    QTimer m_timer; ///< many may come at a time; and pauses between tries
    const std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace gatehouse::app
