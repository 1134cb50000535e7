// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/error.h"

#include <tl/expected.hpp>

namespace gatehouse {

/// A value or an Error. Expected failures travel this way; Q_ASSERT is for programming mistakes.
template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> failure(ErrorCode code, QString detail = {})
{
    return tl::unexpected<Error>(Error{code, std::move(detail)});
}

} // namespace gatehouse
