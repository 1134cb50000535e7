// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/clock.h"
#include "common/core/result.h"

#include <QString>

namespace gatehouse::store {

/// Thrown inside the store by anything that ends a job early and caught where the job ends; it
/// never leaves this room. Refused: the job alone failed and its savepoint is undone. Broken: the
/// storage failed, so the whole transaction is.
struct Failure
{
    enum class Kind : quint8 { Refused, Broken };

    Error error;
    Kind kind = Kind::Refused;
};

[[noreturn]] void refuse(ErrorCode code, QString detail);

} // namespace gatehouse::store
