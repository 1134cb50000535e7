// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/database.h"
#include "server/work/records.h"

namespace gatehouse::store {

/// LIMIT and OFFSET of a page: perPage within 1..1000, page at least 1.
struct Window
{
    qint64 limit;
    qint64 offset;
};
Window window(work::Paging paging);

/// Picks the rows of one page of a table by id, newest first, and counts all pages. The table has
/// an index on (collaboration_id, id). Members throw Failure.
class PageQuery
{
public:
    explicit PageQuery(QString table);

    /// What stands after FROM instead of the table alone, to name an index.
    void setSource(const QString& source) { m_source = source; }

    /// A condition that leaves rows anywhere in the table.
    void add(const QString& condition, const QVariantList& values = {});
    /// A condition that an index answers and that leaves few rows.
    void addNarrow(const QString& condition, const QVariantList& values);
    template <class Tag>
    void addId(const QString& column, Id<Tag> id)
    {
        if (id.isValid())
            addNarrow(m_table + QLatin1Char('.') + column + QStringLiteral(" = ?"), {bind(id)});
    }
    void setCollaborations(const std::optional<std::vector<CollaborationId>>& wanted);

    qint64 count(Database& database) const;
    std::vector<qint64> ids(Database& database, const Window& part) const;

private:
    QString select(const QString& what, const QString& collaborations) const;
    QString collaborationList() const;
    std::vector<qint64> merged(Database& database, const Window& part) const;

    QString m_table;
    QString m_source;
    QStringList m_conditions;
    QVariantList m_values;
    QVariantList m_collaborations;
    bool m_everyCollaboration = true;
    bool m_narrow = false;
};

} // namespace gatehouse::store
