// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

namespace gatehouse::access {

/// The answer to "may this one do that?", with what decided it. For handlers, the audit log and the
/// "why not?" of the console.
struct Decision
{
    bool allowed = false;
    QString rule; ///< "event/SEND/COLLABORATION", or a fixed rule's name such as "admin"; empty:
                  ///< no rule said yes
    QString reason; ///< one English sentence

    explicit operator bool() const { return allowed; }
};

} // namespace gatehouse::access
