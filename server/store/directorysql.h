// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/directory.h"
#include "server/work/records.h"

namespace gatehouse::store {

// The SQL of organizations, nodes, users, admins, settings and audit. Called in a storage thread,
// inside a transaction; throws Failure.

work::DirectoryContent readDirectory(Database& database);
work::NodeConfig readNodeConfig(Database& database, NodeId node);
void writeNodeConfig(Database& database, NodeId node, const work::NodeConfig& config);
work::AdminAccount insertAdmin(Database& database, const work::NewAdmin& admin);
void updateAdminPassword(Database& database, AdminId admin, const QByteArray& passwordHash);
void deleteAdmin(Database& database, AdminId admin);
work::AuditRecord insertAudit(Database& database, work::AuditRecord record);
work::Page<work::AuditRecord> readAudit(Database& database, work::Paging paging);
QByteArray readSetting(Database& database, const QString& key);
void writeSetting(Database& database, const QString& key, const QByteArray& value);
QByteArray takeSetting(Database& database, const QString& key);

} // namespace gatehouse::store
