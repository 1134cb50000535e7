// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/result.h"
#include "server/access/claims.h"
#include "server/identity/inquiry.h"
#include "server/work/entities.h"

#include <QByteArray>

#include <functional>

namespace gatehouse::identity {

/// What another server knows, beside which this one carries the events: who the holder of a token
/// is, and whose a run is. Asked in the holder's own name, so that it never tells more than the
/// holder may know; an answer counts for who brought that token, and for nobody else. Implemented
/// by the composition root's room; network thread only.
class Elsewhere
{
public:
    virtual ~Elsewhere() = default;

    /// Puts the holder of a verified token into the directory, or out of it when the other server
    /// has no such holder any more. `done`, never called from inside: an error when the other
    /// server refuses this token, TokenExpired where that is why, else TokenInvalid; no error also
    /// when it cannot be asked and what the directory says has to do. NotNeeded: that is fresh
    /// enough.
    virtual Inquiry learn(const access::Claims& claims, const QByteArray& token,
        std::function<void(Result<void>)> done)
        = 0;

    /// learn() would not ask: what the directory says of the holder counts as it is.
    virtual bool isSettled(const access::Claims& claims) const = 0;

    /// Asked for with the token of the node that speaks of it. NotFound; Forbidden: not with this
    /// token; TokenInvalid: that node is gone, and out of the directory by then; Unavailable: no
    /// answer, or too much is asked already (then from inside the call).
    virtual void findRun(NodeId asker, const QByteArray& token, RunId run,
        std::function<void(Result<work::RunRef>)> done)
        = 0;
};

} // namespace gatehouse::identity
