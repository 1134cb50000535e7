// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QtGlobal>

namespace gatehouse::identity {

/// What becomes of a question somebody else has to answer before a token can be looked at.
enum class Inquiry : quint8 {
    NotNeeded, ///< look at it now; nobody calls back
    Asked, ///< by this call or an earlier one: there will be a call, once
    Refused, ///< as many wait as may; nobody calls back. The client had better return later.
};

} // namespace gatehouse::identity
