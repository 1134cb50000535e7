// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/core/result.h"
#include "server/work/entities.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <functional>
#include <optional>
#include <vector>

namespace gatehouse::store {

// What an import file says (docs/import-format.md). Things refer to each other by name; a name may
// also be one that is already in the database. `place` says where in the file it stands, for
// messages.

struct ImportRule
{
    QString place;
    model::Rule rule;
};

struct ImportOrganization
{
    QString place;
    work::Organization entity;
};

struct ImportCollaboration
{
    QString place;
    QString name;
    bool encrypted = true;
    QStringList organizations;
};

struct ImportStudy
{
    QString place;
    QString name;
    QString collaboration;
    QStringList organizations;
};

struct ImportNode
{
    QString place;
    QString name;
    QString organization;
    QString collaboration;
    std::optional<QByteArray> apiKeyHash; ///< none: keep the one there is
    std::optional<QString> keycloakId; ///< likewise; empty: has none
};

struct ImportRole
{
    QString place;
    QString name;
    QString description;
    QString organization; ///< empty: for every organization
    std::vector<ImportRule> rules;
};

struct ImportUser
{
    QString place;
    work::User entity; ///< without organization, roles and rules; those are below
    QString organization;
    std::optional<QString> password; ///< in clear until hashPasswords()
    bool keepPassword = true; ///< the file says nothing: keep the one there is
    std::optional<QString> keycloakId; ///< none: keep the one there is; empty: has none
    QStringList roles;
    std::vector<ImportRule> rules;
};

struct ImportData
{
    std::vector<ImportOrganization> organizations;
    std::vector<ImportCollaboration> collaborations;
    std::vector<ImportStudy> studies;
    std::vector<ImportNode> nodes;
    std::vector<ImportRole> roles;
    std::vector<ImportUser> users;
};

struct ImportCounts
{
    int created = 0;
    int updated = 0;

    friend bool operator==(const ImportCounts&, const ImportCounts&) = default;
};

struct ImportReport
{
    ImportCounts organizations;
    ImportCounts collaborations;
    ImportCounts studies;
    ImportCounts nodes;
    ImportCounts roles;
    ImportCounts users;
};

inline constexpr qsizetype maxImportBytes = 64 << 20;

/// Reads an import file strictly: more than maxImportBytes is TooLarge; unknown, missing, doubled
/// and wrong fields are BadRequest, text that is no JSON is Malformed. The detail begins with the
/// place: "users[2].email: …".
Result<ImportData> readImport(const QByteArray& json);

/// Password in clear to PHC string. Slow by design; the error ends the import.
using PasswordHasher = std::function<Result<QByteArray>(const QString& password)>;

/// Hashes every password and forgets it. Must come before Store::applyImport().
Result<void> hashPasswords(ImportData& data, const PasswordHasher& hasher);

} // namespace gatehouse::store
