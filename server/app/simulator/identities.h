// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"

#include <QString>

#include <vector>

namespace gatehouse::app {

/// Who the simulator may be: the secrets of an import file, in clear.
struct SimulatedIdentities
{
    struct NodeIdentity
    {
        QString name;
        QString apiKey;
    };
    struct UserIdentity
    {
        QString name;
        QString password;
    };
    std::vector<NodeIdentity> nodes;
    std::vector<UserIdentity> users;
};

/// Reads nodes with an API key and users with a password from an import file
/// (docs/import-format.md); whoever has none is left out.
Result<SimulatedIdentities> readIdentities(const QByteArray& json);

} // namespace gatehouse::app
