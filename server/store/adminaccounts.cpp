// SPDX-License-Identifier: Apache-2.0
#include "server/store/adminaccounts.h"

#include "server/store/directorysql.h"
#include "server/store/failure.h"

namespace gatehouse::store {

namespace {

using namespace Qt::StringLiterals;

work::AdminAccount accountNamed(Database& database, const QString& name)
{
    const work::DirectoryContent content = readDirectory(database);
    for (const work::AdminAccount& account : content.admins) {
        if (account.name == name)
            return account;
    }
    refuse(ErrorCode::NotFound, u"there is no administrator named "_s + name);
}

work::AdminAccount apply(Database& database, const work::NewAdmin& admin)
{
    return insertAdmin(database, admin);
}

work::AdminAccount apply(Database& database, const NewAdminPassword& wanted)
{
    work::AdminAccount account = accountNamed(database, wanted.name);
    account.passwordHash = wanted.passwordHash;
    updateAdminPassword(database, account.id, account.passwordHash);
    return account;
}

work::AdminAccount apply(Database& database, const AdminRemoval& wanted)
{
    const work::AdminAccount account = accountNamed(database, wanted.name);
    if (!wanted.mayBeTheLast && readDirectory(database).admins.size() == 1)
        refuse(ErrorCode::Conflict, account.name + u" is the last administrator"_s);
    deleteAdmin(database, account.id);
    return account;
}

QString nameOf(const AdminChange& change)
{
    if (std::holds_alternative<work::NewAdmin>(change))
        return u"admin:create"_s;
    return std::holds_alternative<NewAdminPassword>(change) ? u"admin:passwd"_s : u"admin:remove"_s;
}

} // namespace

work::AdminAccount writeAdminChange(Database& database, const AdminChange& change, Millis now)
{
    const work::AdminAccount account
        = std::visit([&database](const auto& wanted) { return apply(database, wanted); }, change);
    work::AuditRecord record;
    record.at = now;
    record.actorKind = u"system"_s;
    record.actorName = u"command line"_s;
    record.action = nameOf(change);
    record.target = u"admin "_s + QString::number(account.id.value) + u' ' + account.name;
    record.outcome = u"ok"_s;
    insertAudit(database, record);
    return account;
}

} // namespace gatehouse::store
