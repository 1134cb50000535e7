// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/configtree.h"
#include "server/access/claimprofile.h"
#include "server/relay/rules.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace gatehouse::app {

/// A claim profile and where its keys are, `[claims.NAME]`.
struct ClaimSource
{
    access::ClaimProfile profile;
    QStringList secretFiles; ///< HS256
    QStringList publicKeys; ///< PEM
    QString jwksFile;
    QString issuer;
    QString audience;
};

/// The parts of the file that are tables within tables.
struct RelayTables
{
    std::vector<ClaimSource> claims;
    std::vector<relay::Rules> relays;

    const ClaimSource* claimSource(const QString& name) const;
};

/// Names of the top-level tables read here.
const QStringList& relayTableNames();

/// Reads them; relative paths count from `base`. `claims` and `relays` may be null: absent.
RelayTables readRelayTables(const ConfigNode* claims, const ConfigNode* relays, const QString& base,
    ConfigMistakes& mistakes);

} // namespace gatehouse::app
