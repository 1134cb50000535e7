// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/api/apicall.h"
#include "server/work/records.h"

namespace gatehouse::api {

/// The header Idempotency-Key of a client that may send the same request twice, as after a lost
/// answer; none where it was not sent. BadRequest when it is empty, too long or there twice. The
/// key belongs to who asks, and to one method, path and body.
Result<std::optional<work::IdempotencyKey>> idempotencyOf(const ApiCall& call);

} // namespace gatehouse::api
