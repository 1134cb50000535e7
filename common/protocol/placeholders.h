// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArrayView>

namespace gatehouse::protocol {

/// True when every object with `"_placeholder":true` in checked JSON has a `num` that is a whole
/// number below `attachmentCount`. A receiver replaces these objects by attachments without asking
/// again, so a packet that fails here must not reach one. No recursion.
bool arePlaceholdersValid(QByteArrayView checkedJson, qsizetype attachmentCount);

} // namespace gatehouse::protocol
