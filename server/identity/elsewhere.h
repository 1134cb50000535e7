// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/ids.h"
#include "common/core/result.h"
#include "server/access/claims.h"
#include "server/work/entities.h"

#include <QByteArray>

#include <functional>

namespace gatehouse::identity {

/// What another server knows, beside which this one carries the events: who the holder of a token
/// is, and whose a run is. Asked in the holder's own name, so that it never tells more than the
/// holder may know. Implemented by the composition root's room; network thread only; an answer may
/// come from inside the call when nobody is asked.
class Elsewhere
{
public:
    virtual ~Elsewhere() = default;

    /// Puts the holder of a verified token into the directory, or out of it when the other server
    /// does not know it any more. True: it is being asked, and `done` is called once, whatever comes
    /// of it. False: what the directory says is fresh enough, or too much is asked already.
    virtual bool learn(
        const access::Claims& claims, const QByteArray& token, std::function<void()> done)
        = 0;

    /// NotFound; Unavailable: no answer, or too much is asked already.
    virtual void findRun(
        const QByteArray& token, RunId run, std::function<void(Result<work::RunRef>)> done)
        = 0;
};

} // namespace gatehouse::identity
