// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/work/entities.h"
#include "server/work/records.h"

#include <variant>

namespace gatehouse::store {

class Database;

struct NewAdminPassword
{
    QString name;
    QByteArray passwordHash; ///< PHC string
};

struct AdminRemoval
{
    QString name;
    bool mayBeTheLast = false; ///< without this one nobody can log in to the console
};

/// What is done to an account of the console by hand.
using AdminChange = std::variant<work::NewAdmin, NewAdminPassword, AdminRemoval>;

/// In a transaction of the caller's, with its record for the audit. Returns the account as it is
/// now, or was. Throws Failure: Conflict for a name that is taken or the last account, NotFound.
work::AdminAccount writeAdminChange(Database& database, const AdminChange& change, Millis now);

} // namespace gatehouse::store
