// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QByteArray>

namespace gatehouse::app {

/// An import file (docs/import-format.md) with that many nodes and users for the simulator to be,
/// each with a secret of its own. Collaborations of ten organizations, of which each has one node;
/// the users are researchers of these organizations in turn. Both numbers at least 1.
QByteArray makeFederation(int nodes, int users);

} // namespace gatehouse::app
